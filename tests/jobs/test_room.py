"""Which run a host takes: the first in turn that it has room for, and never more than it has."""

import time
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from django.utils import timezone
from pytest_django import Settings

from annotations.accounts.models import Membership, Project, User
from annotations.evidence import hosts, jobs, queries, recording
from annotations.evidence.models import CheckRun, Host
from annotations.evidence.recording import Claim
from harness.engine import NO_GVISOR, Engine
from harness.images import BUILD_MEMORY_MB
from harness.results import CheckOutcome, Outcome, Severity
from tests import builders
from tests.concurrency.together import REAL_COMMITS, together

SMALL, LARGE = 'schema_version = "1.4"\n', 'schema_version = "1.4"\n[environment]\ncpus = 2\n'
HUGE = 'schema_version = "1.4"\n[environment]\nmemory_mb = 65536\n'


@pytest.fixture
def host(db: None) -> Host:
    return Host.objects.create(
        engine_id="one",
        name="one",
        cpus_milli=2000,
        memory_mb=16 * 1024,
        limits_enforced=True,
        seen_at=timezone.now(),
    )


def waiting(project: Project, author: User, toml: str = SMALL, **fields: Any) -> CheckRun:
    files = builders.bundle_files({"task.toml": toml})
    version = builders.task_version(project, author, files=files)
    return CheckRun.objects.create(task_version=version, project=project, plan={}, **fields)


def take(host: Host, runtimes: frozenset[str] = frozenset({"runc"})) -> Claim | None:
    return hosts.claim_next(host, runtimes=runtimes, worker="test")


def taken(host: Host) -> CheckRun | None:
    claimed = take(host)
    return CheckRun.objects.get(pk=claimed.run_id) if claimed else None


def built() -> CheckOutcome:
    now = timezone.now()
    return CheckOutcome("builds", Severity.BLOCKING, Outcome.PASSED, "", (), {}, (), now, now)


def said(run: CheckRun) -> str:
    run.refresh_from_db()
    return run.waiting_for


def ended(run: CheckRun) -> None:
    CheckRun.objects.filter(pk=run.pk).update(status=CheckRun.Status.FINISHED)


def test_it_takes_the_oldest_first_and_no_more_than_fits(project: Project, eli: User, host: Host) -> None:
    runs = [waiting(project, eli) for _ in range(3)]
    assert [taken(host), taken(host), taken(host)] == [runs[0], runs[1], None]
    assert said(runs[2]) == "It waits for 1 CPU and 4 GiB of memory to be free on one."
    ended(runs[0])
    assert taken(host) == runs[2]
    assert said(runs[2]) == ""


def test_a_project_that_waits_with_many_lets_others_have_their_turn(project: Project, eli: User, host: Host) -> None:
    many = [waiting(project, eli) for _ in range(4)]
    assert taken(host) == many[0]
    other = builders.project("other", eli=(eli, Membership.Role.EXPERT))
    few = [waiting(other, eli) for _ in range(2)]
    assert [queries.place_in_queue(run) for run in (few[0], many[1], few[1], many[2], many[3])] == [0, 1, 2, 3, 4]
    assert taken(host) == few[0]
    ended(many[0])
    assert taken(host) == many[1]  # each has one running or none: the older run goes first
    ended(few[0])
    assert [taken(host), queries.place_in_queue(many[3])] == [few[1], 1]


def test_it_lets_a_run_that_waits_alone_make_two_attempts_at_a_time(project: Project, eli: User, host: Host) -> None:
    run = waiting(project, eli)
    claimed = take(host)
    run.refresh_from_db()
    assert (run.at_once, run.cpus_milli, run.memory_mb) == (2, 2000, 2 * BUILD_MEMORY_MB)
    recording.check_ended(cast(Claim, claimed), built())
    run.refresh_from_db()
    assert run.memory_mb == 2 * 2048
    assert taken(host) is None
    ended(run)
    Host.objects.update(cpus_milli=1000)
    host.refresh_from_db()
    alone = waiting(project, eli)
    assert taken(host) == alone
    alone.refresh_from_db()
    assert (alone.at_once, alone.cpus_milli) == (1, 1000)


def test_it_counts_memory_and_gives_back_what_only_the_build_needed(project: Project, eli: User, host: Host) -> None:
    Host.objects.update(cpus_milli=64_000, memory_mb=BUILD_MEMORY_MB + 2048)
    host.refresh_from_db()
    first, second = waiting(project, eli), waiting(project, eli)
    claimed = take(host)
    assert claimed is not None
    assert take(host) is None
    recording.check_ended(claimed, built())
    assert taken(host) == second
    first.refresh_from_db()
    assert first.memory_mb == 2048


def test_it_shares_out_fewer_processors_than_a_task_asks_for(project: Project, eli: User, host: Host) -> None:
    Host.objects.update(cpus_milli=1000)
    host.refresh_from_db()
    run = waiting(project, eli, LARGE)
    assert taken(host) == run
    run.refresh_from_db()
    assert run.cpus_milli == 1000


def test_it_leaves_what_is_too_large_to_a_larger_host(project: Project, eli: User, host: Host) -> None:
    huge, small = waiting(project, eli, HUGE), waiting(project, eli)
    assert taken(host) == small
    assert "64 GiB of memory, more than one has. It waits for a larger host." in said(huge)
    larger = Host.objects.create(
        engine_id="two",
        name="two",
        cpus_milli=2000,
        memory_mb=128 * 1024,
        limits_enforced=True,
        seen_at=timezone.now(),
    )
    assert taken(larger) == huge


def test_it_lets_a_run_be_overtaken_only_so_often(project: Project, eli: User, host: Host) -> None:
    first, large = waiting(project, eli), waiting(project, eli, LARGE)
    assert taken(host) == first
    for _turn in range(hosts.MOST_OVERTAKES):
        small = waiting(project, eli)
        assert taken(host) == small
        ended(small)
    waiting(project, eli)
    assert taken(host) is None, "the host is kept free for the large one"
    ended(first)
    assert taken(host) == large


def test_it_waits_by_name_where_gvisor_is_not_offered(project: Project, eli: User, host: Host) -> None:
    run = waiting(project, eli)
    CheckRun.objects.update(plan={"isolation": "gvisor"})
    assert take(host) is None
    assert said(run) == NO_GVISOR
    assert take(host, frozenset({"runc", "runsc"})) is not None


def test_it_leaves_a_run_alone_until_its_next_try(project: Project, eli: User, host: Host) -> None:
    run = waiting(project, eli, retry_at=timezone.now() + timedelta(minutes=1))
    assert take(host) is None
    CheckRun.objects.update(retry_at=timezone.now())
    assert taken(host) == run


def test_it_starts_nothing_while_the_disk_is_nearly_full(
    project: Project, eli: User, engine: Engine, settings: Settings
) -> None:
    settings.DISK_FLOOR_MB = 10**9
    settings.IMAGES_UNUSED_DAYS = 3650
    settings.IMAGES_TOTAL_MB = 10**9
    run = waiting(project, eli)
    jobs.run_checks(str(run.pk))
    assert (CheckRun.objects.get().status, CheckRun.objects.get().attempt) == (CheckRun.Status.QUEUED, 0)
    assert "GiB of disk left; checks wait for 976562.5 GiB." in said(run)
    assert Host.objects.get().tidied_at is not None


def test_it_tidies_an_engine_once_in_a_while(host: Host) -> None:
    assert [hosts.is_tidied_by(host, every=timedelta(hours=1)) for _ in range(2)] == [True, False]
    Host.objects.update(tidied_at=timezone.now() - timedelta(hours=2))
    assert hosts.is_tidied_by(host, every=timedelta(hours=1))


class TestTogether:
    pytestmark = REAL_COMMITS

    @pytest.mark.parametrize("_turn", range(3))
    def test_it_never_promises_more_than_it_has(self, project: Project, eli: User, host: Host, _turn: int) -> None:
        for _ in range(6):
            waiting(project, eli)
        claims = together(*[partial(take, host)] * 6)
        assert sum(claim is not None for claim in claims) == 2
        assert hosts.free_on(host).cpus_milli == 0

    def test_it_would_promise_more_without_the_lock(
        self, project: Project, eli: User, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hosts, "alone_on", lambda host: None)
        seen = hosts.free_on
        monkeypatch.setattr(hosts, "free_on", lambda host: _slowly(seen(host)))
        for _ in range(6):
            waiting(project, eli)
        claims = together(*[partial(take, host)] * 6)
        assert sum(claim is not None for claim in claims) > 2


def _slowly[T](value: T) -> T:
    time.sleep(0.3)  # long enough for the others to have looked too
    return value
