"""Opaque, sortable ids (UUIDv7)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by creation time, says nothing else."""
    return uuid7()
