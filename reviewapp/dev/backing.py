"""Start the embedded Postgres and broker, or use those that are given or already run."""
# ruff: noqa: S603 - runs ourselves

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reviewapp.dev.console import Console, say
from reviewapp.dev.places import Places, held, is_locked
from reviewapp.dev.processes import Program, Supervisor
from reviewapp.services import Broker, Postgres, ServiceError

PATIENCE = 60.0


@dataclass(frozen=True)
class Wanted:
    """Which servers we have to run ourselves, and the settings that name all of them."""

    servers: tuple[Postgres | Broker, ...]
    env: Mapping[str, str]


def wanted(postgres: Postgres, broker: Broker, given: Mapping[str, str]) -> Wanted:
    """Leave out each server that `given` (the environment) already names."""
    servers: list[Postgres | Broker] = []
    env: dict[str, str] = {}
    for setting, server in (("DATABASE_URL", postgres), ("REDIS_URL", broker)):
        if given.get(setting):
            env[setting] = given[setting]
        else:
            env[setting] = server.url
            servers.append(server)
    return Wanted(tuple(servers), env)


def start(servers: tuple[Postgres | Broker, ...], supervisor: Supervisor) -> None:
    """Start `servers` and return when they answer. Raises ServiceError when one does not."""
    for server in servers:
        server.prepare()
        supervisor.start(Program.service(type(server).__name__.lower(), server.command()))
    for server in servers:
        name = type(server).__name__.lower()
        if not supervisor.wait_until(server.ready, seconds=PATIENCE):
            raise ServiceError(f"The embedded {name} did not answer within {PATIENCE:.0f} s; its log is above.")


@contextmanager
def running(places: Places, supervisor: Supervisor, *, quiet: bool = False) -> Iterator[Mapping[str, str]]:
    """Yield the settings of servers that answer: given ones, those of `./dev services`, or our own."""
    need = wanted(*places.lasting_services(), os.environ)
    with held(places.file("services.lock")) as ours:
        if not ours and need.servers and not quiet:
            say("Using the Postgres and broker that already run (./dev services).")
        if ours:
            start(need.servers, supervisor)
        yield need.env


def serve(places: Places, *, detach: bool) -> int:
    """`./dev services`: only Postgres and the broker, for tests and tools; print the settings to use."""
    if not is_locked(places.file("services.lock")):
        if not detach:
            return _serve_here(places)
        if not _serve_behind(places):
            say(f"The services did not start; see {places.file('services.log')}.")
            return 1
    print_settings(places)
    return 0


def print_settings(places: Places) -> None:
    """Print lines for `eval "$(./dev services --detach)"`."""
    for setting, value in wanted(*places.lasting_services(), {}).env.items():
        say(f"export {setting}='{value}'")


def _serve_here(places: Places) -> int:
    supervisor = Supervisor(Console())
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.append(1))
    with held(places.file("services.lock")) as ours:
        if not ours:
            return 0
        places.file("services.pid").write_text(str(os.getpid()))
        try:
            start(wanted(*places.lasting_services(), {}).servers, supervisor)
            print_settings(places)
            places.file("services.ready").touch()
            while not stopping:
                supervisor.pump(0.5)
        finally:
            places.file("services.ready").unlink(missing_ok=True)
            supervisor.stop_all()
    return 0


def _serve_behind(places: Places) -> bool:
    places.file("services.ready").unlink(missing_ok=True)
    process = behind(places, "services.log", "services")
    return (
        Supervisor(Console(quiet=True)).wait_until(
            lambda: places.file("services.ready").exists() or process.poll() is not None, seconds=PATIENCE
        )
        and places.file("services.ready").exists()
    )


def behind(places: Places, log: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Run `./dev <arguments>` in the background, away from this terminal, with its output in `log`."""
    path: Path = places.file(log)
    path.write_text("")
    with path.open("ab") as output:
        return subprocess.Popen(
            (sys.executable, "-m", "reviewapp.dev", *arguments),
            cwd=places.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
