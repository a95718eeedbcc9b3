"""Harbor bundles: read, validate, digest, write.

A bundle is its published files: what Harbor's content hash covers, and the ignore files that decide about it.
Other files are left out with a warning, so that equal digests mean equal content.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from harness import config as configs
from harness.archive import empty, unpack_into
from harness.config import TaskConfig
from harness.limits import BundleLimits
from harness.problems import BundleError, Problem, refuse

__all__ = ["Bundle", "BundleError", "BundleFile", "Problem", "load", "unpack", "write"]

SINGLES = ("README.md", "instruction.md", "task.toml", "trajectory.json")
FOLDERS = ("environment", "solution", "steps", "tests")
LITTER = ("__MACOSX", ".DS_Store")  # what a Mac puts beside the folder it packs
DEFAULT_IGNORES = ("__pycache__/", "*.pyc", ".DS_Store", "*.swp", "*.swo", "*~")
IGNORE_FILE, HARBOR_IGNORE = ".gitignore", ".harborignore"
_SCOPES = GitIgnoreSpec.from_lines(("/tests/", "/solution/", "/steps/*/tests/", "/steps/*/solution/"))
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class BundleFile:
    """One file of a bundle: posix path from its root, size in bytes, sha256 in hex."""

    path: str
    size: int
    sha256: str
    executable: bool


@dataclass(frozen=True)
class Bundle:
    """A valid bundle on disk; `digest` is Harbor's content hash with the prefix "sha256:"."""

    root: Path
    config: TaskConfig
    instruction: str
    files: tuple[BundleFile, ...]
    digest: str
    warnings: tuple[Problem, ...]

    @property
    def name(self) -> str:
        """org/name as task.toml gives it, or the folder's name."""
        return self.config.name or self.root.name


def load(root: Path) -> Bundle:
    """Read and validate a bundle that lies in a folder.

    Raises BundleError with every problem found: missing parts, bad task.toml, links, unreadable text.
    """
    root = root.resolve()
    if unreadable := list(_unreadable_names(root)):
        raise BundleError(unreadable)
    published = _published(root)
    problems = [*_links(root), *_missing(root)]
    config = _attempt(lambda: configs.parse(_text(root / configs.FILE)), problems, root / configs.FILE)
    instruction = _attempt(lambda: _text(root / "instruction.md"), problems, root / "instruction.md")
    if config is not None:
        problems += _missing_for(root, config)
    if problems or config is None:
        raise BundleError(problems)
    files = tuple(_described(root, path) for path in published)
    return Bundle(
        root=root,
        config=config,
        instruction=_without_canary(instruction or ""),
        files=files,
        digest=_digest(files),
        warnings=(*config.warnings, *_left_out(root, set(published))),
    )


def unpack(archive: Path, into: Path, *, limits: BundleLimits | None = None) -> Bundle:
    """Unpack a .zip or .tar.gz below an existing empty folder and load it; one enclosing folder is entered.

    Raises BundleError; the folder is empty again then.
    """
    unpack_into(archive, into, limits or BundleLimits())
    children = [child for child in into.iterdir() if child.name not in LITTER]
    is_wrapped = len(children) == 1 and children[0].is_dir() and children[0].name not in FOLDERS
    try:
        return load(children[0] if is_wrapped else into)
    except BundleError:
        empty(into)
        raise


def write(bundle: Bundle, into: Path) -> None:
    """Write the bundle's files below a folder, byte for byte, executable bits included."""
    for file in bundle.files:
        target = into / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((bundle.root / file.path).read_bytes())
        target.chmod(0o755 if file.executable else 0o644)


def _published(root: Path) -> list[str]:
    """Posix paths of what the bundle consists of, sorted."""
    chosen = [name for name in SINGLES if (root / name).is_file()]
    for folder in FOLDERS:
        chosen += _walk(root, folder)
    ignored = _ignores(root)
    kept = [path for path in chosen if not ignored.match_file(path)]
    ignore_files = [IGNORE_FILE] if (root / IGNORE_FILE).is_file() else []
    return sorted({*kept, *ignore_files})


def _walk(root: Path, folder: str) -> Iterator[str]:
    for here, folders, names in os.walk(root / folder):
        base = Path(here).relative_to(root)
        folders[:] = [name for name in folders if not _harbor_ignored(root, base / name, is_folder=True)]
        for name in names:
            path = base / name
            if name == HARBOR_IGNORE or not _harbor_ignored(root, path, is_folder=False):
                yield path.as_posix()


def _ignores(root: Path) -> GitIgnoreSpec:
    own = root / IGNORE_FILE
    return GitIgnoreSpec.from_lines(_text(own).splitlines() if own.is_file() else DEFAULT_IGNORES)


def _harbor_ignored(root: Path, path: Path, *, is_folder: bool) -> bool:
    """Whether a .harborignore between the tests or solution folder and the path leaves it out; the nearest wins."""
    if not _SCOPES.match_file(path.as_posix() + ("/" if is_folder else "")):
        return False
    excluded = False
    for folder in reversed(path.parents):
        rules = root / folder / HARBOR_IGNORE
        if _SCOPES.match_file(f"{folder.as_posix()}/") and rules.is_file():
            spec = GitIgnoreSpec.from_lines(_text(rules).splitlines())
            verdict = spec.check_file(path.relative_to(folder).as_posix() + ("/" if is_folder else "")).include
            excluded = excluded if verdict is None else verdict
    return excluded


def _digest(files: tuple[BundleFile, ...]) -> str:
    """Harbor's content hash: sha256 over `path NUL sha256 LF` per file, ignore files aside."""
    outer = hashlib.sha256()
    for file in files:
        if file.path.rpartition("/")[2] != HARBOR_IGNORE and file.path != IGNORE_FILE:
            outer.update(f"{file.path}\0{file.sha256}\n".encode())
    return f"sha256:{outer.hexdigest()}"


def _described(root: Path, path: str) -> BundleFile:
    found = root / path
    status = found.stat()
    digest = hashlib.sha256()
    with found.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return BundleFile(path, status.st_size, digest.hexdigest(), bool(status.st_mode & stat.S_IXUSR))


def _unreadable_names(root: Path) -> Iterator[Problem]:
    for here, folders, names in os.walk(root):
        for name in (*folders, *names):
            if not name.isascii() and name != os.fsencode(name).decode(errors="replace"):
                shown = os.fsencode((Path(here) / name).relative_to(root)).decode(errors="backslashreplace")
                yield Problem(shown, None, "has a name that is not UTF-8")


def _links(root: Path) -> Iterator[Problem]:
    for here, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(here) / name
            if not (path.is_dir() or path.is_file()) or path.is_symlink():
                yield Problem(
                    path.relative_to(root).as_posix(), None, "is a link or a device; only files and folders are taken"
                )


def _missing(root: Path) -> Iterator[Problem]:
    for name, what in {"task.toml": "the task's settings", "instruction.md": "what the agent is asked"}.items():
        if not (root / name).is_file() and not (name == "instruction.md" and (root / "steps").is_dir()):
            yield Problem(name, None, f"is missing: {what}")


def _missing_for(root: Path, config: TaskConfig) -> Iterator[Problem]:
    has_file = any((root / "environment" / name).is_file() for name in ("Dockerfile", "docker-compose.yaml"))
    if not has_file and not config.environment.docker_image:
        yield Problem("environment/Dockerfile", None, "is missing, and task.toml names no environment.docker_image")
    for folder in [f"steps/{name}/" for name in config.steps] or [""]:
        yield from _missing_scripts(root, folder)


def _missing_scripts(root: Path, folder: str) -> Iterator[Problem]:
    shared = bool(folder) and (root / "tests" / "test.sh").is_file()
    if not (root / folder / "tests" / "test.sh").is_file() and not shared:
        yield Problem(f"{folder}tests/test.sh", None, "is missing: the script that scores an attempt")
    if not (root / folder / "solution" / "solve.sh").is_file():
        yield Problem(f"{folder}solution/solve.sh", None, "is missing: the reference solution")


def _attempt[T](read: Callable[[], T], problems: list[Problem], path: Path) -> T | None:
    """The value, or None with what was wrong added to `problems`; a missing file has been named already."""
    if not path.is_file():
        return None
    try:
        return read()
    except BundleError as error:
        problems += error.problems
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise refuse("is not UTF-8 text", path.name, line) from None


def _without_canary(text: str) -> str:
    """The instruction as agents see it: leading comment lines that hold a canary are dropped."""
    lines = text.splitlines(keepends=True)
    while lines and "canary" in lines[0].lower() and lines[0].lstrip().startswith(("<!--", "#", "//")):
        lines.pop(0)
    return "".join(lines)


def _left_out(root: Path, published: set[str]) -> Iterator[Problem]:
    for here, _folders, names in os.walk(root):
        for name in names:
            path = (Path(here) / name).relative_to(root).as_posix()
            if path not in published:
                yield Problem(path, None, "is not part of a Harbor bundle and is left out")
