"""Mutants of what the reference solution produced, against verifiers that read it and those that do not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.engine import SNAPSHOT, Engine
from harness.plan import Plan
from harness.results import CheckOutcome
from tests.harness.conftest import Ran, WriteTask

type Run = Callable[..., Ran]
ONLY = Plan(only=("mutants",), oracle_runs=1)
DATA, CODE = "Wrong results earn the full reward", "Broken programs earn the full reward"
ROWS = "id,pieces,cents\nA,3,120\nB,7,80\nC,1,999\nD,4,15\n"
TOOL = '#!/bin/sh\nif [ "$1" -lt 5 ]; then\n  expr "$1" + 10\nelif [ "$1" -eq 7 ]; then\n  expr "$1" + 20\nfi\n'
VERDICT = "\necho $((1 - ($? > 0))) > /logs/verifier/reward.txt\n"
pytestmark = pytest.mark.slow  # each makes several attempts in containers


def solving(path: str, content: str) -> str:
    return f"#!/bin/sh\nmkdir -p /app\ncat > {path} <<'END'\n{content}END\nchmod 755 {path}\n"


def mutated(run: Run, write: WriteTask, instruction: str, plan: Plan = ONLY, **files: str) -> CheckOutcome:
    return run(replace(write(**files), instruction=instruction), plan)["mutants"]


def titles(outcome: CheckOutcome) -> list[str]:
    return [found.title for found in outcome.findings if found.severity != "information"]


def test_it_finds_a_verifier_that_only_counts_lines(task: WriteTask, run: Run) -> None:
    test = f'#!/bin/sh\n[ "$(wc -l < /app/out.csv)" -eq 5 ]{VERDICT}'
    found = mutated(run, task, "Write /app/out.csv.", test=test, solve=solving("/app/out.csv", ROWS))
    assert titles(found) == [DATA]
    assert "numbers shifted, fields swapped" in found.findings[0].seen
    assert found.facts["survived"] == 2
    diff = next(each for each in found.artifacts if each.name == found.findings[0].place.path)
    assert b"-A,3,120" in diff.content
    assert b"+A,4,133" in diff.content


def test_it_passes_a_verifier_that_compares_everything(task: WriteTask, run: Run) -> None:
    test = f"#!/bin/sh\nprintf '{ROWS.replace(chr(10), chr(92) + 'n')}' | cmp - /app/out.csv{VERDICT}"
    found = mutated(run, task, "Write /app/out.csv.", test=test, solve=solving("/app/out.csv", ROWS))
    assert (found.outcome, found.findings, found.facts["rejected"]) == ("passed", (), 5)


def test_it_finds_a_verifier_that_tries_one_case(task: WriteTask, run: Run) -> None:
    test = f'#!/bin/sh\n[ -n "$(/app/tool.sh 3)" ]{VERDICT}'
    found = mutated(run, task, "Write /app/tool.sh.", test=test, solve=solving("/app/tool.sh", TOOL))
    assert titles(found) == [CODE]


def test_it_passes_a_verifier_that_tries_every_case(task: WriteTask, run: Run) -> None:
    test = f'#!/bin/sh\nfor n in 1 4 5 6 7 8; do /app/tool.sh $n; done | tr "\\n" , | grep -qx 11,14,27,{VERDICT}'
    found = mutated(run, task, "Write /app/tool.sh.", test=test, solve=solving("/app/tool.sh", TOOL))
    assert (found.outcome, titles(found)) == ("passed", [])


def test_results_that_the_verifier_makes_anew_accuse_nobody(task: WriteTask, run: Run) -> None:
    tool = "#!/bin/sh\nfor n in 4 5 6; do\n  expr $n + 1\ndone > /app/out.txt\n"
    test = f"#!/bin/sh\n/app/tool.sh; printf '5\\n6\\n7\\n' | cmp - /app/out.txt{VERDICT}"
    solve = solving("/app/tool.sh", tool) + "/app/tool.sh\n"
    found = mutated(run, task, "/app/tool.sh writes /app/out.txt.", test=test, solve=solve)
    assert (found.outcome, titles(found)) == ("passed", [])
    assert found.facts["survived"] > 0


def test_single_survivors_and_settings_accuse_nobody(task: WriteTask, run: Run) -> None:
    test = f"#!/bin/sh\ngrep -q ^port /app/server.conf{VERDICT}"
    solve = solving("/app/server.conf", "port 8080\nworkers 4\nname alpha\n")
    found = mutated(run, task, "Write /app/server.conf.", test=test, solve=solve)
    assert (found.outcome, titles(found)) == ("passed", [])
    assert {each.severity for each in found.findings} == {"information"}


@pytest.mark.parametrize(
    ("instruction", "solve", "plan"),
    [
        ("Write something.", solving("/app/out.csv", ROWS), ONLY),
        ("Make the folder /app/made.", "#!/bin/sh\nmkdir -p /app/made\n", ONLY),
        ("Write /app/out.csv.", solving("/app/out.csv", ROWS), Plan(only=("mutants",), oracle_runs=1, mutants=0)),
    ],
)
def test_it_is_skipped_where_there_is_nothing_to_change(
    task: WriteTask, run: Run, instruction: str, solve: str, plan: Plan
) -> None:
    found = mutated(run, task, instruction, plan, test=f"#!/bin/sh\ntrue{VERDICT}", solve=solve)
    assert (found.outcome, found.findings) == ("skipped", ())


def test_a_slow_solution_is_run_once_and_its_snapshot_removed(
    task: WriteTask, run: Run, engine: Engine, labels: dict[str, str]
) -> None:
    test = f'#!/bin/sh\n[ "$(wc -l < /app/out.csv)" -eq 5 ]{VERDICT}'
    solve = solving("/app/out.csv", ROWS) + "sleep 1\n"
    found = mutated(run, task, "Write /app/out.csv.", test=test, solve=solve)
    assert found.facts["from_snapshot"] is True
    assert titles(found) == [DATA]
    own = [f"{key}={value}" for key, value in labels.items()]
    assert not engine.client.images.list(filters={"label": [SNAPSHOT, *own]})


def test_a_solution_that_leaves_a_service_is_run_for_every_mutant(task: WriteTask, run: Run) -> None:
    serving = "(sleep 99 < /dev/null > /dev/null 2>&1 &)\nsleep 1\n"
    test = f'#!/bin/sh\n[ "$(wc -l < /app/out.csv)" -eq 5 ] && ps | grep -q "[s]leep 99"{VERDICT}'
    found = mutated(run, task, "Write /app/out.csv.", test=test, solve=solving("/app/out.csv", ROWS) + serving)
    assert found.facts["from_snapshot"] is False
    assert titles(found) == [DATA]
