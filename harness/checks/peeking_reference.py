"""Finds reference solutions that prove nothing: they read the tests, write the reward, or bring the answer along.

Proves: a command of the solution's scripts reads below /tests or writes a reward file, or copies a file of the image
that is named like an answer and that the instruction does not name. Less certain, and so graded lower: the whole
solution unpacks a blob, or writes down literally what it is asked to work out. Says nothing of programs that it starts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.bundle import Bundle
from harness.checks.base import Criterion, reading
from harness.reading import shell
from harness.reading.answers import is_brought
from harness.reading.pytests import Module, parse
from harness.reading.python_paths import path_uses
from harness.reading.runners import hardly_fails, runs_tests
from harness.reading.shell import Command
from harness.reading.verifiers import Folder, folders
from harness.results import Finding, Place, Severity

READS_TESTS = "The reference reads the tests"
WRITES_REWARD = "The reference writes the reward itself"
COPIES_ANSWER = "The reference copies an answer that lies in the image"
UNPACKS = "The reference unpacks its answer from a blob"
WRITES_DOWN = "The reference writes its answer down instead of working it out"
WORK = "Solve the task the way an agent has to: from the instruction and what the image holds for it."
NO_ANSWER = "Take the answer out of the image, where an agent finds it too, and let the reference work it out."
OPEN_WORK = "Show the steps that lead to the answer, so that a reviewer can follow them."
_IN_TESTS = re.compile(r"/tests/[\w./*-]+")
_TOLD_TESTS = re.compile(r"(?<![\w.])/tests/")
_ANSWER = re.compile(
    r"answer|expected|golden|ground.?truth|oracle|reference.?(?:output|solution)|solution", re.IGNORECASE
)
_NO_READING = {
    "echo",
    "printf",
    "mkdir",
    "rm",
    "rmdir",
    "cd",
    "ls",
    "[",
    "[[",
    "test",
    "chmod",
    "export",
    "touch",
    "true",
}
_READING_VERBS = {
    "open",
    "read_text",
    "read_bytes",
    "copy",
    "copyfile",
    "copy2",
    "copytree",
    "run",
    "load_module",
    "exec",
}
_COMPUTING = re.compile(r"\b(?:comput|calculat|count|sum\b|total|average|mean\b|aggregat|statistic)", re.IGNORECASE)
_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
_DATA = (*_TABLES, ".txt")
LONG_BLOB = 400
LONG_ANSWER = 3  # lines


@dataclass(frozen=True)
class Seen:
    """A line of a solution's file with what is wrong there."""

    line: int
    title: str
    fix: str = WORK
    severity: Severity | None = None


def find(bundle: Bundle) -> Iterator[Finding]:
    """Findings for each file of a solution, of the task or of a step."""
    for folder in folders(bundle, "solution"):
        for name in folder.texts:
            for seen in _seen(bundle, folder, name):
                place = Place(folder.at(name), seen.line)
                yield Finding(seen.title, folder.line(name, seen.line), seen.fix, place, seen.severity)


def _seen(bundle: Bundle, folder: Folder, name: str) -> Iterator[Seen]:
    text, is_told = folder.texts[name], bool(_TOLD_TESTS.search(bundle.instruction))
    if name.endswith(".py") and not is_told:
        yield from _by_python(text, 0)
    if not name.endswith(".sh"):
        return
    commands = list(shell.commands(shell.read(text) or ()))
    for command in commands:
        if not is_told:
            yield from _reads_tests(command)
        yield from _writes_reward(command)
        yield from _copies_answer(command, bundle)
    yield from _written_out(commands, bundle)


def _reads_tests(command: Command) -> Iterator[Seen]:
    """A command that is given a file below /tests; one that runs the tests only looks whether all is well."""
    words = [*command.texts[1:], *(each.target.text for each in command.redirects if each.operator == "<")]
    if command.name in _NO_READING or not command.words:
        return
    if any(map(_IN_TESTS.fullmatch, words)):
        is_run = runs_tests(command.texts) or command.name in ("bash", "sh", "source", ".")
        yield Seen(command.line, READS_TESTS, severity=Severity.INFORMATION if is_run else None)
    elif command.name.startswith("python"):
        for redirect in command.redirects:
            yield from _by_python(redirect.text.text if redirect.text else "", command.line)


def _by_python(text: str, above: int) -> Iterator[Seen]:
    """A Python program that opens a file below /tests."""
    if tree := parse(text):
        for use in path_uses(Module("", text, tree)):
            if use.verb in _READING_VERBS and _IN_TESTS.fullmatch(use.path):
                yield Seen(above + use.line, READS_TESTS)
                return


def _writes_reward(command: Command) -> Iterator[Seen]:
    targets = [each.target.text for each in command.redirects if each.operator.startswith(">")]
    if command.name in ("tee", "cp", "mv", "ln"):
        targets += command.texts[1:]
    if any(target.startswith("/logs/verifier/reward.") for target in targets):
        yield Seen(command.line, WRITES_REWARD)


def _copies_answer(command: Command, bundle: Bundle) -> Iterator[Seen]:
    """`cp` or `cat` of a file of the image, named like an answer, that nobody tells the agent of."""
    if command.name not in ("cp", "mv", "cat", "ln", "install"):
        return
    sources = command.texts[1:] if command.name == "cat" else command.texts[1:-1]
    for source in sources:
        name = source.rpartition("/")[2]
        is_outside = source.startswith("/") and not source.startswith(("/solution", "/tests", "/tmp/"))  # noqa: S108
        if is_outside and _ANSWER.search(source) and name not in bundle.instruction and is_brought(bundle, name):
            yield Seen(command.line, COPIES_ANSWER, NO_ANSWER)


def _written_out(commands: Sequence[Command], bundle: Bundle) -> Iterator[Seen]:
    """What the solution brings along, where none of its commands works anything out."""
    blobs = [command for command in commands if _unpacks(command)]
    working = [command for command in commands if command.words and not _is_housekeeping(command)]
    is_whole = not [command for command in working if command not in blobs]
    for command in blobs[:1]:
        if _blob(commands, command) >= LONG_BLOB:
            yield Seen(command.line, UNPACKS, OPEN_WORK, Severity.WARNING if is_whole else Severity.INFORMATION)
    if not working and _COMPUTING.search(bundle.instruction):
        yield from _written_down(commands)


def _written_down(commands: Sequence[Command]) -> Iterator[Seen]:
    """A data file written by a here-document; a table with numbers in several lines is what has to be worked out."""
    for command in commands:
        answer = next((each.text.literal for each in command.redirects if each.text), None)
        targets = [each.target.text for each in command.redirects if each.operator in (">", ">|")]
        if command.name == "cat" and answer and any(target.endswith(_DATA) for target in targets):
            numbered = [line for line in answer.splitlines() if re.search(r"\d", line)]
            is_table = len(numbered) >= LONG_ANSWER and targets[0].endswith(_TABLES)
            yield Seen(command.line, WRITES_DOWN, OPEN_WORK, Severity.WARNING if is_table else Severity.INFORMATION)
            return


def _unpacks(command: Command) -> bool:
    return command.name in ("base64", "base32") and bool({"-d", "-D", "--decode", "-di"} & set(command.texts))


def _blob(commands: Sequence[Command], unpacking: Command) -> int:
    """The longest text without blanks that is printed or handed over on its line."""
    words = [word for each in commands if each.line <= unpacking.line for word in shell.words_of(each)]
    words += list(shell.words_of(unpacking))
    runs = (run for word in words for run in re.findall(r"[A-Za-z0-9+/=\n]+", word.text[:65536]))
    return max(map(len, runs), default=0)


def _is_housekeeping(command: Command) -> bool:
    return hardly_fails(command.texts) or command.name in ("set", "exit", "[", "[[", "test")


CHECK = reading(
    find,
    key="peeking_reference",
    title="The reference does the work",
    criterion=Criterion.ACHIEVABILITY,
    severity=Severity.BLOCKING,
    description="Finds reference solutions that read the tests, write the reward, copy a baked answer, unpack a blob "
    "or write down what is to be worked out.",
    version="1",
    clean="Nothing was found that the reference brings along or peeks at.",
)
