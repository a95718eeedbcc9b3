"""What the rule makes of checks and final verdicts, as plain values."""

import pytest

from annotations.acceptance.models import Decision
from annotations.acceptance.rule import rule
from annotations.evidence.models import CheckResult
from annotations.rubrics.models import Criterion

Outcome = CheckResult.Outcome


def checks(achievability: str) -> list[CheckResult]:
    """One check a criterion; all passed but the first."""
    outcomes = dict.fromkeys(Criterion.Serves.values, Outcome.PASSED.value) | {"achievability": achievability}
    return [CheckResult(criterion=serves, outcome=found, title="Oracle") for serves, found in outcomes.items()]


@pytest.mark.parametrize(
    ("found", "holds"),
    [(Outcome.PASSED, True), (Outcome.FAILED, False), (Outcome.SKIPPED, None), (Outcome.ERROR, None)],
)
def test_it_tells_what_failed_from_what_nobody_could_tell(found: Outcome, holds: bool | None) -> None:
    ruling = rule(checks(found.value), [], round_number=1, max_rounds=3)
    by_criterion = {reason.criterion: reason.holds for reason in ruling.reasons}
    assert by_criterion == dict.fromkeys(Criterion.Serves.values, True) | {"achievability": holds}
    accepted = ruling.outcome == Decision.Outcome.ACCEPTED
    assert accepted == (holds is True)


def test_it_accepts_nothing_that_no_person_has_judged() -> None:
    ruling = rule(checks(Outcome.PASSED.value), None, round_number=1, max_rounds=3)
    assert ruling.outcome == Decision.Outcome.NEEDS_REVISION


def test_it_rejects_in_the_last_round() -> None:
    ruling = rule(checks(Outcome.FAILED.value), None, round_number=3, max_rounds=3)
    assert ruling.outcome == Decision.Outcome.REJECTED
