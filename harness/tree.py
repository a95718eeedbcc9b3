"""Walk a folder that strangers filled: ordinary files and folders with portable names, and nothing else."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.problems import Problem, refuse

_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class Entry:
    """A file or folder: posix path from the root of the walk; size in bytes."""

    path: str
    is_folder: bool
    is_executable: bool
    size: int


@dataclass
class Walk:
    """What a walk has found. A link or device is a problem and is neither followed nor opened."""

    root: Path
    entries: list[Entry]
    problems: list[Problem]

    def add(self, path: str) -> None:
        """Take in the file or, with all that is below it, the folder at the path; nothing there, nothing taken."""
        try:
            status = (self.root / path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return
        if wrong := _wrong_with(path, status.st_mode):
            self.problems.append(Problem(shown(path), None, wrong))
            return
        is_folder = stat.S_ISDIR(status.st_mode)
        self.entries.append(Entry(path, is_folder, bool(status.st_mode & stat.S_IXUSR), status.st_size))
        if is_folder:
            for name in sorted(os.listdir(self.root / path)):
                self.add(f"{path}/{name}")


def _wrong_with(path: str, mode: int) -> str | None:
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        return "is a link or a device; only files and folders are taken"
    if shown(path) == path:
        return None
    if _CONTROL.search(path):
        return "has a control character or a backslash in its name"
    return "has a name that is not UTF-8"


def alike(paths: list[str]) -> Iterator[Problem]:
    """A problem for each path that a system which folds case, or accents, takes for another one's."""
    seen: dict[str, str] = {}
    for path in paths:
        folded = unicodedata.normalize("NFC", path).casefold()
        if seen.setdefault(folded, path) != path:
            yield Problem(path, None, f"differs from {seen[folded]!r} only in case or in how accents are written")


def shown(path: str) -> str:
    """A path fit for a message: printable as it stands, or with escapes for what is not."""
    plain = _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), path)
    return plain.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read_text(root: Path, path: str) -> str:
    """The text of an ordinary file with plain line ends. Raises BundleError naming the line that is not UTF-8."""
    raw = (root / path).read_bytes()
    try:
        return raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise refuse("is not UTF-8 text", path, raw[: error.start].count(b"\n") + 1) from None
