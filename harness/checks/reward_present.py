"""Every verification left a reward that can be read. Proves that attempts get a score; not that it is the right one."""

from harness.checks.base import Check, Criterion, Needs
from harness.results import Finding, Outcome, Place, Result, Severity, judged
from harness.workbench import Workbench

KINDS = ("oracle", "nop")


def run(bench: Workbench) -> Result:
    labelled = [
        (f"{kind} run {number}", attempt)
        for kind in KINDS
        for number, attempt in enumerate(bench.attempts.get(kind, []), start=1)
    ]
    troubled = [name for name, attempt in labelled if attempt.trouble]
    invalid = {name: attempt.reward.invalid for name, attempt in labelled if attempt.reward.invalid}
    notes = {name: attempt.reward.note for name, attempt in labelled if attempt.reward.note}
    facts = {"verifications": len(labelled), "invalid": invalid, "notes": notes}
    if troubled:
        return Result(Outcome.ERROR, f"What it needs could not be had in {', '.join(troubled)}.", facts=facts)
    return judged(
        [*map(_no_reward, invalid.items()), *map(_odd, notes.items())],
        clean=f"All {len(labelled)} runs left a reward that can be read.",
        severity=Severity.BLOCKING,
        facts=facts,
    )


def _no_reward(item: tuple[str, str]) -> Finding:
    return Finding(
        title="The verifier leaves no reward",
        seen=f"{item[0].capitalize()}: {item[1]}.",
        fix="Let tests/test.sh write 1 or 0 to /logs/verifier/reward.txt on every way out, also when a test fails.",
        place=Place("tests/test.sh"),
    )


def _odd(item: tuple[str, str]) -> Finding:
    return Finding(
        title="The verifier's two reward files disagree",
        seen=f"{item[0].capitalize()}: {item[1]}.",
        fix="Write only one of reward.json and reward.txt.",
        place=Place("tests/test.sh"),
        severity=Severity.WARNING,
    )


CHECK = Check(
    key="reward_present",
    title="Verifier writes a reward",
    criterion=Criterion.FUNCTIONAL_CORRECTNESS,
    severity=Severity.BLOCKING,
    needs=Needs.IMAGE,
    description="Every run of the verifier leaves a reward that can be read.",
    version="2",
    run=run,
)
