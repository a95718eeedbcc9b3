"""What a check is, and what the checks that make attempts share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from harness.attempts.attempt import Attempt
from harness.bundle import Bundle
from harness.results import Artifact, Finding, Result, Severity, judged
from harness.workbench import Workbench


class Criterion(StrEnum):
    """The four things a task must have."""

    ACHIEVABILITY = "achievability"
    NON_TRIVIALITY = "non_triviality"
    FUNCTIONAL_CORRECTNESS = "functional_correctness"
    ENVIRONMENT_RELIABILITY = "environment_reliability"


class Needs(Enum):
    """What a check stands on: only files, an image, or a reference solution that passes."""

    FILES = ()
    IMAGE = ("builds",)
    ORACLE = ("builds", "oracle")

    @property
    def keys(self) -> tuple[str, ...]:
        """The checks that must have passed before it can run."""
        keys: tuple[str, ...] = self.value
        return keys

    def otherwise(self, missing: str) -> str:
        """Why it cannot run without that check."""
        if missing == "builds":
            return "There is no image to run it in."
        return "The reference solution does not pass, so there is nothing to compare with."


@dataclass(frozen=True)
class Check:
    """One check: what it is called, which criterion it serves, how grave its findings are, what it needs.

    `version` goes up with every change that may change an outcome.
    """

    key: str
    title: str
    criterion: Criterion
    severity: Severity
    needs: Needs
    description: str
    version: str
    run: Callable[[Workbench], Result]


def reading(
    find: Callable[[Bundle], Iterable[Finding]],
    *,
    key: str,
    title: str,
    criterion: Criterion,
    severity: Severity,
    description: str,
    version: str,
    clean: str,
) -> Check:
    """A check that only reads files; `clean` says what holds when it finds nothing."""

    def run(bench: Workbench) -> Result:
        return judged(find(bench.bundle), clean=clean, severity=severity)

    return Check(key, title, criterion, severity, Needs.FILES, description, version, run)


def evidence(attempts: Sequence[Attempt], folder: str = "run") -> tuple[Artifact, ...]:
    """Each attempt's logs and reward files, numbered from 1."""
    kept = []
    for number, attempt in enumerate(attempts, start=1):
        files = {"oracle.txt": attempt.agent_log, "test-stdout.txt": attempt.verifier_log, **attempt.reward_files}
        kept += [Artifact(f"{folder}-{number}/{name}", content) for name, content in files.items() if content]
    return tuple(kept)


def unscored(attempts: Sequence[Attempt]) -> str | None:
    """Why the attempts cannot be scored: network trouble, memory, or a verifier that left no reward."""
    for number, attempt in enumerate(attempts, start=1):
        if attempt.trouble:
            return f"Run {number} counts for nothing, as what it needs could not be had: {attempt.trouble}"
        if attempt.reward.invalid:
            return f"Run {number} has no reward: {attempt.reward.invalid}{because(attempt)}."
    return None


def because(attempt: Attempt) -> str:
    """The limit that cut the attempt short, in brackets; empty when none did."""
    return f" ({attempt.cut_short})" if attempt.cut_short else ""


def rewards(attempts: Sequence[Attempt]) -> str:
    """The attempts' rewards in a row."""
    return ", ".join(str(attempt.reward) for attempt in attempts)
