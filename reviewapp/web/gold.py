"""Gold cases for leads: marked on their page, and listed with what people made of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotations.accounts.models import Project
from annotations.review import actions
from annotations.review.answers import Given
from annotations.review.models import Annotation, Case, GoldAnswer, GoldCase, settings_of
from annotations.review.queries import gold as queries
from annotations.review.queries.gold import Answered, GoldLine
from annotations.rubrics.models import Criterion
from reviewapp.web import sheet
from reviewapp.web.access import person
from reviewapp.web.overview_tabs import tabs
from reviewapp.web.people import leading
from reviewapp.web.subject import title_of

PAGE = 25


# --- Marking -----------------------------------------------------------------
@require_POST
def mark(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Measure people against a settled case from now on."""
    found = _case(leading(request, project), case)
    actions.mark_gold(found, by=person(request))
    return _done(request, found, _("“%(title)s” is gold from now on."), undo="gold-retire")


@require_POST
def retire(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """Deal a gold case to nobody any more."""
    found = _case(leading(request, project), case)
    actions.retire_gold(found, by=person(request))
    return _done(request, found, _("“%(title)s” is retired; no answer to it counts any more."), undo="gold-mark")


def _case(place: Project, case: UUID) -> Case:
    cases = Case.objects.filter(project=place)
    return get_object_or_404(
        cases.select_related("project", "task_version__task", "subject_rubric_version__rubric"), pk=case
    )


def _done(request: HttpRequest, case: Case, text: str, *, undo: str) -> HttpResponse:
    """Back to where the button was, with a way to undo it."""
    where = [case.project.slug, case.pk]
    messages.success(request, text % {"title": title_of(case)}, extra_tags=f"undo:{reverse(undo, args=where)}")
    return redirect("gold-list", case.project.slug) if "listed" in request.POST else redirect("case-adjudicate", *where)


# --- What people make of them --------------------------------------------------
@dataclass(frozen=True)
class Line:
    """A gold case in the list under its title; `percent` is empty while nobody has answered it."""

    line: GoldLine
    title: str

    @property
    def percent(self) -> str:
        return f"{round(100 * self.line.correct / self.line.answered)} %" if self.line.answered else ""


@require_safe
def gold_list(request: HttpRequest, project: str) -> HttpResponse:
    """Every gold case with how people answer it, the retired ones last."""
    place = leading(request, project)
    page = Paginator(queries.gold_cases(place), PAGE).get_page(request.GET.get("page"))
    context = {
        "project": place,
        "tabs": tabs(place, "gold-list"),
        "page": page,
        "lines": [Line(row, title_of(row.gold.case)) for row in queries.gold_lines(list(page))],
        "settings": settings_of(place),
    }
    return render(request, "overview/gold.html", context)


@dataclass(frozen=True)
class Expected:
    """One criterion of a gold case: what was settled, and how many answered so."""

    criterion: Criterion
    label: str
    answered: Answered | None


@dataclass(frozen=True)
class PersonAnswers:
    """What one person answered to a gold case, and where it was not as expected."""

    annotation: Annotation
    correct: int
    total: int
    wrong: list[tuple[str, str]]


@require_safe
def gold_detail(request: HttpRequest, project: str, case: UUID) -> HttpResponse:
    """One gold case: by criterion, and person by person."""
    place = leading(request, project)
    gold = get_object_or_404(queries.gold_cases(place), case=case)
    line = queries.gold_lines([gold])[0]
    page = Paginator(queries.answers_to(gold), PAGE).get_page(request.GET.get("page"))
    context = {
        "project": place,
        "tabs": tabs(place, "gold-list"),
        "gold": gold,
        "title": title_of(gold.case),
        "line": line,
        "criteria": _expected(gold, line.criteria),
        "page": page,
        "people": [_person_answers(row) for row in page],
    }
    return render(request, "overview/gold_case.html", context)


def _expected(gold: GoldCase, answered: Iterable[Answered]) -> list[Expected]:
    by_criterion = {row.criterion.pk: row for row in answered}
    finals = gold.case.adjudication.verdicts.select_related("criterion")
    return [
        Expected(row.criterion, _label(row.criterion, row.code), by_criterion.get(row.criterion_id)) for row in finals
    ]


def _label(criterion: Criterion, code: int | None) -> str:
    return sheet.label(criterion, Given(code, cannot_tell=code is None))


def _person_answers(annotation: Annotation) -> PersonAnswers:
    rows: list[GoldAnswer] = list(annotation.gold_answers.all())
    wrong = [(row.criterion.title, _label(row.criterion, row.given)) for row in rows if not row.is_correct]
    return PersonAnswers(annotation, len(rows) - len(wrong), len(rows), wrong)


urlpatterns = [
    path("gold/", gold_list, name="gold-list"),
    path("gold/<uuid:case>/", gold_detail, name="gold-case"),
    path("gold/<uuid:case>/mark/", mark, name="gold-mark"),
    path("gold/<uuid:case>/retire/", retire, name="gold-retire"),
]
