"""Every verification left a reward that can be read. Proves that attempts get a score; not that it is the right one."""

from harness.checks.base import Check, Criterion, no_image
from harness.run import Finding, Outcome
from harness.workbench import Workbench


def run(bench: Workbench) -> Finding:
    if bench.image_digest is None:
        return no_image()
    labelled = [
        (f"{kind} run {number}", attempt)
        for kind, attempts in bench.attempts.items()
        for number, attempt in enumerate(attempts, start=1)
    ]
    troubled = [name for name, attempt in labelled if attempt.trouble]
    invalid = {name: attempt.reward.invalid for name, attempt in labelled if attempt.reward.invalid}
    notes = {name: attempt.reward.note for name, attempt in labelled if attempt.reward.note}
    facts = {"verifications": len(labelled), "invalid": invalid, "notes": notes}
    if troubled:
        return Finding(Outcome.ERROR, f"Network trouble in {', '.join(troubled)}: could not tell.", facts)
    if invalid:
        first = next(iter(invalid.values()))
        return Finding(Outcome.FAILED, f"{len(invalid)} of {len(labelled)} runs left no reward: {first}.", facts)
    odd = f" Odd: {next(iter(notes.values()))}." if notes else ""
    return Finding(Outcome.PASSED, f"All {len(labelled)} runs left a reward that can be read.{odd}", facts)


CHECK = Check(
    key="reward_present",
    title="Verifier writes a reward",
    criterion=Criterion.FUNCTIONAL_CORRECTNESS,
    description="Every run of the verifier leaves a reward that can be read.",
    version="1",
    run=run,
)
