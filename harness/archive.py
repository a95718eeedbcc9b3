"""Unpack a hostile .zip or .tar.gz: nothing outside the folder, no links or devices, within the limits.

Sizes are counted while unpacking; what an archive claims about itself is not believed.
"""

import gzip
import io
import re
import shutil
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from harness.limits import MIB, BundleLimits
from harness.problems import refuse

CHUNK = 256 * 1024
# What stands between two files of a tar: headers, long names. Nothing of it needs more than this.
HEADER_BYTES = 1024 * 1024
DIRECTORY_BYTES_PER_ENTRY = 512
LONGEST_NAME = 255
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END = struct.Struct("<4s8xL6x")
_DAMAGE = (EOFError, ValueError, RuntimeError, OverflowError, struct.error)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class _Entry:
    path: str
    is_folder: bool
    executable: bool
    content: IO[bytes] | None


def unpack_into(archive: Path, into: Path, limits: BundleLimits) -> None:
    """Unpack below an existing empty folder; on any error the folder is empty again.

    Raises BundleError naming the entry that cannot be taken.
    """
    try:
        _unpack(archive, into, limits)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, *_DAMAGE) as error:
        empty(into)
        raise refuse(f"The archive is damaged or cut off: {error}.") from error
    except BaseException:
        empty(into)
        raise


def _unpack(archive: Path, into: Path, limits: BundleLimits) -> None:
    packed = archive.stat().st_size
    if packed > limits.max_archive_bytes:
        raise refuse(f"The archive is larger than {limits.max_archive_bytes // MIB} MiB.")
    budget = _Budget(limits, packed)
    for entry in _entries(archive, limits):
        target = into / budget.admit(entry.path)
        if entry.is_folder:
            _make_folder(target, entry.path)
        elif entry.content is not None:
            budget.count_file()
            _write(entry, target, budget)
    if not budget.files:
        raise refuse("The archive holds no files.")


def _entries(archive: Path, limits: BundleLimits) -> Iterator[_Entry]:
    with archive.open("rb") as stream:
        magic = stream.read(4)
    if magic.startswith(b"PK"):
        _refuse_vast_directory(archive, limits)
        return _zip_entries(archive)
    if magic.startswith(b"\x1f\x8b"):
        return _tar_entries(archive)
    raise refuse("This is neither a .zip nor a .tar.gz archive.")


def _refuse_vast_directory(archive: Path, limits: BundleLimits) -> None:
    """A zip's list of entries is read as a whole, so its size is looked at before."""
    with archive.open("rb") as stream:
        stream.seek(max(0, archive.stat().st_size - 2**16 - 64))
        tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise refuse("The archive is damaged or cut off: it has no list of entries.")
    if b"PK\6\7" in tail[max(0, at - 20) : at]:
        raise refuse(f"The archive is a ZIP64: it has more than {2 * limits.max_files:,} entries, or is far too large.")
    if _END.unpack_from(tail, at)[1] > 2 * limits.max_files * DIRECTORY_BYTES_PER_ENTRY:
        raise refuse(f"The archive has more than {2 * limits.max_files:,} entries.")


def _zip_entries(archive: Path) -> Iterator[_Entry]:
    with zipfile.ZipFile(archive) as source:
        for info in source.infolist():
            if info.flag_bits & 0x1:
                raise refuse("is encrypted; upload it without a password", _shown(info.filename))
            if info.compress_type not in _PACKINGS:
                raise refuse("is packed in an uncommon way; use ordinary zip compression", _shown(info.filename))
            mode = info.external_attr >> 16
            if mode & 0o170000 not in (0, 0o100000, 0o040000):
                raise refuse("is a link or a device; only files and folders are taken", _shown(info.filename))
            if not info.flag_bits & 0x800 and not info.orig_filename.isascii():
                raise refuse("has a name that is not UTF-8", _shown(info.filename))
            if info.is_dir():
                yield _Entry(info.filename, True, False, None)
            else:
                with source.open(info) as content:
                    yield _Entry(info.orig_filename, False, bool(mode & 0o111), content)


def _tar_entries(archive: Path) -> Iterator[_Entry]:
    with archive.open("rb") as packed, gzip.GzipFile(fileobj=packed) as unzipped:
        metered = _Metered(unzipped)
        with tarfile.open(fileobj=metered, mode="r|", encoding="utf-8", errors="surrogateescape") as source:
            while info := source.next():
                if not (info.isreg() or info.isdir()) or info.issparse():
                    raise refuse("is a link or a device; only files and folders are taken", _shown(info.name))
                metered.left = info.size + HEADER_BYTES
                content = None if info.isdir() else source.extractfile(info)
                yield _Entry(info.name, info.isdir(), bool(info.mode & 0o111), content)
                source.members.clear()  # type: ignore[attr-defined]  # a stream remembers every entry otherwise
                metered.left = HEADER_BYTES
            _read_to_the_end(source)


def _read_to_the_end(source: tarfile.TarFile) -> None:
    """What follows the last entry is padding; reading it makes gzip compare its checksum."""
    stream = source.fileobj
    while stream is not None and (piece := stream.read(tarfile.RECORDSIZE)):
        if piece.strip(b"\0"):
            raise refuse("The archive is damaged or cut off: something follows its last entry.")


class _Metered(io.BufferedIOBase):
    """A stream that gives out no more than it is told to, because tarfile reads headers of any size into memory."""

    def __init__(self, source: io.BufferedIOBase) -> None:
        self.source, self.left = source, HEADER_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= max(0, size or 0)
        if self.left < 0:
            raise refuse("The archive has a header too large to be one.")
        return self.source.read(size)


class _Budget:
    """What has been taken so far, and the names it was taken under."""

    def __init__(self, limits: BundleLimits, packed: int) -> None:
        self.limits, self.packed = limits, packed
        self.entries = self.files = self.bytes = 0
        self._names: dict[str, str] = {}

    def admit(self, name: str) -> PurePosixPath:
        """The entry's path below the folder. Raises BundleError for one that is not safe to write."""
        self.entries += 1
        if self.entries > 2 * self.limits.max_files:
            raise refuse(f"The archive has more than {2 * self.limits.max_files:,} entries.")
        path = _safe(name, self.limits.max_path)
        for part in [path, *path.parents]:
            folded = unicodedata.normalize("NFC", str(part)).casefold()
            if self._names.setdefault(folded, str(part)) != str(part):
                raise refuse(f"differs from {self._names[folded]!r} only in case", str(part))
        return path

    def count_file(self) -> None:
        self.files += 1
        if self.files > self.limits.max_files:
            raise refuse(f"The archive has more than {self.limits.max_files:,} files.")

    def count_bytes(self, count: int, *, in_file: int, path: str) -> None:
        self.bytes += count
        if in_file > self.limits.max_file_bytes:
            raise refuse(f"is larger than {self.limits.max_file_bytes // MIB} MiB", path)
        if self.bytes > self.limits.max_bytes:
            raise refuse(f"The archive unpacks to more than {self.limits.max_bytes // MIB} MiB.")
        if self.bytes > max(MIB, self.packed * self.limits.max_ratio):
            raise refuse(f"The archive unpacks to more than {self.limits.max_ratio} times its size.")


def _safe(name: str, longest: int) -> PurePosixPath:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise refuse("has a name that is not UTF-8", _shown(name)) from None
    if _CONTROL.search(name) or "\\" in name:
        raise refuse("has a control character or a backslash in its name", _shown(name))
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        raise refuse("points outside the bundle", _shown(name))
    if len(name) > longest or any(len(part.encode()) > LONGEST_NAME for part in path.parts):
        raise refuse(f"has a path longer than {longest} characters", _shown(name))
    return path


def _write(entry: _Entry, target: Path, budget: _Budget) -> None:
    if target.exists():
        raise refuse("stands twice in the archive", entry.path)
    _make_folder(target.parent, entry.path)
    written = 0
    with target.open("xb") as out:
        while entry.content is not None and (piece := entry.content.read(CHUNK)):
            written += len(piece)
            budget.count_bytes(len(piece), in_file=written, path=entry.path)
            out.write(piece)
    target.chmod(0o755 if entry.executable else 0o644)


def _make_folder(folder: Path, path: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise refuse("is both a file and a folder", path) from None


def _shown(name: str) -> str:
    """A name fit for a message: printable, and not a page long."""
    return name.encode("utf-8", "backslashreplace").decode().encode("unicode_escape").decode()[:120]


def empty(folder: Path) -> None:
    """Remove everything below the folder."""
    for child in folder.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
