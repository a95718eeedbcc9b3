"""The numbers of one criterion: a pure function of how often each set of answers occurs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from annotations.agreement.statistics.alpha import AlphaEstimate, alpha, category_alphas
from annotations.agreement.statistics.chance_corrected import Agreement, specific_agreement
from annotations.agreement.statistics.ratings import Floats, Level, Patterns
from annotations.agreement.statistics.weights import Weighting, weights
from annotations.rubrics.models import Criterion

CODE_VERSION = 1  # raise it when numbers change for the same answers: every snapshot is then computed anew

type Answers = Mapping[tuple[int, ...], int]


@dataclass(frozen=True)
class CodeFigures:
    """One answer of a scale: how common it is, and how far people agree on it against all others."""

    code: int
    ratings: int
    prevalence: float
    specific: float | None
    alpha: float | None


@dataclass(frozen=True)
class Figures:
    """The coefficients of a criterion's answers: `patterns` over `codes`, ascending, on a scale of this kind."""

    scale: Criterion.Scale
    codes: tuple[int, ...]
    patterns: Patterns

    @cached_property
    def alpha(self) -> AlphaEstimate:
        """Krippendorff's α: ordinal over the declared domain where the scale is ordered, nominal otherwise."""
        return alpha(self.patterns, Level.ORDINAL if self._is_ordered else Level.NOMINAL)

    @cached_property
    def chance_corrected(self) -> Agreement:
        """AC, Fleiss and Brennan–Prediger: with quadratic weights where the scale is ordered."""
        weighting = Weighting.QUADRATIC if self._is_ordered else Weighting.IDENTITY
        return Agreement(self.patterns, weights(self._numbers, weighting))

    @cached_property
    def exact(self) -> Agreement:
        """The same without weights: its `raw` is how often two people give the same answer."""
        return Agreement(self.patterns, np.eye(len(self.codes)))

    @cached_property
    def by_code(self) -> list[CodeFigures]:
        totals, prevalence = self.patterns.totals, self.exact.prevalence
        specific, alphas = specific_agreement(self.patterns), category_alphas(self.patterns, resamples=0)
        return [
            CodeFigures(code, int(totals[at]), float(prevalence[at]), specific[at], alphas[at].estimate.value)
            for at, code in enumerate(self.codes)
        ]

    @property
    def mean_difference(self) -> float | None:
        """How many steps two people are apart on average; None unless the scale is ordered."""
        used = self.patterns.pairable
        if not self._is_ordered or not used.items:
            return None
        apart = np.abs(self._numbers[:, None] - self._numbers)
        within = ((used.counts @ apart) * used.counts).sum(axis=1) / (used.raters * (used.raters - 1))
        return float(used.times @ within / used.items)

    @property
    def ratings(self) -> int:
        return int(self.patterns.totals.sum())

    @property
    def _is_ordered(self) -> bool:
        return self.scale == Criterion.Scale.ORDINAL

    @property
    def _numbers(self) -> Floats:
        return np.array(self.codes, dtype=float)


def figures(scale: str, codes: Sequence[int], answers: Answers) -> Figures:
    """The figures of items by the answers they got, in any order, and how many items got them.

    Raises KeyError for an answer that is none of the scale's `codes`.
    """
    domain = tuple(sorted(codes))
    place = {code: at for at, code in enumerate(domain)}
    counts, times = np.zeros((len(answers), len(domain))), np.zeros(len(answers))
    for row, (given, often) in enumerate(answers.items()):
        times[row] = often
        for code in given:
            counts[row, place[code]] += 1
    return Figures(Criterion.Scale(scale), domain, Patterns(counts, times))
