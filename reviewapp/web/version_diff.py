"""What changed between two versions of a task, file by file."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotations.catalog import blobs
from annotations.catalog.models import TaskFile, TaskVersion

LARGEST = 200_000  # bytes of one file
MOST_LINES = 1_500  # of all files together
CONTEXT = 3


@dataclass(frozen=True)
class DiffLine:
    """A line of a unified diff: "+", "-", " " or "@" for a jump, and its number in the newer file."""

    sign: str
    text: str
    number: int | None


@dataclass(frozen=True)
class FileChange:
    """One file that differs; `note` says why no lines are shown."""

    path: str
    word: str
    lines: tuple[DiffLine, ...] = ()
    note: str = ""


def changes(old: TaskVersion, new: TaskVersion) -> list[FileChange]:
    """Every file that was added, removed or changed, by path; at most MOST_LINES lines in all."""
    before, after = _files(old), _files(new)
    room, found = MOST_LINES, []
    for path in sorted(before.keys() | after.keys()):
        if change := _change(path, before.get(path), after.get(path), room=room):
            found.append(change)
            room -= len(change.lines)
    return found


def _files(version: TaskVersion) -> dict[str, TaskFile]:
    return {file.path: file for file in version.files.select_related("blob")}


def _change(path: str, old: TaskFile | None, new: TaskFile | None, *, room: int) -> FileChange | None:
    if old and new and old.blob_id == new.blob_id:
        if old.executable == new.executable:
            return None
        return FileChange(path, _("executable bit"))
    word = _("changed") if old and new else _("added") if new else _("removed")
    first, second = _text(old), _text(new)
    if first is None or second is None:
        return FileChange(path, word, note=_("Binary or large: only its digest is compared."))
    lines = tuple(_lines(first, second))
    if len(lines) > room:
        return FileChange(path, word, note=_("Too many lines to show here."))
    return FileChange(path, word, lines)


def _text(file: TaskFile | None) -> str | None:
    """The file's text, "" when there is no file, None when it is binary or too large to compare."""
    if file is None:
        return ""
    if file.blob.size > LARGEST:
        return None
    content = blobs.head(file.blob_id, LARGEST)
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None


def _lines(old: str, new: str) -> Iterator[DiffLine]:
    before, after = old.splitlines(), new.splitlines()
    groups = difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT)
    for index, group in enumerate(groups):
        if index:
            yield DiffLine("@", "⋯", None)
        for kind, i, j, k, end in group:
            yield from _block(kind, before[i:j], after[k:end], start=k)


def _block(kind: str, old: list[str], new: list[str], *, start: int) -> Iterable[DiffLine]:
    numbered = [DiffLine(" " if kind == "equal" else "+", text, start + n) for n, text in enumerate(new, start=1)]
    if kind == "equal":
        return numbered
    return [*(DiffLine("-", text, None) for text in old), *numbered]
