"""The whole product as separate processes on a database of its own: web server, workers and beat."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from reviewapp.dev import programs
from reviewapp.services import Broker
from tests import databases
from tests.databases import ROOT

PATIENCE_SECONDS = 120


class Stack:
    """Start the product for a test, ask it things, stop it; every process is its own, on loopback only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = f"stack_{secrets.token_hex(4)}"
        self.admin_url = os.environ["DATABASE_URL"]
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **os.environ,
            "DATABASE_URL": databases.named(self.admin_url, self.database),
            "REDIS_URL": _other_keyspace(os.environ["REDIS_URL"]),
            "REVIEWAPP_DATA": str(folder),
            "REVIEWAPP_INSTANCE": self.database,
            "PYTHONUNBUFFERED": "1",
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.broker: Broker | None = None

    def own_broker(self) -> None:
        """Use a broker of this stack's own from here on, which can be killed like any other process."""
        sockets = Path(tempfile.mkdtemp(prefix="rv-broker-"))
        sockets.chmod(0o755)
        self.broker = Broker(home=sockets, sockets=sockets / "run", copies=sockets / "copies")
        self.env["REDIS_URL"] = self.broker.url
        self.start_broker()

    def start_broker(self) -> None:
        """Start the stack's own broker on what an earlier one saved."""
        assert self.broker is not None
        self.broker.prepare()
        command = self.broker.command()
        owner = command.owner
        with (self.folder / "broker.log").open("ab") as log:
            self.processes["broker"] = subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                stdout=log,
                stderr=log,
                user=owner.uid if owner else None,
                group=owner.gid if owner else None,
                extra_groups=[] if owner else None,
            )
        self.wait(self.broker.ready, "the broker")

    def prepare(self) -> None:
        """The stack's own database and static files, without a process yet."""
        databases.copied(self.admin_url, self.database)
        self.manage("collectstatic", "--noinput", "--verbosity", "0")

    def start(self) -> None:
        self.prepare()
        self.start_web()
        self.start_worker()
        self.start_process(
            "jobs", "celery", "-A", "reviewapp", "worker", "-Q", "default,judge", "-P", "threads", "-c", "2"
        )
        self.start_process("beat", "celery", "-A", "reviewapp", "beat", "--pidfile=", "-l", "WARNING")
        self.wait(self.answers, "the web server")

    def start_web(self) -> None:
        self.start_process("web", "gunicorn", *programs.web_options(self.port), "--workers", "1")

    def start_worker(self, name: str = "checks", *, slots: int = 2) -> None:
        """A worker of the checks queue; `kill` it and start another to play a host that dies."""
        options = ("-Q", "checks", "-P", "threads", "-c", str(slots), "-n", f"checks-{secrets.token_hex(3)}@%h")
        self.start_process(name, "celery", "-A", "reviewapp", "worker", *options)

    def start_process(self, name: str, module: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """End a process as a crash would, without a chance to clean up."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self, name: str) -> None:
        """End a process as an administrator does: it may finish what it is at."""
        process = self.processes.pop(name)
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in reversed(self.processes.values()):
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()
            process.wait()
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{self.database}" WITH (FORCE)'.encode())

    def manage(self, *arguments: str) -> str:
        """Run a management command; its output. Raises with the output when it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, script: str) -> Any:
        """Run a script inside the product's own environment; what it prints, read as JSON."""
        return json.loads(self.manage("shell", "--no-imports", "--command", script))

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def wait(self, is_done: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not is_done():
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}\n{self.logs()}"
            time.sleep(0.2)  # other processes do the work; there is nothing to be woken by

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path in self.folder.glob("*.log"))

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _other_keyspace(url: str) -> str:
    """Another numbered keyspace of the same broker, so that no other worker takes our jobs."""
    number = 1 + secrets.randbelow(15)
    if url.startswith("redis+socket:"):
        return f"{url.partition('?')[0]}?virtual_host={number}"
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
