"""The environment variables that our programs get; what the person has set wins."""

import os
from collections.abc import Mapping
from pathlib import Path

from reviewapp.dev.places import Places


def for_programs(places: Places, backing: Mapping[str, str]) -> dict[str, str]:
    """The settings of this clone's web server, workers and management commands."""
    defaults = {
        "SECRET_KEY": places.secret_key(),
        "REVIEWAPP_DATA": str(places.local / "data"),
        "REVIEWAPP_INSTANCE": places.instance,
        "DJANGO_SETTINGS_MODULE": "reviewapp.settings",
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **os.environ, **backing}


def for_tests(places: Places, backing: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The settings of one test run: nothing of the person's own data or servers is used."""
    own = {
        "SECRET_KEY": "only-for-tests-" + "x" * 40,
        "REVIEWAPP_DATA": str(folder / "data"),
        "REVIEWAPP_INSTANCE": f"test-{places.instance}-{os.getpid()}",
        "DJANGO_SETTINGS_MODULE": "reviewapp.settings",
    }
    return {**os.environ, **own, **backing}


def for_checks(places: Places) -> dict[str, str]:
    """The settings of tools that import our code but talk to no server."""
    nowhere = {"DATABASE_URL": "postgresql://nobody@localhost:1/none", "REDIS_URL": "redis://localhost:1/0"}
    return for_tests(places, nowhere, places.local)
