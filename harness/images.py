"""Build a task's image: guarded, limited, cut off in time, its log kept."""

import json
import queue
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import requests
from docker.types import CancellableStream
from docker.utils import tar
from urllib3.exceptions import HTTPError

from harness.container import Cancelled
from harness.engine import LABEL, Engine
from harness.limits import MIB
from harness.logs import HeadAndTail

LOG_LIMIT = 2 * MIB
BUILD_MEMORY = 4096 * MIB
POLL_SECONDS = 0.5

type Lines = queue.SimpleQueue[bytes | Exception | None]


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
    cancelled: Callable[[], bool],
) -> Built:
    """Build a Dockerfile's folder within `timeout` seconds, its steps on `network` ("none" or a network's name).

    Closing the connection is what makes the engine stop a build, also when this process dies. Raises BuildFailed with
    the log, and Cancelled.
    """
    response = _start(engine, context, tag=tag, network=network)
    stream = CancellableStream(response.iter_lines(), response)
    lines: Lines = queue.SimpleQueue()
    reader = threading.Thread(target=_pump, args=(stream, lines), name="build-log", daemon=True)
    reader.start()
    try:
        log = _follow(lines, deadline=time.monotonic() + timeout, cancelled=cancelled)
    finally:
        stream.close()
        reader.join(POLL_SECONDS)
        response.close()
    return Built(image=str(engine.client.images.get(tag).id), log=log)


def _start(engine: Engine, context: Path, *, tag: str, network: str) -> requests.Response:
    """Send the folder and open the build's output. The SDK's own build() offers no way to close it half-way."""
    api = engine.client.api
    with closing(cast(IO[bytes], tar(context, exclude=_ignored(context)))) as packed:
        response: requests.Response = api.post(
            f"{api.base_url}/v{api.api_version}/build",
            params={
                "t": tag,
                "rm": "1",
                "forcerm": "1",
                "networkmode": network,
                "labels": json.dumps({LABEL: "1"}),
                "memory": str(BUILD_MEMORY),
                "memswap": str(BUILD_MEMORY),
            },
            headers={"Content-Type": "application/tar"},
            data=packed,
            stream=True,
            timeout=None,
        )
    if not response.ok:
        message = response.json().get("message", response.reason)
        raise BuildFailed(message, message.encode())
    return response


def _ignored(context: Path) -> list[str]:
    path = context / ".dockerignore"
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _pump(stream: Any, lines: Lines) -> None:
    """Put the build's output into the queue, then None or what went wrong."""
    try:
        for line in stream:
            event = json.loads(line) if line.strip() else {}
            if "error" in event:
                lines.put(BuildFailed(str(event["error"]), b""))
                return
            lines.put(str(event.get("stream", "")).encode())
        lines.put(None)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        lines.put(error)


def _follow(lines: Lines, *, deadline: float, cancelled: Callable[[], bool]) -> bytes:
    log = HeadAndTail(LOG_LIMIT)
    while True:
        if cancelled():
            raise Cancelled
        if time.monotonic() > deadline:
            raise BuildFailed("The build took longer than environment.build_timeout_sec allows.", log.content)
        try:
            line = lines.get(timeout=POLL_SECONDS)
        except queue.Empty:
            continue
        if line is None:
            return log.content
        if isinstance(line, BuildFailed):
            log.add(f"\n{line}\n".encode())
            raise BuildFailed(str(line), log.content)
        if isinstance(line, Exception):
            raise requests.ConnectionError(f"the build's output broke off: {line}") from line
        log.add(line)
