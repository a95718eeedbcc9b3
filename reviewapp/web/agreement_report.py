"""The agreement on a rubric version as a page by itself: method, counts, figures and references, fit to be printed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from annotations.agreement.figures import CODE_VERSION
from annotations.agreement.models import Between
from annotations.agreement.statistics import floors
from annotations.agreement.statistics.estimates import CONFIDENCE
from reviewapp.web import agreement_frame
from reviewapp.web.agreement_frame import Frame
from reviewapp.web.agreement_rows import TICKS, Line, excluded_in_all, lines, macro


@require_safe
def report(request: HttpRequest, project: str) -> HttpResponse:
    """Everything known of the version's agreement, under the address's filters."""
    frame = agreement_frame.read(request, project)
    if frame.version is None:
        raise Http404
    return render(request, "agreement/report.html", _context(frame))


def _context(frame: Frame) -> dict[str, Any]:
    found = {between: lines(frame, frame.criteria, between) for between in Between}
    people = found[Between.PEOPLE]
    return {
        "project": frame.project,
        "version": frame.version,
        "filters": frame.filters,
        "back": frame.address("agreement"),
        "now": timezone.now(),
        "standing": frame.following,
        "code_version": CODE_VERSION,
        "confidence": round(100 * CONFIDENCE),
        "floors": floors,
        "ticks": TICKS,
        "people": people,
        "with_final": _known(found[Between.FINAL]),
        "between_leads": _known(found[Between.LEADS]),
        "excluded": excluded_in_all(people),
        "mean": macro(people),
        "raters": max((line.snapshot.raters for line in people), default=0),
        "is_ordered": any(line.is_ordered for line in people),
    }


def _known(found: list[Line]) -> list[Line]:
    return [line for line in found if line.snapshot.used]
