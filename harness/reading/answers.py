"""Which files of tests/ and solution/ would give a task away, if the agent could read them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.bundle import Bundle, BundleFile
from harness.reading import shell
from harness.reading.pytests import Module, modules
from harness.reading.python_paths import PathUse, path_uses
from harness.reading.texts import part, text_of, texts
from harness.reading.verifiers import folders
from harness.results import Severity

SMALLEST = 32  # bytes; shorter files are alike by chance
_CODE = re.compile(
    r"(?:^|/)(?:test_\w+|\w+_test|tests?|conftest|check\w*|verif\w*|grad\w*|run[-_]tests?|scor\w*)\.\w+$"
)
_EXPECTED = re.compile(r"(?:expected|golden|answers?|ground[-_]?truth|oracle|solution|gold)", re.IGNORECASE)
_ORDINARY = re.compile(
    r"(?:^|/)(?:LICEN[CS]E\w*|COPYING|README\w*|requirements\S*|package(?:-lock)?|__init__|setup|\.\w+)(?:\.\w+)?$"
)
_PROGRAM = re.compile(
    r"\.(?:py|sh|js|ts|go|rs|rb|pl|c|cc|cpp|java|sql|lua|r|jl|awk|patch|diff)$",
    re.IGNORECASE,
)
_SPOKEN = re.compile(
    r"\b(?:existing|provided|given|unit|included|visible|public|sample|failing|current|supplied|regression)\s+"
    r"(?:\w+\s+)?tests?\b|test suite|\bpytest\b|\b(?:npm|make|cargo|go|mvn|gradle) (?:run )?test\b|run[-_ ]tests",
    re.IGNORECASE,
)
_READS = {"open", "read_text", "read_bytes", "read_csv", "read_json", "load"}
_OUTSIDE = ("/tests/", "/solution/", "/logs/", "/tmp/")  # noqa: S108 (a task's own paths)
TITLES = {
    "solution": "The solution is in the image",
    "tests": "The tests are in the image",
    "expected": "Expected results are in the image",
}


@dataclass(frozen=True)
class Answer:
    """A file that the agent must not see. `kind`: "solution", "tests" (code) or "expected" (what comes out)."""

    file: BundleFile
    kind: str


def answers(bundle: Bundle) -> list[Answer]:
    """The files that tell: the solution's, the tests' code, and expected results. Plain data and licences do not."""
    named = _named_by_entries(bundle)
    return [
        Answer(file, kind)
        for file in bundle.files
        if file.size >= SMALLEST and not _ORDINARY.search(file.path) and (kind := _kind(file.path, named))
    ]


def _kind(path: str, named: frozenset[str]) -> str:
    name = path.rpartition("/")[2]
    where = part(path)
    if where == "solution":
        return "solution"
    if where == "tests" and (_CODE.search(path) or (name in named and re.search(r"\.(?:py|sh|js|ts|rb|pl)$", name))):
        return "tests"
    return "expected" if where == "tests" and _EXPECTED.search(name) else ""


def _named_by_entries(bundle: Bundle) -> frozenset[str]:
    """The names of files that a test.sh speaks of."""
    entries = (text_of(bundle, file.path) for file in bundle.files if file.path.endswith("tests/test.sh"))
    return frozenset(word for text in entries if text for word in re.findall(r"[\w.-]+", text.text) if "." in word)


def lines_that_tell(text: str) -> frozenset[str]:
    """The lines worth comparing: without blanks around them, comments, and what every script has."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return frozenset(line for line in lines if len(line) > 11 and not line.startswith(("#", "//", "import ", "from ")))


@lru_cache(maxsize=8)
def written_by(script: str) -> tuple[str, ...]:
    """The files a shell script writes out in full, as its here-documents hold them."""
    return tuple(_bodies(script))


def _bodies(script: str) -> Iterator[str]:
    for statement in shell.statements(shell.read(script) or ()):
        for redirect in statement.redirects:
            if redirect.text is not None:
                yield redirect.text.text


def is_brought(bundle: Bundle, name: str) -> bool:
    """Whether a file of this name comes into the image: one of environment/, or one that a file of it speaks of."""
    files = [file.path for file in bundle.files if part(file.path) == "environment"]
    is_file = any(path.rpartition("/")[2] == name for path in files)
    return is_file or any(name in read.text for read in texts(bundle, lambda path: path in files))


def read_from_image(bundle: Bundle) -> Iterator[tuple[Module, PathUse]]:
    """Where the tests read a file that is named like a result and lies in the image, though neither the instruction
    nor the solution speaks of it: what they compare with is there for the agent to read."""
    solution = [each.text for each in texts(bundle, lambda path: part(path) == "solution")]
    told, seen = "\n".join([bundle.instruction, *solution]), set[str]()
    for module in (module for folder in folders(bundle, "tests") for module in modules(folder)):
        for use in path_uses(module):
            name = use.path.rpartition("/")[2]
            is_result = use.verb in _READS and not use.path.startswith(_OUTSIDE) and _EXPECTED.search(name)
            if is_result and name not in told and name not in seen and is_brought(bundle, name):
                seen.add(name)
                yield module, use


def speaks_of_tests(bundle: Bundle) -> bool:
    """Whether the instruction tells the agent of tests that it has."""
    return bool(_SPOKEN.search(bundle.instruction))


def gravity(bundle: Bundle, answer: Answer, where: str) -> Severity:
    """How grave a copy of the answer is at a path that the agent sees.

    Files that the instruction shows the agent are no secret, and a sample of what is expected need not be one.
    """
    is_shown = where.rpartition("/")[2] in bundle.instruction
    if answer.kind == "solution":
        return Severity.BLOCKING if _gives_away(answer, where) and not is_shown else Severity.WARNING
    if is_shown or (answer.kind == "tests" and speaks_of_tests(bundle)):
        return Severity.INFORMATION
    return Severity.WARNING if answer.kind == "expected" else Severity.BLOCKING


def _gives_away(answer: Answer, where: str) -> bool:
    """Whether the copy is the solution's script, a program under another name, or in a folder that says what it is."""
    name, other = answer.file.path.rpartition("/")[2], where.rpartition("/")[2]
    in_plain_sight = re.search(r"/[._]?(?:solutions?|oracle|answers?)/", f"/{where}")
    return bool(name == "solve.sh" or in_plain_sight or (name != other and _PROGRAM.search(name)))
