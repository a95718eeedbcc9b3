"""Answers on their way in, and the rules they must meet before they count."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from annotations.review.citations import MOST_CITATIONS, Reference
from annotations.review.models import Confidence
from annotations.rubrics.models import Criterion

LONGEST_RATIONALE = 10_000


@dataclass(frozen=True)
class Given:
    """What a person answered to one criterion; neither a code nor "cannot tell" means not answered yet.

    Without `citations` those that are stored stay as they are.
    """

    code: int | None = None
    cannot_tell: bool = False
    rationale: str = ""
    cause: str = ""
    confidence: int | None = None
    citations: tuple[Reference, ...] | None = None

    @property
    def is_answered(self) -> bool:
        return self.cannot_tell or self.code is not None


type Answers = Mapping[UUID, Given]

IN_DRAFTS = ("code", "cannot_tell", "rationale", "cause")


def as_stored(answers: Answers) -> dict[str, dict[str, object]]:
    """Answers as the JSON of a draft, by criterion."""
    return {str(key): {name: getattr(given, name) for name in IN_DRAFTS} for key, given in answers.items()}


def from_stored(rows: Mapping[str, Mapping[str, Any]]) -> dict[UUID, Given]:
    """What `as_stored` made, as answers again."""
    return {UUID(key): Given(**row) for key, row in rows.items()}


def malformed(criteria: Iterable[Criterion], given: Mapping[UUID, Given]) -> dict[str, str]:
    """Problems that no draft may have: codes off the scale, texts too long, criteria of another rubric."""
    known = {criterion.pk: criterion for criterion in criteria}
    problems = {}
    for pk, answer in given.items():
        problem = _malformed(known[pk], answer) if pk in known else "This case does not ask this criterion."
        if problem:
            problems[str(pk)] = problem
    return problems


def _malformed(criterion: Criterion, answer: Given) -> str:
    if answer.code is not None and answer.code not in criterion.codes:
        return f"{answer.code} is not an answer on the scale of “{criterion.title}”."
    if answer.confidence is not None and answer.confidence not in Confidence.values:
        return f"“{criterion.title}” has a confidence that is none of low, medium and high."
    if len(answer.citations or ()) > MOST_CITATIONS:
        return f"“{criterion.title}” may cite {MOST_CITATIONS} pieces of evidence; remove some."
    if len(answer.rationale) > LONGEST_RATIONALE:
        return f"A rationale may have {LONGEST_RATIONALE:,} characters; this one is longer."
    return "A rationale cannot hold NUL characters." if "\0" in answer.rationale else ""


def needs_rationale(criterion: Criterion, given: Given) -> bool:
    """Whether the answer has to say why: a fail and "cannot tell" do."""
    return given.is_answered and not criterion.passes(given.code) and not given.rationale.strip()


def incomplete(criteria: Iterable[Criterion], given: Mapping[UUID, Given]) -> dict[str, str]:
    """Problems that keep an annotation from being submitted: no answer, or none of the reasons it needs."""
    problems = {}
    for criterion in criteria:
        answer = given.get(criterion.pk, Given())
        if not answer.is_answered:
            problems[str(criterion.pk)] = f"“{criterion.title}” has no answer yet."
        elif needs_rationale(criterion, answer):
            problems[str(criterion.pk)] = f"“{criterion.title}” needs a rationale: say what you saw."
    return problems
