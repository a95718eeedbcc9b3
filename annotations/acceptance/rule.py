"""How a decision follows from checks, final verdicts and agreement: plain values in, plain values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from annotations.acceptance.models import Decision
from annotations.agreement.models import Snapshot
from annotations.agreement.reliability import Verdict, verdict
from annotations.evidence.models import CheckResult
from annotations.review.models import FinalVerdict
from annotations.rubrics.models import Criterion

AGREEMENT = "agreement"


@dataclass(frozen=True)
class Reason:
    """One of the four criteria or AGREEMENT, whether it holds (None: its checks could not tell), and why in words."""

    criterion: str
    holds: bool | None
    text: str


@dataclass(frozen=True)
class Ruling:
    """What a decision would be, with a reason for each of the four criteria, and for agreement where it is asked."""

    outcome: Decision.Outcome
    reasons: tuple[Reason, ...]


def rule(
    checks: Sequence[CheckResult],
    finals: Sequence[FinalVerdict] | None,
    *,
    round_number: int,
    max_rounds: int,
    agreement: Reason | None = None,
) -> Ruling:
    """Accept when checks and people found nothing against any criterion; else ask for a revision, or reject in
    the last round. `finals` is None while no person has judged the version. Agreement is named, and decides nothing:
    it says whether the rubric may be trusted, and holds back releases."""
    reasons = tuple(_reason(criterion, checks, finals) for criterion in Criterion.Serves)
    named = (*reasons, agreement) if agreement else reasons
    if finals is not None and all(reason.holds for reason in reasons):
        return Ruling(Decision.Outcome.ACCEPTED, named)
    is_last = round_number >= max_rounds
    return Ruling(Decision.Outcome.REJECTED if is_last else Decision.Outcome.NEEDS_REVISION, named)


def shortfalls(floor: float, criteria: Iterable[Criterion], snapshots: Mapping[UUID, Snapshot]) -> list[str]:
    """A sentence for each criterion whose α is not shown to reach the floor."""
    found = ((criterion.title, _short(floor, snapshots.get(criterion.pk))) for criterion in criteria)
    return [f"“{title}”: {why}" for title, why in found if why]


def agreement(floor: float, criteria: Sequence[Criterion], snapshots: Mapping[UUID, Snapshot]) -> Reason:
    """Whether people agree as far as the policy demands before a release."""
    short = shortfalls(floor, criteria, snapshots)
    text = f"α of every criterion is at least {floor:.3f}, as the policy demands before a release."
    return Reason(AGREEMENT, not short, " ".join(short) or text)


def _short(floor: float, snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return "nobody has measured how far people agree on it."
    found = verdict(snapshot)
    if found.verdict == Verdict.INSUFFICIENT:
        return f"insufficient data. {found.why}"
    low = snapshot.alpha_low or 0.0
    return "" if low >= floor else f"α is at least {low:.3f}, and {floor:.3f} is demanded before a release."


def _reason(serves: Criterion.Serves, checks: Sequence[CheckResult], finals: Sequence[FinalVerdict] | None) -> Reason:
    against = [*_failed_checks(serves, checks), *_failed_verdicts(serves, finals or ())]
    if against:
        return Reason(serves.value, False, " ".join(against))
    if untold := [check for check in checks if check.criterion == serves and check.is_untold]:
        return Reason(serves.value, None, f"Nothing came of “{untold[0].title}”. {_sentence(untold[0].summary)}")
    if finals is None:
        return Reason(serves.value, True, "Its checks found nothing against it; no person has judged it.")
    return Reason(serves.value, True, "Checks and experts found nothing against it.")


def _failed_checks(serves: str, checks: Sequence[CheckResult]) -> Iterable[str]:
    for check in checks:
        if check.criterion == serves and check.blocks:
            yield f"The check “{check.title}” failed. {_sentence(check.summary)}"


def _failed_verdicts(serves: str, finals: Sequence[FinalVerdict]) -> Iterable[str]:
    for final in finals:
        if final.criterion.serves == serves and not final.criterion.passes(final.code):
            label = "cannot tell" if final.code is None else final.criterion.anchor(final.code)["label"].lower()
            yield f"“{final.criterion.title}”: {label}. {_sentence(final.rationale)}"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."
