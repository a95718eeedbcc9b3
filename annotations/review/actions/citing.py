"""Keep what verdicts cite in step with what their authors sent."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from annotations.accounts.models import User
from annotations.core.errors import Invalid
from annotations.review import citations
from annotations.review.answers import Answers
from annotations.review.citations import Pin, Reference
from annotations.review.models import Case, Citation, Verdict


def cite(case: Case, verdicts: Iterable[Verdict], answers: Answers, *, by: User) -> None:
    """Store the citations of the answers, and forget those they no longer hold; what stands already is not looked at.

    Raises Invalid, naming the criterion, for a citation of nothing that the case is about.
    """
    wanted = {row: given for row in verdicts if (given := answers[row.criterion_id].citations) is not None}
    held = {row: {citations.of(citation): citation for citation in row.cited} for row in wanted}
    fresh = {row: [key for key in dict.fromkeys(keys) if key not in held[row]] for row, keys in wanted.items()}
    found = citations.pins(case, {key for keys in fresh.values() for key in keys}, by=by)
    if problems := _unfound(fresh, found):
        raise Invalid("A citation leads nowhere.", problems)
    gone = [citation.pk for row in wanted for key, citation in held[row].items() if key not in wanted[row]]
    if gone:
        Citation.objects.filter(pk__in=gone).delete()
    made = [_citation(row, key, found[key]) for row, keys in fresh.items() for key in keys]
    if made:
        Citation.objects.bulk_create(made)


def _unfound(fresh: Mapping[Verdict, Sequence[Reference]], found: Mapping[Reference, Pin]) -> dict[str, str]:
    problems: dict[UUID, Reference] = {
        row.criterion_id: reference for row, keys in fresh.items() for reference in keys if reference not in found
    }
    return {
        str(criterion): f"“{reference}” is not evidence of this case; remove the citation."
        for criterion, reference in problems.items()
    }


def _citation(verdict: Verdict, reference: Reference, pin: Pin) -> Citation:
    return Citation(
        verdict=verdict,
        kind=reference.kind,
        target=reference.target,
        first=reference.first,
        last=reference.last,
        digest=pin.digest,
        label=pin.label,
    )
