"""Files of the image that the verifier reads and the agent empties."""

from collections.abc import Callable

import pytest

from harness.plan import Plan
from harness.results import Severity
from tests.harness.conftest import Ran, WriteTask

type Run = Callable[..., Ran]
CHEAT = Plan(only=("nop", "empty_output", "changed_inputs"), oracle_runs=1, nop_runs=1)
REFERENCE = "The verifier trusts reference files that the agent may change"
INPUTS = "Emptying the inputs earns the full reward"
VERDICT = "\necho $((1 - ($? > 0))) > /logs/verifier/reward.txt\n"
IMAGE = (
    "FROM busybox:stable\nWORKDIR /app\nRUN mkdir -p /srv && seq 9 > data.csv && seq 9 | sort -rn > /srv/expected.csv\n"
)
SOLVE = "#!/bin/sh\nsort -rn /app/data.csv > /app/out.csv\n"
SORTED = f"#!/bin/sh\nsort -rn /app/data.csv > /tmp/wanted; cmp /tmp/wanted /app/out.csv{VERDICT}"
pytestmark = pytest.mark.slow  # each makes attempts in containers


def test_it_finds_a_reference_that_lies_in_the_image(task: WriteTask, run: Run) -> None:
    test = f"#!/bin/sh\ncmp /srv/expected.csv /app/out.csv{VERDICT}"
    ran = run(task(test=test, solve=SOLVE, dockerfile=IMAGE), CHEAT)["changed_inputs"]
    assert [(found.title, found.severity) for found in ran.findings] == [(REFERENCE, Severity.BLOCKING)]
    assert "/srv/expected.csv" in ran.findings[0].seen


def test_it_finds_a_script_of_the_image_that_decides(task: WriteTask, run: Run) -> None:
    image = f"{IMAGE}RUN echo 'sort -rn /app/data.csv | cmp - /app/out.csv' > /srv/verify.sh\n"
    ran = run(task(test=f"#!/bin/sh\nsh /srv/verify.sh{VERDICT}", solve=SOLVE, dockerfile=image), CHEAT)
    assert [found.title for found in ran["changed_inputs"].findings] == [REFERENCE]


@pytest.mark.parametrize(("also", "found"), [("true", [REFERENCE]), ("[ -s /app/out.csv ]", [])])
def test_it_finds_a_judge_of_the_image_that_can_be_made_to_agree(
    task: WriteTask, run: Run, also: str, found: list[str]
) -> None:
    judge = "sort -rn /app/data.csv | cmp -s - /app/out.csv && echo PASSED || echo FAILED"
    image = f"{IMAGE}RUN echo '{judge}' > /srv/judge.sh\n"
    test = f"#!/bin/sh\nsh /srv/judge.sh | grep -q PASSED && {also}{VERDICT}"
    ran = run(task(test=test, solve=SOLVE, dockerfile=image), CHEAT)["changed_inputs"]
    assert [each.title for each in ran.findings] == found


def test_it_asks_a_person_where_the_input_is_trusted(task: WriteTask, run: Run) -> None:
    ran = run(task(test=SORTED, solve=SOLVE, dockerfile=IMAGE), CHEAT)["changed_inputs"]
    assert [(found.title, found.severity) for found in ran.findings] == [(INPUTS, Severity.WARNING)]


@pytest.mark.parametrize(
    ("test", "toml", "outcome"),
    [
        (f"#!/bin/sh\nseq 9 | sort -rn | cmp - /app/out.csv{VERDICT}", "", "skipped"),
        (SORTED.replace("sort", "[ -s /app/data.csv ] && sort", 1), "", "passed"),
        (SORTED, '[agent]\nuser = "65534"\n', "skipped"),
    ],
)
def test_it_says_nothing_where_emptying_does_not_help(
    task: WriteTask, run: Run, test: str, toml: str, outcome: str
) -> None:
    image = f"{IMAGE}RUN touch out.csv && chmod 666 out.csv\n"
    ran = run(task(test=test, solve=SOLVE, dockerfile=image, toml=toml), CHEAT)["changed_inputs"]
    assert (ran.outcome, ran.findings) == (outcome, ())
