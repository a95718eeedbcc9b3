"""Run probes in containers. Safe to deliver twice; a probe whose worker died is taken up again."""

import errno
import os
import socket
import tempfile
import threading
from pathlib import Path
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotations.catalog import blobs
from annotations.catalog.actions import materialise
from annotations.core import work
from annotations.core.errors import Conflict
from annotations.core.states import move
from annotations.core.work import Hold
from annotations.evidence import hosts
from annotations.evidence.jobs import HANDED_OUT, too_full, waiting_text
from annotations.evidence.models import Host
from annotations.probes.models import Probe, ProbeEvidence
from harness import probes as harness
from harness.capacity import Weight, task_weight, while_building
from harness.config import environment_of
from harness.engine import Engine, EngineUnavailable
from harness.plan import Plan

PROBE_LABEL = "reviewapp.probe"
MOST_ATTEMPTS = 5  # a probe under which that many workers stop is closed without an answer
OUTCOMES = {True: Probe.Outcome.HELD, False: Probe.Outcome.REFUTED, None: Probe.Outcome.UNTOLD}


@shared_task
def run_probe(probe_id: str) -> None:
    """Claim the probe once this host has room for it, work, record; while it waits it says what for."""
    waiting = Probe.objects.filter(pk=probe_id)
    try:
        engine = Engine.connect(settings.ENGINE_URL)
    except EngineUnavailable as missing:
        work.wait(waiting, waiting_text(missing))
        return
    try:
        host = hosts.see(engine, cpus=settings.CHECKS_CPUS, memory_mb=settings.CHECKS_MEMORY_MB)
        reason = too_full(engine, host)
        taken = reason or _take(UUID(probe_id), host)
        if isinstance(taken, Hold):
            _hold(taken, engine)
        elif taken:
            work.wait(waiting, taken)
    finally:
        engine.client.close()


@transaction.atomic
def _take(pk: UUID, host: Host) -> Hold[Probe] | str | None:
    """A hold on the probe, or what it waits for; None when it is not waiting any more."""
    hosts.alone_on(host)
    probe = Probe.objects.select_related("task_version").get(pk=pk)
    room = Weight(host.cpus_milli, host.memory_mb)
    weight = while_building(task_weight(environment_of(probe.task_version.config.get("environment", {}))), room)
    if weight.memory_mb > host.memory_mb:
        return f"It needs {weight}, more than {host.name} has. It waits for a larger host."
    if not weight.fits(hosts.free_on(host)):
        return f"It waits for {weight} to be free on {host.name}."
    worker = f"{socket.gethostname()}:{os.getpid()}"
    return work.take(Probe, pk, worker=worker, engine_id=host.engine_id, weight=weight)


def _hold(hold: Hold[Probe], engine: Engine) -> None:
    try:
        _work(hold, engine)
    except Conflict:
        engine.sweep(_labels(hold))  # another worker has it: leave no container of ours behind


def _work(hold: Hold[Probe], engine: Engine) -> None:
    probe = Probe.objects.select_related("task_version").get(pk=hold.pk)
    if hold.attempt > 1:
        engine.sweep({PROBE_LABEL: str(probe.pk)})  # an attempt that died may have left containers
    try:
        with tempfile.TemporaryDirectory(prefix="reviewapp-probe-") as folder, work.beating(hold) as lost:
            _run(hold, probe, Path(folder), engine, lost)
    except EngineUnavailable as missing:
        hold.put_back(waiting_for=waiting_text(missing))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        hold.put_back(waiting_for="Its host's disk was full.")


def _run(hold: Hold[Probe], probe: Probe, folder: Path, engine: Engine, lost: threading.Event) -> None:
    try:
        outcome = harness.run_probe(
            materialise(probe.task_version, folder),
            _argument(probe),
            engine=engine,
            plan=Plan.from_json(probe.plan),
            labels=_labels(hold),
            cancelled=lost.is_set,
        )
    except harness.Cancelled:
        hold.cancelled()
    else:
        finish(hold, outcome)


def _argument(probe: Probe) -> harness.Probe:
    script = b"".join(blobs.chunks(probe.script_id)).decode()
    files = {file.path: b"".join(blobs.chunks(file.blob_id)) for file in probe.files.all()}
    return harness.Probe(harness.Claim(probe.claim), script, files)


def _labels(hold: Hold[Probe]) -> dict[str, str]:
    return {
        "reviewapp.instance": settings.INSTANCE,
        PROBE_LABEL: str(hold.pk),
        "reviewapp.attempt": str(hold.attempt),
    }


@transaction.atomic
def finish(hold: Hold[Probe], outcome: harness.ProbeOutcome) -> None:
    """Close the probe with what its run came to. Raises Conflict when the hold has been lost."""
    move(
        hold.row(),
        Probe.Status.FINISHED,
        finished_at=timezone.now(),
        outcome=OUTCOMES[outcome.held],
        reward=outcome.reward[:200],
        summary=outcome.summary[:500],
        facts=dict(outcome.facts),
    )
    ProbeEvidence.objects.bulk_create(
        ProbeEvidence(probe_id=hold.pk, name=left.name, media_type=left.media_type, blob=blobs.put(left.content))
        for left in outcome.artifacts
    )


@shared_task
def dispatch() -> None:
    """Free probes whose worker fell silent, and hand out what waits: heals lost messages and late engines."""
    for probe in work.stale(Probe):
        if probe.attempt < MOST_ATTEMPTS or probe.cancel_requested:
            work.free(probe)
        else:
            give_up(probe)
    waiting = Probe.objects.filter(status=Probe.Status.QUEUED).order_by("pk")
    for probe_id in waiting.values_list("pk", flat=True)[:HANDED_OUT]:
        run_probe.apply_async((str(probe_id),), expires=10)


def give_up(probe: Probe) -> None:
    """Close a silent probe that no worker outlives, unless its worker has spoken."""
    silent = Probe.objects.filter(
        pk=probe.pk, status=Probe.Status.RUNNING, attempt=probe.attempt, heartbeat_at=probe.heartbeat_at
    )
    silent.update(
        status=Probe.Status.FINISHED,
        finished_at=timezone.now(),
        outcome=Probe.Outcome.UNTOLD,
        summary=f"Its worker stopped {probe.attempt} times, so it was given up.",
    )
