"""A criterion's snapshot from its patterns: what the job stores, and what a page shows for a narrower choice."""

from collections.abc import Iterable
from typing import Any

from annotations.agreement.figures import CODE_VERSION, Figures, figures
from annotations.agreement.models import Between, Snapshot
from annotations.agreement.patterns import Items, Pattern, items
from annotations.agreement.statistics.estimates import Estimate
from annotations.rubrics.models import Criterion


def measure(criterion: Criterion, between: Between, patterns: Iterable[Pattern], *, raters: int) -> Snapshot:
    """How far the patterns agree, unsaved; `raters` is how many people gave them."""
    return measured(criterion, between, items(patterns, between), raters=raters)


def measured(criterion: Criterion, between: Between, found: Items, *, raters: int) -> Snapshot:
    """As `measure`, of items known already."""
    numbers = figures(criterion.scale, criterion.codes, found.answers)
    alpha, ac, raw = numbers.alpha, numbers.chance_corrected.cautious_ac, numbers.exact.raw
    return Snapshot(
        criterion=criterion,
        rubric_version_id=criterion.rubric_version_id,
        between=between,
        code_version=CODE_VERSION,
        inputs_digest=found.digest,
        found=found.found,
        used=found.used,
        excluded=dict(found.excluded),
        ratings=numbers.ratings,
        raters=raters,
        rarest=numbers.patterns.others,
        contested=numbers.patterns.contested,
        undefined=alpha.estimate.undefined or "",
        alpha=alpha.estimate.value,
        alpha_low=alpha.estimate.low,
        alpha_high=alpha.estimate.high,
        below=alpha.below,
        **_named("ac", ac),
        **_named("raw", raw),
        details=_details(numbers),
    )


def _named(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _details(numbers: Figures) -> dict[str, Any]:
    others = numbers.chance_corrected
    return {
        "codes": [vars(row) for row in numbers.by_code],
        "fleiss": _interval(others.fleiss),
        "brennan_prediger": _interval(others.brennan_prediger),
        "mean_difference": numbers.mean_difference,
    }


def _interval(estimate: Estimate) -> dict[str, float | None]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
