"""Every pair of people: what both answered, and how often alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import connection

from annotations.accounts.models import User
from annotations.agreement.queries.filters import Filters
from annotations.agreement.queries.patterns import EVERYTHING, units
from annotations.agreement.statistics.raters import Pairs
from annotations.rubrics.models import Criterion, RubricVersion

_PAIRS = """
SELECT criterion_id, one.person, other.person, count(*),
       count(*) FILTER (WHERE one.code = other.code)
FROM ({}) AS judged,
     LATERAL unnest(raters, codes) WITH ORDINALITY AS one (person, code, place),
     LATERAL unnest(raters, codes) WITH ORDINALITY AS other (person, code, place)
WHERE one.place < other.place AND one.code IS NOT NULL AND other.code IS NOT NULL
GROUP BY criterion_id, one.person, other.person
"""


@dataclass(frozen=True)
class PairTable:
    """`pooled` over all criteria, and by criterion; rows and columns (people, people) are in the order of `people`."""

    people: list[User]
    pooled: Pairs
    by_criterion: dict[UUID, Pairs]


def pairs(version: RubricVersion, filters: Filters = EVERYTHING) -> PairTable:
    """How people agree two by two on what is settled, by name, in two queries: before, nobody is told who said what."""
    rows = _rows(list(version.criteria.all()), filters)
    people = list(User.objects.filter(pk__in={pk for _, *both, _, _ in rows for pk in both}).order_by("name", "pk"))
    place = {person.pk: at for at, person in enumerate(people)}
    found: dict[UUID, Pairs] = {}
    for criterion, one, other, shared, agreed in rows:
        table = found.setdefault(criterion, _empty(len(people)))
        for at in ((place[one], place[other]), (place[other], place[one])):
            table.shared[at] += shared
            table.agreed[at] += agreed
    pooled = _empty(len(people))
    for table in found.values():
        pooled.shared[:] += table.shared
        pooled.agreed[:] += table.agreed
    return PairTable(people, pooled, found)


def _rows(criteria: Sequence[Criterion], filters: Filters) -> list[tuple[UUID, UUID, UUID, int, int]]:
    asked = units(criteria, filters).filter(settled=True).order_by()
    sql, params = asked.values("criterion_id", "raters", "codes").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS.format(sql), params)
        rows: list[tuple[UUID, UUID, UUID, int, int]] = cursor.fetchall()
        return rows


def _empty(size: int) -> Pairs:
    return Pairs(np.zeros((size, size)), np.zeros((size, size)))
