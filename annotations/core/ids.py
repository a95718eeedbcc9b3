"""Opaque, sortable ids (UUIDv7)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by creation time, says nothing else."""
    return uuid7()


def beside(pk: UUID) -> UUID:
    """A fresh id that sorts where another does and so tells no time of its own."""
    randomness = (1 << 80) - 1
    return UUID(int=pk.int & ~randomness | new_id().int & randomness)
