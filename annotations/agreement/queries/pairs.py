"""Every pair of people: what both answered, and how often alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import F, Func, QuerySet, UUIDField

from annotations.accounts.models import User
from annotations.agreement.models import Unit
from annotations.agreement.queries.filters import Filters
from annotations.agreement.queries.patterns import EVERYTHING, units
from annotations.agreement.statistics.raters import Pairs
from annotations.agreement.statistics.ratings import Ints
from annotations.rubrics.models import Criterion, RubricVersion

# Ids become places once pairs are counted, so that a criterion with all its pairs is a block of numbers.
_PAIRS = """
SELECT array_position(%s::uuid[], criterion_id) - 1, array_position(%s::uuid[], one) - 1,
       array_position(%s::uuid[], other) - 1, shared, agreed
FROM (
    SELECT criterion_id, LEAST(one.person, other.person) AS one, GREATEST(one.person, other.person) AS other,
           count(*) AS shared, count(*) FILTER (WHERE one.code = other.code) AS agreed
    FROM ({}) AS judged,
         LATERAL unnest(raters, codes) WITH ORDINALITY AS one (person, code, place),
         LATERAL unnest(raters, codes) WITH ORDINALITY AS other (person, code, place)
    WHERE one.place < other.place AND one.code IS NOT NULL AND other.code IS NOT NULL
    GROUP BY 1, 2, 3
) AS pairs
"""


@dataclass(frozen=True)
class PairTable:
    """`pooled` over all criteria, and by criterion; rows and columns (people, people) are in the order of `people`."""

    people: list[User]
    pooled: Pairs
    by_criterion: dict[UUID, Pairs]


def pairs(version: RubricVersion, filters: Filters = EVERYTHING) -> PairTable:
    """How people agree two by two on what is settled, by name: before, nobody is told who said what. Three queries."""
    criteria = list(version.criteria.all())
    judged = units(criteria, filters).filter(settled=True).order_by()
    people = list(_people(judged))
    at, one, other, *counts = _counted(judged, criteria, people).T
    tables = np.zeros((2, len(criteria), len(people), len(people)))
    for table, count in zip(tables, counts, strict=True):
        table[at, one, other] = table[at, other, one] = count
    shared, agreed = tables
    by_criterion = {row.pk: Pairs(shared[at], agreed[at]) for at, row in enumerate(criteria) if shared[at].any()}
    return PairTable(people, Pairs(shared.sum(axis=0), agreed.sum(axis=0)), by_criterion)


def _people(judged: QuerySet[Unit]) -> QuerySet[User]:
    each = Func(F("raters"), function="unnest", output_field=UUIDField())
    return User.objects.filter(pk__in=judged.values(person=each)).order_by("name", "pk")


def _counted(judged: QuerySet[Unit], criteria: Sequence[Criterion], people: Sequence[User]) -> Ints:
    """A row (rows, 5) for each criterion and pair: the places of all three, answers shared, answers alike."""
    sql, params = judged.values("criterion_id", "raters", "codes").query.sql_with_params()
    ids = [person.pk for person in people]
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS.format(sql), [[row.pk for row in criteria], ids, ids, *params])
        return np.array(cursor.fetchall(), dtype=np.intp).reshape(-1, 5)
