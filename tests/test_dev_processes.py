"""The supervisor behind ./dev, with real child processes."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewapp.dev.console import Console
from reviewapp.dev.processes import Program, Supervisor


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def supervisor(log: Path) -> Iterator[Supervisor]:
    made = Supervisor(Console(log, quiet=True))
    yield made
    made.stop_all()


def program(name: str, code: str, *, stage: int = 2, patience: float = 4.0) -> Program:
    argv = (sys.executable, "-uISc", code)
    return Program(name=name, argv=argv, env={}, cwd=Path("/"), stage=stage, patience=patience)


def test_it_merges_output_under_the_programs_names(supervisor: Supervisor, log: Path) -> None:
    supervisor.start(program("one", "import time; print('first'); time.sleep(60)"))
    supervisor.start(program("two", "import time, sys; sys.stderr.write('sec\\nond\\n'); time.sleep(60)"))
    assert supervisor.wait_until(lambda: "ond" in log.read_text() and "first" in log.read_text(), seconds=5)
    words = [line.split()[1:] for line in log.read_text().splitlines()]
    assert sorted(words) == [["one", "first"], ["two", "ond"], ["two", "sec"]]


@pytest.mark.slow  # waits for the pause before a restart
def test_it_starts_again_what_was_killed(supervisor: Supervisor, log: Path) -> None:
    supervisor.start(program("web", "import time; time.sleep(60)"))
    first = supervisor.pids()["web"]
    os.kill(first, signal.SIGKILL)
    assert supervisor.wait_until(lambda: supervisor.pids().get("web", first) != first, seconds=5)
    assert "was killed by SIGKILL" in log.read_text()


@pytest.mark.slow  # waits for three ever longer pauses
def test_it_waits_longer_for_what_keeps_dying(supervisor: Supervisor) -> None:
    supervisor.start(program("broken", "raise SystemExit(3)"))
    child = supervisor.children["broken"]
    assert supervisor.wait_until(lambda: child.restarts == 2, seconds=10)
    assert supervisor.wait_until(lambda: child.restart_at is not None, seconds=5)
    assert child.pause == 8.0


def test_it_stops_higher_stages_first(supervisor: Supervisor, log: Path) -> None:
    code = "import signal, time; signal.signal(15, lambda *_: exit(print('bye'))); print('up'); time.sleep(60)"
    for name, stage in (("store", 1), ("web", 2)):
        supervisor.start(program(name, code, stage=stage))
    assert supervisor.wait_until(lambda: log.read_text().count("up") == 2, seconds=5)
    supervisor.stop_stages(above=1)
    assert list(supervisor.children) == ["store"]
    supervisor.stop_all()
    assert not supervisor.children


@pytest.mark.slow  # waits for its patience to end
def test_it_kills_what_will_not_stop_and_its_children(supervisor: Supervisor, log: Path) -> None:
    code = (
        "import os, signal, time; signal.signal(15, signal.SIG_IGN); child = os.fork();"
        "print('child', child) if child else None; time.sleep(60)"
    )
    supervisor.start(program("stubborn", code, patience=0.5))
    assert supervisor.wait_until(lambda: "child" in log.read_text(), seconds=5)
    grandchild = int(log.read_text().split()[-1])
    began = time.monotonic()
    supervisor.stop_all()
    assert time.monotonic() - began < 2
    time.sleep(0.1)
    stat = Path(f"/proc/{grandchild}/stat")
    assert not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
