"""A task version's files on a page: the tree, one file as code, raw downloads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import FileResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotations.catalog import blobs
from annotations.catalog.models import TaskFile
from reviewapp.web import rendering

LARGEST_SHOWN = 256 * 1024  # bytes
MOST_LINES = 2_000
OPENED_FIRST = "tests/test.sh"  # what a reviewer most often looks for


@dataclass(frozen=True)
class Node:
    """An entry of the tree: a folder has children, a file a URL."""

    name: str
    id: str = ""
    url: str = ""
    size: int | None = None
    current: bool = False
    children: tuple["Node", ...] = ()


@dataclass(frozen=True)
class OpenFile:
    """One file as shown; `refusal` says why there is no code."""

    path: str
    size: int
    executable: bool
    code: SafeString | None
    note: str = ""


def chosen(files: Sequence[TaskFile], path: str) -> TaskFile | None:
    """The file asked for, else the one to begin with; None in an empty list."""
    by_path = {file.path: file for file in files}
    return by_path.get(path) or by_path.get(OPENED_FIRST) or next(iter(files), None)


def in_tree_order(files: Iterable[TaskFile]) -> list[TaskFile]:
    """Folders before files, each by name: the order in which the tree shows them."""
    return sorted(files, key=_place)


def _place(file: TaskFile) -> list[tuple[bool, str]]:
    *folders, name = file.path.split("/")
    return [*((False, folder) for folder in folders), (True, name)]


def tree(files: Sequence[TaskFile], *, current: str, url: Callable[[str], str]) -> tuple[Node, ...]:
    """The files, in tree order, as folders and leaves."""
    return _level([(file.path.split("/"), file) for file in files], current, url)


def _level(entries: list[tuple[list[str], TaskFile]], current: str, url: Callable[[str], str]) -> tuple[Node, ...]:
    nodes = []
    for name, group in groupby(entries, key=lambda entry: entry[0][0]):
        below = list(group)
        if len(below[0][0]) == 1:
            nodes.append(_leaf(name, below[0][1], current, url))
        else:
            nodes.append(Node(name, children=_level([(parts[1:], file) for parts, file in below], current, url)))
    return tuple(nodes)


def _leaf(name: str, file: TaskFile, current: str, url: Callable[[str], str]) -> Node:
    return Node(name, id=f"f-{file.pk}", url=url(file.path), size=file.blob.size, current=file.path == current)


def opened(file: TaskFile) -> OpenFile:
    """The file as highlighted code, or the reason why it is only for download."""
    code, note = _code(file)
    return OpenFile(path=file.path, size=file.blob.size, executable=file.executable, code=code, note=note)


def _code(file: TaskFile) -> tuple[SafeString | None, str]:
    if file.blob.size > LARGEST_SHOWN:
        return None, _("This file is too large to show. Download it to read it.")
    content = blobs.head(file.blob_id, LARGEST_SHOWN)
    if (text := _text(content)) is None:
        return None, _("This file is not text. Download it to look at it.")
    lines = text.split("\n")
    note = "" if len(lines) <= MOST_LINES else _("Only the first 2,000 lines are shown.")
    return rendering.code("\n".join(lines[:MOST_LINES]), file.path), note


def _text(content: bytes) -> str | None:
    if b"\x00" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def download(sha256: str, name: str) -> FileResponse:
    """Stored content as an attachment that no browser runs or renders."""
    return FileResponse(
        blobs.open_blob(sha256),
        as_attachment=True,
        filename=name.rpartition("/")[2],
        content_type="text/plain; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff"},
    )
