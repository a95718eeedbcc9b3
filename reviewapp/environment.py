"""Read settings from the environment; a missing or malformed value fails loudly, by name."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# Commands that ask neither database nor broker.
_SERVERLESS = {"agreement", "check_bundle", "check_table"}
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def needs_no_servers(arguments: Sequence[str]) -> bool:
    """Whether manage.py, given these arguments, asks neither database nor broker."""
    return bool(arguments) and arguments[0] in _SERVERLESS


def do_without_servers() -> None:
    """Let the settings load where nothing is configured; what is configured stays."""
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(32))
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost:1/none")
    os.environ.setdefault("REDIS_URL", "redis://localhost:1/0")


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. `./dev up` sets it; a deployment must give it.")
    return value


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, str(default)).strip().lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in _TRUE


def number(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def folder(name: str, default: Path) -> Path:
    path = Path(os.environ.get(name) or default)
    if not path.is_absolute():
        raise ImproperlyConfigured(f"{name} must be an absolute path, not {str(path)!r}.")
    return path
