"""Podman behind Docker's API, where it is installed: on storage of its own, as whoever runs the tests.

Nothing here has a network: the bridge is of one fixed name, which the host's Docker may have taken.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker.errors import DockerException, ImageNotFound

from harness import baseimages
from harness.container import Limits, NotReady, started
from harness.engine import SNAPSHOT, Engine, EngineUnavailable
from harness.mutation import hollow, produced, snapshot
from tests.harness.conftest import BASE, BASIC, ONCE, Boxes, Ran, WriteTask

START_SECONDS = 20
CLOSED = replace(ONCE, allow_network=False)
MAKES_AND_SERVES = "mkdir -p /app; echo new > /app/new; sleep 60 & wait"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Podman's service; the tests are skipped where there is none, or where it cannot run a container at all."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed on this machine")
    folder = Path(tempfile.mkdtemp(prefix="reviewapp-podman-"))  # its mounts would trip pytest's own tidying
    command = ["podman", f"--root={folder}/images", f"--runroot={folder}/run"]
    command += ["--runtime=runc"] if shutil.which("runc") else []  # crun refuses hosts with both kinds of cgroups
    address = f"unix://{folder}/podman.sock"
    service = subprocess.Popen([*command, "system", "service", "--time=0", address], stderr=subprocess.DEVNULL)
    try:
        yield _working(address)
    finally:
        service.terminate()
        service.wait()
        clean = [*command, "unshare", "rm", "-rf"] if os.geteuid() else ["umount"]
        subprocess.run([*clean, folder / "images" / "overlay"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _working(address: str) -> Engine:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            engine = Engine.connect(address)
            break
        except EngineUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)  # the service tells nobody when it listens
    _bring_image(engine)
    try:
        with started(engine, BASE, limits=Limits(), labels={}, network="none", cancelled=lambda: False) as box:
            box.run("true", timeout=20)
    except DockerException as error:
        pytest.skip(f"podman runs no containers on this machine: {error}")
    return engine


def _bring_image(engine: Engine) -> None:
    """Take it from the engine that the other tests use, which is faster than making it."""
    try:
        engine.client.images.load(b"".join(Engine.connect().client.images.get(BASE).save(named=BASE)))
    except (EngineUnavailable, ImageNotFound):
        baseimages.ensure(engine, BASE)


@pytest.fixture
def small(engine: Engine) -> str:
    """The image that the other fixtures start."""
    return BASE


@pytest.mark.slow  # a service, its first image, and several containers
def test_it_runs_a_task(task: WriteTask, run: Callable[..., Ran]) -> None:
    assert run(task(), CLOSED).said() == dict.fromkeys(BASIC, "passed")


def test_it_tells_whether_limits_are_kept_as_the_kernel_does(engine: Engine, box: Boxes) -> None:
    with box() as container:
        assert container.usage().limits_hold == engine.info.limits_enforced


@pytest.mark.slow  # processes that would not end
def test_it_sees_what_a_run_made_and_left_running(box: Boxes) -> None:
    with box() as container:
        assert container.run(MAKES_AND_SERVES, timeout=1, spare=True).timed_out
        assert [(file.path, file.content) for file in produced.of(container)] == [("/app/new", b"new\n")]
        assert any("sleep 60" in command for command in hollow.processes(container).values())
        assert container.disk_bytes() > 0


def test_it_keeps_a_snapshot(engine: Engine, box: Boxes, labels: dict[str, str]) -> None:
    with box() as container:
        container.run("echo kept > /kept", timeout=10)
        taken = snapshot.take(container)
    with started(engine, taken, limits=Limits(), labels=labels, network="none", cancelled=lambda: False) as other:
        assert other.read("/kept", limit=10).data == b"kept\n"
    engine.sweep(labels)
    assert not engine.client.api.images(filters={"label": SNAPSHOT})


def test_it_follows_no_link(box: Boxes) -> None:
    with box() as container:
        container.run("ln -s /etc/passwd /link", timeout=10)
        assert container.read("/link", limit=10).refused == "is not a regular file"


def test_it_says_why_a_command_cannot_be_run(box: Boxes) -> None:
    with box() as container, pytest.raises(NotReady, match="unable to find user nosuch"):
        container.run("true", timeout=10, user="nosuch")
