"""What happened to a case, in words and in order. Nobody reads here what they may not know yet.

Leads see annotators by letter until the case is settled, and a lead who settles it a second time learns nothing of the
first. Annotators see their own part and what became of the case; the others' part and all names stay hidden.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from annotations.acceptance.models import Decision
from annotations.accounts import roles
from annotations.accounts.models import User
from annotations.accounts.names import isolated
from annotations.audit.models import AuditEvent
from annotations.discussion.models import Thread
from annotations.review import queries
from annotations.review.models import Annotation, Assignment, Case
from annotations.review.queries.trail import opening_of, part_of
from reviewapp.web.access import person, project_for
from reviewapp.web.subject import title_of
from reviewapp.web.trail_words import SENTENCES, WITHOUT_ACTOR

MOST = 500
_HIDDEN_FROM_A_SECOND_LEAD = {"case.settled", "second_adjudication.settled"}
_ICONS = {
    "case.settled": "circle-check",
    "gold.closed": "circle-check",
    "case.to_adjudication": "scale",
    "case.asked": "message-square",
    "case.skipped": "skip-forward",
    "annotation.submitted": "check",
    "annotation.withdrawn": "undo-2",
    "gap.flagged": "flag",
}


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    at: datetime
    text: str
    icon: str


@dataclass(frozen=True)
class Day:
    on: date
    lines: Sequence[Line]


@dataclass(frozen=True)
class Eyes:
    """What one reader of a case's trail may know of the people in it."""

    reader: User
    leads: bool
    sees_names: bool
    is_second: bool
    letters: Mapping[UUID, str]
    names: Mapping[UUID, str]

    def name(self, pk: UUID | None) -> str | None:
        """A person as the reader may know them; None for one whose part stays hidden."""
        if pk is None:
            return _("The system")
        if pk == self.reader.pk or (self.leads and self.sees_names):
            return self.names.get(pk, _("Somebody"))
        if pk in self.letters:
            return _("Annotator %(letter)s") % {"letter": self.letters[pk]} if self.leads else None
        return self.names.get(pk, _("Somebody")) if self.leads and not self.is_second else _("A lead")


@require_safe
def case_trail(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """For leads of the project and for the case's annotators; nothing is here for anybody else."""
    place, reader = project_for(request, project), person(request)
    cases = Case.every.filter(project=place).select_related("task_version__task", "subject_rubric_version__rubric")
    leads = roles.leads(reader, place)
    found = get_object_or_404(cases if leads else cases.filter(assignments__annotator=reader), pk=case)
    parts = [*part_of(found, leads=leads), *Thread.objects.filter(case=found).values_list("pk", flat=True)]
    events = list(AuditEvent.objects.filter(Q(target_id__in=parts) | opening_of(found)).order_by("at", "id")[:MOST])
    by = eyes(reader, found, events, leads=leads)
    context = {
        "project": place,
        "case": found,
        "title": title_of(found),
        "days": [Day(on, list(lines)) for on, lines in groupby(told(events, by), _day)],
        "standing": Case.Status.ADJUDICATION.label if by.is_second else found.get_status_display(),
        "leads": leads,
        "hides_names": leads and not by.sees_names,
    }
    return render(request, "trail/case.html", context)


def _day(line: Line) -> date:
    return timezone.localdate(line.at)


def eyes(reader: User, case: Case, events: Sequence[AuditEvent], *, leads: bool) -> Eyes:
    """How the reader sees this case's people, in two queries."""
    is_second = leads and queries.is_second(case, reader)
    named = {pk for event in events for pk in _people_of(event)}
    return Eyes(
        reader=reader,
        leads=leads,
        sees_names=case.status == Case.Status.SETTLED and not is_second,
        is_second=is_second,
        letters=_letters(case),
        names={user.pk: isolated(str(user)) for user in User.objects.filter(pk__in=named | {reader.pk})},
    )


def _letters(case: Case) -> dict[UUID, str]:
    """The letters adjudication shows: in the order of seats, those who submitted first."""
    held = Assignment.objects.filter(case=case).select_related("annotation").order_by("seat__number", "id")
    rows = sorted(held, key=lambda row: row.annotation.status != Annotation.Status.SUBMITTED)
    return {row.annotator_id: queries.letter(index) for index, row in enumerate(rows)}


def _people_of(event: AuditEvent) -> set[UUID]:
    named = {_uuid(event.facts.get(fact)) for fact in ("to", "from", "user")}
    return {pk for pk in named | {event.actor_id} if pk}


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def told(events: Sequence[AuditEvent], by: Eyes) -> list[Line]:
    """The events the reader may know of, in sentences."""
    lines = []
    for event in events:
        if by.is_second and event.verb in _HIDDEN_FROM_A_SECOND_LEAD:
            continue
        if (text := sentence(event, by)) is not None:
            lines.append(Line(event.at, text, _ICONS.get(event.verb, "history")))
    return lines


def sentence(event: AuditEvent, by: Eyes) -> str | None:
    """The event in words; None when somebody in it is hidden from the reader."""
    people = {"who": by.name(event.actor_id)}
    people |= {fact: by.name(pk) for fact in ("to", "from") if (pk := _uuid(event.facts.get(fact)))}
    if None in people.values():
        return None
    facts = {fact: _said(fact, value) for fact, value in event.facts.items()}
    table = WITHOUT_ACTOR if event.actor_id is None and event.verb in WITHOUT_ACTOR else SENTENCES
    return str(table[event.verb]) % defaultdict(lambda: "…", {**facts, **people})


def _said(fact: str, value: object) -> object:
    labels = {"reason": dict(Assignment.SkipReason.choices), "outcome": dict(Decision.Outcome.choices)}
    return str(labels.get(fact, {}).get(str(value), value)).lower() if fact in labels else value


urlpatterns = [path("<uuid:case>/", case_trail, name="case-trail")]
