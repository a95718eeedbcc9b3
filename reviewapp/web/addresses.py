"""Values read from an address, where a misspelt one counts as absent."""

from uuid import UUID


def number(text: str) -> int | None:
    """A whole number of at most eight digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
