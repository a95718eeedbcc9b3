"""Units that are alike, counted once; and whose answers are compared in them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import assert_never

from annotations.agreement.figures import CODE_VERSION
from annotations.agreement.models import Between, Unit

type Codes = tuple[int, ...]


@dataclass(frozen=True)
class Pattern:
    """So many units of one criterion with the same answers; None: cannot tell, or for a lead: none given."""

    codes: tuple[int | None, ...]
    units: int
    excluded: str = ""
    settled: bool = False
    final: int | None = None
    second: int | None = None
    has_second: bool = False


@dataclass
class Items:
    """What is compared: items by their answers, and what became of the units they are from."""

    answers: Counter[Codes] = field(default_factory=Counter)
    used: int = 0
    excluded: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        return self.used + self.excluded.total()

    @property
    def digest(self) -> str:
        """SHA-256 of all this and of the version of the code that makes numbers of it, in an order of its own."""
        told = (CODE_VERSION, self.used, sorted(self.excluded.items()), sorted(self.answers.items()))
        return hashlib.sha256(repr(told).encode()).hexdigest()


def items(patterns: Iterable[Pattern], between: Between) -> Items:
    """The items that a comparison is about.

    Among people a unit is an item, as it is between two leads; against the final verdict every person's answer and
    the verdict are one. Items of one unit are taken for independent there, so those intervals are a little narrow.
    """
    found = Items()
    for pattern in patterns:
        if between == Between.LEADS and not pattern.has_second:
            continue
        if why := _why_excluded(pattern, between):
            found.excluded[why] += pattern.units
            continue
        found.used += pattern.units
        for answers in _compared(pattern, between):
            found.answers[answers] += pattern.units
    return found


def _compared(pattern: Pattern, between: Between) -> Iterator[Codes]:
    told = [code for code in pattern.codes if code is not None]
    match between:
        case Between.PEOPLE:
            yield tuple(sorted(told))
        case Between.FINAL:
            yield from (_pair(code, pattern.final) for code in told)
        case Between.LEADS:
            yield _pair(pattern.final, pattern.second)
        case _:
            assert_never(between)


def _pair(*codes: int | None) -> Codes:
    return tuple(sorted(code for code in codes if code is not None))


def _why_excluded(pattern: Pattern, between: Between) -> str:
    if between == Between.PEOPLE:
        return pattern.excluded
    if pattern.excluded == Unit.Excluded.CANCELLED:
        return pattern.excluded
    if not pattern.settled:
        return Unit.Excluded.UNSETTLED
    others = [pattern.second] if between == Between.LEADS else pattern.codes
    told = pattern.final is not None and any(code is not None for code in others)
    return "" if told else Unit.Excluded.UNKNOWN
