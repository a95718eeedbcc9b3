"""Run every check over a bundle: plain values in, outcomes out as they come."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import requests
from docker.errors import APIError, DockerException
from urllib3.exceptions import HTTPError

from harness.bundle import Bundle
from harness.container import Cancelled
from harness.engine import Engine, EngineUnavailable
from harness.guard import GuardFailed

__all__ = ["Artifact", "Cancelled", "CheckOutcome", "Finding", "Outcome", "Plan", "RunFacts", "run_checks"]


class Outcome(StrEnum):
    """How a check ended; `error` means that it could not tell, which is never a fail."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Artifact:
    """A log or file a check leaves as evidence; long ones keep head and tail."""

    name: str
    content: bytes
    media_type: str = "text/plain"


@dataclass(frozen=True)
class Finding:
    """What a check found: its outcome, one line for people, facts for programs, evidence."""

    outcome: Outcome
    summary: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True)
class CheckOutcome:
    """A finding with the check it belongs to and when it ran."""

    key: str
    outcome: Outcome
    summary: str
    facts: Mapping[str, Any]
    artifacts: tuple[Artifact, ...]
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class Plan:
    """What a policy asks of a run."""

    oracle_runs: int = 3
    nop_runs: int = 2
    allow_network: bool = True


@dataclass(frozen=True)
class RunFacts:
    """What a run ran on."""

    engine: str
    image_digest: str | None
    stand_ins: tuple[str, ...]
    limits_enforced: bool


def run_checks(
    bundle: Bundle,
    *,
    engine: Engine,
    plan: Plan,
    labels: Mapping[str, str],
    cancelled: Callable[[], bool],
    on_start: Callable[[str], None],
    on_result: Callable[[CheckOutcome], None],
) -> RunFacts:
    """Run the registered checks in order, telling of each as it starts and ends; every container is removed.

    Raises Cancelled within seconds of `cancelled()` turning true, and EngineUnavailable when the engine goes away.
    """
    from harness.checks import REGISTRY
    from harness.workbench import Workbench

    bench = Workbench(bundle=bundle, engine=engine, plan=plan, labels=labels, cancelled=cancelled)
    try:
        for check in REGISTRY:
            if cancelled():
                raise Cancelled
            on_start(check.key)
            started_at = datetime.now(UTC)
            finding = _find(check.run, bench)
            on_result(CheckOutcome(check.key, **vars(finding), started_at=started_at, finished_at=datetime.now(UTC)))
        info = engine.info
        return RunFacts(f"{info.name} {info.version}", bench.image_digest, bench.stand_ins, bench.limits_hold)
    except (requests.RequestException, HTTPError) as error:
        raise EngineUnavailable(f"The container engine stopped answering: {error}") from error
    finally:
        _sweep_quietly(engine, labels)


def _find(run: Callable[[Any], Finding], bench: Any) -> Finding:
    try:
        return run(bench)
    except GuardFailed as error:
        return Finding(Outcome.ERROR, f"{error}"[:400])
    except DockerException as error:
        reason = getattr(error, "explanation", None) or error
        return Finding(Outcome.ERROR, f"The container engine refused: {reason}"[:400])


def _sweep_quietly(engine: Engine, labels: Mapping[str, str]) -> None:
    """Remove what is left; when the engine is gone, the next attempt's sweep does it."""
    try:
        engine.sweep(labels)
    except (requests.RequestException, APIError):
        return
