"""Doing nothing earns no full reward. Proves that the tests ask for some work, not that they ask for enough."""

from harness.checks.base import Check, Criterion, evidence, no_image, rewards, unscored
from harness.run import Finding, Outcome
from harness.workbench import Workbench


def run(bench: Workbench) -> Finding:
    if bench.image_digest is None:
        return no_image()
    attempts = bench.make_attempts("nop", bench.plan.nop_runs, with_oracle=False)
    facts = {"runs": [attempt.facts for attempt in attempts]}
    kept, count = evidence(attempts), len(attempts)
    full = sum(attempt.reward.is_full for attempt in attempts)
    if full:
        summary = f"Doing nothing earned full reward in {full} of {count} runs: the tests pass without any work."
        return Finding(Outcome.FAILED, summary, facts, kept)
    if reason := unscored(attempts):
        return Finding(Outcome.ERROR, reason, facts, kept)
    summary = f"Doing nothing earned no full reward in {count} runs (rewards {rewards(attempts)})."
    return Finding(Outcome.PASSED, summary, facts, kept)


CHECK = Check(
    key="nop",
    title="Doing nothing fails",
    criterion=Criterion.NON_TRIVIALITY,
    description="An attempt that does nothing does not earn the full reward.",
    version="1",
    run=run,
)
