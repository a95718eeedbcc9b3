"""The cases behind a number, and the numbers behind a case."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, FloatField, Func, QuerySet
from django.db.models.expressions import Combinable

from annotations.agreement.models import Between, Snapshot, Unit
from annotations.agreement.queries.filters import Filters
from annotations.agreement.queries.patterns import COMPARED, EVERYTHING, units
from annotations.agreement.queries.snapshots import newest
from annotations.core import keyset
from annotations.core.keyset import TOP, Key, Order, Start
from annotations.review.models import Case
from annotations.review.queries.table import with_subjects
from annotations.rubrics.models import Criterion


class Alike(Func):
    """Which share of the codes that were told is the final one."""

    template = (
        "cardinality(array_positions(codes, final))::float "
        "/ NULLIF(cardinality(codes) - cardinality(array_positions(codes, NULL)), 0)"
    )
    output_field = FloatField()


class Same(Func):
    """1 where both leads gave the same answer, 0 where not."""

    template = "(final = second)::int::float"
    output_field = FloatField()


_SHARES: dict[Between, Combinable | None] = {Between.PEOPLE: None, Between.FINAL: Alike(), Between.LEADS: Same()}


def _order(between: Between) -> Order:
    """From the lowest agreement to the highest."""
    return Order((Key("agreement" if between == Between.PEOPLE else "share", float, _SHARES[between]), Key("id", int)))


@dataclass(frozen=True)
class CaseBehind:
    """A case with how far its people agreed on a criterion; what they answered, and what a lead settled, only once
    nobody is to settle it unaware of that."""

    case: Case
    agreement: float
    answers: tuple[int | None, ...] | None
    final: int | None


@dataclass(frozen=True)
class CasesBehind:
    """A page of cases, and the places its neighbours begin at, empty where there are none."""

    rows: list[CaseBehind]
    before: str
    after: str


def cases_behind(
    criterion: Criterion,
    filters: Filters = EVERYTHING,
    *,
    between: Between = Between.PEOPLE,
    start: Start = TOP,
    size: int = 50,
) -> CasesBehind:
    """The cases of the units that counted, the lowest agreement first, in three queries whatever the page."""
    order = _order(between)
    found = keyset.page([_counted(criterion, filters, between)], order, start, size=size)
    by_id = Unit.objects.annotate(share=_SHARES[between] or F("agreement")).in_bulk(found.ids)
    cases = with_subjects(Case.objects.all()).in_bulk({row.case_id for row in by_id.values()})
    rows = [_behind(by_id[pk], cases[by_id[pk].case_id]) for pk in found.ids if pk in by_id]
    return CasesBehind(rows, found.before, found.after)


def _counted(criterion: Criterion, filters: Filters, between: Between) -> QuerySet[Unit]:
    rows = units([criterion], filters).filter(COMPARED[between])
    if between == Between.PEOPLE:
        return rows
    known = rows.filter(case__second_due=False).exclude(excluded=Unit.Excluded.CANCELLED)
    return known.alias(share=_SHARES[between]).filter(share__isnull=False)


def _behind(unit: Any, case: Case) -> CaseBehind:
    answers = tuple(unit.codes) if unit.settled else None
    return CaseBehind(case, unit.share, answers, None if case.second_due else unit.final)


@dataclass(frozen=True)
class CaseAgreement:
    """How far people agreed on a criterion in one case, and what is known of the criterion from all cases."""

    agreement: float | None
    snapshot: Snapshot | None


def case_agreement(case: Case) -> dict[UUID, CaseAgreement]:
    """By criterion, of those measured: for a lead who judges the case, in three queries."""
    here = dict(Unit.objects.filter(case=case).values_list("criterion_id", "agreement"))
    known = newest(case.rubric_version, Between.PEOPLE)
    return {pk: CaseAgreement(here.get(pk), known.get(pk)) for pk in {**known, **here}}
