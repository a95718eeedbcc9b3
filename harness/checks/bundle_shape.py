"""The bundle holds what a runner knows and nothing that merely got in. Proves that its settings are read and its
scripts can be started; not that they do what they should."""

import re
from collections.abc import Iterable, Iterator

from harness.bundle import Bundle
from harness.checks.base import Criterion, reading
from harness.problems import Problem
from harness.reading.texts import Text, part, texts
from harness.results import Finding, Place, Severity

SHOWN = 10
_HISTORY = re.compile(r"(?:^|/)\.(?:git|hg|svn)/")
_LITTER = re.compile(
    r"(?:^|/)(?:\.DS_Store|Thumbs\.db|__MACOSX|\.idea|\.vscode|__pycache__|.*\.(?:swp|swo|orig|rej)|.*~)(?:/|$)"
)
_BASH_ONLY = re.compile(
    r"(?m)^[ \t]*(?:(?:function|source|shopt|declare)[ \t]|set[ \t]+-\w*o[ \t]+pipefail)"
    r"|\[\[[ \t]|(?:^|[\s(])\w+=\(|<<<|\$\{\w+\[|\$'"
)


def find(bundle: Bundle) -> Iterator[Finding]:
    """Findings about settings nobody reads, files that do not belong, and scripts that cannot be started."""
    yield from _settings(bundle.warnings)
    yield from _estimates(bundle)
    yield from _strays(bundle)
    for text in texts(bundle, lambda path: path.endswith((".sh", ".bash")) and part(path) in ("tests", "solution")):
        yield from _script(text)


def _settings(warnings: Iterable[Problem]) -> Iterator[Finding]:
    kinds: dict[str, list[Problem]] = {"unknown key": [], "out of date": [], "left out": [], "": []}
    for problem in warnings:
        next(kept for words, kept in kinds.items() if words in problem.message).append(problem)
    unknown, outdated, left_out, other = kinds.values()
    fix = "Mend the key's name, move it under [metadata], which is free, or take it out."
    yield from _told("task.toml has keys that no runner reads", unknown, fix, None)
    fix = "Use the newer key; runners still read this one."
    yield from _told("task.toml has keys of an older schema", outdated, fix, Severity.INFORMATION)
    yield from _told("task.toml has odd settings", other, "Mend what is named.", Severity.INFORMATION)
    fix = "Take the files out, or put them where they count: environment/, tests/, solution/, steps/ or README.md."
    yield from _told("Files are no part of the bundle", left_out, fix, Severity.INFORMATION)


def _estimates(bundle: Bundle) -> Iterator[Finding]:
    """Times that cannot both be meant: what is free for people to write may be wrong all the same."""
    metadata = bundle.config.raw.get("metadata") or {}
    expert, junior = metadata.get("expert_time_estimate_min"), metadata.get("junior_time_estimate_min")
    if isinstance(expert, int | float) and isinstance(junior, int | float) and expert > junior:
        seen = f"expert_time_estimate_min is {expert}, junior_time_estimate_min is {junior}."
        fix = "Give both in minutes; whoever knows the field needs no longer than who does not."
        yield Finding("An expert is said to need longer than a beginner", seen, fix, Place("task.toml"))


def _told(title: str, problems: list[Problem], fix: str, severity: Severity | None) -> Iterator[Finding]:
    if problems:
        first = problems[0]
        yield Finding(title, _some(map(str, problems)), fix, Place(first.path or "task.toml", first.line), severity)


def _strays(bundle: Bundle) -> Iterator[Finding]:
    histories = {path[: match.end() - 1] for path in _paths(bundle) if (match := _HISTORY.search(path))}
    fix = "Leave version control out of the bundle: history may give the answer away, and makes it large."
    ours = sorted(path for path in histories if part(f"{path}/") != "environment" or path == "environment/.git")
    if ours:
        yield Finding("A version control folder is in the bundle", _some(ours), fix, Place(ours[0]))
    if inside := sorted(histories - set(ours)):
        title = "The environment holds a repository with its history"
        fix = "Make sure that its history does not hold the answer."
        yield Finding(title, _some(inside), fix, Place(inside[0]), Severity.INFORMATION)
    if litter := [path for path in _paths(bundle) if part(path) != "environment" and _LITTER.search(path)]:
        title, fix = "Editors and caches left files in the bundle", "Delete them."
        yield Finding(title, _some(litter), fix, Place(litter[0]), Severity.INFORMATION)


def _paths(bundle: Bundle) -> list[str]:
    return [file.path for file in bundle.files]


def _script(text: Text) -> Iterator[Finding]:
    first = text.text.partition("\n")[0]
    place, is_entry = Place(text.path, 1), text.path.rpartition("/")[2] in ("test.sh", "solve.sh")
    lesser = None if is_entry else Severity.INFORMATION
    if "\r\n" in text.text:
        fix = "Save it with Unix line ends (LF); with CRLF the kernel looks for an interpreter whose name ends in \\r."
        yield Finding("A script has Windows line ends", f"{first.rstrip()}\\r", fix, place, lesser)
    elif text.text.lstrip("\ufeff \t\r\n").startswith("#!") and not first.startswith("#!"):
        fix = "Put #! at the very start of the file."
        yield Finding("A script's first line does not name its interpreter", first[:80], fix, place, lesser)
    elif first.startswith("#!") and not re.match(r"#![ \t]*/", first):
        fix = "Give the interpreter's whole path, such as #!/bin/bash or #!/usr/bin/env bash."
        yield Finding("A script names an interpreter that is not found", first[:80], fix, place, lesser)
    elif is_entry and not first.startswith("#!"):
        yield _no_interpreter(text, first, place)


def _no_interpreter(text: Text, first: str, place: Place) -> Finding:
    """A shell runs a script that names none as sh, which is enough for plain ones."""
    bash = _BASH_ONLY.search(text.text)
    return Finding(
        title="A script's first line does not name its interpreter",
        seen=f"line {text.line(bash.start())} needs bash: {bash[0].strip()}" if bash else first[:80],
        fix="Begin it with #!/bin/bash.",
        place=place,
        severity=None if bash else Severity.INFORMATION,
    )


def _some(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more


CHECK = reading(
    find,
    key="bundle_shape",
    title="Bundle is in order",
    criterion=Criterion.ENVIRONMENT_RELIABILITY,
    severity=Severity.WARNING,
    description="Every setting is one that runners read, scripts can be started, and nothing got in by accident.",
    version="2",
    clean="Every setting is read, scripts can be started, and nothing got in by accident.",
)
