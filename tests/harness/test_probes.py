"""Probes on a real engine: claims that hold, claims that are refuted, and what says nothing of either."""

from collections.abc import Callable

import pytest

from harness.container import Cancelled
from harness.engine import Engine
from harness.plan import Plan
from harness.probes import LARGEST_FILE, LARGEST_SCRIPT, MOST_FILES, Claim, Probe, ProbeOutcome, problems, run_probe
from tests.harness.conftest import BASE, WriteTask

type Ask = Callable[..., ProbeOutcome]
PASS, FAIL = Claim.MUST_PASS, Claim.MUST_FAIL
DOES_IT = "touch /done\n"
DOES_NOTHING = "true\n"


@pytest.fixture
def ask(engine: Engine, labels: dict[str, str], small: str, task: WriteTask) -> Ask:
    """Put a claim to the test on a small task whose files the last arguments replace."""

    def asked(
        claim: Claim,
        script: str,
        files: dict[str, bytes] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        **replaced: str,
    ) -> ProbeOutcome:
        probe = Probe(claim, script, files or {})
        return run_probe(task(**replaced), probe, engine=engine, plan=Plan(), labels=labels, cancelled=cancelled)

    return asked


def texts(outcome: ProbeOutcome) -> dict[str, str]:
    return {artifact.name: artifact.content.decode() for artifact in outcome.artifacts}


@pytest.mark.slow  # four containers
@pytest.mark.parametrize(
    ("claim", "script", "held", "said"),
    [
        (PASS, DOES_IT, True, "gave full reward, as claimed."),
        (
            PASS,
            DOES_NOTHING,
            False,
            "did not give full reward (reward 0), to a solution that is claimed to be correct.",
        ),
        (FAIL, DOES_NOTHING, True, "did not give full reward (reward 0), as claimed."),
        (FAIL, DOES_IT, False, "gave full reward, to a solution that is claimed to be wrong."),
    ],
)
def test_it_holds_the_reward_against_the_claim(ask: Ask, claim: Claim, script: str, held: bool, said: str) -> None:
    outcome = ask(claim, script)
    assert outcome.held is held
    assert said in outcome.summary
    assert outcome.reward in {"0", "1"}
    assert outcome.facts["image_digest"]


@pytest.mark.slow  # a container
def test_it_puts_files_beside_the_script_and_where_they_are_asked_for(ask: Ask) -> None:
    script = "#!/bin/sh\npwd; id -u; cat /probe/data/a.txt /app/b.txt; touch /done\n"
    outcome = ask(PASS, script, {"data/a.txt": b"beside\n", "/app/b.txt": b"there\n"})
    assert outcome.held
    assert texts(outcome)["script.txt"] == "/app\n0\nbeside\nthere\n"
    assert set(texts(outcome)) == {"script.txt", "reward.txt"}


@pytest.mark.slow  # a container
def test_it_runs_the_script_as_the_agents_user(ask: Ask) -> None:
    test = "#!/bin/sh\n[ -e /tmp/done ] && echo 1 > /logs/verifier/reward.txt || echo 0 > /logs/verifier/reward.txt\n"
    outcome = ask(PASS, "id -u; touch /tmp/done\n", toml='[agent]\nuser = "1000"\n', test=test)
    assert outcome.held
    assert texts(outcome)["script.txt"] == "1000\n"


@pytest.mark.slow  # three containers
@pytest.mark.parametrize(
    ("script", "test", "said"),
    [
        (DOES_IT, "#!/bin/sh\ntrue\n", "There is no reward"),
        ("no-such-command\n", "#!/bin/sh\necho 0 > /logs/verifier/reward.txt\n", "The script did not run"),
        (
            DOES_IT,
            "#!/bin/sh\necho 'Temporary failure in name resolution'; echo 0 > /logs/verifier/reward.txt\n",
            "could not be had",
        ),
    ],
)
def test_it_cannot_tell_from_a_run_that_says_nothing(ask: Ask, script: str, test: str, said: str) -> None:
    outcome = ask(FAIL, script, test=test)
    assert outcome.held is None
    assert said in outcome.summary


@pytest.mark.slow  # a build
def test_it_cannot_tell_when_the_image_does_not_build(ask: Ask) -> None:
    outcome = ask(PASS, DOES_IT, dockerfile=f"FROM {BASE}\nRUN echo broken here && false\n")
    assert outcome.held is None
    assert outcome.summary.startswith("The image does not build")
    assert "broken here" in texts(outcome)["build.txt"]


def test_it_cannot_tell_where_the_task_cannot_run(ask: Ask) -> None:
    outcome = ask(PASS, DOES_IT, environment="gpus = 1")
    assert (outcome.held, outcome.reward) == (None, "")
    assert "GPUs" in outcome.summary


@pytest.mark.slow  # two containers
def test_it_says_how_a_script_ended_badly(ask: Ask) -> None:
    assert "exit code 3" in ask(FAIL, "exit 3\n").summary
    outcome = ask(FAIL, "sleep 60\n", toml="[agent]\ntimeout_sec = 1.0\n")
    assert outcome.held
    assert "ran out of time after 1 s" in outcome.summary


@pytest.mark.slow  # a container
def test_it_stops_when_cancelled(ask: Ask) -> None:
    asked: list[int] = []

    def third_time() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        ask(PASS, "sleep 600\n", cancelled=third_time)


WRONG = {
    "nothing to run": (Probe(PASS, " \n"), "Write the script"),
    "a NUL": (Probe(PASS, "a\0b"), "no text file"),
    "half a character": (Probe(PASS, "a\ud800b"), "no text file"),
    "a long script": (Probe(PASS, "x" * (LARGEST_SCRIPT + 1)), "64 KiB"),
    "many files": (Probe(PASS, "x", {f"{number}": b"" for number in range(MOST_FILES + 1)}), "at most 20"),
    "a large file": (Probe(PASS, "x", {"a": bytes(LARGEST_FILE + 1)}), "1 MiB"),
    "a way up": (Probe(PASS, "x", {"/app/../tests/test.sh": b""}), "without"),
    "a relative way up": (Probe(PASS, "x", {"../logs/a": b""}), "without"),
    "no name": (Probe(PASS, "x", {"/app/": b""}), "without"),
    "a dot": (Probe(PASS, "x", {"/./tests/a": b""}), "without"),
    "a double slash": (Probe(PASS, "x", {"//tests/a": b""}), "without"),
    "the tests": (Probe(PASS, "x", {"/tests/test.sh": b""}), "/tests"),
    "the logs": (Probe(PASS, "x", {"/logs": b""}), "/logs"),
    "a device": (Probe(PASS, "x", {"/dev/null": b""}), "/dev"),
    "the script's own place": (Probe(PASS, "x", {"run.sh": b""}), "run.sh"),
    "a line break": (Probe(PASS, "x", {"/app/a\nb": b""}), "plain characters"),
    "a long path": (Probe(PASS, "x", {"a" * 400: b""}), "plain characters"),
    "one place twice": (Probe(PASS, "x", {"a": b"", "/probe/a": b""}), "same place"),
    "a file below a file": (Probe(PASS, "x", {"/app/a": b"", "/app/a/b": b""}), "a file and a folder"),
}


@pytest.mark.parametrize(("probe", "said"), WRONG.values(), ids=WRONG)
def test_it_names_what_is_wrong_with_a_probe(probe: Probe, said: str) -> None:
    assert any(said in text for _field, text in problems(probe)), list(problems(probe))


def test_it_takes_a_sound_probe() -> None:
    files = {"a.txt": b"", "/testsuite/a": b"", "/app/tests/a.py": b"x" * LARGEST_FILE, "..a": b""}
    assert list(problems(Probe(FAIL, "x" * LARGEST_SCRIPT, files))) == []
