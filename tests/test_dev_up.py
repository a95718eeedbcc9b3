"""./dev up, status and down, played on a copy of this clone with everything real but the container engine."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewapp.dev.places import ROOT, Places
from reviewapp.dev.up import free_port, port_is_free

pytestmark = pytest.mark.slow  # starts the whole product: migrations and four Django processes

OWN_SETTINGS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "REVIEWAPP_DATA", "REVIEWAPP_INSTANCE")
# An engine that never answers: nothing is installed, and no container of another run is touched.
NO_ENGINE = "unix:///nowhere/docker.sock"


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="reviewapp-clone-"))
    folder.chmod(0o755)
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    yield folder
    dev(folder, "down")
    places = Places.of(folder)
    shutil.rmtree(places.services, ignore_errors=True)
    shutil.rmtree(folder)


def dev(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key not in OWN_SETTINGS}
    env["DOCKER_HOST"] = NO_ENGINE
    return subprocess.run(
        ["./dev", *arguments], cwd=clone, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def pid_of(clone: Path, name: str) -> int | None:
    found = re.search(rf"^{name} +runs +pid (\d+)$", dev(clone, "status").stdout, re.MULTILINE)
    return int(found[1]) if found else None


def processes_of(clone: Path) -> list[str]:
    """Command lines of every living process that works in or on the clone."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(clone) in command or (process / "cwd").resolve().is_relative_to(clone):
                found.append(command)
        except OSError:
            continue
    return found


def test_it_runs_heals_and_leaves_nothing_behind(clone: Path) -> None:
    port = free_port()
    up = dev(clone, "up", "--detach", "--no-demo", "--port", str(port))
    assert up.returncode == 0, up.stdout + up.stderr
    assert f"http://localhost:{port}/" in up.stdout
    assert "waiting for a container engine" in up.stdout
    assert "healthy" in dev(clone, "status").stdout

    again = dev(clone, "up", "--detach", "--port", str(port))
    assert "already runs" in again.stdout

    worker = pid_of(clone, "checks")
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while pid_of(clone, "checks") in (None, worker):
        assert time.monotonic() < deadline, "the worker was not started again"

    began = time.monotonic()
    assert dev(clone, "down").returncode == 0
    assert time.monotonic() - began < 10
    assert processes_of(clone) == []
    assert port_is_free(port)
    assert dev(clone, "status").returncode == 3


def test_it_leaves_nothing_behind_when_it_is_killed_itself(clone: Path) -> None:
    port = free_port()
    assert dev(clone, "up", "--detach", "--no-demo", "--port", str(port)).returncode == 0
    supervisor = pid_of(clone, "dev")
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while left := processes_of(clone):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    assert dev(clone, "up", "--detach", "--no-demo", "--port", str(port)).returncode == 0
    assert dev(clone, "down").returncode == 0


def test_it_says_that_the_port_is_taken(clone: Path) -> None:

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        up = dev(clone, "up", "--detach", "--port", str(other.getsockname()[1]))
    assert up.returncode == 1
    assert "is taken" in up.stdout
