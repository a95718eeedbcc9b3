"""What a bundle says about itself, in the form the database takes; what it cannot take is refused in words."""

import math
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

from django.utils.text import slugify

from annotations.catalog.models import Task, TaskVersion
from annotations.core.errors import Invalid
from harness.bundle import Bundle

LONGEST_NAME: int = TaskVersion._meta.get_field("name").max_length or 0
LONGEST_SLUG: int = Task._meta.get_field("slug").max_length or 0


def slug(bundle: Bundle) -> str:
    """The last part of its name as it stands in addresses."""
    return slugify(bundle.name.rpartition("/")[2].replace(".", "-"))


def config(bundle: Bundle) -> Any:
    """task.toml as JSON: dates and times in ISO form, numbers without end as words."""
    return _jsonable(bundle.config.raw)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def require_storable(bundle: Bundle) -> None:
    """Raise Invalid when a name or a text is one that cannot be stored."""
    if problems := list(_unstorable(bundle)):
        numbered = {f"{number}": problem for number, problem in enumerate(problems, start=1)}
        raise Invalid("This is not a bundle we can take.", numbered)


def _unstorable(bundle: Bundle) -> Iterator[str]:
    if not slug(bundle):
        yield "task.toml: the task's name needs letters or digits after the slash."
    if len(bundle.name) > LONGEST_NAME or len(slug(bundle)) > LONGEST_SLUG:
        yield f"task.toml: the task's name may have {LONGEST_SLUG} characters after the slash."
    if "\0" in bundle.instruction:
        yield "instruction.md: holds a NUL character."
    if _holds_nul(bundle.config.raw):
        yield "task.toml: holds a NUL character."


def _holds_nul(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_nul(inner) for pair in value.items() for inner in pair)
    if isinstance(value, list | tuple):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value
