"""The embedded Postgres and broker, run for real in folders of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from reviewapp.dev import backing
from reviewapp.dev.console import Console
from reviewapp.dev.processes import Supervisor
from reviewapp.services import Broker, Owner, Postgres, ServiceError, postgres_binaries, reachable

pytestmark = pytest.mark.slow  # real servers: initdb alone takes a second


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the services' account can enter, which pytest's own tmp_path is not when we are root."""
    folder = Path(tempfile.mkdtemp(prefix="reviewapp-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def postgres_in(home: Path) -> Postgres:
    return Postgres(home=home, sockets=home / "pg", copies=home / "bin", throwaway=True)


def broker_in(home: Path) -> Broker:
    return Broker(home=home, sockets=home / "br", copies=home / "bin")


@contextmanager
def started(*servers: Postgres | Broker) -> Iterator[Supervisor]:
    supervisor = Supervisor(Console(quiet=True))
    try:
        backing.start(servers, supervisor)
        yield supervisor
    finally:
        supervisor.stop_all()


def run_sql(server: Postgres, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_it_keeps_what_was_written_over_a_restart(home: Path) -> None:
    server, broker = postgres_in(home), broker_in(home)
    with started(server, broker):
        run_sql(server, "CREATE TABLE kept AS SELECT 7 AS n")
        redis.Redis(unix_socket_path=str(broker.socket)).set("kept", "7")
    with started(server, broker):
        assert run_sql(server, "SELECT n FROM kept") == [(7,)]
        assert redis.Redis(unix_socket_path=str(broker.socket)).get("kept") == b"7"


def test_it_starts_beside_a_pid_file_that_names_a_stranger(home: Path) -> None:
    server = postgres_in(home)
    with started(server):
        pass
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n")
    with started(server):
        assert run_sql(server, "SELECT 1") == [(1,)]
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_it_comes_back_by_itself_after_kill_9(home: Path) -> None:
    server, broker = postgres_in(home), broker_in(home)
    with started(server, broker) as supervisor:
        before = supervisor.pids()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        assert supervisor.wait_until(lambda: not set(supervisor.pids().values()) & set(before.values()), seconds=5)
        assert supervisor.wait_until(lambda: server.ready() and broker.ready(), seconds=20)


def test_it_leaves_no_server_when_whoever_started_it_is_killed(home: Path) -> None:
    program = (
        "import sys, pathlib; from tests.test_services import *\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "with started(postgres_in(home), broker_in(home)) as s:\n"
        "    print(*s.pids().values(), flush=True)\n"
        "    while True: s.pump(1)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pids = [int(pid) for pid in owner.stdout.readline().split()]
    assert len(pids) == 2
    owner.kill()
    owner.communicate()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if alive(pid)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_it_says_which_version_wrote_the_files(home: Path) -> None:
    server = postgres_in(home)
    server.prepare()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServiceError, match="written by Postgres 9"):
        server.prepare()


def test_it_never_keeps_a_half_made_cluster(home: Path) -> None:
    server = postgres_in(home)
    (home / "postgres.part").mkdir()
    (home / "postgres.part" / "rubbish").touch()
    server.prepare()
    assert (server.data / "PG_VERSION").exists()
    assert not (home / "postgres.part").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the services as someone else")
def test_it_copies_the_programs_that_its_account_cannot_reach(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(postgres_binaries(home / "unused", None)).parents[1]
    closed = home / "closed"
    shutil.copytree(source.parent / f"{source.name}.libs", closed / f"{source.name}.libs")
    shutil.copytree(source, closed / source.name)
    closed.chmod(0o700)
    monkeypatch.setattr("reviewapp.services._package", lambda name: closed / source.name)
    found = postgres_binaries(home / "bin", Owner.find())
    assert found.is_relative_to(home / "bin")
    assert reachable(found / "postgres", Owner.find())
    with started(Postgres(home=home, sockets=home / "pg", copies=home / "bin", throwaway=True)) as supervisor:
        assert "postgres" in supervisor.pids()


def test_it_finds_a_folder_that_another_account_cannot_enter(tmp_path: Path) -> None:
    someone = Owner("someone", 12345, 12345)
    tmp_path.chmod(0o700)
    assert not reachable(tmp_path, someone)
    assert reachable(Path("/usr/bin/env"), someone)
    assert reachable(tmp_path, None)
