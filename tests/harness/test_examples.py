"""The harness, held to the known truth of the example tasks."""

import tomllib
import uuid
from pathlib import Path

import pytest

from harness.bundle import load
from harness.engine import Engine
from harness.run import CheckOutcome, Plan, run_checks

EXAMPLES = Path(__file__).parents[2] / "examples"
TRUTH: dict[str, dict[str, str]] = tomllib.loads((EXAMPLES / "truth.toml").read_text(encoding="utf-8"))


def test_it_knows_the_truth_of_every_example() -> None:
    assert set(TRUTH) == {path.parent.name for path in EXAMPLES.glob("*/task.toml")}


@pytest.mark.parametrize("slug", TRUTH)
def test_it_reads_an_example_without_a_warning(slug: str) -> None:
    bundle = load(EXAMPLES / slug)
    assert bundle.name == f"reviewapp/{slug}"
    assert bundle.warnings == ()


@pytest.mark.slow  # builds an image and makes five attempts in containers
@pytest.mark.parametrize("slug", TRUTH)
def test_it_finds_the_known_truth(slug: str, engine: Engine) -> None:
    outcomes: list[CheckOutcome] = []
    run_checks(
        load(EXAMPLES / slug),
        engine=engine,
        plan=Plan(),
        labels={"reviewapp.test": uuid.uuid4().hex},
        cancelled=lambda: False,
        on_start=lambda key: None,
        on_result=outcomes.append,
    )
    assert {found.key: str(found.outcome) for found in outcomes} == TRUTH[slug], _told(outcomes)


def _told(outcomes: list[CheckOutcome]) -> str:
    """Summaries and the ends of the logs, as the container is gone when somebody reads this."""
    logs = [
        f"--- {log.name}\n{log.content[-2000:].decode(errors='replace')}"
        for found in outcomes
        for log in found.artifacts
    ]
    return "\n".join([*(f"{found.key}: {found.summary}" for found in outcomes), *logs])
