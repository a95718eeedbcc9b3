"""Which units a page or a request of the API is about, as its address says it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Q, QuerySet

from annotations.accounts.models import Project
from annotations.agreement.models import Unit
from annotations.catalog.models import TaskVersion
from annotations.core.errors import Invalid

LONGEST_NAME = 100


@dataclass(frozen=True)
class Filters:
    """Units by the day of their last answer, who answered, and what their task says of itself.

    A person narrows to what is settled, and so does `other`, who answered it too: before that nobody is told whose
    answer is whose. `category` is [metadata] category of task.toml; `source` its source, or the format it came in.
    """

    since: date | None = None
    until: date | None = None
    person: UUID | None = None
    other: UUID | None = None
    category: str = ""
    source: str = ""

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        """The filters that an address names. Raises Invalid for a day, a person or a name that cannot be."""
        given, problems = {}, {}
        for name, (parse, told) in _PARSERS.items():
            if text := str(params.get(name) or "").strip():
                try:
                    given[name] = parse(text)
                except ValueError:
                    problems[name] = told
        if problems:
            raise Invalid("Some filters cannot be read.", problems)
        return cls(**given)

    @property
    def params(self) -> dict[str, str]:
        """What `read` makes these filters of, without those that are empty."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in values.items() if value}

    @property
    def narrow(self) -> bool:
        return bool(self.params)

    def of(self, units: QuerySet[Unit]) -> QuerySet[Unit]:
        """Those of the units that pass."""
        if self.since:
            units = units.filter(at__gte=_begin(self.since))
        if self.until:
            units = units.filter(at__lt=_begin(self.until + timedelta(days=1)))
        if people := [pk for pk in (self.person, self.other) if pk]:
            units = units.filter(settled=True, raters__contains=people)
        if self.category:
            units = units.filter(case__task_version__config__metadata__category=self.category)
        if self.source:
            units = units.filter(_from(self.source))
        return units


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _from(source: str) -> Q:
    version = "case__task_version__"
    return Q(**{f"{version}config__source": source}) | Q(**{f"{version}conversion__source": source})


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 1 < day.year < 9999:
        raise ValueError(text)
    return day


def _name(text: str) -> str:
    if "\0" in text or len(text) > LONGEST_NAME:
        raise ValueError(text)
    return text


_DAY = "Give a day as 2026-01-31."
_PERSON = "Give a person's id."
_PARSERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "since": (_day, _DAY),
    "until": (_day, _DAY),
    "person": (UUID, _PERSON),
    "other": (UUID, _PERSON),
    "category": (_name, f"A category has at most {LONGEST_NAME} characters."),
    "source": (_name, f"A source has at most {LONGEST_NAME} characters."),
}
NAMES = tuple(_PARSERS)


@dataclass(frozen=True)
class Choices:
    """What there is to choose from in a project, in order."""

    categories: list[str]
    sources: list[str]


def choices(project: Project) -> Choices:
    """The categories and sources of the project's tasks, in one query."""
    rows = TaskVersion.objects.filter(project=project).order_by().distinct()
    found = list(rows.values_list("config__metadata__category", "config__source", "conversion__source"))
    return Choices(
        categories=_names(category for category, _, _ in found),
        sources=_names(source for _, *sources in found for source in sources),
    )


def _names(values: Any) -> list[str]:
    return sorted({value for value in values if isinstance(value, str) and value})
