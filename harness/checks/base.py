"""What a check is, and what the checks that make attempts share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.attempt import Attempt
from harness.run import Artifact, Finding, Outcome
from harness.workbench import Workbench


class Criterion(StrEnum):
    """The four things a task must have."""

    ACHIEVABILITY = "achievability"
    NON_TRIVIALITY = "non_triviality"
    FUNCTIONAL_CORRECTNESS = "functional_correctness"
    ENVIRONMENT_RELIABILITY = "environment_reliability"


@dataclass(frozen=True)
class Check:
    """One check: what it is called, which criterion it serves, its version, and how it runs."""

    key: str
    title: str
    criterion: Criterion
    description: str
    version: str
    run: Callable[[Workbench], Finding]


def no_image() -> Finding:
    return Finding(Outcome.SKIPPED, "There is no image to run it in.")


def evidence(attempts: Sequence[Attempt]) -> tuple[Artifact, ...]:
    """Each attempt's logs and reward files, numbered when there are several."""
    kept = []
    for number, attempt in enumerate(attempts, start=1):
        files = {"oracle.txt": attempt.oracle_log, "test-stdout.txt": attempt.verifier_log, **attempt.reward_files}
        kept += [Artifact(f"run-{number}/{name}", content) for name, content in files.items() if content]
    return tuple(kept)


def unscored(attempts: Sequence[Attempt]) -> str | None:
    """Why the attempts cannot be scored: network trouble, memory, or a verifier that left no reward."""
    for number, attempt in enumerate(attempts, start=1):
        if attempt.trouble:
            return f"Run {number} met network trouble, so it counts for nothing: {attempt.trouble}"
        if attempt.reward.invalid:
            return f"Run {number} has no reward: {attempt.reward.invalid}{because(attempt)}."
    return None


def because(attempt: Attempt) -> str:
    """The limit that cut the attempt short, in brackets; empty when none did."""
    return f" ({attempt.cut_short})" if attempt.cut_short else ""


def rewards(attempts: Sequence[Attempt]) -> str:
    return ", ".join(str(attempt.reward) for attempt in attempts)
