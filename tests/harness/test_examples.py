"""The harness, held to the known truth of the example tasks."""

import tomllib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from harness.bundle import load
from harness.checks import REGISTRY, Needs
from harness.engine import Engine
from harness.plan import Plan
from harness.reading.neighbours import Neighbour
from harness.results import CheckOutcome, Outcome, Severity
from harness.run import run_checks
from tests.harness.conftest import BASIC, ONCE

EXAMPLES = Path(__file__).parents[2] / "examples"
TRUTH: dict[str, dict[str, Any]] = tomllib.loads((EXAMPLES / "truth.toml").read_text(encoding="utf-8"))
HEAVY = {"snapshot-retention", "login-burst-forensics", "stock-ledger-repair", "telemetry-decoder"}  # sound, and slow
REPEATED = {"oracle", "repeatable"}  # what they find shows in several runs only
READ = tuple(check.key for check in REGISTRY if check.needs == Needs.FILES and check.key != "builds")


def test_it_knows_the_truth_of_every_example() -> None:
    assert set(TRUTH) == {path.parent.name for path in EXAMPLES.glob("*/task.toml")}


@pytest.mark.slow  # builds an image and makes attempts in containers
@pytest.mark.parametrize("slug", TRUTH)
def test_it_finds_the_known_truth(slug: str, engine: Engine) -> None:
    """What only reads runs over every example; the basic checks, and those that should find something, over light
    sound ones and those whose fault shows in a container. `bench/examples.py` runs everything over everything."""
    known, untold = TRUTH[slug].get("findings", {}), TRUTH[slug].get("untold", [])
    in_containers = () if slug in HEAVY or (known and set(known) <= set(READ)) else BASIC
    once = not REPEATED & set(known)
    outcomes: list[CheckOutcome] = []
    run_checks(
        load(EXAMPLES / slug),
        engine=engine,
        plan=replace(ONCE if once else Plan(), only=(*READ, *in_containers, *known, *untold)),
        at_once=2,
        labels={"reviewapp.test": uuid.uuid4().hex},
        cancelled=lambda: False,
        on_start=lambda key: None,
        on_result=outcomes.append,
        neighbours=lambda: _before(slug),
    )
    assert found(outcomes) == known, _told(outcomes)
    assert [each.key for each in outcomes if each.outcome == Outcome.ERROR] == untold, _told(outcomes)


def _before(slug: str) -> Iterator[Neighbour]:
    """The examples that come before this one, as the earlier tasks of its project."""
    for other in takewhile(lambda each: each != slug, TRUTH):
        for path in (EXAMPLES / other).glob("instruction.md"):
            yield Neighbour(other, path.read_text(encoding="utf-8"))


def found(outcomes: list[CheckOutcome]) -> Mapping[str, list[str]]:
    """The titles of what was found by check, leaving out mere information."""
    titles = {
        each.key: [finding.title for finding in each.findings if finding.severity != Severity.INFORMATION]
        for each in outcomes
    }
    return {key: sorted(set(named)) for key, named in titles.items() if named}


def _told(outcomes: list[CheckOutcome]) -> str:
    """Summaries and the ends of the logs, as the container is gone when somebody reads this."""
    logs = [
        f"--- {log.name}\n{log.content[-2000:].decode(errors='replace')}" for each in outcomes for log in each.artifacts
    ]
    return "\n".join([*(f"{each.key}: {each.summary}" for each in outcomes), *logs])
