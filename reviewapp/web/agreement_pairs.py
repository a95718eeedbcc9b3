"""People by people: how often two answer alike, as a table in shades."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.utils.translation import gettext as _

from annotations.accounts.models import User
from annotations.agreement.queries import PairTable
from annotations.agreement.statistics.raters import Pairs
from annotations.agreement.statistics.ratings import Floats
from annotations.rubrics.models import Criterion
from reviewapp.templatetags.figures import percent
from reviewapp.web.agreement_frame import Frame

type Worst = Callable[[tuple[int, int]], UUID]

SHADES = 10
PALEST = 0.5  # the share below which no shade gets paler
FEW = 10  # answers; a share of fewer says little


@dataclass(frozen=True)
class Cell:
    """Two people: the share of what both answered that they answered alike, and of how many."""

    share: float
    shared: int
    words: str
    url: str

    @property
    def shade(self) -> str:
        return "few" if self.shared < FEW else f"h{round(SHADES * max(self.share - PALEST, 0) / (1 - PALEST))}"

    @property
    def text(self) -> str:
        return f"{percent(self.share)}\n{self.shared:,}"


@dataclass(frozen=True)
class Row:
    """A person against those above them in the table, and against everybody."""

    person: User
    share: str
    shared: int
    cells: list[Cell | None]


@dataclass(frozen=True)
class HeatMap:
    """Half of a symmetric table, those who agree least with the others first."""

    rows: list[Row]

    @property
    def people(self) -> list[User]:
        """Its columns."""
        return [row.person for row in self.rows[:-1]]


def heat_map(frame: Frame, table: PairTable, criterion: Criterion | None) -> HeatMap:
    """The pairs on one criterion, or on all; a pair leads to its cases on the criterion on which it agrees least."""
    chosen = table.by_criterion.get(criterion.pk) if criterion else table.pooled
    if chosen is None or not table.by_criterion:
        return HeatMap([])
    shared, agreed = chosen.shared.sum(axis=1), chosen.agreed.sum(axis=1)
    shares = _shares(agreed, shared)
    order = sorted(np.flatnonzero(shared).tolist(), key=lambda at: shares[at])
    worst = _worst({criterion.pk: chosen} if criterion else table.by_criterion)
    rows = []
    for number, at in enumerate(order):
        cells = [_cell(frame, table.people, chosen, worst, (at, other)) for other in order[:number]]
        rows.append(Row(table.people[at], percent(float(shares[at])), int(shared[at]), cells))
    return HeatMap(rows)


def _shares(agreed: Floats, shared: Floats) -> Floats:
    return np.divide(agreed, shared, out=np.ones_like(agreed), where=shared > 0)


def _cell(frame: Frame, people: Sequence[User], chosen: Pairs, worst: Worst, pair: tuple[int, int]) -> Cell | None:
    shared, agreed = int(chosen.shared[pair]), int(chosen.agreed[pair])
    if not shared:
        return None
    one, other = (people[at] for at in pair)
    given = {"one": one, "other": other, "share": percent(agreed / shared), "n": f"{shared:,}"}
    url = frame.address("agreement-cases", criterion=worst(pair), person=one.pk, other=other.pk)
    return Cell(agreed / shared, shared, _("%(one)s and %(other)s: alike in %(share)s of %(n)s") % given, url)


def _worst(by_criterion: dict[UUID, Pairs]) -> Worst:
    """What tells on which criterion a pair disagrees most often."""
    found = np.argmax([table.shared - table.agreed for table in by_criterion.values()], axis=0)
    keys = list(by_criterion)
    return lambda pair: keys[int(found[pair])]
