"""Verdicts together with what they cite."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from annotations.review.models import Citation, Verdict


def with_citations(verdicts: list[Verdict], citations: Iterable[Citation]) -> list[Verdict]:
    """The verdicts, each with those of the citations that are its own as `cited`."""
    held: dict[UUID, list[Citation]] = defaultdict(list)
    for citation in citations:
        held[citation.verdict_id].append(citation)
    for verdict in verdicts:
        verdict.cited = held[verdict.pk]
    return verdicts
