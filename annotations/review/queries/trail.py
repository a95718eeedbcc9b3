"""What belongs to a case, for telling what happened to it."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from annotations.review.models import AdjudicationDraft, Annotation, Case, GoldCase, GuidelineGap, SecondAdjudication


def part_of(case: Case, *, leads: bool) -> Iterable[UUID]:
    """The case and the rows of it that audit events speak of; that it is gold is for those who lead."""
    of_it = (Annotation, AdjudicationDraft, GuidelineGap, SecondAdjudication, *((GoldCase,) if leads else ()))
    parts = (model._default_manager.filter(case=case).order_by().values_list("pk", flat=True) for model in of_it)
    first, *others = parts
    return [case.pk, *first.union(*others, all=True)]


def opening_of(case: Case) -> Q:
    """The event of the case's opening; of a gold copy, that of the case it is a copy of."""
    return Q(target_id=case.gold_of_id or case.pk, verb="case.opened")
