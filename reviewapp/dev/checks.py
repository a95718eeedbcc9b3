"""`./dev test` and `./dev check`: what a change has to pass, here and in CI."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from reviewapp.dev import backing, environment
from reviewapp.dev.console import Console
from reviewapp.dev.places import Places, throwaway_folder
from reviewapp.dev.processes import Supervisor


def test(places: Places, arguments: Sequence[str]) -> int:
    """Run pytest on servers of its own, which are gone afterwards; return pytest's exit status."""
    with throwaway_folder(places) as folder:
        supervisor = Supervisor(Console(places.file("test.log"), quiet=True))
        try:
            need = backing.wanted(*places.throwaway_services(folder), {})
            backing.start(need.servers, supervisor)
            env = environment.for_tests(places, need.env, folder)
            return _attend((sys.executable, "-m", "pytest", *arguments), places, env, supervisor)
        finally:
            supervisor.stop_all()


def _attend(argv: Sequence[str], places: Places, env: dict[str, str], supervisor: Supervisor) -> int:
    """Run `argv` on this terminal while the servers are looked after; Ctrl-C is for it to handle."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(argv, cwd=places.root, env=env, preexec_fn=_accept_interrupts)
        with suppress(KeyboardInterrupt):
            while process.poll() is None:
                supervisor.pump(0.2)
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _accept_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTEST_CURRENT_TEST", None)
