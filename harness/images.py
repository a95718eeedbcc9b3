"""Build a task's image once for the same content: guarded, limited, cut off in time, its log kept."""

import hashlib
import json
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.images import Image
from docker.types import CancellableStream
from docker.utils import tar
from urllib3.exceptions import HTTPError

from harness import disk
from harness.baseimages import one_at_a_time
from harness.container import Cancelled
from harness.engine import CALL_SECONDS, LABEL, Engine
from harness.limits import MIB
from harness.logs import HeadAndTail
from harness.patience import unless_cancelled
from harness.progress import TAIL_BYTES

TASK_IMAGES = "reviewapp/task"
SCRAPS = "reviewapp/scrap"
LOG_LIMIT = 2 * MIB
BUILD_MEMORY_MB = 4096
POLL_SECONDS = 0.5
_BUILDER = "1"  # goes up with every change to how images are built
_STEP = re.compile(rb"^ ---> ([0-9a-f]{12,64})$", re.MULTILINE)
_FULL = "no space left on device"
# What Docker and podman say where it was they who could not start a step.
_NOT_STARTED = re.compile(
    r"failed to create endpoint|network \S+ not found|error creating overlay mount|failed to register layer"
    r"|error running container: from \S+ creating container"
)
_NO_PROGRAM = "executable file not found"
_RAN = "returned a non-zero code"  # of a step that was started, whatever it printed

type Lines = queue.SimpleQueue[bytes | Exception | None]
type Say = Callable[[str, bytes], None]


def _say_nothing(line: str, tail: bytes) -> None:
    """For callers that follow nothing."""


@dataclass(frozen=True)
class Built:
    """An image by its digest, and the log of its build; `cached`: the same content had been built before."""

    image: str
    log: bytes
    cached: bool = False


class BuildFailed(Exception):
    """The Dockerfile did not build; `log` is what the engine said."""

    def __init__(self, message: str, log: bytes) -> None:
        super().__init__(message)
        self.log = log


def ensure(
    engine: Engine,
    context: Path,
    *,
    bases: Sequence[str],
    timeout: float,
    network: str,
    cancelled: Callable[[], bool],
    say: Say = _say_nothing,
    options: Mapping[str, str] | None = None,
) -> Built:
    """The image of a Dockerfile's folder on the base images with these IDs, built unless the same was built before.

    `options` are the engine's own: dockerfile, target, buildargs.

    Whoever asks for the same at the same time on this host waits for the first. Raises BuildFailed and Cancelled.
    """
    tag = f"{TASK_IMAGES}:{content_key(context, bases, network, options)}"
    say("waiting for another run that builds the same image", b"")
    with one_at_a_time(tag, cancelled=cancelled):
        if found := use(engine, tag):
            return Built(image=found, log=b"", cached=True)
        return build(
            engine,
            context,
            tag=tag,
            timeout=timeout,
            network=network,
            cancelled=cancelled,
            say=say,
            options=options,
        )


def content_key(context: Path, bases: Sequence[str], network: str, options: Mapping[str, str] | None = None) -> str:
    """32 hex digits that are the same for what would build the same: files and their modes, bases, network, options."""
    said = [f"{name}={value}" for name, value in sorted((options or {}).items())]
    digest = hashlib.sha256("\0".join([_BUILDER, network, *bases, *said]).encode())
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        name, mode = path.relative_to(context).as_posix(), "x" if os.access(path, os.X_OK) else "-"
        with path.open("rb") as content:
            digest.update(f"\0{name}\0{mode}\0{hashlib.file_digest(content, 'sha256').hexdigest()}".encode())
    return digest.hexdigest()[:32]


def use(engine: Engine, tag: str) -> str | None:
    """The ID of the image with this tag, marked as used now so that it is not tidied away; None: there is none."""
    try:
        image = engine.client.images.get(tag)
    except ImageNotFound:
        return None
    _tag_again(image, tag)
    return str(image.id)


def _tag_again(image: Image, tag: str) -> None:
    """Docker notes when an image last got a tag; that is when it was used."""
    repository, _, name = tag.rpartition(":")
    image.tag(repository, name)


def keep(engine: Engine, image: str | None) -> None:
    """Mark a task's image as used now."""
    if image is None:
        return
    with suppress(APIError):
        found = engine.client.images.get(image)
        for tag in found.tags:
            if tag.startswith(f"{TASK_IMAGES}:"):
                _tag_again(found, tag)


def build(
    engine: Engine,
    context: Path,
    *,
    tag: str,
    timeout: float,
    network: str,
    cancelled: Callable[[], bool],
    say: Say = _say_nothing,
    options: Mapping[str, str] | None = None,
) -> Built:
    """Build a Dockerfile's folder within `timeout` seconds, its steps on `network` ("none" or a network's name).

    Closing the connection is what makes the engine stop a build, also when this process dies. Raises BuildFailed with
    the log, DockerException when the engine's disk is full, and Cancelled.
    """
    response = unless_cancelled(
        lambda: _start(engine, context, tag=tag, network=network, timeout=timeout, options=options or {}),
        cancelled,
        undo=_close,
    )
    stream = CancellableStream(response.iter_lines(), response)
    lines: Lines = queue.SimpleQueue()
    reader = threading.Thread(target=_pump, args=(stream, lines), name="build-log", daemon=True)
    reader.start()
    log = HeadAndTail(LOG_LIMIT)
    try:
        _follow(lines, log, deadline=time.monotonic() + timeout, cancelled=cancelled, say=_watching(engine, say))
    except (BuildFailed, DockerException, Cancelled):
        _mark_scraps(engine, log)
        raise
    finally:
        stream.close()
        reader.join(POLL_SECONDS)
        response.close()
    return Built(image=str(engine.client.images.get(tag).id), log=log.content)


def _watching(engine: Engine, say: Say) -> Say:
    """Tell how the build goes, as long as it leaves the host some room."""

    def tell(line: str, tail: bytes) -> None:
        disk.require_room(engine)
        say(line, tail)

    return tell


def _mark_scraps(engine: Engine, log: HeadAndTail) -> None:
    """Give the last step of a build that came to nothing a name of ours, so that it can be tidied away."""
    if steps := _STEP.findall(log.content):
        step = steps[-1].decode()
        with suppress(APIError):
            if not (image := engine.client.images.get(step)).tags:
                image.tag(SCRAPS, step)


def _close(response: requests.Response) -> None:
    response.close()


def _start(
    engine: Engine, context: Path, *, tag: str, network: str, timeout: float, options: Mapping[str, str]
) -> requests.Response:
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
                **_memory(engine),
                **options,
            },
            headers={"Content-Type": "application/tar"},
            data=packed,
            stream=True,
            timeout=timeout + CALL_SECONDS,
        )
    if not response.ok:
        message = response.json().get("message", response.reason)
        raise _failure(message, message.encode())
    return response


def _memory(engine: Engine) -> dict[str, str]:
    """How much a build's steps may use; an engine that enforces no limits would refuse to start a step under one."""
    if not engine.info.limits_enforced:
        return {}
    memory = min(BUILD_MEMORY_MB, engine.info.memory_mb * 9 // 10 or BUILD_MEMORY_MB) * MIB
    return {"memory": str(memory), "memswap": str(memory)}


def _failure(message: str, log: bytes) -> Exception:
    """Why a build failed; a full disk is the host's, since a build's steps have no quota of their own, and so is what
    keeps the engine from starting a step."""
    said = f"{log[-TAIL_BYTES:].decode(errors='replace')}\n{message}".strip()
    if _FULL in said.lower():
        return DockerException(f"its disk is full: {message}")
    if _NOT_STARTED.search(said) and _NO_PROGRAM not in said and _RAN not in message:
        return DockerException(f"a build step could not be started: {said[-300:]}")
    return BuildFailed(message, log)


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


def _follow(lines: Lines, log: HeadAndTail, *, deadline: float, cancelled: Callable[[], bool], say: Say) -> None:
    told = 0.0
    while True:
        if cancelled():
            raise Cancelled
        if time.monotonic() > deadline:
            raise BuildFailed("The build took longer than environment.build_timeout_sec allows.", log.content)
        if time.monotonic() > told + POLL_SECONDS:
            say("building the image", log.last(TAIL_BYTES))
            told = time.monotonic()
        try:
            line = lines.get(timeout=POLL_SECONDS)
        except queue.Empty:
            continue
        if line is None:
            return
        if isinstance(line, BuildFailed):
            log.add(f"\n{line}\n".encode())
            raise _failure(str(line), log.content)
        if isinstance(line, Exception):
            raise requests.ConnectionError(f"the build's output broke off: {line}") from line
        log.add(line)
