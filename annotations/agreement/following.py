"""A project's units and snapshots brought up to its cases, by one worker at a time; again, it changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Self
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotations.accounts.models import Project
from annotations.agreement import queries, units
from annotations.agreement.figures import CODE_VERSION
from annotations.agreement.measuring import measured
from annotations.agreement.models import Between, Following, Snapshot
from annotations.agreement.patterns import Items, items
from annotations.review.models import Case
from annotations.rubrics.models import Criterion

EVERY = timedelta(minutes=5)  # as often as numbers are worth a place in history while people work
SILENT_AFTER = timedelta(minutes=5)  # longer than any one step takes
OVERLAP = timedelta(minutes=1)  # what is written down by one transaction is seen when it ends, a little later
BATCH = 200


def due() -> QuerySet[Following]:
    """Projects that somebody wants numbers of, or whose numbers are old, and that nobody works on."""
    old = Q(seen_until=None) | Q(seen_until__lt=timezone.now() - EVERY)
    return Following.objects.filter(_unheld(), Q(wanted=True) | old)


def _unheld() -> Q:
    return Q(beat_at=None) | Q(beat_at__lt=timezone.now() - SILENT_AFTER)


@dataclass
class Turn:
    """One worker's claim on a project, by the moment of its last beat: who claims it after a silence has another."""

    project: Project
    seen_until: datetime | None  # by these statistics; None: all is to be measured
    beat_at: datetime

    @classmethod
    def claim(cls, pk: UUID) -> Self | None:
        """The project's turn; None while another worker has it."""
        now = timezone.now()
        if not Following.objects.filter(_unheld(), pk=pk).update(beat_at=now, wanted=False):
            return None
        held = Following.objects.select_related("project").get(pk=pk)
        return cls(held.project, held.seen_until if held.code_version == CODE_VERSION else None, now)

    @property
    def mine(self) -> QuerySet[Following]:
        return Following.objects.filter(pk=self.project.pk, beat_at=self.beat_at)

    @transaction.atomic
    def add(self, snapshots: Iterable[Snapshot]) -> bool:
        """Store them and beat; False, with nothing stored, when the claim is lost."""
        now = timezone.now()
        if not self.mine.update(beat_at=now):
            return False
        self.beat_at = now
        Snapshot.objects.bulk_create(snapshots)
        return True

    def end(self, seen_until: datetime) -> None:
        self.mine.update(beat_at=None, seen_until=seen_until, code_version=CODE_VERSION)


def follow(pk: UUID) -> None:
    """Renew the units of the cases that were touched since the last time, and measure anew what came of it."""
    if (turn := Turn.claim(pk)) is None:
        return
    began = turn.beat_at
    cases = units.touched(turn.project, since=turn.seen_until - OVERLAP) if turn.seen_until else None
    if cases != []:
        units.renew(turn.project, cases)
        for criteria in batched(_concerned(turn.project, cases), BATCH):
            if not turn.add(_changed(turn.project, criteria)):
                return
    turn.end(began)


def _concerned(project: Project, cases: Sequence[UUID] | None) -> QuerySet[Criterion]:
    """The criteria of every version of the rubrics that these cases, or all, are judged by: a case that has moved to
    another version had units by the one before."""
    judged = Case.objects.filter(project=project)
    if cases is not None:
        judged = judged.filter(pk__in=cases)
    rubrics = judged.order_by().values("rubric_version__rubric")
    return Criterion.objects.filter(rubric_version__rubric__in=rubrics).order_by("pk")


def _changed(project: Project, criteria: Sequence[Criterion]) -> list[Snapshot]:
    """Snapshots, unsaved, of what differs from the newest ones there are."""
    patterns, made = queries.patterns(criteria), []
    for between in Between:
        before = dict(queries.newest_of(criteria, between).values_list("criterion_id", "inputs_digest"))
        found = {row: items(patterns[row.pk], between) for row in criteria}
        differing = {row: its for row, its in found.items() if _differs(its, before.get(row.pk))}
        made += _measured(project, between, differing)
    return made


def _differs(found: Items, digest: str | None) -> bool:
    return found.digest != digest and bool(found.found or digest)


def _measured(project: Project, between: Between, differing: Mapping[Criterion, Items]) -> list[Snapshot]:
    people = queries.raters(list(differing), between) if differing else {}
    made = [measured(row, between, found, raters=people.get(row.pk, 0)) for row, found in differing.items()]
    for snapshot in made:
        snapshot.project = project
    return made
