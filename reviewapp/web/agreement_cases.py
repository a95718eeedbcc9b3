"""The cases behind a number: which they are, how far people agreed on each, and, once settled, what they answered."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotations.agreement.models import Between
from annotations.agreement.queries import CaseBehind, cases_behind
from annotations.core.keyset import Start
from annotations.review.models import Case
from annotations.rubrics.models import Criterion
from reviewapp.web.agreement_frame import Frame
from reviewapp.web.case_table import PILLS, place_of
from reviewapp.web.subject import title_of

PAGE = 50


@dataclass(frozen=True)
class Row:
    """A case as the list shows it."""

    case: Case
    title: str
    url: str
    state: str
    agreement: float
    answers: str
    final: str


def behind(frame: Frame, criterion: Criterion, between: Between, start: Start) -> dict[str, Any]:
    """A page of the cases and its neighbours' addresses."""
    page = cases_behind(criterion, frame.filters, between=between, start=start, size=PAGE)
    here = {"criterion": criterion.pk, "between": "" if between == Between.PEOPLE else between.value}
    return {
        "criterion": criterion,
        "between": between,
        "rows": [_row(frame, criterion, row) for row in page.rows],
        "previous": frame.address("agreement-cases", **here, before=page.before) if page.before else "",
        "next": frame.address("agreement-cases", **here, after=page.after) if page.after else "",
    }


def _row(frame: Frame, criterion: Criterion, found: CaseBehind) -> Row:
    case = found.case
    is_known = case.status == Case.Status.SETTLED and not case.second_due
    return Row(
        case=case,
        title=title_of(case),
        url=place_of(frame.project, case),
        state=PILLS[Case.Status(case.status)],
        agreement=found.agreement,
        answers=_counted(criterion, found.answers or ()),
        final=_label(criterion, found.final) if is_known else "",
    )


def _counted(criterion: Criterion, answers: tuple[int | None, ...]) -> str:
    """Who is not said: 2 × Pass, 1 × Fail."""
    return ", ".join(f"{often} × {_label(criterion, code)}" for code, often in Counter(answers).most_common())


def _label(criterion: Criterion, code: int | None) -> str:
    return _("Cannot tell") if code is None else str(criterion.anchor(code)["label"])
