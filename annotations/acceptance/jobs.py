import logging

from celery import shared_task

from annotations.acceptance import progress, queries
from annotations.core.errors import DomainError

log = logging.getLogger(__name__)


@shared_task
def advance() -> None:
    """Pull every task one step on where its checks or its case allow it; a stuck one does not hold up the rest."""
    for task in queries.movable():
        try:
            progress.advance(task)
        except DomainError as error:
            log.warning("Task %s did not move: %s", task.pk, error.reason)
