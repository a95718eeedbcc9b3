"""The four checks over small tasks: sound ones, broken ones and hostile ones, in real containers."""

import time
import uuid
from collections.abc import Callable

import pytest
from docker.models.containers import Container as DockerContainer

from harness.engine import Engine
from harness.plan import Plan
from harness.results import Severity
from harness.run import Cancelled
from tests.harness.conftest import BASE, REWARD_IF_DONE, REWARD_ONE, Ran, WriteTask

type Run = Callable[..., Ran]
SOUND = {"builds": "passed", "oracle": "passed", "nop": "passed", "reward_present": "passed"}
FETCH = """python3 -c "import urllib.request as r; r.urlopen('http://nowhere.invalid/x')\""""
pytestmark = pytest.mark.slow  # each builds an image and makes attempts in containers


def test_it_passes_a_sound_task_and_keeps_the_evidence(task: WriteTask, run: Run) -> None:
    fresh = f"FROM {BASE}\nWORKDIR /app\nLABEL built={uuid.uuid4().hex}\n"  # an image built before leaves no log
    ran = run(task(solve="#!/bin/sh\necho worked; touch /done\n", dockerfile=fresh), Plan(oracle_runs=3, nop_runs=2))
    assert ran.said() == SOUND
    assert ran["oracle"].summary == "The reference solution earned full reward in 3 of 3 runs."
    kept = {artifact.name: artifact.content for artifact in ran["oracle"].artifacts}
    assert kept["run-3/oracle.txt"] == b"worked\n"
    assert kept["run-3/reward.txt"] == b"1\n"
    first = ran["oracle"].facts["runs"][0]
    assert first["agent"]["exit_code"] == 0
    assert first["verifier"]["seconds"] > 0
    assert first["peak_memory_bytes"] > 0
    assert ran.facts.limits_enforced
    assert ran.facts.image_digest
    assert ran["builds"].artifacts[0].name == "build.txt"


@pytest.mark.parametrize(("wanted", "looks"), [("reward_present", 0), ("leftovers", 2)])
def test_it_looks_through_a_container_only_for_checks_that_ask_what_changed(
    task: WriteTask, run: Run, monkeypatch: pytest.MonkeyPatch, wanted: str, looks: int
) -> None:
    """The engine reads every file of the image for it."""
    looked, diff = list[DockerContainer](), DockerContainer.diff

    def counted(box: DockerContainer) -> object:
        looked.append(box)
        return diff(box)

    monkeypatch.setattr(DockerContainer, "diff", counted)
    ran = run(task(), Plan(oracle_runs=1, nop_runs=1, only=("oracle", wanted)))
    assert ran[wanted].outcome == "passed"
    assert len(looked) == looks


def test_it_names_the_stand_ins_a_run_used(task: WriteTask, run: Run, engine: Engine, small: str) -> None:
    is_stand_in = "reviewapp.stand-in" in (engine.client.images.get(small).labels or {})
    ran = run(task())
    assert ran.facts.stand_ins == ((small,) if is_stand_in else ())
    assert ran["builds"].facts["stand_ins"] == list(ran.facts.stand_ins)


def test_it_fails_a_task_whose_solution_earns_nothing(task: WriteTask, run: Run) -> None:
    ran = run(task(solve="#!/bin/sh\nexit 1\n"))
    assert ran.said() == {**SOUND, "oracle": "failed"}
    assert ran["oracle"].facts["runs"][0]["agent"]["exit_code"] == 1


def test_it_does_not_count_exit_codes(task: WriteTask, run: Run) -> None:
    ran = run(task(solve="#!/bin/sh\ntouch /done\nexit 7\n", test=REWARD_IF_DONE + "exit 9\n"))
    assert ran.said() == SOUND
    assert ran["oracle"].facts["runs"][0]["verifier"]["exit_code"] == 9


def test_it_fails_a_task_that_rewards_doing_nothing(task: WriteTask, run: Run) -> None:
    ran = run(task(test=REWARD_ONE))
    assert ran.said() == {**SOUND, "nop": "failed"}
    assert "tests pass without any work" in ran["nop"].summary


def test_it_fails_a_flaky_task(task: WriteTask, run: Run) -> None:
    lucky = "#!/bin/sh\n[ -e /done ] && [ $(($(od -An -N1 -tu1 /dev/urandom) % 2)) = 0 ]\necho $((1 - $?)) "
    ran = run(task(test=lucky + "> /logs/verifier/reward.txt\n"), Plan(oracle_runs=14, nop_runs=1))
    assert ran["oracle"].outcome == "failed"
    assert "only sometimes" in ran["oracle"].summary


def test_it_skips_what_needs_an_image_that_does_not_build(task: WriteTask, run: Run) -> None:
    ran = run(task(dockerfile="FROM busybox:stable\nRUN false\n"))
    assert ran.said() == {"builds": "failed", "oracle": "skipped", "nop": "skipped", "reward_present": "skipped"}
    assert b"RUN false" in ran["builds"].artifacts[0].content


@pytest.mark.parametrize(
    "written",
    [
        "true",
        ": > /logs/verifier/reward.txt",
        "echo NaN > /logs/verifier/reward.txt",
        "mkdir /logs/verifier/reward.txt",
        "ln -s /proc/1/environ /logs/verifier/reward.txt",
        "echo 1 > /tmp/r; ln -s /tmp/r /logs/verifier/reward.json",
        "truncate -s 60M /logs/verifier/reward.txt",
        "mkfifo /logs/verifier/reward.txt",
        "rm -rf /logs/verifier",
        "rm -rf /logs/verifier; ln -s / /logs/verifier",
        "echo 1 > /logs/verifier/reward.txt; echo '{' > /logs/verifier/reward.json",
    ],
)
def test_it_never_scores_a_missing_or_forged_reward(task: WriteTask, run: Run, written: str) -> None:
    ran = run(task(test=f"#!/bin/sh\n{written}\n"))
    assert ran.said() == {"builds": "passed", "oracle": "error", "nop": "error", "reward_present": "failed"}
    assert ran["oracle"].facts["runs"][0]["reward"] is None


def test_it_reads_a_reward_its_owner_may_not_read(task: WriteTask, run: Run) -> None:
    assert run(task(test=REWARD_IF_DONE + "chmod 000 /logs/verifier/reward.txt\n")).said() == SOUND


def test_it_takes_away_a_reward_that_was_there_before_the_verifier(task: WriteTask, run: Run) -> None:
    forged = "mkdir -p /logs/verifier; echo 1 > /logs/verifier/reward.txt; echo '{\"reward\": 1}' > /logs/verifier/"
    ran = run(
        task(
            dockerfile=f"FROM busybox:stable\nRUN {forged}reward.json\n",
            solve=f"#!/bin/sh\n{forged}reward.json; chmod 000 /logs/verifier/*\n",
        )
    )
    assert ran.said() == {**SOUND, "oracle": "failed"}


def test_it_takes_reward_json_first_and_tells_when_both_disagree(task: WriteTask, run: Run) -> None:
    both = """echo '{"reward": 0}' > /logs/verifier/reward.json; echo 1 > /logs/verifier/reward.txt"""
    ran = run(task(test=f"#!/bin/sh\n{both}\n"))
    assert ran.said() == {**SOUND, "oracle": "failed", "reward_present": "failed"}
    assert "disagree" in ran["reward_present"].summary
    assert ran["reward_present"].severity == Severity.WARNING


def test_it_puts_the_tests_in_only_after_the_solution_ran(task: WriteTask, run: Run) -> None:
    assert run(task(solve="#!/bin/sh\n[ -e /tests ] || touch /done\n")).said() == SOUND


def test_it_grades_a_solution_that_ran_out_of_time(task: WriteTask, run: Run) -> None:
    ran = run(task(solve="#!/bin/sh\ntouch /done\nsleep 60\n", toml="[agent]\ntimeout_sec = 2\n"))
    assert ran.said() == SOUND
    assert ran["oracle"].facts["runs"][0]["agent"]["timed_out"]


def test_it_cannot_score_a_verifier_that_ran_out_of_time(task: WriteTask, run: Run) -> None:
    ran = run(task(test="#!/bin/sh\nsleep 60\n", toml="[verifier]\ntimeout_sec = 2\n"))
    assert ran.said() == {"builds": "passed", "oracle": "error", "nop": "error", "reward_present": "failed"}
    assert "ran out of time" in ran["oracle"].summary


def test_it_says_when_memory_was_the_reason(task: WriteTask, run: Run) -> None:
    ran = run(task(solve="#!/bin/sh\nx=a; while :; do x=$x$x; done\ntouch /done\n"))
    assert ran["oracle"].outcome == "failed"
    assert "memory_mb" in ran["oracle"].summary
    assert ran["oracle"].facts["runs"][0]["oom_killed"]


def test_it_says_when_the_disk_was_the_reason(task: WriteTask, run: Run) -> None:
    writes = "dd if=/dev/zero of=/big$i bs=1M count=4; sleep 0.2; i=$((i+1))"
    fills = f"i=0; while [ $i -lt 100 ]; do {writes}; done; touch /done"
    ran = run(task(solve=f"#!/bin/sh\n{fills}\n"))
    assert ran["oracle"].outcome == "failed"
    assert "storage_mb" in ran["oracle"].summary


@pytest.mark.parametrize("trouble", [FETCH, "uv pip install pytest 2> /dev/null; python3 -m pytest /tests"])
def test_it_calls_network_and_installer_trouble_an_error(task: WriteTask, run: Run, trouble: str) -> None:
    ran = run(
        task(
            dockerfile="FROM python:3.13-slim\nWORKDIR /app\n",
            test=f"#!/bin/sh\n{trouble}\necho 0 > /logs/verifier/reward.txt\n",
        )
    )
    assert ran.said() == {"builds": "passed", "oracle": "error", "nop": "error", "reward_present": "error"}


def test_it_fails_a_task_whose_verifier_lacks_a_tool_that_nobody_installs(task: WriteTask, run: Run) -> None:
    ran = run(task(test="#!/bin/sh\npytest /tests 2>&1 && exit\necho 0 > /logs/verifier/reward.txt\n"))
    assert ran["oracle"].outcome == "failed"


def test_it_calls_network_trouble_in_a_build_an_error(task: WriteTask, run: Run) -> None:
    ran = run(task(dockerfile=f"FROM python:3.13-slim\nRUN {FETCH}\n"))
    assert ran.said() == {"builds": "error", "oracle": "skipped", "nop": "skipped", "reward_present": "skipped"}


def test_it_gives_each_phase_the_network_it_asks_for(task: WriteTask, run: Run) -> None:
    has = "grep -q 00000000 /proc/net/route"
    ran = run(
        task(
            solve=f"#!/bin/sh\n{has} && touch /done\n",
            test=f"#!/bin/sh\n{has} && exit 1\n{REWARD_IF_DONE}",
            toml='[agent]\nnetwork_mode = "public"\n',
        )
    )
    assert ran.said() == SOUND


def test_it_obeys_a_policy_that_forbids_the_network(task: WriteTask, run: Run) -> None:
    plan = Plan(oracle_runs=1, nop_runs=1, allow_network=False)
    ran = run(task(toml='[verifier]\nnetwork_mode = "public"\n'), plan)
    assert ran["builds"].outcome == "error"
    assert "policy" in ran["builds"].summary


@pytest.mark.parametrize(
    ("environment", "toml", "named"),
    [
        ("gpus = 1", "", "gpus"),
        ("", '[agent]\nnetwork_mode = "allowlist"\nallowed_hosts = ["example.org"]\n', "allowlist"),
        ('tpu = {type = "v4", topology = "2x2"}', "", "tpu"),
        ("", "[verifier.environment]\ngpus = 1\n", "verifier.environment.gpus"),
        ("", '[[verifier.collect]]\ncommand = "true"\nservice = "db"\n', "db"),
        ("", '[verifier.env]\nKEY = "${SOME_KEY}"\n', "SOME_KEY"),
    ],
)
def test_it_refuses_by_name_what_it_cannot_do(
    task: WriteTask, run: Run, environment: str, toml: str, named: str
) -> None:
    ran = run(task(environment=environment, toml=toml))
    assert ran["builds"].outcome == "error"
    assert named in ran["builds"].summary
    assert ran["oracle"].outcome == "skipped"


def test_it_fills_variables_with_their_defaults_and_nothing_of_this_host(
    task: WriteTask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWAPP_TEST_SECRET", "leaked")
    ran = run(
        task(
            solve='#!/bin/sh\n[ "$WORD" = plain ] && touch /done\n',
            toml='[solution.env]\nWORD = "${REVIEWAPP_TEST_SECRET:-plain}"\n',
        )
    )
    assert ran["oracle"].outcome == "passed"


def test_it_stops_within_seconds_of_a_cancel(task: WriteTask, run: Run) -> None:
    bundle = task(solve="#!/bin/sh\nsleep 100\n")
    asked = time.monotonic() + 4
    with pytest.raises(Cancelled):
        run(bundle, cancelled=lambda: time.monotonic() > asked)
    assert time.monotonic() - asked < 5
