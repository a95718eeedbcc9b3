"""What crosses over from the agent's containers to a separate verifier's: declared files and folders, made harmless."""

import posixpath
import shlex
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from tempfile import TemporaryFile

from docker.errors import APIError

from harness.attempts.turns import Declared
from harness.container import Container
from harness.limits import MIB
from harness.transfer import closing, is_link, members

MOST_BYTES = 1024 * MIB
MOST_MEMBERS = 50_000
_SYSTEM = ("/proc", "/sys", "/dev")


@dataclass
class _Room:
    bytes_left: int = MOST_BYTES
    members_left: int = MOST_MEMBERS

    def take(self, member: tarfile.TarInfo) -> bool:
        """Whether it still fits."""
        self.bytes_left -= member.size
        self.members_left -= 1
        return self.bytes_left >= 0 and self.members_left >= 0


class Crossing:
    """The artifacts of one turn on their way, and in `notes` what was left behind and why.

    Links that lead out of an artifact, devices, and everything beyond MOST_BYTES or MOST_MEMBERS stay behind.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._folders: list[str] = []
        self._claimed: list[PurePosixPath] = []
        self._room = _Room()
        self._packed = TemporaryFile()  # noqa: SIM115 (closed when it was put in)
        self._archive = tarfile.open(fileobj=self._packed, mode="w")  # noqa: SIM115 (closed with the file below it)

    def pick_up(self, entry: Declared, box: Container) -> None:
        """Take a declared file or folder out of its container; of two that land in one place, the first counts."""
        target = PurePosixPath("/" + (entry.destination or entry.source.strip("/")))
        if _is_system(entry.source) or any(_overlap(target, other) for other in self._claimed):
            return self._leave(entry, "is left behind: its place is taken")
        self._claimed.append(target)
        source = _absolute(entry.source, box)
        try:
            stream, facts = box.raw.get_archive(source)
        except APIError:
            return self._leave(entry, "is not there")
        with closing(stream):
            if is_link(facts):
                return self._leave(entry, "is a link")
            try:
                self._take(entry, source, stream)
            except tarfile.TarError:
                self._leave(entry, "changed while it was read")

    def into(self, box: Container) -> None:
        """Put everything where it was, folders with nothing else in them."""
        self._archive.close()
        if self._folders:
            box.run(f"rm -rf -- {shlex.join(self._folders)}", timeout=60, user="0", workdir="/")
        self._packed.seek(0)
        box.raw.put_archive("/", self._packed)
        self._packed.close()

    def _leave(self, entry: Declared, why: str) -> None:
        self.notes.append(f"{entry.source} of {entry.service} {why}")

    def _take(self, entry: Declared, source: str, stream: Iterator[bytes]) -> None:
        links: set[str] = set()
        taken: set[str] = set()
        for member, content in members(stream):
            inside = _inside(member.name)
            if not inside and member.isdir():
                self._folders.append(source)
            if _is_excluded(inside, entry.exclude) or not _is_harmless(member, inside, links, taken):
                continue
            if not self._room.take(member):
                self._leave(entry, "holds more than crosses over")
                break
            taken.add(inside)
            self._archive.addfile(_placed(member, source, inside), content)


def _placed(member: tarfile.TarInfo, source: str, inside: str) -> tarfile.TarInfo:
    """The member under its own path, owned by root, without a set-user bit."""
    member.name = posixpath.join(source, inside).strip("/")
    member.mode &= 0o777
    member.uid = member.gid = 0
    if member.islnk():
        member.linkname = posixpath.join(source, _inside(member.linkname)).strip("/")
    return member


def _inside(name: str) -> str:
    """A member's path below the artifact, which the archive names by its last part."""
    return name.partition("/")[2]


def _is_harmless(member: tarfile.TarInfo, inside: str, links: set[str], taken: set[str]) -> bool:
    """A file or folder that no link leads to, or a link that stays within; `links` gathers these."""
    parents = {str(parent) for parent in PurePosixPath(inside).parents}
    if parents & links or ".." in PurePosixPath(inside).parts:
        return False
    if member.issym():
        target = posixpath.normpath(posixpath.join(posixpath.dirname(inside), member.linkname))
        stays = not member.linkname.startswith("/") and not target.startswith("..")
        if stays:
            links.add(inside)
        return stays
    return member.isreg() or member.isdir() or (member.islnk() and _inside(member.linkname) in taken - links)


def _is_excluded(inside: str, patterns: Sequence[str]) -> bool:
    """As tar reads --exclude: a pattern may match from any part of the path on, and takes all below what it matches."""
    parts = PurePosixPath(inside).parts
    pieces = ["/".join(parts[start:end]) for end in range(1, len(parts) + 1) for start in range(end)]
    return any(fnmatchcase(piece, pattern.removeprefix("./").rstrip("/")) for pattern in patterns for piece in pieces)


def _absolute(source: str, box: Container) -> str:
    workdir = str(box.raw.attrs["Config"].get("WorkingDir") or "/")
    return posixpath.normpath(posixpath.join(workdir, source))


def _is_system(source: str) -> bool:
    path = posixpath.normpath(source)
    return path == "/" or any(path == folder or path.startswith(f"{folder}/") for folder in _SYSTEM)


def _overlap(one: PurePosixPath, other: PurePosixPath) -> bool:
    return one == other or one in other.parents or other in one.parents
