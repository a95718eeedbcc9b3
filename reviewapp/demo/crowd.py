"""How the demo's people judge: each with an eye and a pace of their own, over faults that tasks really have.

Four things are wrong with their judging, for the agreement pages to tell: one of them hardly looks; one criterion means
something else to everybody; one is held more strictly by half of them from the fourth week on; and one is hardly ever
found to fail, so that chance alone makes people agree on it. A fifth was cleared up by the rubric's next version.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotations.accounts.models import User
from annotations.review.answers import Given
from annotations.review.citations import Reference
from annotations.rubrics.models import Criterion

AMBIGUOUS, SKEWED, DRIFTING, CLARIFIED = "effort-genuine", "scoring-stable", "environment-pinned", "requirements-tested"
DRIFTS_FROM, CLARIFIED_ON = 22, 30  # days
FAULT_SHARE = 0.15  # of the tasks, for each criterion but
FAULT_SHARES = {AMBIGUOUS: 0.3, SKEWED: 0.1}
SAID = {
    "instruction-complete": (
        "The instruction does not say what to do with an empty file, and the second set of records has one.",
        "Whether a key without rows is printed can only be guessed.",
    ),
    "reference-honest": (
        "solve.sh carries the finished numbers for the given file instead of working them out.",
        "The reference reads the expected output before it writes its own.",
    ),
    "effort-genuine": (
        "One line of awk does it; there is nothing to reason about.",
        "The only hard part is guessing the separator.",
    ),
    "shortcuts-closed": (
        "Printing the expected lines of the given file earns the full reward.",
        "test.sh passes when report.sh prints nothing at all.",
    ),
    "tests-behaviour": (
        "The tests compare the text of report.sh, not what it prints.",
        "A report in another but correct order of lines fails.",
    ),
    "requirements-tested": (
        "Rounding down is asked for and never tried by a test.",
        "The sorted order is asked for; the tests sort both sides first.",
    ),
    "environment-pinned": (
        "The image is bookworm-slim without a digest, so awk may change.",
        "The Dockerfile installs whatever version is newest.",
    ),
    "scoring-stable": (
        "Two of three runs of the reference disagreed by one line.",
        "The verifier sorts by the locale of the machine.",
    ),
}
CITED = {  # where each of the two things said can be seen
    "instruction-complete": ("instruction.md", "tests/test.sh"),
    "reference-honest": ("solution/solve.sh", "solution/solve.sh"),
    "effort-genuine": ("solution/solve.sh", "instruction.md"),
    "shortcuts-closed": ("tests/test.sh", "tests/test.sh"),
    "tests-behaviour": ("tests/test.sh", "tests/test.sh"),
    "requirements-tested": ("tests/test.sh", "instruction.md"),
    "environment-pinned": ("environment/Dockerfile", "environment/Dockerfile"),
    "scoring-stable": ("tests/test.sh", "tests/test.sh"),
}
GAPS = (
    "Does a requirement count as tested when only the hidden file happens to try it?",
    "Is a Debian release without a digest pinned enough when the task has no network?",
    "How much may be guessed from the files before the instruction is incomplete?",
)
REPLIES = (
    "I looked again and stay with my answer: the test never reads that file.",
    "You are right that I looked at the given file only.",
    "The second paragraph of the instruction is what I went by.",
)
UNSURE = "Neither the instruction nor the tests settle this; a run with an empty file would."


@dataclass(frozen=True)
class Judge:
    """A person with the chance of seeing a fault, of seeing one that is none, of being unsure, and their pace."""

    user: User
    sees: float
    imagines: float
    unsure: float
    pace: int
    seconds: int
    is_strict: bool = False

    @staticmethod
    def drawn(user: User, rng: random.Random) -> "Judge":
        return Judge(
            user,
            sees=rng.uniform(0.94, 0.99),
            imagines=rng.uniform(0.002, 0.01),
            unsure=rng.uniform(0.0, 0.03),
            pace=rng.randint(3, 9),
            seconds=rng.randint(240, 900),
        )

    def answer(self, criterion: Criterion, *, is_faulty: bool, day: int, rng: random.Random) -> Given:
        sure = rng.choices((None, 1, 2, 3), (50, 5, 15, 30))[0]
        if rng.random() < self.unsure:
            return Given(cannot_tell=True, rationale=UNSURE, confidence=sure)
        if rng.random() >= self._chance(criterion.key, is_faulty=is_faulty, day=day):
            return Given(code=max(criterion.codes), confidence=sure)
        failing = [code for code in criterion.codes if not criterion.passes(code)]
        milder = [code for code in criterion.codes if criterion.passes(code) and code < max(criterion.codes)]
        code = rng.choice(milder) if milder and not is_faulty else rng.choice(failing)
        which = rng.randrange(2)
        first = rng.randint(1, 2)
        seen = Reference("file", CITED[criterion.key][which], first, first + rng.randint(0, 1))
        return Given(code=code, rationale=SAID[criterion.key][which], confidence=sure, citations=(seen,))

    def _chance(self, key: str, *, is_faulty: bool, day: int) -> float:
        """Of finding fault."""
        if key == AMBIGUOUS:
            return 0.6 if is_faulty else 0.35
        if key == CLARIFIED and day <= CLARIFIED_ON:
            return 0.75 if is_faulty else 0.2
        if key == SKEWED and is_faulty:
            return 0.4 * self.sees
        if key == DRIFTING and self.is_strict and day >= DRIFTS_FROM:
            return self.sees if is_faulty else 0.6
        return self.sees if is_faulty else self.imagines


def crowd(users: Sequence[User], rng: random.Random) -> list[Judge]:
    """A judge for each: one of them careless, half of the others stricter than the rest once they drift."""
    judges = [Judge.drawn(user, rng) for user in users]
    careless = rng.choice(judges[2:])  # not the demo's own people, whom visitors sign in as
    strict = rng.sample([judge for judge in judges if judge is not careless], len(judges) // 2)
    return [
        replace(judge, sees=0.4, imagines=0.15, pace=3, seconds=70)
        if judge is careless
        else replace(judge, is_strict=judge in strict)
        for judge in judges
    ]


def faults(criteria: Sequence[Criterion], rng: random.Random) -> frozenset[str]:
    """The keys of the criteria that a task really fails."""
    return frozenset(row.key for row in criteria if rng.random() < FAULT_SHARES.get(row.key, FAULT_SHARE))


@dataclass(frozen=True)
class Abilities:
    """What somebody knows."""

    skills: tuple[str, ...]
    languages: tuple[str, ...]


def abilities(number: int) -> Abilities:
    """Of the expert with this number: all know the shell, every second one statistics, and some another language."""
    return Abilities(
        skills=("shell", "statistics") if number % 2 == 0 else ("shell",),
        languages=("en", *({0: ("de",), 1: ("fr",)}.get(number % 4, ()))),
    )
