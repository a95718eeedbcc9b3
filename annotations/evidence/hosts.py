"""Which run a host takes next: the first in turn that it has room for, so that it never promises more than it has."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from annotations.core import work
from annotations.evidence.models import CheckRun, Host
from annotations.evidence.queries import in_turn
from annotations.evidence.recording import Claim, claim
from harness.capacity import Weight, capacity_of, task_weight, while_building
from harness.config import environment_of
from harness.engine import NO_GVISOR, RUNTIMES, Engine
from harness.plan import Plan

MOST_OVERTAKES = 5  # younger runs that may start before one that waits for room; then the host is kept free for it
LOOKED_AT = 200
WAITS_FOR_ROOM = "It waits for {needed} to be free"


@transaction.atomic
def see(engine: Engine, *, cpus: int, memory_mb: int) -> Host:
    """Note that a worker reaches this engine, and how much room its host has."""
    room = capacity_of(engine, cpus=cpus, memory_mb=memory_mb)
    host, _new = Host.objects.update_or_create(
        engine_id=engine.info.id,
        defaults={
            "name": engine.info.name,
            "cpus_milli": room.cpus_milli,
            "memory_mb": room.memory_mb,
            "limits_enforced": engine.info.limits_enforced,
            "seen_at": timezone.now(),
        },
    )
    return host


@transaction.atomic
def claim_next(host: Host, *, runtimes: frozenset[str], worker: str) -> Claim | None:
    """Take the first waiting run in turn that fits beside what runs on this engine already; None: there is none.

    Every other run that is looked at says what it waits for. One that was overtaken MOST_OVERTAKES times is overtaken
    no more: the host's room is left to it.
    """
    alone_on(host)
    room = free_on(host)
    overtaken: list[CheckRun] = []
    for run in _waiting():
        weight = weight_of(run, host)
        if reason := _never(run, weight, host, runtimes):
            wait(run, reason)
        elif not weight.fits(room):
            wait(run, f"{WAITS_FOR_ROOM.format(needed=weight)} on {host.name}.")
            if run.overtaken >= MOST_OVERTAKES:
                return None
            overtaken.append(run)
        elif claimed := _claim(run, weight, room, host, worker):
            CheckRun.objects.filter(pk__in=[each.pk for each in overtaken]).update(overtaken=F("overtaken") + 1)
            return claimed
    return None


def _claim(run: CheckRun, weight: Weight, room: Weight, host: Host, worker: str) -> Claim | None:
    """Take the run; while no other waits and there is room, so that it makes two attempts at a time."""
    waits_alone = not CheckRun.objects.filter(status=CheckRun.Status.QUEUED).exclude(pk=run.pk).exists()
    at_once = 2 if waits_alone and (weight * 2).fits(room) else 1
    return claim(run.pk, worker=worker, engine_id=host.engine_id, weight=weight * at_once, at_once=at_once)


def alone_on(host: Host) -> None:
    """Let nobody else count this engine's room until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [host.engine_id])


def free_on(host: Host) -> Weight:
    """What the runs and all other work on this engine leave of its host."""
    running = CheckRun.objects.filter(engine_id=host.engine_id, status=CheckRun.Status.RUNNING)
    taken = running.aggregate(cpus=Sum("cpus_milli", default=0), memory=Sum("memory_mb", default=0))
    left = Weight(host.cpus_milli, host.memory_mb) - Weight(taken["cpus"], taken["memory"])
    return left - work.taken_on(host.engine_id)


def _waiting() -> Iterator[CheckRun]:
    due = Q(retry_at__isnull=True) | Q(retry_at__lte=timezone.now())
    yield from in_turn().filter(due).select_related("task_version")[:LOOKED_AT]


def weight_of(run: CheckRun, host: Host) -> Weight:
    """What the run takes of this host until its image is built."""
    task = task_weight(environment_of(run.task_version.config.get("environment", {})))
    return while_building(task, Weight(host.cpus_milli, host.memory_mb))


def _never(run: CheckRun, weight: Weight, host: Host, runtimes: frozenset[str]) -> str:
    """Why this host can never take the run; empty when it can."""
    if weight.memory_mb > host.memory_mb:
        return f"It needs {weight}, more than {host.name} has. It waits for a larger host."
    runtime = RUNTIMES[Plan.from_json(run.plan).isolation]
    return NO_GVISOR if runtime and runtime not in runtimes else ""


def wait(run: CheckRun, reason: str) -> None:
    """Say what a waiting run waits for."""
    waiting = CheckRun.objects.filter(pk=run.pk, status=CheckRun.Status.QUEUED)
    waiting.exclude(waiting_for=reason[:300]).update(waiting_for=reason[:300])


def is_tidied_by(host: Host, *, every: timedelta) -> bool:
    """Whether the caller is to tidy this engine now: true once in a period, for whoever asks first."""
    due = Q(tidied_at__isnull=True) | Q(tidied_at__lt=timezone.now() - every)
    return bool(Host.objects.filter(due, pk=host.pk).update(tidied_at=timezone.now()))
