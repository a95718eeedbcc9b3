"""What the numbers say in words."""

import pytest

from annotations.agreement.models import Snapshot
from annotations.agreement.reliability import Verdict, prevalence_gap, verdict

ENOUGH = {"used": 50, "rarest": 10, "contested": 5, "alpha": 0.8, "alpha_low": 0.7, "alpha_high": 0.9}


@pytest.mark.parametrize(
    ("changes", "said", "why"),
    [
        ({"alpha_low": 0.8}, Verdict.RELY, "at least 0.800"),
        ({"alpha_low": 0.799}, Verdict.TENTATIVE, "below .800"),
        ({"alpha_low": 0.667}, Verdict.TENTATIVE, "not below .667"),
        ({"alpha_low": 0.666}, Verdict.UNDECIDED, "between 0.666 and 0.900"),
        ({"alpha_low": 0.1, "alpha_high": 0.667}, Verdict.UNDECIDED, ".667 is within"),
        ({"alpha_low": 0.1, "alpha_high": 0.66}, Verdict.NOT_RELIABLE, "at most 0.660"),
        ({"used": 49}, Verdict.INSUFFICIENT, "Only 49 of at least 50 units"),
        ({"rarest": 9}, Verdict.INSUFFICIENT, "Only 9 of at least 10 answers"),
        ({"contested": 4}, Verdict.INSUFFICIENT, "Only 4 of at least 5 units"),
        ({"rarest": 0, "alpha_low": None}, Verdict.INSUFFICIENT, "All 50 units were answered alike"),
        ({"alpha_low": None}, Verdict.INSUFFICIENT, "cannot be told"),
    ],
)
def test_it_goes_by_the_interval_and_never_below_the_floors(changes: dict[str, float], said: Verdict, why: str) -> None:
    told = verdict(Snapshot(**{**ENOUGH, **changes}))
    assert told.verdict == said
    assert why in told.why


def test_it_explains_a_gap_by_prevalence_only_where_one_answer_prevails_and_people_mostly_agree() -> None:
    codes = [{"code": 0, "prevalence": 0.05}, {"code": 1, "prevalence": 0.95}]
    skewed = {"alpha": 0.3, "ac": 0.9, "raw": 0.94, "details": {"codes": codes}}
    even = [{"code": 0, "prevalence": 0.5}, {"code": 1, "prevalence": 0.5}]
    assert "One answer makes up 95%" in prevalence_gap(Snapshot(**skewed))
    assert prevalence_gap(Snapshot(**{**skewed, "alpha": 0.75})) == ""
    assert prevalence_gap(Snapshot(**{**skewed, "alpha": None, "ac": None})) == ""
    assert prevalence_gap(Snapshot(**{**skewed, "raw": 0.77})) == ""
    assert prevalence_gap(Snapshot(**{**skewed, "details": {"codes": even}})) == ""
