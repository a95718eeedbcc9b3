"""Who gets which case, when, and for how long."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.accounts.models import Membership, Project, User
from annotations.core.errors import Conflict, NotAllowed
from annotations.review import actions, jobs, queries
from annotations.review.models import UNDATED_WAITS, Annotation, Assignment, Case, ReviewSettings, Seat
from annotations.review.queries import standing
from reviewapp.demo.clock import at
from tests import builders


@pytest.fixture
def case(project: Project, eli: User) -> Case:
    return builders.case(builders.task_version(project, eli))


def opened(project: Project, author: User, *, overlap: int = 1, **more: Any) -> Case:
    """An open case about a fresh task; `more` as `steer` takes it."""
    made = builders.case(builders.task_version(project, author), overlap=overlap)
    if more:
        actions.steer([made], by=User.objects.get(name="Dora"), **more)
    return made


def set_up(project: Project, **settings: Any) -> None:
    ReviewSettings.objects.update_or_create(project=project, defaults=settings)


def let_lapse(held: Assignment) -> None:
    """The time reserved ends, and the job that sees to it runs."""
    Assignment.objects.filter(pk=held.pk).update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    jobs.expire_leases()


# --- The order ---------------------------------------------------------------
def test_it_hands_out_by_priority_then_due_date_then_age(project: Project, ana: User, eli: User) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    old, low, late, soon, urgent = (
        opened(project, eli),
        opened(project, eli, priority=-1, due_at=tomorrow),
        opened(project, eli, due_at=tomorrow + timedelta(days=1)),
        opened(project, eli, due_at=tomorrow),
        opened(project, eli, priority=2),
    )
    given = [builders.submitted(builders.claim(project, ana)).case for _ in range(5)]
    assert given == [urgent, soon, late, old, low]


def test_it_hands_out_by_information_where_the_project_says_so(project: Project, ana: User, eli: User) -> None:
    set_up(project, order="information")
    fresh, disputed, urgent = opened(project, eli), opened(project, eli), opened(project, eli, priority=1)
    Seat.objects.filter(case=disputed).update(information=F("information") + 2)
    assert [builders.submitted(builders.claim(project, ana)).case for _ in range(3)] == [urgent, disputed, fresh]


def test_it_comes_to_a_case_with_one_answer_though_new_ones_keep_coming(
    project: Project, ana: User, ben: User, eli: User
) -> None:
    set_up(project, order="information")
    begun, today = opened(project, eli, overlap=2), timezone.now()
    builders.submitted(builders.claim(project, ana))
    taken = []
    for day in range(1, 8):
        with at(today + timedelta(days=day)):
            opened(project, eli)
            taken.append(builders.submitted(builders.claim(project, ben)).case)
    assert begun in taken


def keep_coming(project: Project, author: User, *, days: int) -> Iterator[None]:
    """On each of the next days a case that is due three days later comes in."""
    today = timezone.now()
    for day in range(1, days + 1):
        with at(now := today + timedelta(days=day)):
            opened(project, author, due_at=now + timedelta(days=3))
            yield


def test_it_comes_to_a_case_without_a_due_date_though_dated_ones_keep_coming(
    project: Project, ben: User, eli: User
) -> None:
    undated, coming = opened(project, eli), keep_coming(project, eli, days=UNDATED_WAITS.days)
    taken = [builders.submitted(builders.claim(project, ben)).case for _ in coming]
    assert undated in taken[7:]


def test_it_comes_to_what_a_lead_assigned_without_a_due_date_though_dated_ones_keep_coming(
    project: Project, ben: User, dora: User, eli: User
) -> None:
    set_up(project, mode="push")
    undated, taken = opened(project, eli), []
    actions.assign_many([undated], [ben], by=dora)
    for _ in keep_coming(project, eli, days=UNDATED_WAITS.days):
        actions.assign_many(Case.objects.exclude(assignments__annotator=ben), [ben], by=dora)
        assert queries.assigned(project, ben)[0] == queries.taken(project, ben)
        taken.append(builders.submitted(builders.claim(project, ben)).case)
    assert undated in taken[7:]


@pytest.mark.parametrize("order", ["due", "information"])
def test_it_finds_the_next_seat_by_one_index_without_sorting(project: Project, ana: User, order: str) -> None:
    set_up(project, order=order)
    best = queries.claimable(queries.terms_of(project, ana)).select_for_update(skip_locked=True, of=("self",))[:1]
    sql, params = best.query.sql_with_params()
    with connection.cursor() as cursor:
        # An empty table is read from end to end, whatever its indexes; this asks what a full one is read by.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + sql, params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"seat_free_by_{order}" in plan
    assert not {"Sort", "Seq Scan"} & set(re.findall("Sort|Seq Scan", plan))


def test_what_leads_asked_is_looked_for_among_what_the_index_of_cases_holds(project: Project, ana: User) -> None:
    assert '"gold_of_id" IS NULL' in queries.questions_for(project, ana).query.sql_with_params()[0]


def test_it_asks_as_many_queries_however_long_the_queue(project: Project, ana: User, ben: User, eli: User) -> None:
    asked = []
    for person, cases in ((ana, 1), (ben, 5)):
        for _ in range(cases):
            opened(project, eli)
        with CaptureQueriesContext(connection) as seen:
            builders.claim(project, person)
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 14


# --- Skills and languages ----------------------------------------------------
def test_it_gives_a_case_only_to_those_who_have_all_it_needs(
    project: Project, ana: User, ben: User, cleo: User, eli: User
) -> None:
    opened(project, eli, needs=["rust", "lang:de"])
    Membership.objects.filter(user=ana).update(skills=["rust"])
    Membership.objects.filter(user=ben).update(skills=["rust", "go"], languages=["de"])
    assert actions.claim_next(project, by=ana) is None
    assert actions.claim_next(project, by=cleo) is None
    state = queries.queue_state(project, ana)
    assert (state.claimable, state.reasons and state.reasons.beyond_skills) == (0, 1)
    assert actions.claim_next(project, by=ben) is not None


# --- Quotas ------------------------------------------------------------------
def test_it_stops_at_the_quota_until_the_next_day(project: Project, ana: User, ben: User, eli: User) -> None:
    set_up(project, daily_quota=1)
    Membership.objects.filter(user=ben).update(daily_quota=2)
    for _ in range(4):
        opened(project, eli)
    for person in (ana, ben):
        builders.submitted(builders.claim(project, person))
    with pytest.raises(Conflict, match=r"quota of 1 cases a day is reached\. You can go on at 00:00 UTC"):
        actions.claim_next(project, by=ana)
    assert queries.queue_state(project, ana).quota_reached
    assert actions.claim_next(project, by=ben) is not None
    Annotation.objects.filter(author=ana).update(submitted_at=timezone.now() - timedelta(days=1))
    assert actions.claim_next(project, by=ana) is not None


def test_it_counts_what_is_open_towards_the_quota(project: Project, ana: User, dora: User, eli: User) -> None:
    set_up(project, daily_quota=1)
    given = actions.assign_many([opened(project, eli), opened(project, eli)], [ana], by=dora).made
    actions.begin(given[0], by=ana)
    with pytest.raises(Conflict, match="quota"):
        actions.begin(given[1], by=ana)
    assert actions.claim_next(project, by=ana) == given[0]


# --- What leads give ---------------------------------------------------------
def test_it_gives_what_a_lead_assigned_first(project: Project, ana: User, dora: User, eli: User) -> None:
    set_up(project, lease_minutes=10)
    opened(project, eli, priority=2)
    (given,) = actions.assign(opened(project, eli), [ana], by=dora)
    held = builders.claim(project, ana)
    assert (held, held.status) == (given, "active")
    assert timedelta(minutes=9) < held.lease_ends_at - timezone.now() <= timedelta(minutes=10)


def test_it_hands_out_nothing_by_itself_where_leads_assign(
    case: Case, project: Project, ana: User, ben: User, dora: User
) -> None:
    set_up(project, mode="push")
    actions.assign(case, [ana], by=dora)
    assert actions.claim_next(project, by=ben) is None
    assert queries.queue_state(project, ben).leads_assign
    assert builders.claim(project, ana).case == case


def test_it_lets_only_the_named_person_open_what_was_assigned(case: Case, ana: User, ben: User, dora: User) -> None:
    (given,) = actions.assign(case, [ana], by=dora)
    with pytest.raises(NotAllowed):
        actions.begin(given, by=ben)
    begun = actions.begin(given, by=ana)
    assert actions.begin(begun, by=ana).status == "active"
    actions.take_back(given, by=dora)
    with pytest.raises(NotAllowed, match="no longer reserved for you"):
        actions.begin(given, by=ana)


def test_it_frees_the_seat_of_an_assigned_case_that_is_skipped(case: Case, ana: User, dora: User) -> None:
    (given,) = actions.assign(case, [ana], by=dora)
    actions.skip(given, "expertise", by=ana)
    assert Seat.objects.filter(case=case, is_free=True).count() == 2


# --- Leases ------------------------------------------------------------------
def test_it_keeps_an_assigned_case_for_its_person_when_their_time_ends(
    case: Case, project: Project, ana: User, dora: User
) -> None:
    actions.assign(case, [ana], by=dora)
    held = builders.claim(project, ana)
    let_lapse(held)
    held.refresh_from_db()
    assert (held.status, held.seat.is_free) == ("assigned", False)
    assert builders.claim(project, ana) == held
    User.objects.filter(pk=ana.pk).update(is_active=False)
    let_lapse(held)
    held.refresh_from_db()
    assert (held.status, held.seat.is_free) == ("expired", True)


def test_it_reserves_and_extends_for_as_long_as_the_project_says(case: Case, project: Project, ana: User) -> None:
    set_up(project, lease_minutes=600)
    held = builders.claim(project, ana)
    assert held.lease_ends_at - timezone.now() > timedelta(hours=9)
    set_up(project, lease_minutes=5)
    actions.save_draft(held.annotation, builders.answers(case), version=1, by=ana)
    held.refresh_from_db()
    assert held.lease_ends_at - timezone.now() < timedelta(minutes=6)


# --- Why there is nothing ----------------------------------------------------
def test_it_says_why_a_queue_is_empty(
    case: Case, project: Project, ana: User, ben: User, cleo: User, dora: User, eli: User
) -> None:
    assert reasons(project, eli).own_tasks == 1
    builders.submitted(builders.claim(project, ana))
    held = builders.claim(project, ben)
    state = queries.queue_state(project, ana)
    assert (state.claimable, state.waiting_for_others, state.submitted_today) == (0, 1, 1)
    assert queries.queue_state(project, ben).active == 1
    assert reasons(project, cleo).reserved_by_others == 1
    assert reasons(project, cleo).reserved_until == held.lease_ends_at
    actions.assign(opened(project, eli), [ben], by=dora)
    assert reasons(project, cleo).assigned_to_others == 1
    assert queries.queue_state(project, ben).assigned == 1


def reasons(project: Project, person: User) -> queries.Reasons:
    found = queries.queue_state(project, person).reasons
    assert found is not None
    return found


def test_it_looks_at_so_many_places_only_and_says_so(
    project: Project, ana: User, eli: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "SEATS_LOOKED_AT", 2)
    for author in (ana, ana, eli):
        opened(project, author)
    assert (queries.queue_state(project, ana).claimable, reasons(project, ana).more) == (0, True)
    assert actions.claim_next(project, by=ana) is not None


# --- One more person where the first ones disagree ---------------------------
def test_it_asks_one_more_where_people_disagree_on_more_than_the_project_bears(
    project: Project, ana: User, ben: User, cleo: User, dora: User, eli: User
) -> None:
    ReviewSettings.objects.create(project=project, extra_annotators=1, extra_beyond=1)
    mild, grave = (builders.case(builders.task_version(project, eli)) for _ in range(2))
    for annotator, codes in ((ana, {}), (ben, {"tests_behaviour": 0}), (ana, {}), (ben, {"tests_behaviour": 0})):
        held = builders.claim(project, annotator)
        more = {"effort_genuine": 0} if codes and held.case == grave else {}
        builders.submitted(held, **codes, **more)
    mild.refresh_from_db()
    grave.refresh_from_db()
    assert (mild.status, mild.extra, mild.disagreements) == ("adjudication", 0, 1)
    assert (grave.status, grave.extra, grave.overlap) == ("open", 1, 3)
    assert Seat.objects.get(is_free=True).case == grave
    builders.submitted(builders.claim(project, cleo))
    grave.refresh_from_db()
    assert (grave.status, grave.extra, grave.disagreements) == ("adjudication", 1, 2)


# --- What one more answer would tell -----------------------------------------
def told(case: Case) -> float:
    """What its seats say of it, without its waiting."""
    (information,) = set(Seat.objects.filter(case=case).values_list("information", flat=True))
    return information + case.opened_at.timestamp() / timedelta(weeks=1).total_seconds()


def test_it_says_how_much_one_more_answer_would_tell(project: Project, ana: User, ben: User, eli: User) -> None:
    case = builders.case(builders.task_version(project, eli), overlap=3)
    assert told(case) == pytest.approx(1 / 2)
    first = builders.submitted(builders.claim(project, ana))
    assert told(case) == pytest.approx(1 / 3)
    actions.undo(first.annotation, by=ana)
    assert told(case) == pytest.approx(1 / 2)
    builders.submitted(builders.claim(project, ana))
    builders.submitted(builders.claim(project, ben), tests_behaviour=0)
    assert told(case) == pytest.approx(1 + 1 / 4)


def test_it_counts_on_disputes_before(case: Case, project: Project, eli: User) -> None:
    Case.objects.filter(pk=case.pk).update(disagreements=3)
    case.refresh_from_db()
    assert case.task_version is not None
    again = actions.open_case(case.task_version, case.rubric_version, overlap=1, round=2, follows=case)
    assert told(again) == pytest.approx(3 + 1 / 2)
