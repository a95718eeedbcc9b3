"""Limits, time-outs and reading back, each seen to hold in a real container."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.container import Cancelled, Container, Limits, NotReady
from harness.limits import MIB
from harness.usage import Usage, summed
from tests.harness.conftest import Boxes


def shell(container: Container, command: str, *, timeout: float = 20) -> str:
    """What a command printed, by way of a file, as an attempt's own output takes it."""
    container.run(f"({command}) > /tmp/out 2>&1", timeout=timeout)
    return container.read("/tmp/out", limit=MIB).data.decode()  # noqa: S108 (inside the container)


@pytest.mark.slow  # fills memory
def test_it_kills_what_uses_too_much_memory_and_says_so(box: Boxes) -> None:
    with box(Limits(memory_mb=32)) as container:
        ended = container.run("x=a; while :; do x=$x$x; done", timeout=20)
        assert ended.exit_code not in (0, None)
        usage = container.usage()
        assert usage.oom_killed
        assert usage.peak_memory_bytes is not None
        assert 0.9 * 32 * MIB <= usage.peak_memory_bytes <= 33 * MIB


def test_it_gives_the_kernel_the_limits_that_were_asked_for(box: Boxes) -> None:
    with box(Limits(memory_mb=48, pids=77)) as container:
        assert container.usage().limits_hold
        container.limits = Limits(memory_mb=64, pids=77)
        assert not container.usage().limits_hold


@pytest.mark.slow  # starts processes until it may not
def test_it_stops_a_fork_bomb_at_the_process_limit_and_can_clear_it_away(box: Boxes) -> None:
    with box(Limits(memory_mb=128, pids=40)) as container:
        ended = container.run("i=0; while [ $i -lt 80 ]; do sleep 60 & i=$((i+1)); done; wait", timeout=4)
        assert ended.exit_code != 0
        container.kill_processes()
        assert "sleep 60" not in shell(container, "ps")


def test_it_holds_processor_time_to_the_limit(box: Boxes) -> None:
    with box(Limits(cpus=0.2, memory_mb=64)) as container:
        quota = shell(container, "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null")
    assert quota.split()[0] == "20000"  # microseconds of every 100,000


@pytest.mark.slow  # the disk is looked at every two seconds
def test_it_stops_what_writes_more_than_its_storage(box: Boxes) -> None:
    writes = "i=0; while :; do dd if=/dev/zero of=/big$i bs=1M count=8 2>/dev/null; i=$((i+1)); sleep 0.2; done"
    with box(Limits(memory_mb=64, storage_mb=24)) as container:
        ended = container.run(writes, timeout=60)
        assert ended.disk_exceeded
        assert ended.seconds < 15


def test_it_stops_a_single_file_at_the_storage_limit_at_once(box: Boxes) -> None:
    with box(Limits(memory_mb=64, storage_mb=8)) as container:
        container.run("dd if=/dev/zero of=/big bs=1M count=40", timeout=20)
        assert container.disk_bytes() <= 9 * MIB


@pytest.mark.slow  # waits for a time-out
def test_it_kills_the_whole_tree_at_the_time_limit_and_goes_on(box: Boxes) -> None:
    stubborn = "trap '' TERM INT HUP; (setsid sleep 321 &) ; (sleep 322 &) ; sleep 323"
    with box() as container:
        ended = container.run(stubborn, timeout=1)
        assert ended.timed_out
        assert ended.exit_code is None
        left = shell(container, "ps")
        assert "32" not in "".join(line for line in left.splitlines() if "sleep 32" in line)
        assert container.run("true", timeout=5).exit_code == 0


def test_it_stops_within_seconds_of_a_cancel(box: Boxes) -> None:
    asked = time.monotonic()
    with pytest.raises(Cancelled), box(cancelled=lambda: time.monotonic() > asked + 0.5) as container:
        container.run("sleep 60", timeout=60)
    assert time.monotonic() - asked < 5


def test_it_leaves_a_root_process_without_the_power_to_reach_out(box: Boxes) -> None:
    with box() as container:
        held = shell(container, "grep -E 'CapBnd|NoNewPrivs' /proc/self/status")
        bounding = int(held.split("CapBnd:")[1].split()[0], 16)
        for forbidden in (12, 13, 16, 17, 19, 21, 27):  # NET_ADMIN NET_RAW MODULE RAWIO PTRACE SYS_ADMIN MKNOD
            assert not bounding >> forbidden & 1
        assert held.split("NoNewPrivs:")[1].split()[0] == "1"
        assert container.run("mount -t tmpfs none /mnt || mknod /dev/sda b 8 0", timeout=5).exit_code != 0


def test_it_has_no_network_when_told_so(box: Boxes) -> None:
    with box() as container:
        assert "eth0" not in shell(container, "ip addr")


@pytest.mark.parametrize(
    "make",
    ["ln -s /etc/passwd /r", "mkdir /r", "mkfifo /r", "mkdir /d && ln -s /d /r", "ln -s /proc/kcore /r"],
)
def test_it_refuses_to_read_what_is_not_a_regular_file(box: Boxes, make: str) -> None:
    with box() as container:
        container.run(make, timeout=5)
        contents = container.read("/r", limit=100)
    assert contents.refused == "is not a regular file"
    assert contents.data == b""


def test_it_reads_no_more_of_a_huge_file_than_asked(box: Boxes) -> None:
    with box(Limits(memory_mb=64, storage_mb=4096)) as container:
        container.run("truncate -s 2G /r", timeout=5)
        began = time.monotonic()
        contents = container.read("/r", limit=100)
    assert (len(contents.data), contents.size) == (100, 2048 * MIB)
    assert time.monotonic() - began < 5


def test_it_reads_a_file_nobody_may_read_and_says_when_there_is_none(box: Boxes) -> None:
    with box() as container:
        container.run("echo 1 > /r && chmod 000 /r", timeout=5)
        assert container.read("/r", limit=100).data == b"1\n"
        assert container.read("/nowhere/r", limit=100).missing


def test_it_keeps_both_ends_of_a_long_log(box: Boxes) -> None:
    with box() as container:
        container.run("(echo first; yes | head -c 500000; echo last) > /log", timeout=10)
        kept = container.read_ends("/log", limit=1000).data
    assert kept.startswith(b"first\n")
    assert kept.endswith(b"last\n")
    assert b"bytes left out" in kept
    assert len(kept) < 1100


def test_it_always_says_why_the_engine_refused(box: Boxes) -> None:
    """On a busy machine the reason often comes in one packet with the headers."""

    def refusal(container: Container) -> str:
        with pytest.raises(NotReady) as refused:
            container.run("true", timeout=20, user="nosuch")
        return str(refused.value)

    with box() as container, ThreadPoolExecutor(8) as pool:
        reasons = set(pool.map(refusal, [container] * 80))
    assert len(reasons) == 1
    assert "unable to find user nosuch" in reasons.pop()


def test_it_leaves_out_what_the_kernel_counted_of_a_whole_host() -> None:
    host = {"limit": "9223372036854771712", "pids": "512", "peak": "6000000000", "oom_kill": "3", "refused": "2"}
    assert summed([host], memory_bytes=64 * MIB, pids=512) == Usage(None, oom_killed=False, limits_hold=False)


def test_it_copies_files_in_with_their_mode(box: Boxes, tmp_path: Path) -> None:
    source = tmp_path / "run.sh"
    source.write_text("#!/bin/sh\necho ran\n")
    with box() as container:
        container.put([("/made/here/run.sh", source, 0o755)], ["logs/agent"])
        assert shell(container, "/made/here/run.sh") == "ran\n"
        assert container.run("touch /logs/agent/x", timeout=5, user="65534").exit_code == 0
