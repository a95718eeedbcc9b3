"""What can go wrong in the domain; reviewapp.errors turns these into 403, 409 and 422, once."""

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal a person can act on; `reason` is a sentence shown to them as it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAllowed(DomainError):
    """The person may see it, but may not do this (403)."""


class Conflict(DomainError):
    """The row has moved on since it was read (409)."""


class Invalid(DomainError):
    """The input cannot be taken (422); `problems` maps a field to what is wrong with it."""

    def __init__(self, reason: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.problems = dict(problems or {})
