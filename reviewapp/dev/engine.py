"""Make sure that a container engine answers, installing and starting Docker where we may."""
# ruff: noqa: S603, S607 - apt-get and dockerd are what this module is for; no argument comes from outside

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reviewapp.dev.console import say
from reviewapp.dev.processes import Program, Supervisor

OWN_SOCKET = Path("/var/run/docker.sock")
PACKAGES = ("docker.io", "iptables")
HINT = "sudo apt-get install docker.io && sudo usermod -aG docker $USER   (then sign in again)"
START_HINT = "sudo systemctl start docker   (or: sudo dockerd &)"
ALLOW_HINT = "sudo usermod -aG docker $USER   (then sign in again)"


@dataclass(frozen=True)
class EngineState:
    """What runs containers: its address when one answers, else the command that would help."""

    url: str | None
    hint: str = ""


def sockets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Addresses at which an engine may answer, best first; DOCKER_HOST, when set, is the only one."""
    if given := environment.get("DOCKER_HOST"):
        return (given,)
    session = environment.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    paths = (OWN_SOCKET, f"{session}/docker.sock", f"{session}/podman/podman.sock", "/run/podman/podman.sock")
    return tuple(f"unix://{path}" for path in paths)


def answers(url: str) -> bool:
    """Whether an engine at `url` answers a ping within two seconds."""
    scheme, _, address = url.partition("://")
    try:
        connection = _Local(address) if scheme == "unix" else _remote(address)
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException, ValueError):
        return False


class _Local(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=2)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(2)
        self.sock.connect(self._path)


def _remote(address: str) -> http.client.HTTPConnection:
    host, _, port = address.partition(":")
    return http.client.HTTPConnection(host, int(port or 2375), timeout=2)


def find(environment: Mapping[str, str] = os.environ) -> EngineState:
    """The first engine that answers, or what the person can do to have one."""
    for url in sockets(environment):
        if answers(url):
            return EngineState(url)
    return EngineState(None, advice(environment))


def advice(environment: Mapping[str, str]) -> str:
    """The command that would most likely bring an engine."""
    if given := environment.get("DOCKER_HOST"):
        return f"unset DOCKER_HOST   (nothing answers at {given})"
    if OWN_SOCKET.exists() and not os.access(OWN_SOCKET, os.W_OK):
        return ALLOW_HINT
    if not shutil.which("dockerd") and not shutil.which("podman"):
        return HINT
    return START_HINT


def may_install(environment: Mapping[str, str]) -> bool:
    """Whether we may bring an engine ourselves: root, Debian or Ubuntu, and no other engine was asked for."""
    return os.geteuid() == 0 and not environment.get("DOCKER_HOST") and bool(shutil.which("apt-get"))


def ensure(supervisor: Supervisor, environment: Mapping[str, str] = os.environ) -> EngineState:
    """Find an engine, else install and start Docker when we may; never fails, the state says what is missing."""
    state = find(environment)
    if state.url or not may_install(environment):
        return state
    if not shutil.which("dockerd"):
        say(f"No container engine: installing {' and '.join(PACKAGES)} with apt-get …")
        if not install(PACKAGES):
            say("apt-get could not install Docker; checks will wait for a container engine.")
            return find(environment)
    return _start(supervisor, environment)


def install(packages: tuple[str, ...]) -> bool:
    """Install Debian packages without questions; False when apt-get fails, whose messages stay visible."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    updated = subprocess.run(("apt-get", "update", "-q"), env=quiet, stdout=subprocess.DEVNULL)
    added = ("apt-get", "install", "-qy", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", *packages)
    done = subprocess.run(added, env=quiet, stdout=subprocess.DEVNULL)
    return updated.returncode == 0 and done.returncode == 0


def _start(supervisor: Supervisor, environment: Mapping[str, str]) -> EngineState:
    """Start the daemon: the system's service manager has just done so or does, else it is a child of ours."""
    if Path("/run/systemd/system").is_dir():
        say("Starting Docker's system service; it stays when ./dev stops.")
        subprocess.run(("systemctl", "start", "docker"), check=False)
    elif daemon_pid() is None:
        say("Starting a Docker daemon of our own; it stops with ./dev.")
        supervisor.start(daemon())
    supervisor.wait_until(lambda: answers(f"unix://{OWN_SOCKET}"), seconds=30)
    return find(environment)


def daemon() -> Program:
    """Docker's daemon as a program of ours, the first to start and the last to stop."""
    return Program(
        name="engine",
        argv=("dockerd", "--log-level", "warn"),
        env={key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "SECRET_KEY"}},
        cwd=Path("/"),
        stage=0,
        orphaned=signal.SIGTERM,
        patience=6.0,
    )


def daemon_pid() -> int | None:
    """The process id of a daemon that runs already and may only be slow to answer; never start a second."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() == "dockerd":
                return int(process.name)
        except OSError:
            continue
    return None


def sweep(url: str | None, label: str, *, seconds: float = 5.0) -> int:
    """Remove every container that carries `label`; return how many there were. Silent without an engine."""
    if url is None or not answers(url):
        return 0
    import docker
    import docker.errors
    import requests

    deadline = time.monotonic() + seconds
    client = docker.DockerClient(base_url=url, timeout=5)
    removed = 0
    for container in client.containers.list(all=True, filters={"label": label}, ignore_removed=True):
        try:
            container.remove(force=True, v=True)
            removed += 1
        except (docker.errors.APIError, requests.RequestException) as error:
            say(f"Container {container.short_id} could not be removed: {error}")
        if time.monotonic() > deadline:
            break
    client.close()
    return removed
