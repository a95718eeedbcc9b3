"""Small containers and small tasks for tests that run on a real engine."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from harness import baseimages
from harness.bundle import Bundle, load
from harness.container import Container, Limits, started
from harness.engine import Engine
from harness.plan import Plan
from harness.results import CheckOutcome
from harness.run import RunFacts, run_checks

type Boxes = Callable[..., AbstractContextManager[Container]]
type WriteTask = Callable[..., Bundle]
BASE = "busybox:stable"
ONCE = Plan(oracle_runs=1, nop_runs=1)
BASIC = ("builds", "oracle", "nop", "reward_present")
REWARD_ONE = "#!/bin/sh\necho 1 > /logs/verifier/reward.txt\n"
REWARD_IF_DONE = "#!/bin/sh\n[ -e /done ] && echo 1 > /logs/verifier/reward.txt || echo 0 > /logs/verifier/reward.txt\n"


@pytest.fixture(scope="session")
def small() -> str:
    """The tag of an image with a shell and little else, made on first need."""
    return baseimages.ensure(Engine.connect(), BASE).tag


@pytest.fixture
def labels(engine: Engine) -> Iterator[dict[str, str]]:
    """Labels of this test's own; no container that carries them may outlive it. Snapshots are looked for where a test
    speaks of them."""
    own = {"reviewapp.test": uuid.uuid4().hex}
    yield own
    assert engine.sweep(own, snapshots=False) == 0, "the test left containers"


@pytest.fixture
def box(engine: Engine, small: str, labels: dict[str, str]) -> Boxes:
    """Start a small container: `with box(limits=…, network=…) as container`."""

    def start(
        limits: Limits | None = None, network: str = "none", cancelled: Callable[[], bool] = lambda: False
    ) -> AbstractContextManager[Container]:
        limits = limits or Limits(memory_mb=128)
        return started(engine, small, limits=limits, labels=labels, network=network, cancelled=cancelled)

    return start


@pytest.fixture
def task(tmp_path: Path) -> WriteTask:
    """Write a small task; every argument replaces one of its files."""

    def write(
        *,
        test: str = REWARD_IF_DONE,
        solve: str = "#!/bin/sh\ntouch /done\n",
        dockerfile: str = f"FROM {BASE}\nWORKDIR /app\n",
        toml: str = "",
        environment: str = "",
    ) -> Bundle:
        files = {
            "task.toml": 'schema_version = "1.4"\n[environment]\nmemory_mb = 128\nstorage_mb = 64\n'
            f'network_mode = "no-network"\n{environment}\n{toml}',
            "instruction.md": "Create the file /done.\n",
            "environment/Dockerfile": dockerfile,
            "solution/solve.sh": solve,
            "tests/test.sh": test,
        }
        for name, content in files.items():
            path = tmp_path / "task" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return load(tmp_path / "task")

    return write


class Ran(dict[str, CheckOutcome]):
    """Outcomes by check, and what the run ran on."""

    facts: RunFacts

    def said(self) -> dict[str, str]:
        return {key: str(found.outcome) for key, found in self.items()}


@pytest.fixture
def run(engine: Engine, labels: dict[str, str], small: str) -> Callable[..., Ran]:
    """Run the basic checks over a bundle, once each, unless a plan says otherwise."""

    def checked(bundle: Bundle, plan: Plan = ONCE, cancelled: Callable[[], bool] = lambda: False) -> Ran:
        ran = Ran()
        ran.facts = run_checks(
            bundle,
            engine=engine,
            plan=replace(plan, only=plan.only or BASIC),
            labels=labels,
            cancelled=cancelled,
            on_start=lambda key: None,
            on_result=lambda found: ran.update({found.key: found}),
        )
        return ran

    return checked
