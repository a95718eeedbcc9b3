"""What the numbers say in words: every threshold and floor of the product, and the sentence that explains each."""

from dataclasses import dataclass

from django.db import models

from annotations.agreement.models import Snapshot
from annotations.agreement.statistics.floors import FEWEST_CONTESTED, FEWEST_ITEMS, FEWEST_OTHERS, RELY, TENTATIVE

LARGE_GAP = 0.2
MOST = 0.7
OFTEN = 0.85


class Verdict(models.TextChoices):
    """How far a criterion's answers may be trusted."""

    RELY = "rely", "Reliable"
    TENTATIVE = "tentative", "Tentatively reliable"
    UNDECIDED = "undecided", "Undecided"
    NOT_RELIABLE = "not_reliable", "Not reliable"
    INSUFFICIENT = "insufficient", "Insufficient data"


@dataclass(frozen=True)
class Reliability:
    """A verdict and the sentence that says why."""

    verdict: Verdict
    why: str

    @property
    def words(self) -> str:
        return str(self.verdict.label)


def verdict(snapshot: Snapshot) -> Reliability:
    """The verdict by α's lower bound, never by the point; below the floors there is none."""
    if why := _insufficient(snapshot):
        return Reliability(Verdict.INSUFFICIENT, why)
    low, high = snapshot.alpha_low or 0.0, snapshot.alpha_high or 0.0
    if low >= RELY:
        return Reliability(Verdict.RELY, f"α is at least {low:.3f}, which is not below .800.")
    if low >= TENTATIVE:
        return Reliability(Verdict.TENTATIVE, f"α is at least {low:.3f}: not below .667, but below .800.")
    if high < TENTATIVE:
        return Reliability(Verdict.NOT_RELIABLE, f"α is at most {high:.3f}, which is below .667.")
    return Reliability(Verdict.UNDECIDED, f"α lies between {low:.3f} and {high:.3f}: .667 is within, so either may be.")


def _insufficient(snapshot: Snapshot) -> str:
    if snapshot.used < FEWEST_ITEMS:
        return f"Only {snapshot.used} of at least {FEWEST_ITEMS} units that two people or more could answer."
    if not snapshot.rarest:
        return f"All {snapshot.used:,} units were answered alike, so nothing can be said beyond chance."
    if snapshot.rarest < FEWEST_OTHERS:
        return f"Only {snapshot.rarest} of at least {FEWEST_OTHERS} answers other than the commonest."
    if snapshot.contested < FEWEST_CONTESTED:
        found = f"Only {snapshot.contested} of at least {FEWEST_CONTESTED} units"
        return f"{found} in which the commonest answer has no majority."
    return "α cannot be told." if snapshot.alpha_low is None else ""


def prevalence_gap(snapshot: Snapshot) -> str:
    """Why AC is much higher than α, where one answer's prevalence is the reason; empty where there is no such gap.

    People who often differ are no matter of prevalence, however far apart the coefficients are.
    """
    if snapshot.alpha is None or snapshot.ac is None or snapshot.ac - snapshot.alpha <= LARGE_GAP:
        return ""
    if snapshot.raw is None or snapshot.raw < OFTEN:
        return ""
    share = max((row["prevalence"] or 0 for row in snapshot.details.get("codes", ())), default=0)
    if share < MOST:
        return ""
    return (
        f"One answer makes up {share:.0%}, so chance alone agrees often and α ({snapshot.alpha:.2f}) falls far below "
        f"AC ({snapshot.ac:.2f}): that is prevalence, not careless people."
    )
