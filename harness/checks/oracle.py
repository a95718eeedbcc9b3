"""The reference solution earns the full reward, every time. Proves that the task can be done and that its score
repeats; not that the reference does honest work."""

from harness.attempts.attempt import ORACLE, Attempt
from harness.checks.base import Check, Criterion, Needs, because, evidence, rewards, unscored
from harness.results import Finding, Outcome, Place, Result, Severity
from harness.workbench import Workbench


def run(bench: Workbench) -> Result:
    last = bench.watch.act if bench.watch else ORACLE
    attempts = bench.try_each("oracle", [*[ORACLE] * (bench.plan.oracle_runs - 1), last])
    facts = {"runs": [attempt.facts for attempt in attempts]}
    kept, count = evidence(attempts), len(attempts)
    full = sum(attempt.reward.is_full for attempt in attempts)
    short = next((index for index, attempt in enumerate(attempts) if _fell_short(attempt)), None)
    if short is not None:
        told = f"{full} of {count} runs (rewards {rewards(attempts)}){because(attempts[short])}"
        is_chance = full > 0 or len({str(attempt.reward) for attempt in attempts}) > 1
        found = _short(told, short, is_chance=is_chance)
        summary = f"The reference solution earned full reward {'only sometimes' if full else 'never'}: {told}."
        return Result(Outcome.FAILED, summary, (found,), facts, kept)
    if reason := unscored(attempts):
        return Result(Outcome.ERROR, reason, facts=facts, artifacts=kept)
    summary = f"The reference solution earned full reward in {full} of {count} runs."
    return Result(Outcome.PASSED, summary, facts=facts, artifacts=kept)


def _fell_short(attempt: Attempt) -> bool:
    """Whether it was scored below full, or broke the task's own limit on disk."""
    scored = not attempt.reward.invalid and not attempt.trouble
    return attempt.disk_exceeded or (scored and not attempt.reward.is_full)


def _short(told: str, index: int, *, is_chance: bool) -> Finding:
    return Finding(
        title="The reference solution does not pass every time",
        seen=f"Full reward in {told}.",
        fix="Find what differs between the runs: order, time, random numbers, ports, or a service not ready yet."
        if is_chance
        else "Run solution/solve.sh and tests/test.sh in the image, and mend whichever is wrong: the log says why.",
        place=_log(index),
    )


def _log(index: int) -> Place:
    return Place(f"run-{index + 1}/test-stdout.txt", is_artifact=True)


CHECK = Check(
    key="oracle",
    title="Reference solution passes",
    criterion=Criterion.ACHIEVABILITY,
    severity=Severity.BLOCKING,
    needs=Needs.IMAGE,
    description="The reference solution earns the full reward in every run.",
    version="1",
    run=run,
)
