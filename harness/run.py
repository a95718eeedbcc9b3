"""Run checks over a bundle: plain values in, outcomes out as they come."""

import errno
import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import requests
from docker.errors import APIError, DockerException
from urllib3.exceptions import HTTPError

from harness import images
from harness.beside import side_by_side
from harness.bundle import Bundle
from harness.checks import BESIDE, READ, REGISTRY, Check, Needs
from harness.container import Cancelled, NotReady
from harness.engine import Engine, EngineUnavailable
from harness.guard import GuardFailed
from harness.mutation.watch import Watch
from harness.plan import Plan
from harness.reading.neighbours import Neighbour
from harness.results import Artifact, CheckOutcome, Outcome, Result, trouble
from harness.workbench import Workbench

__all__ = ["Cancelled", "RunFacts", "checks_of", "read_checks", "run_checks"]

KEEP_AFTER = timedelta(minutes=1)  # so that a long run's image never looks unused


@dataclass(frozen=True)
class RunFacts:
    """What a run ran on, pinned so that it can be repeated and compared."""

    engine: str
    image_digest: str | None
    stand_ins: tuple[str, ...]
    limits_enforced: bool
    engine_id: str = ""
    host: str = ""
    isolation: str = "standard"
    bundle_digest: str = ""
    policy: int | None = None
    check_versions: Mapping[str, str] = field(default_factory=dict)


def run_checks(
    bundle: Bundle,
    *,
    engine: Engine,
    plan: Plan,
    labels: Mapping[str, str],
    cancelled: Callable[[], bool],
    on_start: Callable[[str], None],
    on_result: Callable[[CheckOutcome], None],
    on_progress: Callable[[str, str, str], None] = lambda key, line, tail: None,
    at_once: int = 1,
    neighbours: Callable[[], Iterable[Neighbour]] = tuple,
) -> RunFacts:
    """Run the plan's checks, telling of each as it starts and ends in the caller's thread; every container is removed.

    Those that make attempts of their own run beside each other: `at_once` is how many attempts are under way at a time,
    each of which takes the task's processors and memory. `on_progress` gets the check's key, a line and the end of its
    log, many times and from several threads. `neighbours` gives the tasks that this one should be unlike.

    Raises Cancelled within seconds of `cancelled()` turning true, and EngineUnavailable when the engine goes away, or
    does not offer the plan's isolation.
    """
    engine, halted = engine.isolated(plan.isolation), threading.Event()
    bench = Workbench(
        bundle,
        engine,
        plan,
        labels,
        lambda: cancelled() or halted.is_set(),
        at_once=at_once,
        on_progress=on_progress,
        neighbours=neighbours,
    )
    checks = checks_of(plan)
    if any(check.needs == Needs.ORACLE for check in checks):
        bench.watch = Watch()
    run = _Run(bench, cancelled, on_start, on_result)
    try:
        run.through(checks, halt=halted.set)
        return _facts(bench)
    except (requests.RequestException, HTTPError) as error:
        if cancelled():
            raise Cancelled from error
        raise EngineUnavailable(f"The container engine stopped answering: {error}") from error
    finally:
        _sweep_quietly(bench)


@dataclass
class _Run:
    """A run under way: what passed so far, and who is told; `cancelled` is the caller's own wish to stop."""

    bench: Workbench
    cancelled: Callable[[], bool]
    on_start: Callable[[str], None]
    on_result: Callable[[CheckOutcome], None]
    passed: set[str] = field(default_factory=set)

    def through(self, checks: Iterable[Check], *, halt: Callable[[], None]) -> None:
        """Run first the checks whose order matters, then the others beside each other."""
        asked = list(checks)
        for check in (check for check in asked if check not in BESIDE):
            self._tell(check)
            self._tell(self._work(check))
        beside = [check for check in asked if check in BESIDE]
        told = side_by_side(beside, self._work, count=self.bench.at_once, halt=halt)
        with closing(told):
            for news in told:
                self._tell(news)

    def _work(self, check: Check) -> CheckOutcome:
        if self.bench.cancelled():
            raise Cancelled
        self.bench.checking = check.key
        return _ended(check, self.bench, self.passed)

    def _tell(self, news: Check | CheckOutcome) -> None:
        if isinstance(news, Check):
            self.on_start(news.key)
            return
        if news.outcome == Outcome.ERROR and self.cancelled():
            raise Cancelled  # its containers were taken away under it
        if news.outcome == Outcome.PASSED:
            self.passed.add(news.key)
        self.on_result(news)
        if news.finished_at - news.started_at > KEEP_AFTER:
            images.keep(self.bench.engine, self.bench.image_digest)


def read_checks(bundle: Bundle, *, plan: Plan, on_result: Callable[[CheckOutcome], None]) -> None:
    """Run those of the plan's checks that only read files, where no engine answers."""
    bench = Workbench(bundle, Engine.nowhere(), plan, {}, lambda: False)
    for check in checks_of(plan):
        if check in READ:
            on_result(_ended(check, bench, ()))


def _facts(bench: Workbench) -> RunFacts:
    info = bench.engine.info
    return RunFacts(
        engine=f"{info.name} {info.version}",
        image_digest=bench.image_digest,
        stand_ins=bench.stand_ins,
        limits_enforced=bench.limits_hold,
        engine_id=info.id,
        host=info.name,
        isolation=bench.plan.isolation,
        bundle_digest=bench.bundle.digest,
        policy=bench.plan.policy,
        check_versions={check.key: check.version for check in checks_of(bench.plan)},
    )


def checks_of(plan: Plan) -> tuple[Check, ...]:
    """The checks a plan asks for, in the order they run, with those that they need."""
    if not plan.only:
        return REGISTRY
    needed = {key for check in REGISTRY if check.key in plan.only for key in (check.key, *check.needs.keys)}
    return tuple(check for check in REGISTRY if check.key in needed)


def _ended(check: Check, bench: Workbench, passed: Collection[str]) -> CheckOutcome:
    started_at = datetime.now(UTC)
    severity = bench.plan.severities.get(check.key, check.severity)
    result = _missing(check.needs, passed) or _result(check, bench)
    result = result.under(severity, most=check.key in bench.plan.severities)
    worst = min((found.severity or severity for found in result.findings), key=lambda each: each.rank, default=severity)
    grave = worst if result.outcome == Outcome.FAILED else severity
    return CheckOutcome(check.key, grave, **vars(result), started_at=started_at, finished_at=datetime.now(UTC))


def _missing(needs: Needs, passed: Collection[str]) -> Result | None:
    """Skipped, because a check on which this one stands did not pass."""
    if missing := next((key for key in needs.keys if key not in passed), None):
        return Result(Outcome.SKIPPED, needs.otherwise(missing), facts={"blocked_by": missing})
    return None


def _result(check: Check, bench: Workbench) -> Result:
    try:
        return check.run(bench)
    except NotReady as error:
        return Result(Outcome.ERROR, f"What the task needs around it did not come up: {error}"[:400])
    except GuardFailed as error:
        return trouble(f"{error}"[:400])
    except DockerException as error:
        reason = getattr(error, "explanation", None) or error
        return trouble(f"The container engine refused: {reason}"[:400])
    except (Cancelled, EngineUnavailable, requests.RequestException, HTTPError):
        raise
    except Exception as error:  # a check that breaks down must not take the run down with it
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        told = "".join(traceback.format_exception(error, limit=-8))
        log = Artifact("breakdown.txt", told.encode(errors="replace"))
        return Result(Outcome.ERROR, f"This check broke down: {type(error).__name__}: {error}"[:400], artifacts=(log,))


def _sweep_quietly(bench: Workbench) -> None:
    """Remove what is left; when the engine is gone, the next attempt's sweep does it."""
    try:
        bench.engine.sweep(bench.labels, snapshots=bench.has_snapshots)
    except (requests.RequestException, APIError):
        return
