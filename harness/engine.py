"""The container engine: find one that answers, build images, start containers, sweep what is left.

Everything made here carries the label `reviewapp`, so that a sweep finds it even when its maker was killed.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from harness.limits import MIB

LABEL = "reviewapp"
SNAPSHOT = "reviewapp.snapshot"
NETWORK = "reviewapp-tasks"
BRIDGE = "reviewapp0"
PRIVATE_BRIDGES = "rvwp-"  # one for each private network of an attempt; the guard's rules speak of them too
PING_SECONDS = 5
CALL_SECONDS = 60
SOCKETS = ("/var/run/docker.sock", "/run/podman/podman.sock", f"/run/user/{os.getuid()}/podman/podman.sock")
RUNTIMES: dict[str, str | None] = {"standard": None, "gvisor": "runsc"}
NO_GVISOR = "gVisor is not offered by this engine: install runsc and register it as a runtime, or lower the isolation."
HINT = "Start Docker or podman on this machine, or set DOCKER_HOST; checks then start by themselves."


class EngineUnavailable(Exception):
    """No container engine answers; `hint` says what would help."""

    def __init__(self, message: str, hint: str = HINT) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class EngineInfo:
    """What runs the containers, how large its host is, and whether it holds them to their limits.

    `id` is the same for every worker that uses this engine; `root` is where it keeps images, on its own host;
    `is_rootless`: an ordinary user's, who has no say over the host's network.
    """

    id: str
    name: str
    version: str
    storage: str
    cpus: int
    memory_mb: int
    limits_enforced: bool
    runtimes: frozenset[str]
    root: str
    is_rootless: bool = False


@dataclass(frozen=True)
class Engine:
    """A connected engine; `client` is the Docker SDK's, `runtime` what containers start under (None: its default)."""

    client: docker.DockerClient
    runtime: str | None = None

    @staticmethod
    def connect(url: str | None = None) -> "Engine":
        """The engine at `url`, at DOCKER_HOST, or at a well-known socket. Raises EngineUnavailable."""
        tried = []
        for address in _addresses(url):
            try:
                _knock(address)
                client = docker.DockerClient(base_url=address, timeout=PING_SECONDS)
                client.ping()
            except (DockerException, requests.RequestException, OSError) as error:
                tried.append(f"{address}: {error}")
                continue
            client.api.timeout = CALL_SECONDS
            return Engine(client)
        raise EngineUnavailable("No container engine answers. " + "; ".join(tried))

    @staticmethod
    def nowhere() -> "Engine":
        """An engine that is never asked: for work that only reads files."""
        return Engine(docker.DockerClient(base_url="unix:///dev/null", version="1.44"))

    @cached_property
    def info(self) -> EngineInfo:
        """What the engine says of itself; podman makes up a new ID at every call, so its host's name stands in."""
        facts: dict[str, Any] = self.client.info()
        limits = all(facts.get(key, False) for key in ("MemoryLimit", "PidsLimit", "CpuCfsQuota"))
        is_rootless = bool(facts.get("Rootless")) or "name=rootless" in (facts.get("SecurityOptions") or [])
        drops_limits = is_rootless and str(facts.get("CgroupVersion", "1")) == "1"
        name = str(facts.get("Name", ""))
        return EngineInfo(
            id=str(facts.get("ID") or name)
            if not self.is_podman
            else f"podman:{name}:{facts.get('DockerRootDir', '')}",
            name=name,
            version=str(facts.get("ServerVersion", "")),
            storage=str(facts.get("Driver", "")),
            cpus=int(facts.get("NCPU") or 1),
            memory_mb=int(facts.get("MemTotal") or 0) // MIB,
            limits_enforced=limits and not drops_limits,
            runtimes=frozenset(self._runtimes(facts.get("Runtimes") or {})),
            root=str(facts.get("DockerRootDir") or ""),
            is_rootless=is_rootless,
        )

    def _runtimes(self, listed: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        """Those that can be used: podman lists all it has ever heard of, here or not."""
        for name, how in listed.items():
            if not self.is_podman or Path(str(how.get("path", ""))).exists():
                yield name

    @cached_property
    def is_podman(self) -> bool:
        """Whether podman answers behind Docker's API."""
        parts = self.client.version().get("Components") or []
        return any("podman" in str(part.get("Name", "")).lower() for part in parts)

    def isolated(self, level: str) -> "Engine":
        """The same engine, starting containers at this level of isolation.

        Raises EngineUnavailable where the engine does not offer it.
        """
        runtime = RUNTIMES[level]
        if runtime is not None and runtime not in self.info.runtimes:
            raise EngineUnavailable(NO_GVISOR, hint=NO_GVISOR)
        return replace(self, runtime=runtime)

    def has_image(self, tag: str) -> bool:
        try:
            self.client.images.get(tag)
        except NotFound:
            return False
        return True

    def network(self) -> str:
        """The network tasks use, on a bridge of a fixed name that the guard's rules speak of."""
        if not self._has_network():
            try:
                self.client.networks.create(
                    NETWORK,
                    driver="bridge",
                    check_duplicate=True,
                    options={
                        "com.docker.network.bridge.name": BRIDGE,
                        "com.docker.network.bridge.enable_icc": "false",
                    },
                    labels={LABEL: "1"},
                )
            except APIError:
                if not self._has_network():  # it is there when another worker made it at the same moment
                    raise
        return NETWORK

    def _has_network(self) -> bool:
        return bool(self.client.networks.list(names=[f"^{NETWORK}$"]))

    def sweep(self, labels: Mapping[str, str], *, snapshots: bool = True) -> int:
        """Kill and remove every container with these labels, the snapshots made of them, their own networks and
        volumes; how many containers, networks and volumes there were.

        To look for snapshots the engine reads every image it has; leave it out where none can have been taken.
        """
        wanted = [LABEL, *(f"{key}={value}" for key, value in labels.items())]
        filters: dict[str, str | list[str] | bool] = {"label": wanted}
        found = self.client.containers.list(all=True, ignore_removed=True, filters=filters)
        for container in found:
            discard(container)
        if snapshots:
            self._sweep_snapshots(labels)
        return len(found) + self._sweep_networks(wanted) + self._sweep_volumes(wanted)

    def _sweep_snapshots(self, labels: Mapping[str, str]) -> None:
        for row in self.client.api.images(filters={"label": SNAPSHOT}):  # podman finds nothing by two labels
            if labels.items() <= (row.get("Labels") or {}).items():
                with suppress(NotFound):
                    self.client.images.remove(str(row["Id"]), force=True)

    def _sweep_networks(self, wanted: list[str]) -> int:
        listed = self.client.networks.list(filters={"label": wanted})
        found = [network for network in listed if network.name != NETWORK]
        for network in found:
            with suppress(APIError):  # gone, or in use by a container that is on its way out
                network.remove()
        return len(found)

    def _sweep_volumes(self, wanted: list[str]) -> int:
        found = self.client.volumes.list(filters={"label": wanted})
        for volume in found:
            with suppress(APIError):
                volume.remove(force=True)
        return len(found)


def discard(container: Any) -> None:
    """Kill and remove a container with its volumes, whatever state it is in."""
    try:
        container.remove(force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:  # its removal is already in progress
            raise


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn a broken connection into EngineUnavailable."""
    try:
        yield
    except requests.RequestException as error:
        raise EngineUnavailable(f"The container engine stopped answering: {error}") from error


def _knock(address: str) -> None:
    """Raise OSError when nothing listens; the SDK would leave its socket open."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.settimeout(PING_SECONDS)
            attempt.connect(address.removeprefix("unix://"))


def _addresses(url: str | None) -> list[str]:
    if chosen := url or os.environ.get("DOCKER_HOST"):
        return [chosen]
    return [f"unix://{path}" for path in SOCKETS if Path(path).exists()]
