"""Build a task's image: guarded, limited, cut off in time, its log kept."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import APIError, BuildError, DockerException, NotFound
from requests import RequestException

from harness import guard
from harness.container import Cancelled
from harness.engine import LABEL, Engine, discard
from harness.limits import MIB

LOG_LIMIT = 2 * MIB
BUILD_MEMORY = 4096 * MIB


@dataclass(frozen=True)
class Built:
    """An image by its digest, and the log of its build."""

    image: str
    log: bytes


class BuildFailed(Exception):
    """The Dockerfile did not build; `log` is what the engine said."""

    def __init__(self, message: str, log: bytes) -> None:
        super().__init__(message)
        self.log = log


def build(
    engine: Engine,
    context: Path,
    *,
    tag: str,
    timeout: float,
    network: str,
    labels: Mapping[str, str],
    cancelled: Callable[[], bool],
) -> Built:
    """Build a Dockerfile's folder; its steps share the network of a guarded container, through which they are found
    and killed when time is up.

    Raises BuildFailed with the log, and Cancelled.
    """
    with guard.pause(engine, network=network, labels=labels) as holder:
        lines: queue.SimpleQueue[bytes | Exception | None] = queue.SimpleQueue()
        worker = threading.Thread(target=_stream, args=(engine, context, tag, holder, lines), daemon=True)
        worker.start()
        log = _follow(lines, engine, holder, deadline=time.monotonic() + timeout, cancelled=cancelled)
        worker.join()
    return Built(image=str(engine.client.images.get(tag).id), log=log)


def _stream(engine: Engine, context: Path, tag: str, holder: str, lines: Any) -> None:
    """Put the build's output into the queue, then None or what went wrong."""
    try:
        for event in engine.client.api.build(
            path=str(context),
            tag=tag,
            rm=True,
            forcerm=True,
            decode=True,
            network_mode=f"container:{holder}",
            labels={LABEL: "1"},
            container_limits={"memory": BUILD_MEMORY, "memswap": BUILD_MEMORY},
            timeout=None,
        ):
            if "error" in event:
                lines.put(BuildError(event["error"], iter(())))
                return
            lines.put(str(event.get("stream", "")).encode())
        lines.put(None)
    except (DockerException, RequestException, OSError, TypeError, ValueError) as error:
        lines.put(error)


def _follow(lines: Any, engine: Engine, holder: str, *, deadline: float, cancelled: Callable[[], bool]) -> bytes:
    log = bytearray()
    while True:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            line = b""
        if line is None:
            return bytes(log)
        if isinstance(line, RequestException):
            raise line
        if isinstance(line, Exception):
            message = getattr(line, "msg", None) or getattr(line, "explanation", None) or str(line)
            log += f"\n{message}\n".encode()
            raise BuildFailed(str(message), bytes(log)) from line
        if len(log) < LOG_LIMIT:
            log += line
        if cancelled():
            _kill_steps(engine, holder)
            raise Cancelled
        if time.monotonic() > deadline:
            _kill_steps(engine, holder)
            raise BuildFailed("The build took longer than environment.build_timeout_sec allows.", bytes(log))


def _kill_steps(engine: Engine, holder: str) -> None:
    """Kill the build's own containers: those that share the holder's network. The build then ends by itself."""
    for step in _sharing(engine, holder):
        discard(step)


def _sharing(engine: Engine, holder: str) -> Iterator[Any]:
    for row in engine.client.api.containers():
        if row.get("HostConfig", {}).get("NetworkMode") == f"container:{holder}":
            try:
                yield engine.client.containers.get(row["Id"])
            except (NotFound, APIError):
                continue
