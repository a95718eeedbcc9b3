"""Finding an engine, building on it, and leaving nothing behind."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from docker.errors import DockerException

from harness import guard, images
from harness.container import Cancelled, Limits, started
from harness.engine import LABEL, Engine, EngineUnavailable
from tests.harness.conftest import Boxes

LEAVES_CONTAINERS = """
import sys, time
from harness.container import Limits, started
from harness.engine import Engine
with started(Engine.connect(), sys.argv[1], limits=Limits(memory_mb=64), labels={"reviewapp.test": sys.argv[2]},
             network="none", cancelled=lambda: False) as box:
    print("up", flush=True)
    box.run("sleep 100", timeout=100)
"""


def build(
    engine: Engine, folder: Path, *, timeout: float = 60, cancel_after: float = 1e9, network: str = "none"
) -> images.Built:
    asked = time.monotonic()
    return images.build(
        engine,
        folder,
        tag="reviewapp-test/build:1",
        timeout=timeout,
        network=network,
        cancelled=lambda: time.monotonic() > asked + cancel_after,
    )


def running_steps(engine: Engine, word: str) -> list[str]:
    return [str(row.id) for row in engine.client.containers.list(ignore_removed=True) if word in str(row.attrs["Args"])]


def test_it_tells_what_would_help_when_no_engine_answers(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as missing:
        Engine.connect(f"unix://{tmp_path}/nothing.sock")
    assert "nothing.sock" in str(missing.value)
    assert "DOCKER_HOST" in missing.value.hint


def test_it_connects_where_docker_host_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/other.sock")
    with pytest.raises(EngineUnavailable, match=r"other\.sock"):
        Engine.connect()


def test_it_says_what_it_is_and_that_limits_hold(engine: Engine) -> None:
    info = engine.info
    assert info.version
    assert info.storage
    assert info.cpus == (os.cpu_count() or info.cpus)
    assert info.limits_enforced


@pytest.mark.parametrize(("cgroups", "limits"), [("1", False), ("2", True)])
def test_a_rootless_podman_keeps_limits_by_the_newer_cgroups_only_and_has_no_network(
    monkeypatch: pytest.MonkeyPatch, cgroups: str, limits: bool
) -> None:
    """It says that it has every limit, and drops them without a word."""
    said = {"MemoryLimit": True, "PidsLimit": True, "CpuCfsQuota": True, "Rootless": True, "CgroupVersion": cgroups}
    engine = Engine.nowhere()
    monkeypatch.setattr(engine.client, "info", lambda: said)
    monkeypatch.setattr(engine.client, "version", lambda: {"Components": [{"Name": "Podman Engine"}]})
    assert engine.info.limits_enforced is limits
    with pytest.raises(guard.GuardFailed, match="rootless"):
        guard.guarded_network(engine)


def test_it_sweeps_only_what_carries_the_labels(engine: Engine, box: Boxes, small: str) -> None:
    other = {"reviewapp.test": "other"}
    with (
        box() as kept,
        started(
            engine, small, limits=Limits(memory_mb=64), labels=other, network="none", cancelled=lambda: False
        ) as swept,
    ):
        assert engine.sweep(other) == 1
        assert engine.sweep(other) == 0
        names = {container.id for container in engine.client.containers.list(filters={"label": LABEL})}
        assert kept.id in names
        assert swept.id not in names


@pytest.mark.slow  # a process of its own
def test_it_sweeps_what_a_killed_worker_left(engine: Engine, small: str, labels: dict[str, str]) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", LEAVES_CONTAINERS, small, labels["reviewapp.test"]], stdout=subprocess.PIPE
    )
    assert worker.stdout
    with worker.stdout:
        assert worker.stdout.readline() == b"up\n"
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert engine.sweep(labels) == 1


def test_it_builds_a_folder_without_what_dockerignore_names(engine: Engine, small: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {small}\nCOPY . /in/\nRUN : {uuid4()}; ls /in\n")
    (tmp_path / ".dockerignore").write_text("# secrets\nhidden.txt\n")
    (tmp_path / "hidden.txt").write_text("x")
    (tmp_path / "shown.txt").write_text("x")
    built = build(engine, tmp_path)
    assert built.image.startswith("sha256:")
    assert b"shown.txt" in built.log
    assert b"hidden.txt" not in built.log


def test_it_keeps_the_log_of_a_build_that_fails(engine: Engine, small: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {small}\nRUN echo before && exit 3\n")
    with pytest.raises(images.BuildFailed, match="non-zero code: 3") as failure:
        build(engine, tmp_path)
    assert b"before" in failure.value.log


def test_a_step_that_says_what_the_engine_would_say_failed_all_the_same(
    engine: Engine, small: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {small}\nRUN echo failed to create endpoint && exit 3\n")
    with pytest.raises(images.BuildFailed, match="non-zero code: 3"):
        build(engine, tmp_path)


def test_a_step_that_the_engine_could_not_start_is_no_fault_of_the_dockerfile(
    engine: Engine, small: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {small}\nRUN : {uuid4()}\n")
    with pytest.raises(DockerException, match="could not be started") as broken:
        build(engine, tmp_path, network="reviewapp-test-nowhere")
    assert not isinstance(broken.value, images.BuildFailed)


@pytest.mark.parametrize(
    ("dockerfile", "message"), [("FORM x\n", "unknown instruction"), ("FROM busybox:stable\nCOPY no /no\n", "no")]
)
def test_it_says_what_is_wrong_with_a_dockerfile(
    engine: Engine, small: str, tmp_path: Path, dockerfile: str, message: str
) -> None:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    with pytest.raises(images.BuildFailed, match=message):
        build(engine, tmp_path)


@pytest.mark.slow  # waits for a time-out
def test_it_stops_a_build_at_its_time_limit_and_leaves_no_step_running(
    engine: Engine, small: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {small}\nRUN sleep 471\n")
    began = time.monotonic()
    with pytest.raises(images.BuildFailed, match="build_timeout_sec"):
        build(engine, tmp_path, timeout=2)
    assert time.monotonic() - began < 8
    _wait_until_gone(engine, "sleep 471")


@pytest.mark.slow  # a build that would not end
def test_it_stops_a_build_within_seconds_of_a_cancel(engine: Engine, small: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {small}\nRUN while :; do echo busy; done; sleep 472\n")
    began = time.monotonic()
    with pytest.raises(Cancelled):
        build(engine, tmp_path, cancel_after=1)
    assert time.monotonic() - began < 5
    _wait_until_gone(engine, "sleep 472")


def test_it_keeps_the_ends_of_an_endless_build_log(engine: Engine, small: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {small}\nRUN : {uuid4()}; yes | head -c 5000000; echo; echo 'the end'\n"
    )
    log = build(engine, tmp_path).log
    assert log.startswith(b"Step 1")
    assert b"Successfully built" in log[-500:]
    assert len(log) < images.LOG_LIMIT + 100


def _wait_until_gone(engine: Engine, word: str) -> None:
    until = time.monotonic() + 5
    while running_steps(engine, word) and time.monotonic() < until:
        time.sleep(0.2)
    assert running_steps(engine, word) == []


def test_it_makes_the_network_once_however_many_workers_ask_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = f"reviewapp-test-{uuid4().hex[:8]}"
    monkeypatch.setattr("harness.engine.NETWORK", own)
    monkeypatch.setattr("harness.engine.BRIDGE", own[-12:])
    with ThreadPoolExecutor(4) as workers:
        names = list(workers.map(lambda _worker: Engine.connect().network(), range(4)))
    (made,) = engine.client.networks.list(names=[f"^{own}$"])
    made.remove()
    assert names == [own] * 4
