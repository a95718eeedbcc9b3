"""What a time-out leaves behind: nothing, whoever owns it and however it resists."""

import pytest

from harness.container import Container, Limits
from tests.harness.conftest import Boxes

pytestmark = pytest.mark.slow  # each waits for a time-out


def commands(container: Container) -> list[str]:
    """What runs in the container, as the engine sees it from outside."""
    return [row[-1] for row in container.raw.top()["Processes"]]


def test_it_kills_what_runs_as_another_user(box: Boxes) -> None:
    with box() as container:
        container.run("(setsid sleep 321 > /dev/null 2>&1 &)", timeout=5, user="65534")
        assert any("321" in command for command in commands(container))
        assert container.run("sleep 60", timeout=1).timed_out
        assert not any("321" in command for command in commands(container))


def test_it_ends_a_fork_bomb_that_fills_every_place(box: Boxes) -> None:
    bomb = "(while :; do (trap '' TERM; while :; do :; done) & done); while :; do :; done"
    with box(Limits(memory_mb=128, pids=40)) as container:
        assert container.run(bomb, timeout=2).timed_out
        assert len(commands(container)) <= 3
        assert container.run("true", timeout=5).exit_code == 0


def test_it_keeps_the_files_and_what_the_kernel_has_counted(box: Boxes) -> None:
    with box(Limits(memory_mb=32)) as container:
        assert container.run("echo kept > /file; x=a; while :; do x=$x$x; done", timeout=20).exit_code != 0
        assert container.run("while :; do :; done", timeout=1).timed_out
        assert container.read("/file", limit=10).data == b"kept\n"
        assert container.usage().oom_killed
        assert container.usage().limits_hold
