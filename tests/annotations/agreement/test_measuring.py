"""From patterns of answers to a snapshot, without a database."""

import pytest

from annotations.agreement.measuring import measure
from annotations.agreement.models import Between, Snapshot
from annotations.agreement.patterns import Pattern, items
from annotations.rubrics.models import Criterion

PATTERNS = (
    Pattern((1, 1), 30, settled=True, final=1),
    Pattern((0, 1), 5),
    Pattern((1, 0), 4, settled=True, final=0, second=1, has_second=True),
    Pattern((0, 0), 10, settled=True, final=0, second=0, has_second=True),
    Pattern((None, 1), 3, excluded="single", settled=True, final=1),
    Pattern((0, 1), 2, excluded="cancelled"),
    Pattern((0, 1), 1, settled=True, second=0, has_second=True),
)


def criterion(scale: str = "binary", codes: tuple[int, ...] = (1, 0)) -> Criterion:
    return Criterion(key="sound", scale=scale, anchors=[{"code": code} for code in codes], pass_code=1)


def measured(between: Between, patterns: tuple[Pattern, ...] = PATTERNS) -> Snapshot:
    return measure(criterion(), between, patterns, raters=2)


@pytest.mark.parametrize("between", Between)
def test_what_was_found_was_used_or_left_out_for_a_reason(between: Between) -> None:
    made = measured(between)
    assert made.found == made.used + sum(made.excluded.values())


def test_among_people_a_unit_is_an_item() -> None:
    made = measured(Between.PEOPLE)
    assert (made.found, made.used, made.excluded) == (55, 50, {"single": 3, "cancelled": 2})
    assert (made.ratings, made.rarest, made.contested, made.raters) == (100, 30, 20, 2)
    # D_o = 20/100, D_e = 2·30·70/(100·99): α = 1 − 0.2·9900/4200.
    assert made.alpha == pytest.approx(1 - 0.2 * 9900 / 4200)
    assert made.raw == pytest.approx(0.8)
    assert made.alpha_low is not None
    assert made.alpha_low < 1 - 0.2 * 9900 / 4200
    zero, one = made.details["codes"]
    assert (zero["code"], zero["ratings"], zero["prevalence"]) == (0, 30, 0.3)
    assert zero["specific"] == pytest.approx(2 * 10 / (2 * 10 + 10))
    assert one["alpha"] == pytest.approx(made.alpha)
    assert made.details["mean_difference"] is None


def test_against_the_final_verdict_every_answer_is_an_item() -> None:
    made = measured(Between.FINAL)
    assert (made.found, made.used) == (55, 47)
    assert made.excluded == {"unsettled": 5, "cancelled": 2, "unknown": 1}
    assert items(PATTERNS, Between.FINAL).answers == {(1, 1): 63, (0, 1): 4, (0, 0): 24}
    assert made.raw == pytest.approx(87 / 91)


def test_between_leads_only_what_two_have_settled_is_found() -> None:
    made = measured(Between.LEADS)
    assert (made.found, made.used, made.excluded) == (15, 14, {"unknown": 1})
    assert items(PATTERNS, Between.LEADS).answers == {(0, 1): 4, (0, 0): 10}


def test_without_variation_it_says_why_there_is_no_number() -> None:
    made = measured(Between.PEOPLE, (Pattern((1, 1), 60),))
    assert (made.undefined, made.alpha, made.ac, made.raw) == ("no_variation", None, None, 1.0)
    nothing = measured(Between.PEOPLE, ())
    assert (nothing.undefined, nothing.found, nothing.raw) == ("no_pairs", 0, None)


def test_an_ordered_scale_counts_how_far_apart_answers_are() -> None:
    apart = measure(criterion("ordinal", (1, 2, 3, 4)), Between.PEOPLE, _spread(4), raters=2)
    near = measure(criterion("ordinal", (1, 2, 3, 4)), Between.PEOPLE, _spread(2), raters=2)
    assert (near.raw, near.details["mean_difference"]) == (apart.raw, pytest.approx(0.2))
    assert apart.details["mean_difference"] == pytest.approx(0.6)
    assert near.alpha is not None
    assert apart.alpha is not None
    assert near.alpha > apart.alpha
    assert near.ac is not None
    assert apart.ac is not None
    assert near.ac > apart.ac


def _spread(other: int) -> tuple[Pattern, ...]:
    return (*(Pattern((code, code), 10) for code in (1, 2, 3, 4)), Pattern((1, other), 10))


def test_the_digest_knows_no_order_and_misses_no_change() -> None:
    there = items(PATTERNS, Between.PEOPLE).digest
    assert items(reversed(PATTERNS), Between.PEOPLE).digest == there
    assert items((*PATTERNS[:1], Pattern((1, 0), 5), *PATTERNS[2:]), Between.PEOPLE).digest == there
    assert items(PATTERNS[1:], Between.PEOPLE).digest != there
    assert items((*PATTERNS, Pattern((None,), 1, excluded="single")), Between.PEOPLE).digest != there
