"""Hollow results: what a lazy agent leaves in the place of the reference solution's work."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from harness.container import Container
from harness.mutation import produced
from harness.mutation.produced import ProducedFile

SHOWN = 200
_SILENT_SCRIPT = b"#!/bin/sh\nexit 0\n"
_CONSTANT_SCRIPT = b"#!/bin/sh\necho 0\n"
_CONSTANT_SOURCES = {
    ".py": b"print(0)\n",
    ".sh": b"echo 0\n",
    ".js": b"console.log(0)\n",
    ".pl": b'print "0\\n";\n',
    ".rb": b"puts 0\n",
}
_DELETED = 2
# What an attempt, its tools and the engine leave beside the work.
_ASIDE = re.compile(
    r"/(?:tmp|proc|sys|dev|run|logs|solution|tests|var/(?:tmp|cache|log|run|lock))(?:/|$)"
    r"|/(?:root|home/[^/]+)/\.(?:cache|local/share|config)(?:/|$)"
    r"|/(?:__pycache__|\.cache|\.\w+_cache)(?:/|$)|\.(?:py[co]|[oad]|obj|class)$|/\.\w*history$|/\.dockerenv$"
    r"|(?:/usr)?/s?bin/docker-init$|/etc/(?:hosts|hostname|resolv\.conf|mtab)$"
)
_PRAISE = re.compile(rb"\b(?:PASS(?:ED)?|SUCCESS(?:FUL)?|OK|VALID|CORRECT|ACCEPTED)\b", re.IGNORECASE)
_OWN_PROCESSES = ("sleep infinity", "docker-init", "podman-init", "catatonit", "tini")


@dataclass
class Hollowing:
    """Puts other content in the place of each produced file, and keeps what it did.

    `left` is what of the reference solution's work still stands: paths it deleted, or changed in a way that was not
    undone. `serves` tells that it left a process running, which may hold a result that no file shows. `shown` has the
    start of each old and new content, for people.
    """

    content: Callable[[ProducedFile], bytes]
    produced: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    serves: bool = False
    shown: dict[str, str] = field(default_factory=dict)

    def __call__(self, box: Container) -> None:
        files = {file.path: file for file in produced.of(box)}
        contents = {path: self.content(file) for path, file in files.items() if file.content.strip()}
        self.replaced = [path for path, content in contents.items() if content != files[path].content]
        self.produced = [*files]
        self.left = [path for path in work(box) if path not in files]
        self.serves = bool(processes(box))
        for path in self.replaced:
            produced.replace(box, files[path], contents[path])
            self.shown[path] = f"  was: {files[path].content[:SHOWN]!r}\n  now: {contents[path][:SHOWN]!r}"


def processes(box: Container) -> dict[str, str]:
    """What runs in the container besides what keeps it alive: commands by the numbers the host knows them by."""
    running = box.processes()
    return {number: command for number, command in running if not any(own in command for own in _OWN_PROCESSES)}


def work(box: Container) -> list[str]:
    """Paths changed or deleted since the container was made; folders only where nothing below them was."""
    kinds = {entry["Path"]: entry["Kind"] for entry in box.raw.diff() or ()}
    parents = {str(parent) for path in kinds for parent in PurePosixPath(path).parents}
    last = (path for path, kind in kinds.items() if path not in parents or kind == _DELETED)
    return [path for path in last if not _ASIDE.search(path)]


def empty(file: ProducedFile) -> bytes:
    """Nothing, in the form that the file has: no bytes, an empty JSON value, a script that says nothing."""
    if _is_script(file):
        return _SILENT_SCRIPT
    if file.path.endswith(".json"):
        return b"[]\n" if file.content.lstrip().startswith(b"[") else b"{}\n"
    return b""


def nothing_in(path: str) -> bytes:
    """What makes a file of this name say nothing and still be read or run: a test that passes, an empty table."""
    name = PurePosixPath(path)
    if name.suffix == ".py" and (name.stem.startswith("test_") or name.stem.endswith("_test")):
        return b"def test_nothing():\n    pass\n"
    if name.suffix in (".sh", ".bash"):
        return _SILENT_SCRIPT
    return b"{}\n" if name.suffix == ".json" else b""


def agreeing(path: str, content: bytes) -> bytes:
    """As `nothing_in`, but a program that judges says all the words that it has for good work, and ends well."""
    praise = b"\n".join(dict.fromkeys(_PRAISE.findall(content))).decode()
    name = PurePosixPath(path)
    if praise and name.suffix in (".sh", ".bash"):
        return f"#!/bin/sh\necho '{praise}'\n".encode()
    if praise and name.suffix == ".py" and not name.stem.startswith("test_"):
        return f"print({praise!r})\n".encode()
    return nothing_in(path)


def constant(file: ProducedFile) -> bytes:
    """Something of the same shape that took no work: the first line again and again, zeros, a program that prints 0."""
    suffix = PurePosixPath(file.path).suffix
    if suffix in _CONSTANT_SOURCES:
        return _CONSTANT_SOURCES[suffix]
    if _is_script(file):
        return _CONSTANT_SCRIPT
    if not file.is_text:
        return bytes(len(file.content))
    return _zeroed(file.content) or _repeated(file.content, has_heading=suffix in (".csv", ".tsv"))


def _is_script(file: ProducedFile) -> bool:
    return file.content.startswith(b"#!") or bool(file.mode & 0o111)


def _zeroed(content: bytes) -> bytes | None:
    """A JSON table or list with the same keys and nothing in its values; None where it is something else."""
    try:
        value = json.loads(content)
        return json.dumps(_nothing(value)).encode() if isinstance(value, dict | list) else None
    except (ValueError, RecursionError):
        return None


def _nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _nothing(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_nothing(each) for each in value]
    return type(value)() if value is not None else None


def _repeated(content: bytes, *, has_heading: bool) -> bytes:
    """The first line in the place of every line, below a heading the first row; 0 or 1 where there is but one line."""
    lines = content.splitlines(keepends=True)
    if len(lines) == 1:
        return b"1\n" if content.strip() == b"0" else b"0\n"
    if has_heading and len(lines) > 2:
        return lines[0] + lines[1] * (len(lines) - 1)
    return lines[0] * len(lines)
