"""The reference solution earns the full reward, every time. Proves that the task can be done and that its score
repeats; not that the reference does honest work."""

from harness.attempt import Attempt
from harness.checks.base import Check, Criterion, because, evidence, no_image, rewards, unscored
from harness.run import Finding, Outcome
from harness.workbench import Workbench


def run(bench: Workbench) -> Finding:
    if bench.image_digest is None:
        return no_image()
    attempts = bench.make_attempts("oracle", bench.plan.oracle_runs, with_oracle=True)
    facts = {"runs": [attempt.facts for attempt in attempts]}
    kept, count = evidence(attempts), len(attempts)
    full = sum(attempt.reward.is_full for attempt in attempts)
    if short := next(filter(_fell_short, attempts), None):
        how = "only sometimes" if full else "never"
        told = f"{full} of {count} runs (rewards {rewards(attempts)}){because(short)}"
        return Finding(Outcome.FAILED, f"The reference solution earned full reward {how}: {told}.", facts, kept)
    if reason := unscored(attempts):
        return Finding(Outcome.ERROR, reason, facts, kept)
    summary = f"The reference solution earned full reward in {full} of {count} runs."
    return Finding(Outcome.PASSED, summary, facts, kept)


def _fell_short(attempt: Attempt) -> bool:
    """Whether it was scored below full, or broke the task's own limit on disk."""
    scored = not attempt.reward.invalid and not attempt.trouble
    return attempt.disk_exceeded or (scored and not attempt.reward.is_full)


CHECK = Check(
    key="oracle",
    title="Reference solution passes",
    criterion=Criterion.ACHIEVABILITY,
    description="The reference solution earns the full reward in every run.",
    version="1",
    run=run,
)
