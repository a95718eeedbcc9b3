"""Run several programs as children, merge their output, restart what dies, and stop all of it.

One thread and one loop on purpose: children ask the kernel to be signalled when their parent *thread* ends,
and code between fork and exec is only safe where no other thread holds a lock.
"""
# ruff: noqa: S603 - runs the programs that it is given

import ctypes
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from reviewapp.dev.console import Console
from reviewapp.services import Command, Owner

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run. Programs of a higher stage stop first; `patience` is in seconds before SIGKILL."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    stage: int
    stop: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    owner: Owner | None = None
    patience: float = 4.0

    @classmethod
    def service(cls, name: str, command: Command) -> "Program":
        """An embedded server, which outlives the programs that use it and is told to save when we die."""
        return cls(
            name=name,
            argv=command.argv,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            cwd=command.cwd,
            stage=1,
            stop=command.stop,
            orphaned=command.stop,
            owner=command.owner,
        )


@dataclass
class Child:
    """A program and the process that runs it now."""

    program: Program
    process: subprocess.Popen[bytes]
    started: float
    pause: float = 1.0
    restart_at: float | None = None
    rest: bytes = b""
    restarts: int = 0


@dataclass
class Supervisor:
    """Starts programs, pumps their output, restarts those that die, stops them by stage."""

    console: Console
    on_change: Callable[[], None] = lambda: None
    children: dict[str, Child] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def start(self, program: Program) -> None:
        """Start `program` and keep it alive from now on."""
        child = Child(program, spawn(program), time.monotonic())
        self.children[program.name] = child
        self._watch(child)

    def pids(self) -> dict[str, int]:
        """The process ids of the programs that run now."""
        return {name: child.process.pid for name, child in self.children.items() if child.restart_at is None}

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Pump until `condition` holds; False when it did not within `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.pump(0)
            time.sleep(0.05)
        return True

    def pump(self, seconds: float) -> None:
        """Pass on output for up to `seconds`, and restart what died and is due."""
        for key, _ in self._selector.select(seconds):
            self._read(key.data)
        for child in self.children.values():
            self._revive(child)

    def _watch(self, child: Child) -> None:
        stream = child.process.stdout
        if stream is not None:
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, child)

    def _unwatch(self, child: Child) -> None:
        stream = child.process.stdout
        if stream is not None and not stream.closed:
            self._selector.unregister(stream)
            stream.close()

    def _read(self, child: Child) -> None:
        stream: IO[bytes] | None = child.process.stdout
        if stream is None or stream.closed:
            return
        try:
            data = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            return
        if not data:
            self._unwatch(child)
        *lines, child.rest = (child.rest + data).split(b"\n")
        for line in lines:
            self.console.line(child.program.name, line.decode(errors="replace").rstrip())

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at is None and child.process.poll() is not None:
            self._bury(child, now)
        elif child.restart_at is not None and now >= child.restart_at:
            child.process, child.started, child.restart_at = spawn(child.program), now, None
            child.restarts += 1
            self._watch(child)
            self.on_change()

    def _bury(self, child: Child, now: float) -> None:
        """Note the end of a process and when to start it again: soon, but ever later if it keeps dying."""
        self._read(child)
        self._unwatch(child)
        kill_group(child.process.pid, signal.SIGKILL)
        child.pause = 1.0 if now - child.started > HEALTHY_AFTER else min(child.pause * 2, LONGEST_PAUSE)
        child.restart_at = now + child.pause / 2
        reason = describe_exit(child.process.returncode)
        self.console.line(child.program.name, f"{reason}; starting it again in {child.pause / 2:.0f} s")

    def stop_stages(self, *, above: int) -> None:
        """Stop the programs of every stage over `above`, the highest first; whoever stays too long is killed."""
        stages = {child.program.stage for child in self.children.values() if child.program.stage > above}
        for stage in sorted(stages, reverse=True):
            self.stop([child for child in self.children.values() if child.program.stage == stage])

    def stop_all(self) -> None:
        """Stop every program and close the log; nothing can be started afterwards."""
        self.stop_stages(above=-1)
        self._selector.close()
        self.console.close()

    def stop(self, children: list[Child]) -> None:
        """Stop `children` together and forget them."""
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(child.program.stop)
        deadline = time.monotonic() + max((child.program.patience for child in children), default=0)
        while time.monotonic() < deadline and any(child.process.poll() is None for child in children):
            for key, _ in self._selector.select(0.05):
                self._read(key.data)
        for child in children:
            kill_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._unwatch(child)
            del self.children[child.program.name]


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start one process in a session of its own that the kernel ends when we end."""
    parent = os.getpid()

    def follow_parent() -> None:
        # After the change of user, which would clear it; and the parent may have died before the call.
        LIBC.prctl(PR_SET_PDEATHSIG, int(program.orphaned))
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        program.argv,
        env=dict(program.env),
        cwd=program.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=follow_parent,
        user=program.owner.uid if program.owner else None,
        group=program.owner.gid if program.owner else None,
        extra_groups=[] if program.owner else None,
    )


def kill_group(pid: int, with_signal: signal.Signals) -> None:
    """Signal what is left of the process group that `pid` leads."""
    try:
        os.killpg(pid, with_signal)
    except (ProcessLookupError, PermissionError):
        return


def describe_exit(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"exited with code {code}"
