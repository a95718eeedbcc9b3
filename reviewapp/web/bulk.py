"""One change to many cases: a count before, reasons for what was left, and an undo after."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotations.accounts import roles
from annotations.accounts.models import Membership, Project, User
from annotations.core import keyset
from annotations.core.errors import Conflict, Invalid
from annotations.core.keyset import TOP, Order, Start
from annotations.review import actions
from annotations.review.actions import steering
from annotations.review.actions.steering import Wanted
from annotations.review.models import Assignment, BulkChange, Case
from annotations.review.queries.table import CaseFilters, case_page, with_subjects
from reviewapp.errors import status_of
from reviewapp.web import case_table
from reviewapp.web.access import person
from reviewapp.web.addresses import number, uuid
from reviewapp.web.overview_tabs import tabs
from reviewapp.web.people import leading
from reviewapp.web.refusals import attempt, explain
from reviewapp.web.subject import title_of

Kind = BulkChange.Kind
PAGE = 20
MOST_TOLD = 5  # cases named under each reason


# --- What to change ----------------------------------------------------------
class AssignForm(forms.Form):
    """Who is to judge the cases."""

    people = forms.MultipleChoiceField(
        label=lazy("People"),
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Free seats go to whoever has least. Nobody gets their own task, or a case they had."),
        error_messages={"required": lazy("Choose at least one person.")},
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {str(member.user_id): member.user for member in members}
        field = self.fields["people"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  # for the type checker
        field.choices = [(str(member.user_id), _described(member)) for member in members]

    def wanted(self) -> Wanted:
        return Wanted(Kind.ASSIGN, people=tuple(self.members[pk] for pk in self.cleaned_data["people"]))


def _described(member: Membership) -> str:
    return f"{member.user} ({', '.join(member.abilities)})" if member.abilities else str(member.user)


class PriorityForm(forms.Form):
    """How urgent the cases are; `priority` is what the filters call theirs."""

    new_priority = forms.TypedChoiceField(
        label=lazy("Priority"), choices=list(reversed(Case.Priority.choices)), coerce=int, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def wanted(self) -> Wanted:
        return Wanted(Kind.PRIORITY, value=self.cleaned_data["new_priority"])


class DueForm(forms.Form):
    """When the cases are due."""

    due = forms.DateField(
        label=lazy("Due on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=lazy(
            "At the end of that day. Empty: no date; the queue takes each as due two weeks after it was opened."
        ),
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def wanted(self) -> Wanted:
        day = self.cleaned_data["due"]
        ends = timezone.make_aware(datetime.combine(day, time(23, 59))) if day else None
        return Wanted(Kind.DUE, value=ends)


class NeedsForm(forms.Form):
    """What somebody must be able to do to take the cases."""

    needs = forms.CharField(label=lazy("Skills and languages"), required=False, max_length=400)

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(case_table.abilities(members)) or _("none so far")
        self.fields["needs"].help_text = (
            _("With commas between. Empty: anybody may take them. People here have: ") + known
        )

    def wanted(self) -> Wanted:
        words = self.cleaned_data["needs"].replace(",", " ").lower().split()
        return Wanted(Kind.NEEDS, value=tuple(dict.fromkeys(words)))


AGAIN = dict(
    zip(steering.ASKED, (lazy("What the rubric asks anew since then"), lazy("Everything that it asks")), strict=True)
)


class ReopenForm(forms.Form):
    """What settled cases are asked again."""

    reopen = forms.ChoiceField(
        label=lazy("Ask again"),
        choices=tuple(AGAIN.items()),
        initial=steering.ASKED[0],
        widget=forms.RadioSelect,
        help_text=lazy("Settled cases and their decisions stay; a case of the next round follows each."),
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def wanted(self) -> Wanted:
        return Wanted(Kind.REOPEN, value=self.cleaned_data["reopen"])


FORMS: Mapping[str, type[AssignForm | PriorityForm | DueForm | NeedsForm | ReopenForm]] = {
    Kind.ASSIGN: AssignForm,
    Kind.PRIORITY: PriorityForm,
    Kind.DUE: DueForm,
    Kind.NEEDS: NeedsForm,
    Kind.REOPEN: ReopenForm,
}
TITLES = {
    Kind.ASSIGN: lazy("Assign"),
    Kind.PRIORITY: lazy("Set the priority"),
    Kind.DUE: lazy("Set the due date"),
    Kind.NEEDS: lazy("Set the skills needed"),
    Kind.REOPEN: lazy("Re-open"),
}


def does(kind: str, count: keyset.Count) -> str:
    """What the button says will be done to so many cases."""
    n = count.number
    acts = {
        Kind.ASSIGN: ngettext("Assign %(n)s case", "Assign %(n)s cases", n),
        Kind.PRIORITY: ngettext("Set the priority of %(n)s case", "Set the priority of %(n)s cases", n),
        Kind.DUE: ngettext("Set the due date of %(n)s case", "Set the due date of %(n)s cases", n),
        Kind.NEEDS: ngettext("Set the skills of %(n)s case", "Set the skills of %(n)s cases", n),
        Kind.REOPEN: ngettext("Re-open %(n)s case", "Re-open %(n)s cases", n),
    }
    return acts[Kind(kind)] % {"n": count}


def _did(made: BulkChange) -> str:
    acts = {
        Kind.ASSIGN: ngettext("One case assigned.", "%(n)s cases assigned.", made.count),
        Kind.REOPEN: ngettext("One case re-opened.", "%(n)s cases re-opened.", made.count),
    }
    changed = ngettext("One case changed.", "%(n)s cases changed.", made.count)
    return acts.get(Kind(made.kind), changed) % {"n": f"{made.count:,}"}


@dataclass(frozen=True)
class Scope:
    """Which cases are meant: chosen ones, or all that the filters leave."""

    filters: CaseFilters
    chosen: tuple[UUID, ...]
    all: bool

    @classmethod
    def read(cls, query: Any) -> "Scope":
        chosen = dict.fromkeys(filter(None, (uuid(text) for text in query.getlist("case")[: steering.MOST])))
        return cls(CaseFilters.read(query), tuple(chosen), query.get("all") == "1")

    def cases(self, project: Project) -> QuerySet[Case]:
        if self.all:
            return self.filters.matching(project)
        return Case.objects.filter(project=project, pk__in=self.chosen)

    def titles(self, project: Project) -> list[str]:
        """What the first few are called, each once."""
        if self.all:
            cases = [line.case for line in case_page(project, self.filters, TOP, size=MOST_TOLD).lines]
        else:
            cases = list(with_subjects(self.cases(project)).order_by("-id")[:MOST_TOLD])
        return list(dict.fromkeys(title_of(case) for case in cases))


# --- The change --------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, project: str) -> HttpResponse:
    """How many cases it will be, and what to set; POST sets it."""
    place = leading(request, project)
    query = request.POST if request.method == "POST" else request.GET
    kind = query.get("kind", "")
    if kind not in FORMS:
        kind = Kind.ASSIGN
    members = list(place.memberships.filter(role__in=roles.WRITING, user__is_active=True).select_related("user"))
    members.sort(key=lambda member: str(member.user).lower())
    form = FORMS[kind](request.POST if request.method == "POST" else None, members=members)
    scope = Scope.read(query)
    if request.method != "POST":
        return _confirm(request, place, scope, form, kind)
    if not form.is_valid():
        return _confirm(request, place, scope, form, kind, status=422)
    expected = number(request.POST.get("expected", ""))
    made = attempt(
        lambda: steering.change(place, scope.cases(place), form.wanted(), expected=expected, by=person(request))
    )
    if isinstance(made, Conflict | Invalid):
        explain(form, made)
        return _confirm(request, place, scope, form, kind, status=status_of(made))
    _announce(request, made)
    return redirect(case_table.address(place, scope.filters))


def _confirm(
    request: HttpRequest, place: Project, scope: Scope, form: forms.Form, kind: str, *, status: int = 200
) -> HttpResponse:
    count, most = keyset.count(scope.cases(place)), steering.most_of(kind)
    context = {
        "project": place,
        "scope": scope,
        "form": form,
        "kind": kind,
        "title": TITLES[Kind(kind)],
        "does": does(kind, count),
        "count": count,
        "too_many": count.capped or count.number > most,
        "most": most,
        "most_told": MOST_TOLD,
        "some": scope.titles(place),
        "back": case_table.address(place, scope.filters),
    }
    return render(request, "overview/change.html", context, status=status)


def _announce(request: HttpRequest, made: BulkChange) -> None:
    text = _did(made)
    if left := len({case for case, _reason in made.refused} - set(made.before)):
        more = ngettext("One was left as it is: %(why)s", "%(n)s were left as they are, such as: %(why)s", left)
        text = f"{text} {more % {'n': f'{left:,}', 'why': made.refused[0][1]}}"
    undo = f"undo:{reverse('overview-undo', args=[made.project.slug, made.pk])}"
    messages.add_message(request, messages.SUCCESS, text, extra_tags=undo if made.count else "stays")


@require_POST
def take_back(request: HttpRequest, project: str, assignment: UUID) -> HttpResponse:
    """Free a seat that somebody holds."""
    place = leading(request, project)
    row = get_object_or_404(Assignment.objects.select_related("annotator"), case__project=place, pk=assignment)
    actions.take_back(row, by=person(request))
    messages.success(request, _("Taken back from %(who)s. Their draft is kept.") % {"who": row.annotator})
    return redirect(case_table.address(place, CaseFilters.read(request.POST)))


# --- History -----------------------------------------------------------------
@dataclass(frozen=True)
class Told:
    """A reason why cases were left as they were: how many, and some of them by title."""

    reason: str
    count: int
    titles: list[str]


@dataclass(frozen=True)
class ChangeLine:
    """A change in the history."""

    made: BulkChange
    value: str
    refused: list[Told]
    kept: list[Told]


@require_safe
def changes(request: HttpRequest, project: str) -> HttpResponse:
    """What leads changed in bulk, newest first, with what was left and why."""
    place = leading(request, project)
    start = Start.read(after=request.GET.get("after"), before=request.GET.get("before"))
    page = keyset.page([BulkChange.objects.filter(project=place)], Order(descending=True), start, size=PAGE)
    rows = BulkChange.objects.defer("before").select_related("by", "undone_by").in_bulk(page.ids)
    context = {
        "project": place,
        "tabs": tabs(place, "overview-changes"),
        "lines": _lines([rows[pk] for pk in page.ids]),
        "previous": f"?before={page.before}" if page.before else "",
        "next": f"?after={page.after}" if page.after else "",
    }
    return render(request, "overview/changes.html", context)


def _lines(rows: Sequence[BulkChange]) -> list[ChangeLine]:
    people = {pk for row in rows if row.kind == Kind.ASSIGN for pk in row.value or ()}
    names = {str(user.pk): str(user) for user in User.objects.filter(pk__in=people)}
    named = {case for row in rows for left in (row.refused, row.kept) for case in _named(left)}
    titles = {str(case.pk): title_of(case) for case in with_subjects(Case.objects.filter(pk__in=named))}
    return [ChangeLine(row, words(row, names), _told(row.refused, titles), _told(row.kept, titles)) for row in rows]


def _named(left: Sequence[Sequence[str]]) -> list[str]:
    """The first cases under each reason."""
    seen: Counter[str] = Counter()
    named = []
    for case, reason in left:
        seen[reason] += 1
        if seen[reason] <= MOST_TOLD:
            named.append(case)
    return named


def _told(left: Sequence[Sequence[str]], titles: Mapping[str, str]) -> list[Told]:
    by_reason = Counter(reason for _case, reason in left)
    return [
        Told(reason, count, [titles[case] for case, why in left if why == reason and case in titles][:MOST_TOLD])
        for reason, count in by_reason.most_common()
    ]


def words(made: BulkChange, names: Mapping[str, str]) -> str:
    """What a change set, for people."""
    value: Any = made.value
    if made.kind == Kind.ASSIGN:
        return ", ".join(names.get(pk, _("somebody who left")) for pk in value)
    if made.kind == Kind.PRIORITY:
        return str(Case.Priority(value).label)
    if made.kind == Kind.DUE:
        due = parse_datetime(value) if value else None
        return f"{timezone.localtime(due):%-d %b %Y}" if due else _("none")
    if made.kind == Kind.REOPEN:
        return str(AGAIN[value])
    return ", ".join(value) or _("none")


@require_POST
def undo(request: HttpRequest, project: str, change: UUID) -> HttpResponse:
    """Restore what a change did and still stands."""
    place = leading(request, project)
    row = get_object_or_404(BulkChange.objects.select_related("project"), project=place, pk=change)
    made = steering.undo_change(row, by=person(request))
    restored = len(set(made.before) - {case for case, _reason in made.kept})
    text = ngettext("Undone for one case.", "Undone for %(n)s cases.", restored) % {"n": f"{restored:,}"}
    if made.kept:
        told = _("%(n)s stay as they are, such as: %(why)s") % {"n": len(made.kept), "why": made.kept[0][1]}
        messages.warning(request, f"{text} {told}")
    else:
        messages.success(request, text)
    return redirect("overview-changes", place.slug)
