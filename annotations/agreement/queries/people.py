"""How well each person answers: beside what was settled, beside the others, and by what all answers tell together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from annotations.accounts.models import User
from annotations.agreement.models import Unit
from annotations.agreement.queries.filters import Filters
from annotations.agreement.queries.patterns import EVERYTHING, units
from annotations.agreement.statistics.dawid_skene import DawidSkene, dawid_skene
from annotations.agreement.statistics.estimates import Estimate, Undefined
from annotations.agreement.statistics.proportions import wilson
from annotations.rubrics.models import Criterion

FEW = 20  # answers; below, a share says little and pages say so
MOST_UNITS = 5_000  # of a criterion, the latest: enough for what the model tells, and for a page

_ANSWERED = """
SELECT criterion_id, answer.person, date_trunc('week', at AT TIME ZONE 'UTC')::date AS week,
       answer.code, final, count(*)
FROM ({}) AS judged, LATERAL unnest(raters, codes) AS answer (person, code)
WHERE answer.code IS NOT NULL AND final IS NOT NULL
GROUP BY criterion_id, answer.person, week, answer.code, final
"""
_LABELS = """
SELECT criterion_id, unit, answer.person, answer.code
FROM (
    SELECT criterion_id, raters, codes, row_number() OVER (PARTITION BY criterion_id ORDER BY at DESC) - 1 AS unit
    FROM ({}) AS judged
) AS numbered, LATERAL unnest(raters, codes) AS answer (person, code)
WHERE answer.code IS NOT NULL AND unit < %s
"""


@dataclass(frozen=True)
class Share:
    """How many of how many, with Wilson's interval."""

    hits: int
    of: int

    @property
    def estimate(self) -> Estimate:
        return wilson(self.hits, self.of)

    @property
    def is_small(self) -> bool:
        return self.of < FEW

    def __add__(self, other: "Share") -> "Share":
        return Share(self.hits + other.hits, self.of + other.of)


NOTHING = Share(0, 0)


@dataclass
class PersonAnswers:
    """One person's answers to settled cases beside the final ones: by criterion and both answers, and by week."""

    person: User
    confusion: dict[UUID, dict[tuple[int, int], int]] = field(default_factory=dict)
    weeks: dict[date, Share] = field(default_factory=dict)

    @property
    def final(self) -> Share:
        return sum(self.weeks.values(), NOTHING)

    def on(self, criterion: UUID) -> Share:
        table = self.confusion.get(criterion, {})
        return Share(sum(count for (code, final), count in table.items() if code == final), sum(table.values()))

    def recall(self, criterion: UUID, final: int) -> Share:
        """How often they gave this answer where it became final."""
        table = self.confusion.get(criterion, {})
        return Share(table.get((final, final), 0), sum(count for (_, told), count in table.items() if told == final))

    def drift(self, recent: int = 4) -> tuple[Share, Share]:
        """Their answers beside the final ones before the latest weeks, and in them."""
        order = sorted(self.weeks)
        before, latest = order[:-recent], order[-recent:]
        return sum((self.weeks[week] for week in before), NOTHING), sum((self.weeks[week] for week in latest), NOTHING)


def _told(criteria: Sequence[Criterion], filters: Filters) -> QuerySet[Unit]:
    """Units of which anybody may learn what became final: settled, and waiting for no second, unaware lead."""
    return units(criteria, filters).filter(settled=True, case__second_due=False).order_by()


def answers_by_person(criteria: Sequence[Criterion], filters: Filters = EVERYTHING) -> list[PersonAnswers]:
    """Everybody who answered a settled case, most answers first, in two queries."""
    asked = _told(criteria, filters).values("criterion_id", "at", "raters", "codes", "final")
    sql, params = asked.query.sql_with_params()
    confusion: dict[UUID, dict[UUID, dict[tuple[int, int], int]]] = defaultdict(lambda: defaultdict(dict))
    weeks: dict[UUID, dict[date, Share]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED.format(sql), params)
        for criterion, person, week, code, final, count in cursor.fetchall():
            table = confusion[person][criterion]
            table[code, final] = table.get((code, final), 0) + count
            weeks[person][week] += Share(count * (code == final), count)
    people = User.objects.filter(pk__in=list(confusion)).order_by("name", "pk")
    found = [PersonAnswers(each, dict(confusion[each.pk]), dict(weeks[each.pk])) for each in people]
    return sorted(found, key=lambda row: -row.final.of)


@dataclass(frozen=True)
class Model:
    """Dawid and Skene's model of one criterion's answers; `people` and `codes` are its rows and values."""

    people: Mapping[UUID, int]
    codes: Sequence[int]
    model: DawidSkene | None

    def recall(self, person: UUID, code: int) -> Estimate:
        """How often the person gives this answer where it is right, as far as everybody's answers tell."""
        if self.model is None or person not in self.people:
            return Estimate.none(Undefined.NO_RATINGS)
        return self.model.recall(self.people[person], self.codes.index(code))


def models_of(criteria: Sequence[Criterion], filters: Filters = EVERYTHING) -> dict[UUID, Model]:
    """The model of each criterion's settled units, the latest where there are too many, in one query."""
    asked = _told(criteria, filters).values("criterion_id", "at", "raters", "codes")
    sql, params = asked.query.sql_with_params()
    labels: dict[UUID, list[Label]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_LABELS.format(sql), [*params, MOST_UNITS])
        for criterion, *label in cursor.fetchall():
            labels[criterion].append(Label(*label))
    return {row.pk: _model(labels[row.pk], sorted(row.codes)) for row in criteria}


class Label(NamedTuple):
    """One answer to one unit."""

    unit: int
    person: UUID
    code: int


def _model(labels: Sequence[Label], codes: Sequence[int]) -> Model:
    people = {pk: at for at, pk in enumerate(dict.fromkeys(label.person for label in labels))}
    if not labels:
        return Model(people, codes, None)
    items = np.array([label.unit for label in labels])
    raters = np.array([people[label.person] for label in labels])
    given = np.array([codes.index(label.code) for label in labels])
    return Model(people, codes, dawid_skene(items, raters, given, len(codes)))
