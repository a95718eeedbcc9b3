"""Which files of a folder Harbor publishes, and so hashes; the others are no part of the bundle."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec, PathSpec

from harness.limits import MIB, BundleLimits
from harness.problems import BundleError, Problem
from harness.tree import Entry, Walk, alike, read_text, shown

SINGLES = ("README.md", "instruction.md", "task.toml", "trajectory.json")
FOLDERS = ("environment", "solution", "steps", "tests")
GITIGNORE, HARBORIGNORE = ".gitignore", ".harborignore"
DEFAULT_IGNORES = ("__pycache__/", "*.pyc", ".DS_Store", "*.swp", "*.swo", "*~")
SHOWN = 20


@dataclass(frozen=True)
class Selection:
    """`files` make up the bundle, `hashed` ones count for the digest, `ignored` are left out by the rules it names."""

    files: tuple[Entry, ...]
    hashed: frozenset[str]
    ignored: dict[str, str]
    others: tuple[str, ...]

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file of the bundle."""
        return {entry.path: entry.size for entry in self.files}

    @cached_property
    def paths(self) -> frozenset[str]:
        """Where the bundle's files are."""
        return frozenset(self.sizes)

    @property
    def left_out(self) -> Iterator[Problem]:
        """A warning for each thing that is not part of the bundle, up to a number that people still read."""
        found = [*self.others, *sorted(self.ignored)]
        for path in found[:SHOWN]:
            yield Problem(path, None, "is not part of a Harbor bundle and is left out")
        if len(found) > SHOWN:
            yield Problem(
                None, None, f"{len(found) - SHOWN} more files are not part of a Harbor bundle and are left out"
            )


def select(root: Path, limits: BundleLimits) -> Selection:
    """Choose as Harbor's packager does. Raises BundleError for links, devices, unsafe names and excess."""
    walk = Walk(root, [], [])
    for path in (GITIGNORE, *SINGLES, *FOLDERS):
        walk.add(path)
    problems = [*walk.problems, *_of_the_wrong_kind(walk.entries), *alike([entry.path for entry in walk.entries])]
    if problems := problems or list(_over(walk.entries, limits)):
        raise BundleError(problems)
    return _Chooser(root, walk.entries).choose()


def _of_the_wrong_kind(entries: list[Entry]) -> Iterator[Problem]:
    for entry in entries:
        name = entry.path.rpartition("/")[2]
        if entry.is_folder and (entry.path in (GITIGNORE, *SINGLES) or name == HARBORIGNORE):
            yield Problem(entry.path, None, "must be a file")
        if not entry.is_folder and entry.path in FOLDERS:
            yield Problem(entry.path, None, "must be a folder")


def _over(entries: list[Entry], limits: BundleLimits) -> Iterator[Problem]:
    files = [entry for entry in entries if not entry.is_folder]
    if len(files) > limits.max_files:
        yield Problem(None, None, f"The bundle has more than {limits.max_files:,} files.")
    if sum(entry.size for entry in files) > limits.max_bytes:
        yield Problem(None, None, f"The bundle is larger than {limits.max_bytes // MIB} MiB.")
    for entry in files:
        if entry.size > limits.max_file_bytes:
            yield Problem(entry.path, None, f"is larger than {limits.max_file_bytes // MIB} MiB")
        if len(entry.path) > limits.max_path:
            yield Problem(entry.path, None, f"has a path longer than {limits.max_path} characters")


class _Chooser:
    """Applies the task's ignore files; `.harborignore` ones are read once each."""

    def __init__(self, root: Path, entries: list[Entry]) -> None:
        self.root = root
        self.entries = entries
        self.present = {entry.path for entry in entries}
        self.rules: dict[str, GitIgnoreSpec] = {}
        self.left_out: dict[str, str] = {}

    def choose(self) -> Selection:
        git = self._gitignore()
        deciding, hashed = {GITIGNORE} & self.present, set()
        for entry in sorted(self.entries, key=lambda entry: entry.path):
            name = entry.path.rpartition("/")[2]
            if self._is_pruned(entry):
                continue
            if name == HARBORIGNORE:
                deciding.add(entry.path)
            elif not entry.is_folder and entry.path != GITIGNORE:
                if git.match_file(entry.path):
                    self.left_out[entry.path] = GITIGNORE if GITIGNORE in self.present else "the usual ignore rules"
                else:
                    hashed.add(entry.path)
        kept = sorted(hashed | deciding)
        entries = {entry.path: entry for entry in self.entries}
        files = {path: cause for path, cause in self.left_out.items() if not entries[path].is_folder}
        return Selection(tuple(entries[path] for path in kept), frozenset(hashed), files, self._others())

    def _gitignore(self) -> PathSpec[Any]:
        has_own = GITIGNORE in self.present
        return PathSpec.from_lines(
            "gitignore", read_text(self.root, GITIGNORE).splitlines() if has_own else DEFAULT_IGNORES
        )

    def _is_pruned(self, entry: Entry) -> bool:
        """Whether a .harborignore leaves the entry out, or has left out a folder around it."""
        folder = entry.path.rpartition("/")[0]
        if folder in self.left_out:
            self.left_out[entry.path] = self.left_out[folder]
            return True
        cause = self._excluding(entry)
        if cause and not entry.path.endswith(f"/{HARBORIGNORE}"):
            self.left_out[entry.path] = cause
            return True
        return False

    def _excluding(self, entry: Entry) -> str | None:
        """The .harborignore whose rule leaves the entry out; inside tests or solution the nearest rule wins."""
        cause = None
        for folder in _scope(entry.path):
            rules = f"{folder}/{HARBORIGNORE}"
            if rules not in self.present:
                continue
            path = entry.path.removeprefix(f"{folder}/") + ("/" if entry.is_folder else "")
            verdict = self._spec(rules).check_file(path).include
            cause = cause if verdict is None else rules if verdict else None
        return cause

    def _spec(self, rules: str) -> GitIgnoreSpec:
        if rules not in self.rules:
            self.rules[rules] = GitIgnoreSpec.from_lines(read_text(self.root, rules).splitlines())
        return self.rules[rules]

    def _others(self) -> tuple[str, ...]:
        known = {GITIGNORE, *SINGLES, *FOLDERS}
        return tuple(sorted(shown(child.name) for child in self.root.iterdir() if child.name not in known))


def _scope(path: str) -> list[str]:
    """The folders from the tests or solution folder down to the path, whose .harborignore files count for it."""
    parts = path.split("/")
    depth = 3 if parts[0] == "steps" else 1
    if len(parts) <= depth or parts[depth - 1] not in ("tests", "solution"):
        return []
    return ["/".join(parts[:end]) for end in range(depth, len(parts))]
