"""Why there is nothing to start, in sentences."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotations.review.models import ReviewSettings
from annotations.review.queries import MOST, QueueState, Reasons


def number(count: int) -> str:
    """A count that ends: "100+" for more than are counted."""
    return str(count) if count <= MOST else f"{MOST}+"


def reasons(state: QueueState) -> list[str]:
    """The sentences, the most telling first; none while there is something to start."""
    if state.is_paused:
        return _paused()
    if state.quota_reached:
        return [_quota(state)]
    if state.reasons is None:
        return []
    told = [
        (state.leads_assign, _("In this project a lead assigns the cases, and you have none to begin.")),
        *_with_others(state.reasons),
        (state.waiting_for_others, _waiting(state.waiting_for_others)),
        (state.reasons.beyond_skills, _skills(state.reasons.beyond_skills)),
        (state.reasons.own_tasks, _own(state.reasons.own_tasks)),
        (state.submitted_today, _today(state.submitted_today)),
        (state.reasons.more, _("Further down the list are cases that nobody has looked through for you yet.")),
    ]
    return [sentence for holds, sentence in told if holds] or [_("No task is waiting for review in this project.")]


def promise(settings: ReviewSettings) -> str:
    """What somebody who starts a case can count on."""
    return " ".join(
        [
            _("The one your answer tells most about comes first; the longer one waits, the further up it moves.")
            if settings.order == ReviewSettings.Order.INFORMATION
            else _("The most urgent comes first."),
            _("It stays reserved for you for %(span)s after you last saved.") % {"span": _span(settings.lease_minutes)},
        ]
    )


def _span(minutes: int) -> str:
    if minutes % 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    return ngettext("%(n)s hour", "%(n)s hours", minutes // 60) % {"n": minutes // 60}


def _with_others(why: Reasons) -> list[tuple[int, str]]:
    return [
        (why.reserved_by_others, _reserved(why.reserved_by_others, why.reserved_until)),
        (why.assigned_to_others, _assigned(why.assigned_to_others)),
    ]


def _reserved(count: int, until: datetime | None) -> str:
    one = "One open case is reserved by others until %(until)s; it comes back if they leave it."
    many = "%(n)s open cases are reserved by others, the first until %(until)s; those they leave come back."
    return ngettext(one, many, count) % {"n": number(count), "until": clock(until)}


def clock(at: datetime | None) -> str:
    """The time of day, with the date when it is not today's."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return date_format(local, "H:i" if local.date() == timezone.localdate() else "j M, H:i")


def _assigned(count: int) -> str:
    one, many = "One open case is assigned to somebody else.", "%(n)s open cases are assigned to others."
    return ngettext(one, many, count) % {"n": number(count)}


def _waiting(count: int) -> str:
    one, many = "One case you judged waits for another annotator.", "%(n)s cases you judged wait for others."
    return ngettext(one, many, count) % {"n": number(count)}


def _skills(count: int) -> str:
    one = "One open case needs skills that are not among yours; a lead can add them to yours."
    many = "%(n)s open cases need skills that are not among yours; a lead can add them to yours."
    return ngettext(one, many, count) % {"n": number(count)}


def _own(count: int) -> str:
    one = "One open case is about a task you wrote, so others judge it."
    many = "%(n)s open cases are about tasks you wrote, so others judge them."
    return ngettext(one, many, count) % {"n": number(count)}


def _today(count: int) -> str:
    return ngettext("You submitted one case today.", "You submitted %(n)s cases today.", count) % {"n": count}


def _paused() -> list[str]:
    why = _(
        "Some of the cases you judged had been settled before. On those, fewer of your answers were as settled than "
        "this project asks for. That happens, and often it is the guideline that is unclear."
    )
    after = _(
        "A lead has been told and will look at it with you. Then your queue opens again, and you get a notice. "
        "Cases you hold stay yours, and what you handed in stands."
    )
    return [why, after]


def _quota(state: QueueState) -> str:
    again = date_format(timezone.localtime(state.quota_ends_at), "H:i T")
    one = "You have taken the one case that your quota allows a day. You can go on at %(again)s."
    many = "You have taken the %(n)s cases that your quota allows a day. You can go on at %(again)s."
    return ngettext(one, many, state.quota or 0) % {"n": state.quota, "again": again}
