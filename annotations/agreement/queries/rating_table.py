"""The table the numbers come from: a row per unit, a column per person, line by line for any number of units."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from annotations.accounts.models import User
from annotations.agreement.models import Unit
from annotations.agreement.queries.filters import Filters
from annotations.agreement.queries.patterns import EVERYTHING, units
from annotations.rubrics.models import RubricVersion

BATCH = 2000
COLUMNS = ("case", "subject", "criterion", "last_answer_at", "settled", "used", "why_not", "final", "second_final")
CANNOT_TELL = "cannot tell"


def rating_table(version: RubricVersion, filters: Filters = EVERYTHING) -> Iterator[bytes]:
    """The version's units as lines of CSV, read by a cursor of the server's: constant memory, however many they are.

    Whose answer is whose, and what a lead settled, is told once the case is settled; a final verdict that a second
    lead is still to give unaware is told when they have. An empty cell is no answer.
    """
    rows = units(list(version.criteria.all()), filters)
    people = _people(rows)
    write = csv.writer(_Echo()).writerow
    yield write([*COLUMNS, *(_safe(f"{person} ({person.pk})") for person in people)])
    place = {person.pk: len(COLUMNS) + at for at, person in enumerate(people)}
    for row in _ordered(rows).iterator(chunk_size=BATCH):
        yield write(_cells(row, place))


class _Echo:
    """What csv writes to, handing each line back."""

    def write(self, line: str) -> bytes:
        return line.encode()


def _people(rows: QuerySet[Unit]) -> Sequence[User]:
    tables = rows.filter(settled=True).order_by().values_list("raters", flat=True).distinct()
    return list(User.objects.filter(pk__in={pk for raters in tables for pk in raters}).order_by("name", "pk"))


def _ordered(rows: QuerySet[Unit]) -> QuerySet[Unit, dict[str, Any]]:
    named = rows.annotate(
        subject=Coalesce("case__task_version__task__slug", "case__subject_rubric_version__rubric__slug"),
        key=F("criterion__key"),
        waits=F("case__second_due"),
    )
    shown = ("case_id", "subject", "key", "at", "settled", "excluded", "final", "second", "raters", "codes", "waits")
    ordered: QuerySet[Unit, dict[str, Any]] = named.order_by("case_id", "criterion__position").values(*shown)
    return ordered


def _cells(row: dict[str, Any], place: dict[UUID, int]) -> list[Any]:
    open_to_all = row["settled"] and not row["waits"]
    cells = [
        *(row["case_id"], _safe(row["subject"]), row["key"], row["at"].isoformat()),
        *("yes" if row["settled"] else "no", "no" if row["excluded"] else "yes"),
        Unit.Excluded(row["excluded"]).label if row["excluded"] else "",
        *((row["final"], row["second"]) if open_to_all else ("", "")),
        *[""] * len(place),
    ]
    if row["settled"]:
        for person, code in zip(row["raters"], row["codes"], strict=True):
            if person in place:
                cells[place[person]] = CANNOT_TELL if code is None else code
    return cells


def _safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
