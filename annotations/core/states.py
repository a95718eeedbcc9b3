"""The only way a status changes: along the model's TRANSITIONS table, by a filtered update."""

from collections.abc import Mapping
from typing import ClassVar, Protocol, cast

from django.db import models

from annotations.core.errors import Conflict
from annotations.core.prepared import change

type Transitions = Mapping[str, frozenset[str]]


class HasStatus(Protocol):
    TRANSITIONS: ClassVar[Transitions]
    status: str
    pk: object


def move(row: models.Model, to: str, **changes: object) -> None:
    """Move the row to another status, writing `changes` in the same statement.

    Raises Conflict when the table does not allow the move, or when someone else moved the row first.
    """
    stateful = cast(HasStatus, row)
    name = row._meta.verbose_name
    if to not in stateful.TRANSITIONS[stateful.status]:
        raise Conflict(f"This {name} is {_words(stateful.status)}, so it cannot become {_words(to)}.")
    changes = {"status": to, **changes}
    if not change(row, changes, where={"status": stateful.status}):
        raise Conflict(f"This {name} was changed by someone else. Reload to see where it stands.")
    for field, value in changes.items():
        setattr(row, field, value)


def _words(status: str) -> str:
    return status.replace("_", " ")


def diagram(transitions: Transitions) -> str:
    """The table as a Mermaid state diagram; the first status is where a row begins."""
    first = next(iter(transitions))
    arrows = [f"    {origin} --> {to}" for origin, targets in transitions.items() for to in sorted(targets)]
    ends = [f"    {status} --> [*]" for status, targets in transitions.items() if not targets]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *arrows, *ends, "```", ""])
