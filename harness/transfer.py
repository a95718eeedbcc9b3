"""Files into a container and out of it, as tar streams; what comes out is hostile."""

import io
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from docker.errors import APIError, NotFound

from harness.limits import MIB
from harness.logs import HeadAndTail

READ_LIMIT = 64 * MIB
CHUNK = 64 * 1024
_NOT_REGULAR = 0x8F280000  # Go's mode bits for folder, link, device, pipe, socket
_LINK = 0x08000000
MOST_MEMBERS = 2000

type Take = Callable[[IO[bytes]], bytes]
type Put = tuple[str, Path | bytes, int]


@dataclass(frozen=True)
class Contents:
    """A file read back: its bytes up to a cap, its full size, and why it could not be read, if so."""

    data: bytes = b""
    size: int = 0
    missing: bool = False
    refused: str = ""


MISSING = Contents(missing=True)
NOT_A_FILE = Contents(refused="is not a regular file")


def packed(files: Iterable[Put], folders: Iterable[str]) -> io.BytesIO:
    """A tar of files (absolute path, a file of this host or its content, mode) and of folders anyone may write to."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for folder in folders:
            entry = tarfile.TarInfo(folder.strip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            archive.addfile(entry)
        for target, source, mode in files:
            entry = tarfile.TarInfo(target.strip("/"))
            entry.mode, entry.mtime = mode, int(time.time())
            with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as content:
                entry.size = content.seek(0, io.SEEK_END)
                content.seek(0)
                archive.addfile(entry, content)
    made.seek(0)
    return made


def first(limit: int) -> Take:
    """The first `limit` bytes."""
    return lambda content: content.read(limit)


def ends(limit: int) -> Take:
    """The two ends of a log, `limit` bytes together, with a line between that says what was left out."""

    def take(content: IO[bytes]) -> bytes:
        kept, left = HeadAndTail(limit), READ_LIMIT
        while left > 0 and (piece := content.read(min(CHUNK, left))):
            kept.add(piece)
            left -= len(piece)
        return kept.content + (b"" if left else b"\n(the rest was not read)\n")

    return take


def read_file(raw: Any, path: str, take: Take) -> Contents:
    """A regular file of a container; links, folders and devices are refused."""
    try:
        stream, facts = raw.get_archive(path)
    except NotFound:
        return MISSING
    except APIError as error:
        return Contents(refused=f"could not be read: {error.explanation}")
    with closing(stream):
        if not is_regular(facts):
            return NOT_A_FILE
        try:
            return Contents(data=_first_member(stream, take), size=int(facts["size"]))
        except tarfile.TarError:
            return Contents(refused="changed while it was read")


def read_folder(raw: Any, folder: str, wanted: Mapping[str, Take]) -> dict[str, Contents]:
    """Several files below one folder by their names, in one go where the folder is of ordinary size."""
    try:
        found = _read_at_once(raw, folder, wanted)
    except (NotFound, APIError, tarfile.TarError, _TooMuch):
        return {name: read_file(raw, f"{folder}/{name}", take) for name, take in wanted.items()}
    return {name: found.get(name, MISSING) for name in wanted}


def is_regular(facts: Mapping[str, Any]) -> bool:
    """Whether what the engine tells of a path is told of a regular file. Its linkTarget says nothing: podman gives
    one for every path."""
    return not int(facts["mode"]) & _NOT_REGULAR


def is_link(facts: Mapping[str, Any]) -> bool:
    """Whether what the engine tells of a path is told of a symbolic link."""
    return bool(int(facts["mode"]) & _LINK)


def members(stream: Iterator[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """Each member of an archive with its content, where it is a regular file. Raises TarError."""
    with tarfile.open(fileobj=_Reader(stream), mode="r|") as archive:
        for member in archive:
            yield member, archive.extractfile(member) if member.isreg() else None
            archive.members = []  # type: ignore[attr-defined]  # else it remembers every one


class _TooMuch(Exception):
    """The folder holds more than is read for the sake of a few files."""


def _read_at_once(raw: Any, folder: str, wanted: Mapping[str, Take]) -> dict[str, Contents]:
    stream, facts = raw.get_archive(folder)
    found: dict[str, Contents] = {}
    with closing(stream):
        if is_link(facts):
            raise _TooMuch
        with tarfile.open(fileobj=_Reader(stream, READ_LIMIT), mode="r|") as archive:
            for count, member in enumerate(archive):
                if count > MOST_MEMBERS:
                    raise _TooMuch
                name = member.name.partition("/")[2]
                if take := wanted.get(name):
                    found[name] = _taken(archive, member, take)
                archive.members = []  # type: ignore[attr-defined]  # else it remembers every one
    return found


def _taken(archive: tarfile.TarFile, member: tarfile.TarInfo, take: Take) -> Contents:
    content = archive.extractfile(member) if member.isreg() else None
    return Contents(data=take(content), size=member.size) if content else NOT_A_FILE


def _first_member(stream: Iterator[bytes], take: Take) -> bytes:
    """What `take` makes of the archive's first file, reading no further than it does."""
    with tarfile.open(fileobj=_Reader(stream), mode="r|") as archive:
        member = archive.next()
        content = archive.extractfile(member) if member and member.isreg() else None
        return take(content) if content else b""


class _Reader(io.RawIOBase):
    """A stream of chunks as a file; beyond `limit` bytes it raises."""

    def __init__(self, chunks: Iterator[bytes], limit: int | None = None) -> None:
        self._chunks, self._left, self._limit = chunks, bytearray(), limit

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._left) < size:
            piece = next(self._chunks, None)
            if piece is None:
                break
            self._left += piece
            self._count(len(piece))
        end = len(self._left) if size < 0 else size
        taken = bytes(self._left[:end])
        del self._left[:end]
        return taken

    def _count(self, size: int) -> None:
        if self._limit is not None:
            self._limit -= size
            if self._limit < 0:
                raise _TooMuch


@contextmanager
def closing(stream: Any) -> Iterator[None]:
    """Close the stream of an archive, read to its end or not."""
    try:
        yield
    finally:
        stream.close()
