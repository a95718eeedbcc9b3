"""One container: started under limits, given files, made to run commands, read back with care."""

import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.errors import APIError
from docker.types import Mount, Ulimit

from harness.engine import LABEL, Engine, discard
from harness.limits import MIB
from harness.transfer import CHUNK, Contents, Take, ends, first, packed, read_file, read_folder
from harness.usage import ASK, Usage, on_this_host, pairs, summed

__all__ = [
    "Cancelled",
    "Container",
    "Contents",
    "Ended",
    "Limits",
    "Manner",
    "NotReady",
    "Usage",
    "ends",
    "first",
    "started",
]

POLL_SECONDS = 0.1
DISK_POLL_SECONDS = 2.0
NOT_RUNNING = 409
SETTLE_SECONDS = 2.0
STREAM_HEADER = 8  # bytes before each piece of a command's output
KEPT = 1000
STOPPED = "cannot exec in a stopped"
REFUSALS = (STOPPED, "OCI runtime exec failed", "unable to find user", "unable to find group", "no matching entries")
SHARED_MEMORY = 64 * MIB
NO_LOG: dict[str, Any] = {"Type": "none", "Config": {}}
LOG_KEPT: dict[str, Any] = {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}}
ASLEEP = ("sh", "-c", "sleep infinity")
# Podman would ask for more than a host without CAP_SYS_RESOURCE may give; the limit on PIDs is what counts.
PODMAN_PROCESSES = Ulimit(name="nproc", soft=16384, hard=16384)
# Docker asks the host's ps; podman knows these words itself, and would look for a ps inside for others.
_TOLD = {False: "-eo pid,args", True: "hpid,args"}
# What ordinary package managers, sudo and test runners need; nothing that reaches beyond the container.
CAPABILITIES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
)


class Cancelled(Exception):
    """Someone asked to stop; the containers are gone."""


class _Stopped(Exception):
    """The container does not run."""


class NotReady(Exception):
    """What an attempt needs around it did not come up, so nothing can be said of the task; the message says what."""


@dataclass(frozen=True)
class Limits:
    """What a container may use; memory and disk in MiB."""

    cpus: float = 1.0
    memory_mb: int = 2048
    storage_mb: int = 10240
    pids: int = 512


@dataclass(frozen=True)
class Manner:
    """How a container is started, as its image says where nothing is given.

    `volumes` maps paths inside to the names of volumes; `networks` maps networks joined besides the first to the names
    it goes by there; `healthcheck` is the engine's, its times in nanoseconds; `keeps_log`: the last MiB of it.
    """

    command: Sequence[str] | None = ASLEEP
    entrypoint: Sequence[str] | None = None
    workdir: str | None = None
    user: str | None = None
    hostname: str | None = None
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    shm_bytes: int = SHARED_MEMORY
    volumes: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    healthcheck: Mapping[str, Any] = field(default_factory=lambda: {"test": ["NONE"]})
    dns: Sequence[str] = ()
    keeps_log: bool = False


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code (None when it was killed), seconds, and what cut it short."""

    exit_code: int | None
    seconds: float
    timed_out: bool = False
    disk_exceeded: bool = False


@dataclass
class Container:
    """A running container whose first process only sleeps."""

    raw: Any
    limits: Limits
    cancelled: Callable[[], bool]
    network: str = "none"
    on_look: Callable[["Container"], None] | None = None
    is_podman: bool = False
    _earlier: list[dict[str, str]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.raw.id)

    def run(
        self,
        command: str,
        *,
        timeout: float,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
        workdir: str | None = None,
        spare: bool = False,
    ) -> Ended:
        """Run a shell command to its end; at `timeout` seconds every process in the container is killed, unless told to
        `spare` them.

        Raises Cancelled within a second of being asked to stop, and NotReady when the container cannot be kept running.
        """
        command_line, env = ["sh", "-c", command], dict(env or {})
        with suppress(_Stopped):
            return self._run(command_line, timeout, user or "", env, workdir, spare)
        self.raw.restart(timeout=0)  # its first process was killed from inside
        try:
            return self._run(command_line, timeout, user or "", env, workdir, spare)
        except _Stopped as error:
            raise NotReady("the container's first process ended at once (its ENTRYPOINT or command)") from error

    def _run(
        self, command: list[str], timeout: float, user: str, env: dict[str, str], workdir: str | None, spare: bool
    ) -> Ended:
        api, began = self.raw.client.api, time.monotonic()
        with _attached(api, self.id, command, user=user, environment=env, workdir=workdir) as output:
            next_disk_look = began + DISK_POLL_SECONDS
            while True:
                state, elapsed = api.exec_inspect(output.exec_id), time.monotonic() - began
                if not state["Running"] and (state["ExitCode"] is not None or output.has_been_silent):
                    output.raise_refusal(state["ExitCode"])
                    return Ended(state["ExitCode"], elapsed)
                if self.cancelled():
                    raise Cancelled
                if elapsed > timeout:
                    if not spare:
                        self.kill_processes()
                    return Ended(None, elapsed, timed_out=True)
                if time.monotonic() > next_disk_look:
                    if self.on_look:
                        self.on_look(self)
                    if self.disk_bytes() > self.limits.storage_mb * MIB:
                        self.kill_processes()
                        return Ended(None, elapsed, disk_exceeded=True)
                    next_disk_look = time.monotonic() + DISK_POLL_SECONDS
                output.wait(min(POLL_SECONDS, 0.02 + timeout - elapsed))

    def output(self, command: list[str]) -> str:
        """The output of a short command run as root; for facts, not for evidence of anything."""
        _code, out = self.raw.exec_run(command, user="0")
        return bytes(out or b"").decode(errors="replace")

    def processes(self) -> list[tuple[str, str]]:
        """What runs in it: each process by the number its host knows it by, and its command."""
        return [(row[0], row[-1]) for row in self.raw.top(ps_args=_TOLD[self.is_podman])["Processes"]]

    def kill_processes(self) -> None:
        """Kill every process, whoever owns it and however fast it forks: the engine starts the container anew on the
        same files. Nothing inside is asked to help, since it may be hostile, or out of processes."""
        self._earlier.append(self._counted())
        self.raw.restart(timeout=0)

    def use_network(self, name: str, *, on: bool) -> None:
        """Join or leave the network it was started on; a container that never had one cannot join."""
        network = self.raw.client.networks.get(name)
        self.raw.reload()
        if on != (name in self.raw.attrs["NetworkSettings"]["Networks"]):
            (network.connect if on else network.disconnect)(self.raw)

    def put(self, files: Iterable[tuple[str, Path | bytes, int]], folders: Iterable[str] = ()) -> None:
        """Copy files in as (absolute path, a file of this host or its content, mode), and make folders anyone may
        write to."""
        self.raw.put_archive("/", packed(files, folders))

    def read(self, path: str, *, limit: int) -> Contents:
        """Read a regular file, at most `limit` bytes of it; links, folders and devices are refused."""
        return read_file(self.raw, path, first(limit))

    def read_ends(self, path: str, *, limit: int) -> Contents:
        """Read the two ends of a log, `limit` bytes together, with a line between that says what was left out."""
        return read_file(self.raw, path, ends(limit))

    def read_folder(self, folder: str, wanted: Mapping[str, Take]) -> dict[str, Contents]:
        """Read several files of one folder by their names, each with `first` or `ends`."""
        return read_folder(self.raw, folder, wanted)

    def disk_bytes(self) -> int:
        """How much the container has written to its own layer."""
        try:
            rows = self.raw.client.api.containers(filters={"id": self.id}, size=True)
        except APIError as error:
            if self.is_podman and "no such file" in str(error.explanation):
                return 0  # a file went away while podman counted; the next look comes in two seconds
            raise
        return int(rows[0].get("SizeRw") or 0) if rows else 0

    def usage(self) -> Usage:
        """Peak memory, OOM kills and limits as the kernel has them, whichever cgroup version this is."""
        counts = (*self._earlier, self._counted())
        return summed(counts, memory_bytes=self.limits.memory_mb * MIB, pids=self.limits.pids)

    def _counted(self) -> dict[str, str]:
        """What the kernel has counted since the container last started; empty when it could not be asked."""
        return on_this_host(self.id) or pairs(self.output(["sh", "-c", ASK]).splitlines())


@contextmanager
def started(
    engine: Engine,
    image: str,
    *,
    limits: Limits,
    labels: Mapping[str, str],
    network: str,
    cancelled: Callable[[], bool],
    env: Mapping[str, str] | None = None,
    on_look: Callable[[Container], None] | None = None,
    manner: Manner = Manner(),
) -> Iterator[Container]:
    """A container of the image that sleeps until told otherwise; removed on the way out, whatever happens.

    `network` is "none" or a network's name; `on_look` is called every two seconds while a command runs in it.
    """
    api = engine.client.api
    joined = ({} if network == "none" else {network: ()}) | dict(manner.networks)
    made = api.create_container(
        image,
        None if manner.command is None else list(manner.command),
        entrypoint=None if manner.entrypoint is None else list(manner.entrypoint),
        environment=dict(env or {}),
        labels={LABEL: "1", **labels},
        network_disabled=not joined,
        networking_config=_endpoint(api, *next(iter(joined.items()))) if joined else None,
        host_config=api.create_host_config(
            network_mode=next(iter(joined), "none"),
            runtime=engine.runtime,
            init=True,
            **_host(limits, manner, engine.is_podman),
        ),
        working_dir=manner.workdir,
        user=manner.user,
        hostname=manner.hostname,
        healthcheck=dict(manner.healthcheck) or None,
    )["Id"]
    try:
        for name, aliases in list(joined.items())[1:]:
            api.connect_container_to_network(made, name, aliases=list(aliases))
        api.start(made)
        raw = engine.client.containers.get(made)
        yield Container(raw, limits, cancelled, network, on_look, engine.is_podman)
    finally:
        discard(engine.client.containers.prepare_model({"Id": made}))


def _endpoint(api: Any, network: str, aliases: Sequence[str]) -> Any:
    return api.create_networking_config({network: api.create_endpoint_config(aliases=list(aliases))})


def _host(limits: Limits, manner: Manner, is_podman: bool) -> dict[str, Any]:
    return {
        "nano_cpus": int(limits.cpus * 1e9),
        "mem_limit": limits.memory_mb * MIB,
        "memswap_limit": limits.memory_mb * MIB,
        "pids_limit": limits.pids,
        "cap_drop": ["ALL"],
        "cap_add": list(CAPABILITIES),
        "security_opt": ["no-new-privileges"],
        "ulimits": [
            Ulimit(name="nofile", soft=16384, hard=16384),
            Ulimit(name="fsize", soft=limits.storage_mb * MIB, hard=limits.storage_mb * MIB),
            Ulimit(name="core", soft=0, hard=0),
            *([PODMAN_PROCESSES] if is_podman else []),
        ],
        "log_config": LOG_KEPT if manner.keeps_log else NO_LOG,
        "tmpfs": dict(manner.tmpfs),
        "shm_size": manner.shm_bytes,
        "dns": list(manner.dns) or None,
        "mounts": [Mount(target, source, type="volume") for target, source in manner.volumes.items()],
    }


@dataclass
class _Output:
    """What a command prints: thrown away, so that it never waits for a reader. Its end tells that the command ended,
    unless something that it left behind holds it open."""

    socket: Any
    exec_id: str
    first: bytes = b""
    ended_at: float | None = None

    @property
    def has_been_silent(self) -> bool:
        """Whether it ended so long ago that no exit code will come any more."""
        return self.ended_at is not None and time.monotonic() > self.ended_at + SETTLE_SECONDS

    def raise_refusal(self, exit_code: int | None) -> None:
        """Raise NotReady where it was the engine that spoke: no such user, no shell."""
        if exit_code not in (126, 127):
            return
        deadline = time.monotonic() + SETTLE_SECONDS
        while self.ended_at is None and time.monotonic() < deadline:
            self.wait(POLL_SECONDS)
        said = (self._swallowed() + self.first)[STREAM_HEADER:].decode(errors="replace").strip()
        if said.startswith(REFUSALS) and STOPPED in said:
            raise _Stopped
        if said.startswith(REFUSALS):
            raise NotReady(f"no command can be run in the container: {said[:300]}")

    def _swallowed(self) -> bytes:
        """What came in one packet with the response's headers: it stays in the buffer they were read from.

        Asked once the stream has ended only, as it would wait for more.
        """
        return b"" if self.ended_at is None else self.socket._response.raw._fp.fp.peek()[:KEPT]

    def wait(self, seconds: float) -> None:
        """Until there is news, `seconds` at most."""
        if self.ended_at is not None:
            time.sleep(min(0.01, seconds))  # a stream without news is asked again
            return
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        if poll.poll(max(0.0, seconds) * 1000):
            piece = self.socket.read(CHUNK)
            self.first = self.first or piece[:KEPT]
            self.ended_at = None if piece else time.monotonic()


@contextmanager
def _attached(api: Any, container: str, command: list[str], **options: Any) -> Iterator[_Output]:
    """Start a command and hold on to what it prints. Raises _Stopped when the container does not run."""
    try:
        exec_id = str(api.exec_create(container, command, **options)["Id"])
        socket = api.exec_start(exec_id, socket=True)
    except APIError as error:
        said = str(error.explanation)
        if error.status_code == NOT_RUNNING or "is not running" in said:
            raise _Stopped from error
        if said.startswith(REFUSALS):  # podman says so at once, Docker in the command's output
            raise NotReady(f"no command can be run in the container: {said[:300]}") from error
        raise
    try:
        yield _Output(socket, exec_id)
    finally:
        if hasattr(socket, "_response"):
            socket._response.close()
        socket.close()
