"""What the reference solution produced: the files it created or changed, without what merely fell off on the way."""

import io
import re
import tarfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Any

from docker.errors import APIError

from harness.container import Container
from harness.engine import discard
from harness.limits import MIB
from harness.transfer import is_regular

MOST_FILES = 64
MOST_BYTES = MIB
_HEADERS = 64 * 1024
_CHANGED, _ADDED = 0, 1
# Where the engine, the harness, package managers and tools keep what is theirs.
_FOLDERS = re.compile(
    r"/(?:tmp|proc|sys|dev|run|boot|logs|solution|tests|bin|sbin|lib\w*)/"
    r"|/usr/(?:bin|sbin|lib\w*|share|include|src|local/(?:lib\w*|share|include))/"
    r"|/var/(?:tmp|cache|log|run|lock|backups|lib/(?:apt|dpkg|apk|rpm|yum|dnf|pam|systemd|ucf))/"
    r"|/etc/(?:alternatives|apt|init\.d|rc\w\.d|ssl/certs|ca-certificates|pam\.d|systemd|ld\.so\.\w+|\.pwd\.lock)(?:/|$)"
    r"|/etc/(?:hosts|hostname|resolv\.conf|mtab|machine-id|(?:passwd|shadow|group|gshadow|subuid|subgid)-?)$"
    r"|/\.dockerenv$|/root/\.local/|/home/[^/]+/\.local/"
)
_PARTS = re.compile(
    r"/(?:__pycache__|\.git|\.hg|\.svn|node_modules|\.?venv|site-packages|dist-packages|\.cache|\.\w+_cache|\.tox"
    r"|\.npm|\.cargo|\.rustup|\.gradle|\.m2|\.nuget|CMakeFiles|target/(?:debug|release)|[^/]+\.egg-info)/"
)
_NAMES = re.compile(
    r"(?:\.(?:py[co]|[od]|obj|a|class|sw[op]|tmp|pid|sock|bak)|~|-(?:journal|wal|shm))$"
    r"|/\.(?:bash_history|python_history|wget-hsts|viminfo|lesshst|coverage)$"
)


@dataclass(frozen=True)
class ProducedFile:
    """A regular file as it was left: at most MOST_BYTES of its content, mode and owner, and what it held `before`
    (None: it is new)."""

    path: str
    content: bytes
    size: int
    mode: int
    uid: int
    gid: int
    before: bytes | None = None

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def is_whole(self) -> bool:
        """Whether all of its content was read."""
        return len(self.content) == self.size

    @property
    def is_text(self) -> bool:
        """Whether people could read it: UTF-8 without control characters, or bytes of which few are odd."""
        head = self.content[: 64 * 1024]
        odd = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in head)
        return b"\0" not in head and odd * 50 <= len(head)


def of(box: Container) -> tuple[ProducedFile, ...]:
    """What was produced in the container since it was made, at most MOST_FILES files, those least deep first.

    A file that was only touched, or given another owner or mode, was not produced.
    """
    left = {entry["Path"]: entry["Kind"] for entry in box.raw.diff() or () if entry["Kind"] in (_CHANGED, _ADDED)}
    folders = {str(folder) for path in left for folder in PurePosixPath(path).parents}  # reading one costs the engine
    paths = sorted((path for path in left if path not in folders and not is_noise(path)), key=_depth)
    after = list(islice(_files(box.raw, paths), MOST_FILES))
    before = _before(box, [file.path for file in after if left[file.path] == _CHANGED])
    known = [_with_before(file, before.get(file.path)) for file in after]
    return tuple(file for file in known if file.content != file.before)


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def is_noise(path: str) -> bool:
    """Whether a path belongs to the engine, the harness, a package manager or a cache."""
    return bool(_FOLDERS.match(path) or _PARTS.search(path) or _NAMES.search(path))


def replace(box: Container, file: ProducedFile, content: bytes) -> None:
    """Put other content in the place of a produced file, with its mode and owner."""
    info = tarfile.TarInfo(file.path.strip("/"))
    info.size, info.mode, info.uid, info.gid = len(content), file.mode, file.uid, file.gid
    info.mtime = int(time.time())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(info, io.BytesIO(content))
    packed.seek(0)
    box.raw.put_archive("/", packed)


def content_of(raw: Any, path: str) -> bytes | None:
    """A regular file of a container of the SDK's, running or not, up to MOST_BYTES; None where there is none."""
    file = _file(raw, path)
    return file.content if file else None


def _with_before(file: ProducedFile, earlier: ProducedFile | None) -> ProducedFile:
    return ProducedFile(**{**vars(file), "before": earlier.content if earlier else None})


def _before(box: Container, paths: list[str]) -> dict[str, ProducedFile]:
    """The files as the image has them, read from a container that never runs."""
    if not paths:
        return {}
    raw = box.raw.client.containers.create(
        box.raw.attrs["Image"], ["true"], labels=box.raw.labels, network_disabled=True
    )
    try:
        return {file.path: file for file in _files(raw, paths)}
    finally:
        discard(raw)


def _files(raw: Any, paths: Iterable[str]) -> Iterator[ProducedFile]:
    """Those of the paths that are regular files."""
    return (file for path in paths if (file := _file(raw, path)))


def _file(raw: Any, path: str) -> ProducedFile | None:
    try:
        stream, facts = raw.get_archive(path)
    except APIError:
        return None
    with closing(stream):
        first = next(stream, b"")  # the engine holds the container until a stream that was begun is closed
        return _unpacked(path, chain([first], stream)) if is_regular(facts) else None


def _unpacked(path: str, stream: Iterable[bytes]) -> ProducedFile | None:
    """The archive's first member where that is a regular file, its content up to MOST_BYTES."""
    try:
        with tarfile.open(fileobj=io.BytesIO(_start_of(stream)), mode="r:") as archive:
            member = archive.next()
            content = archive.extractfile(member) if member and member.isreg() else None
            if member is None or content is None:
                return None
            return ProducedFile(
                path, content.read(MOST_BYTES), member.size, member.mode & 0o7777, member.uid, member.gid
            )
    except (tarfile.TarError, OSError):
        return None


def _start_of(stream: Iterable[bytes]) -> bytes:
    held = bytearray()
    for piece in stream:
        held += piece
        if len(held) >= MOST_BYTES + _HEADERS:
            break
    return bytes(held)
