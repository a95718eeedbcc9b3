"""Everyone's answers to a case side by side."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from uuid import UUID

from django.db.models import QuerySet, TextChoices

from annotations.core.prepared import prepared
from annotations.review.answers import Given
from annotations.review.models import Annotation, Case, Citation, FinalVerdict, Verdict
from annotations.review.queries.cited import with_citations
from annotations.review.queries.criteria import case_criteria
from annotations.rubrics.models import Criterion


def given(verdicts: Sequence[Verdict] | Sequence[FinalVerdict]) -> dict[UUID, Given]:
    """Stored verdicts in the form they came in, by criterion."""
    return {
        verdict.criterion_id: Given(code=verdict.code, cannot_tell=verdict.cannot_tell, rationale=verdict.rationale)
        for verdict in verdicts
    }


class Grounds(TextChoices):
    """What people who disagree rest on, as far as their citations tell."""

    SAME = "same", "Same evidence, judged differently"
    DIFFERENT = "different", "Different evidence seen"
    UNCITED = "uncited", "Not everybody cited evidence"


@dataclass(frozen=True)
class Opinion:
    """One annotator's answer to a criterion, under a letter instead of a name; `version` counts their saves."""

    letter: str
    verdict: Verdict
    version: int = 1


@dataclass(frozen=True)
class Comparison:
    """One criterion with everyone's answers side by side."""

    criterion: Criterion
    opinions: tuple[Opinion, ...]

    @property
    def is_unanimous(self) -> bool:
        return len({_answer(opinion.verdict) for opinion in self.opinions}) == 1

    @property
    def grounds(self) -> Grounds | None:
        """Whether the sides saw the same evidence: each two that differ cite something in common. None: no dispute."""
        if self.is_unanimous:
            return None
        cited: dict[tuple[int | None, bool], list[Citation]] = defaultdict(list)
        for opinion in self.opinions:
            cited[_answer(opinion.verdict)].extend(opinion.verdict.cited)
        if not all(cited.values()):
            return Grounds.UNCITED
        shared = all(_share(one, other) for one, other in combinations(cited.values(), 2))
        return Grounds.SAME if shared else Grounds.DIFFERENT


def _answer(verdict: Verdict) -> tuple[int | None, bool]:
    return verdict.code, verdict.cannot_tell


def _share(one: Iterable[Citation], other: Iterable[Citation]) -> bool:
    return any(_overlap(left, right) for left, right in product(one, other))


def _overlap(left: Citation, right: Citation) -> bool:
    """Whether both point at a common line of the same thing; without lines, at the thing as a whole."""
    if (left.kind, left.target, left.digest) != (right.kind, right.target, right.digest):
        return False
    if left.first is None or left.last is None or right.first is None or right.last is None:
        return True
    return left.first <= right.last and right.first <= left.last


def annotated(case: Case) -> Case:
    """The case whose annotations count: its own, or after an appeal those of the case it follows."""
    return case.follows if case.appealed and case.follows else case


def comparisons(case: Case, *, cited: bool = True) -> list[Comparison]:
    """Every criterion the case asks, with the submitted answers, in seat order, in two queries.

    One does where nobody looks at what is `cited`.
    """
    answers: dict[UUID, dict[UUID, Verdict]] = defaultdict(dict)
    verdicts = _submitted(judged := annotated(case).pk)
    for verdict in with_citations(verdicts, _citations_in(judged)) if cited else verdicts:
        answers[verdict.annotation_id][verdict.criterion_id] = verdict
    return [
        Comparison(
            criterion=criterion,
            opinions=tuple(_opinion(index, given[criterion.pk]) for index, given in enumerate(answers.values())),
        )
        for criterion in case_criteria(case)
    ]


def _opinion(index: int, verdict: Verdict) -> Opinion:
    return Opinion(letter=letter(index), verdict=verdict, version=verdict.annotation.version)


@prepared
def _submitted(case: UUID) -> QuerySet[Verdict]:
    of_case = Verdict.objects.filter(annotation__case=case, annotation__status=Annotation.Status.SUBMITTED)
    return of_case.select_related("annotation").order_by("annotation__assignment__seat__number")


@prepared
def _citations_in(case: UUID) -> QuerySet[Citation]:
    submitted = Annotation.Status.SUBMITTED
    return Citation.objects.filter(verdict__annotation__case=case, verdict__annotation__status=submitted)


def edition(compared: Sequence[Comparison]) -> str:
    """Changes whenever an annotator changes an answer: what a lead decides on, so that stale pages are told."""
    return ".".join(str(opinion.version) for opinion in compared[0].opinions) if compared else ""


def letter(index: int) -> str:
    return chr(ord("A") + index)
