"""Units counted by their answers, so that pages and jobs read a few hundred rows and never a million."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Count, F, Func, Q, QuerySet, UUIDField
from django.db.models.functions import TruncWeek

from annotations.agreement.measuring import measure
from annotations.agreement.models import Between, Snapshot, Unit
from annotations.agreement.patterns import Pattern
from annotations.agreement.queries.filters import Filters
from annotations.rubrics.models import Criterion

EVERYTHING = Filters()
_ALIKE = ("codes", "excluded", "settled", "final", "second", "has_second")


def units(criteria: Iterable[Criterion | UUID], filters: Filters = EVERYTHING) -> QuerySet[Unit]:
    """The units of these criteria that pass the filters."""
    return filters.of(Unit.objects.filter(criterion__in=list(criteria)))


def patterns(criteria: Sequence[Criterion], filters: Filters = EVERYTHING) -> dict[UUID, list[Pattern]]:
    """Each criterion's patterns, in one query; a criterion without units has an empty list."""
    found: dict[UUID, list[Pattern]] = {criterion.pk: [] for criterion in criteria}
    for row in _counted(units(criteria, filters), "criterion_id"):
        found[row["criterion_id"]].append(_pattern(row))
    return found


def weekly_patterns(
    criteria: Sequence[Criterion], filters: Filters = EVERYTHING
) -> dict[UUID, dict[date, list[Pattern]]]:
    """Each criterion's patterns by week, named by its Monday and in order, in one query."""
    found: dict[UUID, dict[date, list[Pattern]]] = {row.pk: defaultdict(list) for row in criteria}
    rows = _counted(units(criteria, filters).annotate(week=TruncWeek("at")), "criterion_id", "week")
    for row in sorted(rows, key=itemgetter("week")):
        found[row["criterion_id"]][row["week"].date()].append(_pattern(row))
    return {pk: dict(weeks) for pk, weeks in found.items()}


def raters(criteria: Sequence[Criterion], between: Between, filters: Filters = EVERYTHING) -> dict[UUID, int]:
    """How many people gave each criterion's answers, in one query."""
    people = Array(F("lead"), F("second_lead")) if between == Between.LEADS else F("raters")
    asked = units(criteria, filters).filter(COMPARED[between]).order_by()
    sql, params = asked.values("criterion_id", people=people).distinct().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_PEOPLE.format(sql), params)
        return dict(cursor.fetchall())


_COUNT_PEOPLE = """
SELECT criterion_id, count(DISTINCT person) FROM ({}) AS asked CROSS JOIN LATERAL unnest(people) AS person
GROUP BY criterion_id
"""
COMPARED = {
    Between.PEOPLE: Q(excluded=""),
    Between.FINAL: Q(settled=True),
    Between.LEADS: Q(second_lead__isnull=False),
}


class Array(Func):
    """Postgres's array constructor."""

    function = "ARRAY"
    template = "%(function)s[%(expressions)s]"
    output_field = ArrayField(UUIDField())


def measured(criteria: Sequence[Criterion], between: Between, filters: Filters = EVERYTHING) -> dict[UUID, Snapshot]:
    """Each criterion's numbers under the filters, unsaved and in the criteria's order, in two queries.

    A criterion of which nothing was found has numbers too: they say that there is nothing to tell.
    """
    found, people = patterns(criteria, filters), raters(criteria, between, filters)
    return {row.pk: measure(row, between, found[row.pk], raters=people.get(row.pk, 0)) for row in criteria}


def _counted(rows: QuerySet[Any], *by: str) -> Iterable[dict[str, Any]]:
    second = rows.annotate(has_second=Q(second_lead__isnull=False))
    counted: QuerySet[Any, dict[str, Any]] = second.order_by().values(*by, *_ALIKE).annotate(units=Count("*"))
    return counted


def _pattern(row: Mapping[str, Any]) -> Pattern:
    return Pattern(**{name: row[name] for name in _ALIKE} | {"codes": tuple(row["codes"]), "units": row["units"]})
