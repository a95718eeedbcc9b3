"""Tests and solution are not in the image. Proves it of the files below environment/ that the build takes up, by
content, and of a Dockerfile that names the task's own folders, and finds Python tests that read a result from the
image; what a build step downloads or unpacks is for `image_layers` to see."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from pathspec import PathSpec

from harness.bundle import Bundle, BundleFile
from harness.checks.base import Criterion, reading
from harness.reading import dockerfile
from harness.reading.answers import (
    TITLES,
    Answer,
    answers,
    gravity,
    lines_that_tell,
    read_from_image,
    speaks_of_tests,
    written_by,
)
from harness.reading.texts import LONGEST, Text, part, text_of, texts
from harness.results import Finding, Place, Severity

HOME = "environment/"
FEWEST_LINES = 5
_FIX = "Keep tests/ and solution/ out of environment/: the runner brings them in when the agent is done."


def find(bundle: Bundle) -> Iterator[Finding]:
    """A finding for each answer that the image takes up, by equal content, and for solutions that are quoted."""
    yield from _outer_context(bundle)
    yield from _outer_sources(bundle)
    yield from _read_there(bundle)
    taken = _taken_up(bundle)
    held = {file.sha256: file for file in taken}
    known = answers(bundle)
    copies = [(answer, held[answer.file.sha256]) for answer in known if answer.file.sha256 in held]
    yield from (_copied(bundle, answer, copy) for answer, copy in copies if not _is_untouched(answer, known, taken))
    rest = {file.path for file in taken} - {copy.path for _, copy in copies}
    yield from _quoted(bundle, rest)
    yield from _nearly(bundle, [answer for answer in known if answer.kind == "tests"], rest)


def _copied(bundle: Bundle, answer: Answer, copy: BundleFile) -> Finding:
    return Finding(
        title=TITLES[answer.kind],
        seen=f"{copy.path} has the very content of {answer.file.path}.",
        fix=_FIX,
        place=Place(copy.path),
        severity=gravity(bundle, answer, copy.path),
    )


def _is_untouched(answer: Answer, known: Iterable[Answer], taken: Iterable[BundleFile]) -> bool:
    """Whether the solution merely brings a whole tree along, in which some files differ from the environment's."""
    if answer.kind != "solution" or answer.file.path.rpartition("/")[2] == "solve.sh":
        return False
    ours = {each.file.path.rpartition("/")[2]: each.file.sha256 for each in known if each.kind == "solution"}
    theirs = {file.path.rpartition("/")[2]: file.sha256 for file in taken}
    name = answer.file.path.rpartition("/")[2]
    return name in theirs and any(ours[each] != theirs[each] for each in ours.keys() & theirs.keys())


def _quoted(bundle: Bundle, paths: set[str]) -> Iterator[Finding]:
    """The solution's script, or a file that it writes out, in a file under another name or among other lines."""
    for file in bundle.files:
        if not re.search(r"(?:^|/)solution/solve\.sh$", file.path) or file.size > LONGEST:
            continue
        text = text_of(bundle, file.path)
        script = lines_that_tell(text.text) if text else frozenset()
        bodies = [lines_that_tell(body) for body in written_by(text.text)] if text else []
        for other in texts(bundle, lambda path: path in paths):
            lines = lines_that_tell(other.text)
            if len(script) >= FEWEST_LINES and script <= lines:
                yield _told(other, file.path, TITLES["solution"], None)
            elif any(len(body) >= FEWEST_LINES and body == lines for body in bodies):
                yield _told(other, file.path, "The image holds what the solution writes", Severity.WARNING)


def _nearly(bundle: Bundle, known: Iterable[Answer], paths: set[str]) -> Iterator[Finding]:
    """Tests that differ in comments and blanks only."""
    if not known or speaks_of_tests(bundle):
        return
    others = [(other, lines_that_tell(other.text)) for other in texts(bundle, lambda path: path in paths)]
    for answer in known:
        text = text_of(bundle, answer.file.path)
        lines = lines_that_tell(text.text) if text else frozenset()
        for other, held in others:
            if len(lines) >= FEWEST_LINES and held == lines:
                yield _told(other, answer.file.path, TITLES["tests"], None)


def _told(other: Text, path: str, title: str, severity: Severity | None) -> Finding:
    return Finding(
        title=title,
        seen=f"{other.path} holds the lines of {path}.",
        fix=_FIX,
        place=Place(other.path),
        severity=severity,
    )


def _taken_up(bundle: Bundle) -> list[BundleFile]:
    """The files below environment/ that reach the image: copied by the Dockerfile and not ignored. All of them where
    compose files say what is built."""
    files = [file for file in bundle.files if part(file.path) == "environment"]
    if any(file.path.endswith("/docker-compose.yaml") for file in files):
        return files
    text = text_of(bundle, f"{HOME}Dockerfile")
    copies = list(_sources(text.text)) if text else []
    ignored = _ignored(bundle)
    below = [file for file in files if file.path.startswith(HOME)]
    inside = [file for file in files if not file.path.startswith(HOME)]  # a step's workdir
    return inside + [
        file
        for file in below
        if any(_covers(source, file.path.removeprefix(HOME)) for source in copies)
        and not ignored.match_file(file.path.removeprefix(HOME))
    ]


def _sources(text: str) -> Iterator[str]:
    for each in dockerfile.instructions(text):
        if each.word in ("COPY", "ADD") and "from" not in each.flags:
            yield from _copied_from(each)


def _copied_from(each: dockerfile.Instruction) -> list[str]:
    return re.findall(r"[^\s\[\]\",]+", " ".join(each.plain))[:-1]


def _covers(source: str, path: str) -> bool:
    plain = str(PurePosixPath(source.removeprefix("./").lstrip("/")))
    if plain in (".", path) or "$" in plain:
        return True
    return path.startswith(f"{plain}/") or any(
        fnmatchcase(str(each), plain) for each in (PurePosixPath(path), *PurePosixPath(path).parents)
    )


def _ignored(bundle: Bundle) -> PathSpec[Any]:
    text = text_of(bundle, f"{HOME}.dockerignore")
    return PathSpec.from_lines("gitignore", text.text.splitlines()[:1000] if text else [])


def _outer_context(bundle: Bundle) -> Iterator[Finding]:
    """A compose file that builds from the folder above sends tests and solution along."""
    for text in texts(bundle, lambda path: path == f"{HOME}docker-compose.yaml"):
        for match in re.finditer(r"(?m)^[ \t]+(?:context|build):[ \t]*[\"']?(\.\.[^\s\"'#]*)", text.text):
            yield Finding(
                title="The image is built from the folder that holds tests and solution",
                seen=match[0].strip(),
                fix="Build from environment/ itself (context: .), and put what the image needs there.",
                place=Place(text.path, text.line(match.start(1))),
            )


def _outer_sources(bundle: Bundle) -> Iterator[Finding]:
    """A Dockerfile that copies the task's own solution/ or ../tests/; environment/ holds nothing of that name."""
    text = text_of(bundle, f"{HOME}Dockerfile")
    inside = [file.path.removeprefix(HOME) for file in bundle.files if file.path.startswith(HOME)]
    for each in dockerfile.instructions(text.text) if text else ():
        if each.word in ("COPY", "ADD") and "from" not in each.flags:
            for source in _copied_from(each):
                is_ours = re.match(r"(?:\./|\.\./)*solution(?:/|$)|(?:\./)*\.\./(?:\.\./)*tests(?:/|$)", source)
                if is_ours and not any(_covers(source, path) for path in inside):
                    seen, place = f"{each.word} {each.rest}"[:200], Place(f"{HOME}Dockerfile", each.line)
                    yield Finding("The Dockerfile copies tests or solution", seen, _FIX, place)


def _read_there(bundle: Bundle) -> Iterator[Finding]:
    """Tests that compare with a result which they read from the image."""
    for module, use in read_from_image(bundle):
        yield Finding(
            title="The tests read the expected result from the image",
            seen=f"{use.path} comes with the image, where the agent reads it too: {module.line(use.line)}",
            fix="Put it into tests/, which the runner brings in when the agent is done, or work it out in the test.",
            place=Place(module.path, use.line),
            severity=Severity.WARNING,
        )


CHECK = reading(
    find,
    key="leaked_answers",
    title="No answers in the image",
    criterion=Criterion.NON_TRIVIALITY,
    severity=Severity.BLOCKING,
    description="Nothing of tests/ or solution/, nor a result that tests compare with, goes into the image.",
    version="3",
    clean="Nothing of tests/ or solution/ is among the files that go into the image.",
)
