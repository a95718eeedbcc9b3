"""Run checks in containers. Safe to deliver twice; a run whose worker died is taken up again."""

import errno
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import requests
from celery import shared_task, signals
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone
from docker.errors import DockerException
from kombu.exceptions import OperationalError as BrokerGone

from annotations.catalog.actions import materialise
from annotations.core import work
from annotations.core.errors import Conflict
from annotations.evidence import hosts, recording
from annotations.evidence.models import CheckRun, Host
from annotations.evidence.queries import STALE_AFTER, neighbours, stale
from annotations.evidence.recording import Claim
from harness import disk, garbage
from harness.engine import Engine, EngineUnavailable
from harness.limits import MIB
from harness.plan import Plan
from harness.run import Cancelled
from harness.run import run_checks as run_in_containers

BEAT_SECONDS = 1.0
RUN_LABEL = "reviewapp.run"
HANDED_OUT = 50  # at a time, so that a long queue does not fill the broker with messages that only repeat
WOKEN = 8  # slots that are told when a run ends, of which one at least is on the host that has room now
TIDY_EVERY, TIDY_WHEN_FULL = timedelta(hours=1), timedelta(minutes=1)
FULL_DISK_WAIT = timedelta(minutes=1)

log = logging.getLogger(__name__)
_leaving = threading.Event()


@signals.worker_shutting_down.connect
def _leave(**_facts: object) -> None:
    """Take no further run once this worker was asked to stop."""
    _leaving.set()


@shared_task
def run_checks(run_id: str) -> None:
    """Take the first waiting run in turn that this host has room for, work, record, and go on while there is one.

    The run named is the one that began to wait; whichever is due is taken. Without an engine it goes on waiting and
    says so.
    """
    while _take_one(UUID(run_id)) and not _leaving.is_set():
        hand_out(WOKEN)
        close_old_connections()
        if work.waits():  # what is not a check gets its turn in the queue
            return


def _take_one(asked_for: UUID) -> bool:
    """Work on the next run; whether there was one."""
    try:
        engine = Engine.connect(settings.ENGINE_URL)
    except EngineUnavailable as missing:
        _wait(asked_for, waiting_text(missing))
        return False
    try:
        host = hosts.see(engine, cpus=settings.CHECKS_CPUS, memory_mb=settings.CHECKS_MEMORY_MB)
        if full := too_full(engine, host):
            _wait(asked_for, full)
            return False
        worker = f"{socket.gethostname()}:{os.getpid()}"
        claimed = hosts.claim_next(host, runtimes=engine.info.runtimes, worker=worker)
        if claimed is not None:
            _hold(claimed, engine)
        return claimed is not None
    finally:
        engine.client.close()


def _hold(claimed: Claim, engine: Engine) -> None:
    try:
        _work(claimed, engine)
    except Conflict:
        engine.sweep(_labels(claimed))  # another worker has it: leave no container of ours behind


def _work(claimed: Claim, engine: Engine) -> None:
    run = CheckRun.objects.select_related("task_version").get(pk=claimed.run_id)
    if claimed.attempt > 1:
        engine.sweep({RUN_LABEL: str(run.pk)})  # an attempt that died may have left containers
    try:
        with tempfile.TemporaryDirectory(prefix="reviewapp-run-") as folder, _heartbeat(claimed, engine) as pulse:
            _run(claimed, run, Path(folder), engine, pulse)
    except EngineUnavailable as missing:
        recording.put_back(claimed, waiting_for=waiting_text(missing))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        recording.put_back(claimed, waiting_for="Its host's disk was full.", after=FULL_DISK_WAIT)


def _run(claimed: Claim, run: CheckRun, folder: Path, engine: Engine, pulse: "Pulse") -> None:
    try:
        facts = run_in_containers(
            materialise(run.task_version, folder),
            engine=engine,
            plan=Plan.from_json(run.plan),
            labels=_labels(claimed),
            cancelled=pulse.lost.is_set,
            on_start=lambda key: recording.check_started(claimed, key),
            on_result=lambda outcome: recording.check_ended(claimed, outcome),
            on_progress=pulse.show,
            at_once=run.at_once,
            neighbours=partial(neighbours, run.task_version),
        )
    except Cancelled:
        recording.cancelled(claimed)
    else:
        recording.finish(claimed, facts)


def _labels(claimed: Claim) -> dict[str, str]:
    return {
        "reviewapp.instance": settings.INSTANCE,
        RUN_LABEL: str(claimed.run_id),
        "reviewapp.attempt": str(claimed.attempt),
    }


@dataclass
class Pulse:
    """What the worker's heartbeat carries: `lost` is set once the claim is lost or a cancel was asked for; `news` is
    how far the run has come, of which only the latest counts."""

    lost: threading.Event = field(default_factory=threading.Event)
    news: tuple[str, str, str] | None = None

    def show(self, key: str, line: str, tail: str) -> None:
        """Have the next beat show it; called from several threads."""
        self.news = (key, line, tail)


@contextmanager
def _heartbeat(claimed: Claim, engine: Engine) -> Iterator[Pulse]:
    """Beat in the background; when the claim is lost, the containers are taken away under whatever waits for them."""
    pulse, done = Pulse(), threading.Event()

    def beat() -> None:
        try:
            _beat_until(done, claimed, pulse)
        finally:
            connection.close()
        if pulse.lost.is_set():
            with suppress(requests.RequestException, DockerException):
                engine.sweep(_labels(claimed))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield pulse
    finally:
        done.set()
        thread.join()


def _beat_until(done: threading.Event, claimed: Claim, pulse: Pulse) -> None:
    """Beat and show news; a database that is away for a moment is waited for, one that stays away loses the claim."""
    heard, shown = time.monotonic(), None
    while not done.wait(BEAT_SECONDS):
        try:
            if not recording.beat(claimed):
                pulse.lost.set()
                return
            if (news := pulse.news) and news != shown:
                recording.progress(claimed, *news)
                shown = news
            heard = time.monotonic()
        except (DatabaseError, InterfaceError):
            connection.close()
            if time.monotonic() > heard + STALE_AFTER.total_seconds():
                pulse.lost.set()
                return


def waiting_text(missing: EngineUnavailable) -> str:
    return f"Waiting for a container engine. {missing.hint}"


def _wait(run_id: UUID, reason: str) -> None:
    for run in CheckRun.objects.filter(pk=run_id):
        hosts.wait(run, reason)


def too_full(engine: Engine, host: Host) -> str:
    """Why nothing may start here for lack of disk; images are tidied away when that is so. Empty when there is room."""
    floor = settings.DISK_FLOOR_MB * MIB
    if disk.free_bytes(engine) < floor and hosts.is_tidied_by(host, every=TIDY_WHEN_FULL):
        _tidy(engine)
    free = disk.free_bytes(engine)
    if free >= floor:
        return ""
    return f"{host.name} has {free / MIB / 1024:.1f} GiB of disk left; checks wait for {floor / MIB / 1024:.1f} GiB."


@shared_task
def tidy() -> None:
    """Remove images of tasks that were not used for long from this worker's engine, once in TIDY_EVERY an engine."""
    try:
        engine = Engine.connect(settings.ENGINE_URL)
    except EngineUnavailable:
        return
    try:
        host = hosts.see(engine, cpus=settings.CHECKS_CPUS, memory_mb=settings.CHECKS_MEMORY_MB)
        if hosts.is_tidied_by(host, every=TIDY_EVERY):
            _tidy(engine)
    finally:
        engine.client.close()


def _tidy(engine: Engine) -> None:
    keep = garbage.Keep(timedelta(days=settings.IMAGES_UNUSED_DAYS), settings.IMAGES_TOTAL_MB * MIB)
    try:
        removed = garbage.tidy(engine, keep, now=timezone.now())
    except (requests.RequestException, DockerException) as error:
        log.warning("Images were not tidied on %s: %s", engine.info.name, error)
        return
    if removed:
        log.info("Removed %d images on %s", len(removed), engine.info.name)


@shared_task
def dispatch() -> None:
    """Free runs whose worker fell silent, and hand out what waits: heals lost messages and late engines."""
    for run in stale():
        free(run)
    hand_out(HANDED_OUT)


def hand_out(most: int) -> None:
    """Wake workers for what waits; a broker that is away for a moment is told later."""
    due = Q(retry_at__isnull=True) | Q(retry_at__lte=timezone.now())
    waiting = CheckRun.objects.filter(due, status=CheckRun.Status.QUEUED).order_by("pk")
    with suppress(BrokerGone):
        for run_id in waiting.values_list("pk", flat=True)[:most]:
            run_checks.apply_async((str(run_id),), expires=10)


def free(run: CheckRun) -> None:
    """Return a silent run to the queue, unless its worker has spoken or another freed it first."""
    silent = CheckRun.objects.filter(
        pk=run.pk, status=CheckRun.Status.RUNNING, attempt=run.attempt, heartbeat_at=run.heartbeat_at
    )
    if run.cancel_requested:
        silent.update(status=CheckRun.Status.CANCELLED, finished_at=timezone.now())
    elif recording.breaks(run) >= recording.MOST_BREAKS:
        if silent.exists():
            recording.give_up(run)
    else:
        silent.update(status=CheckRun.Status.QUEUED, waiting_for="Its worker stopped; it starts again by itself.")
