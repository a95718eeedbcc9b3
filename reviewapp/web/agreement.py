"""How far people agree, for the leads of a project: by criterion, over time, two by two, and with what became final."""

from collections.abc import Sequence

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from annotations.agreement import actions, queries
from annotations.agreement.models import Between
from annotations.agreement.reliability import Verdict
from annotations.core.keyset import Start
from annotations.rubrics.models import Criterion
from reviewapp.web import agreement_frame, agreement_people, agreement_report, agreement_rows, live
from reviewapp.web.agreement_cases import behind
from reviewapp.web.agreement_frame import Frame, select
from reviewapp.web.agreement_pairs import heat_map
from reviewapp.web.agreement_rows import STATES, TICKS, Line, Tally
from reviewapp.web.agreement_trend import TICKS as WEEK_TICKS
from reviewapp.web.agreement_trend import trends

PAGE, HALF_PAGE, WEEKLY_PAGE = 40, 20, 8  # criteria; more are more than a page may hold
ORDERS = (("", lazy("As in the rubric")), ("lowest", lazy("Lowest first")))


# --- By criterion ------------------------------------------------------------
@require_safe
def criteria(request: HttpRequest, project: str) -> HttpResponse:
    """Every criterion with its coefficients on one axis and the verdict in words."""
    frame = agreement_frame.read(request, project)
    order, verdict = request.GET.get("order", ""), request.GET.get("verdict", "")
    # Filters make numbers on the spot, so that of many criteria only the page's own are measured.
    measured = _page(request, frame.criteria, PAGE) if frame.filters.narrow else frame.criteria
    lines = agreement_rows.lines(frame, list(measured), Between.PEOPLE)
    shown = [line for line in lines if verdict in ("", line.reliability.verdict)]
    shown = agreement_rows.lowest_first(shown) if order == "lowest" else shown
    page = measured if isinstance(measured, Page) else _page(request, shown, PAGE)
    ordered = select("order", _("Order"), order, ORDERS)
    context = {
        **agreement_frame.context(frame, "agreement", ordered),
        "lines": shown if page is measured else list(page),
        "page": page,
        "query": _query(request),
        "ticks": TICKS,
        "tallies": _tallies(frame, lines, verdict),
        "mean": agreement_rows.macro(lines),
        "excluded": agreement_rows.excluded_in_all(lines),
    }
    return render(request, "agreement/criteria.html", context)


def _page[T](request: HttpRequest, rows: Sequence[T], size: int) -> "Page[T]":
    return Paginator(rows, size).get_page(request.GET.get("page"))


def _query(request: HttpRequest) -> str:
    """The address's other parameters, for links to other pages."""
    given = request.GET.copy()
    given.pop("page", None)
    return f"{given.urlencode()}&" if given else ""


def _tallies(frame: Frame, lines: Sequence[Line], chosen: str) -> list[Tally]:
    verdicts = [line.reliability.verdict for line in lines]
    return [
        Tally(
            label=str(verdict.label),
            state=STATES[verdict],
            count=verdicts.count(verdict),
            url=frame.address("agreement", verdict="" if verdict == chosen else verdict.value),
            chosen=verdict == chosen,
        )
        for verdict in Verdict
    ]


# --- Over time ---------------------------------------------------------------
@require_safe
def over_time(request: HttpRequest, project: str) -> HttpResponse:
    """Each criterion week by week, before and after every clarification of the rubric."""
    frame = agreement_frame.read(request, project)
    page = _page(request, frame.criteria, WEEKLY_PAGE)
    context = {**agreement_frame.context(frame, "agreement-time"), "page": page, "query": _query(request)}
    if frame.version:
        history = list(frame.version.rubric.versions.order_by("number"))
        context |= {"trends": trends(frame, list(page), history), "ticks": WEEK_TICKS}
    return render(request, "agreement/time.html", context)


# --- Two by two --------------------------------------------------------------
@require_safe
def pairs(request: HttpRequest, project: str) -> HttpResponse:
    """People by people, on one criterion or on all of them."""
    frame = agreement_frame.read(request, project)
    chosen = _criterion(frame, request)
    options = [("", _("All criteria")), *((row.pk, row.title) for row in frame.criteria)]
    by = select("criterion", _("Criterion"), chosen.pk if chosen else None, options)
    context = {**agreement_frame.context(frame, "agreement-pairs", by), "criterion": chosen}
    if frame.version:
        context["heat"] = heat_map(frame, queries.pairs(frame.version, frame.filters), chosen)
    return render(request, "agreement/pairs.html", context)


def _criterion(frame: Frame, request: HttpRequest) -> Criterion | None:
    """The criterion the address names, if it names one; 404 for one of another rubric."""
    wanted = request.GET.get("criterion")
    if not wanted:
        return None
    for row in frame.criteria:
        if str(row.pk) == wanted:
            return row
    raise Http404


# --- Leads and final ---------------------------------------------------------
@require_safe
def final(request: HttpRequest, project: str) -> HttpResponse:
    """Annotators against what became final, and two leads against each other."""
    frame = agreement_frame.read(request, project)
    page = _page(request, frame.criteria, HALF_PAGE)
    context = {
        **agreement_frame.context(frame, "agreement-final"),
        "page": page,
        "query": _query(request),
        "ticks": TICKS,
        "with_final": agreement_rows.lines(frame, list(page), Between.FINAL),
        "between_leads": agreement_rows.lines(frame, list(page), Between.LEADS),
    }
    return render(request, "agreement/final.html", context)


# --- The cases behind a number -----------------------------------------------
@require_safe
def cases(request: HttpRequest, project: str) -> HttpResponse:
    """The cases that a number is made of, those with the lowest agreement first."""
    frame = agreement_frame.read(request, project)
    chosen = _criterion(frame, request)
    if chosen is None:
        raise Http404
    between = _between(request.GET.get("between") or Between.PEOPLE.value)
    start = Start.read(after=request.GET.get("after"), before=request.GET.get("before"))
    by = select("criterion", _("Criterion"), chosen.pk, ((row.pk, row.title) for row in frame.criteria))
    what = select("between", _("Compared"), between.value, Between.choices)
    context = {
        **agreement_frame.context(frame, "", by, what),
        **behind(frame, chosen, between, start),
    }
    return render(request, "agreement/cases.html", context)


def _between(text: str) -> Between:
    if text not in Between.values:
        raise Http404
    return Between(text)


# --- Bringing it up to date, and taking it away ------------------------------
@require_POST
def refresh(request: HttpRequest, project: str) -> HttpResponse:
    """Have the numbers brought up to date now, and go back to where the button was."""
    frame = agreement_frame.read(request, project)
    actions.refresh(frame.project, by=frame.user)
    return redirect(frame.address("agreement"))


@require_safe
def standing(request: HttpRequest, project: str) -> HttpResponse:
    """The live part of every page; once the numbers are new, the page around it is read again."""
    frame = agreement_frame.read(request, project)
    context = {"project": frame.project, **agreement_frame.standing(frame)}
    response = live.polled(
        request, context["standing_tag"], lambda: render(request, "agreement/_standing.html", context)
    )
    if not context["is_working"]:
        response["HX-Refresh"] = "true"
    return response


@require_safe
def export(request: HttpRequest, project: str) -> StreamingHttpResponse:
    """The table the numbers come from, as CSV: a row per unit, a column per person."""
    frame = agreement_frame.read(request, project)
    if frame.version is None:
        raise Http404
    lines = queries.rating_table(frame.version, frame.filters)
    name = f"{frame.version.rubric.slug}-v{frame.version.number}-agreement.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


urlpatterns = [
    path("", criteria, name="agreement"),
    path("time/", over_time, name="agreement-time"),
    path("pairs/", pairs, name="agreement-pairs"),
    path("final/", final, name="agreement-final"),
    path("cases/", cases, name="agreement-cases"),
    path("refresh/", refresh, name="agreement-refresh"),
    path("standing/", standing, name="agreement-standing"),
    path("export/", export, name="agreement-export"),
    path("report/", agreement_report.report, name="agreement-report"),
    *agreement_people.urlpatterns,
]
