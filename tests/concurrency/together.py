"""Threads that meet in the database at the same moment, each on a connection of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection

from annotations.core.errors import DomainError

PATIENCE_SECONDS = 30
REAL_COMMITS = [
    # Named apps spare each test what Django writes after a migration.
    pytest.mark.django_db(transaction=True, available_apps=list(settings.INSTALLED_APPS)),
    pytest.mark.slow,  # people who wait for one another take their time
]


def together[T](*calls: Callable[[], T]) -> list[T | DomainError]:
    """What each call returned or was refused with, all of them let go at once."""
    gate = threading.Barrier(len(calls), timeout=PATIENCE_SECONDS)

    def run(call: Callable[[], T]) -> T | DomainError:
        try:
            gate.wait()
            return call()
        except DomainError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result(PATIENCE_SECONDS) for done in [pool.submit(run, call) for call in calls]]


def refusals(outcomes: Sequence[object]) -> list[DomainError]:
    return [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
