"""Cited evidence as chips that lead back to its place in the pane."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from annotations.review import citations
from annotations.review.citations import Reference
from annotations.review.models import Citation, Verdict

_ICONS = {"file": "file-code", "check": "list-checks", "log": "terminal", "probe": "flask-conical"}


@dataclass(frozen=True)
class Chip:
    """A citation as templates/_components/cite.html shows it; `pane` is its address without the place in it."""

    value: str
    label: str
    icon: str
    pane: str
    place: str
    lines: str

    @property
    def url(self) -> str:
        return f"{self.pane}#{self.place}"


def of_verdict(verdict: Verdict, page: str) -> tuple[Chip, ...]:
    """What a verdict of `queries.answers_of` cites; `page` shows the pane of its case, as `Links.page` does."""
    return tuple(of_citation(citation, page) for citation in verdict.cited)


def of_citation(citation: Citation, page: str) -> Chip:
    return _chip(citations.of(citation), citation.label, page)


def of_references(given: Iterable[Reference], labels: Mapping[Reference, str], page: str) -> tuple[Chip, ...]:
    """References a person sent; those that nothing is known of are left out."""
    return tuple(_chip(row, labels[row], page) for row in dict.fromkeys(given) if row in labels)


def _chip(reference: Reference, label: str, page: str) -> Chip:
    query, place = _PLACES.get(reference.kind, _steps)(reference)
    return Chip(
        value=str(reference),
        label=label,
        icon=_ICONS.get(reference.kind, "quote"),
        pane=f"{page}?{urlencode(query)}",
        place=place,
        lines=f"{reference.first}-{reference.last}" if reference.first else "",
    )


type Place = tuple[dict[str, str], str]


def _file(reference: Reference) -> Place:
    return {"tab": "files", "path": reference.target}, f"L{reference.first or 1}"


def _check(reference: Reference) -> Place:
    return {"tab": "evidence"}, f"check-{reference.target}"


def _log(reference: Reference) -> Place:
    return {"tab": "evidence", "log": reference.target}, f"L{reference.first or 1}"


def _probe(reference: Reference) -> Place:
    return {"tab": "probes"}, f"probe-{reference.target.replace('-', '')[-6:]}"


def _steps(reference: Reference) -> Place:
    return {"tab": "trajectory"}, f"step-{reference.first or 1}"


_PLACES: Mapping[str, Callable[[Reference], Place]] = {"file": _file, "check": _check, "log": _log, "probe": _probe}
