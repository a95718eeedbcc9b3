"""The reference solution earns the full reward, every time. Proves that the task can be done and that its score
repeats; not that the reference does honest work."""

from harness.checks.base import Check, Criterion, evidence, no_image, rewards, unscored
from harness.run import Finding, Outcome
from harness.workbench import Workbench


def run(bench: Workbench) -> Finding:
    if bench.image_digest is None:
        return no_image()
    attempts = [bench.attempt("oracle", with_oracle=True) for _ in range(bench.plan.oracle_runs)]
    facts = {"runs": [attempt.facts for attempt in attempts]}
    kept, count = evidence(attempts), len(attempts)
    if reason := unscored(attempts):
        return Finding(Outcome.ERROR, reason, facts, kept)
    full = sum(attempt.reward.is_full for attempt in attempts)
    if full == count:
        return Finding(
            Outcome.PASSED, f"The reference solution earned full reward in {full} of {count} runs.", facts, kept
        )
    how = "only sometimes" if full else "never"
    summary = f"The reference solution earned full reward {how}: {full} of {count} runs (rewards {rewards(attempts)})."
    return Finding(Outcome.FAILED, summary, facts, kept)


CHECK = Check(
    key="oracle",
    title="Reference solution passes",
    criterion=Criterion.ACHIEVABILITY,
    description="The reference solution earns the full reward in every run.",
    version="1",
    run=run,
)
