"""The queue: what a person holds, may start, wrote and handed in; where there is nothing, why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from annotations.accounts import roles
from annotations.accounts.models import Project, User
from annotations.catalog.models import Task
from annotations.core.decisions import Allowed, Permit
from annotations.core.errors import Conflict
from annotations.review import actions, policies, queries
from annotations.review.models import Assignment, Case
from annotations.review.queries import QueueState
from reviewapp.web.access import person, project_for
from reviewapp.web.queue_words import number, promise, reasons
from reviewapp.web.refusals import attempt
from reviewapp.web.subject import title_of
from reviewapp.web.swaps import at_its_address

SHOWN = 10
SHOWN_TO_DO = 25
SENT_BACK = (Task.Status.NEEDS_REVISION, Task.Status.DRAFT)


@dataclass(frozen=True)
class Row:
    """A case in the queue under its title."""

    case: Case
    title: str
    assignment: Assignment | None = None
    can_undo: Permit | None = None

    @property
    def is_overdue(self) -> bool:
        return self.case.due_at is not None and self.case.due_at < timezone.now()


@require_GET
def queue(request: HttpRequest, project: str) -> HttpResponse:
    found = project_for(request, project)
    user = person(request)
    state = queries.queue_state(found, user)
    context = {
        "project": found,
        **_to_do(found, user, leads=state.role in roles.LEADING),
        **_done(found, user, state),
        **_offer(state, roles.may_write(state.role)),
    }
    response = render(request, "queue/list.html", context)
    return at_its_address(request, response)  # a submit by htmx ends up here when nothing is left to start


def _to_do(project: Project, user: User, *, leads: bool) -> dict[str, object]:
    first = partial(queries.listed, project.pk, user.pk, everywhere=user.is_superuser)
    cases = first(rows=queries.to_adjudicate, most=SHOWN) if leads else []
    return {
        "held": _rows(first(rows=queries.active, most=SHOWN_TO_DO)),
        "assigned": _rows(first(rows=queries.assigned, most=SHOWN_TO_DO)),
        "asked": _rows(first(rows=queries.questions_for, most=SHOWN_TO_DO)),
        "mine": first(rows=_sent_back, most=SHOWN_TO_DO),
        "to_adjudicate": [Row(case, title_of(case)) for case in cases],
    }


def _sent_back(project: Project, user: User) -> QuerySet[Task]:
    own = Task.objects.filter(project=project, author=user, status__in=SENT_BACK)
    return own.order_by("-status", "-id")


def _done(project: Project, user: User, state: QueueState) -> dict[str, object]:
    first = partial(queries.listed, project.pk, user.pk, most=SHOWN)
    return {
        "waiting": _rows(first(rows=queries.waiting_for_others), user) if state.waiting_for_others else [],
        "completed": _rows(first(rows=queries.completed), user),
    }


def _rows(assignments: Iterable[Assignment], user: User | None = None) -> list[Row]:
    """The rows of assignments; whether the person can take them back only where they are given."""
    return [_row(assignment, user) for assignment in assignments]


def _row(assignment: Assignment, user: User | None) -> Row:
    row = Row(assignment.case, title_of(assignment.case), assignment)
    if user is None:
        return row
    assignment.annotation.case = assignment.case  # spares the policy a query for what is here already
    return replace(row, can_undo=policies.can_undo(user, assignment.annotation))


def _offer(state: QueueState, can_claim: Permit) -> dict[str, object]:
    """What can be started or, where nothing can, why; `look_further`: the list goes on beyond what was looked at."""
    more = state.reasons is not None and state.reasons.more
    return {
        "state": state,
        "can_claim": can_claim,
        "startable": 0 if state.is_closed else state.claimable,
        "startable_text": number(state.claimable),
        "waiting_text": number(state.waiting_for_others),
        "promise": promise(state.settings),
        "reasons": reasons(state),
        "look_further": more and not state.is_closed and isinstance(can_claim, Allowed),
    }


def begin(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    """Open what a lead assigned, or go back to the queue, which says why that has to wait."""
    project = assignment.case.project
    begun = attempt(lambda: actions.begin(assignment, by=person(request)))
    if isinstance(begun, Assignment):
        return redirect("assignment-review", project.slug, assignment.pk)
    messages.info(request, begun.reason)
    return redirect("queue", project.slug)


def go_on(
    request: HttpRequest, project: Project, *, show: Callable[[Assignment], HttpResponse] | None = None
) -> HttpResponse:
    """On to the next case, at once where `show` can answer with it, or to the queue, which says why there is none."""
    taken = attempt(lambda: actions.claim_next(project, by=person(request)))
    if isinstance(taken, Assignment):
        return show(taken) if show else redirect("assignment-review", project.slug, taken.pk)
    text = taken.reason if isinstance(taken, Conflict) else _("Nothing is left for you to start right now.")
    messages.info(request, text)
    return redirect("queue", project.slug)


urlpatterns = [path("", queue, name="queue")]
