"""Numbers in step with cases: the job, called as often as may be."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from annotations.accounts.models import Project, User
from annotations.agreement import actions, following, jobs, queries
from annotations.agreement.models import Between, Following, Snapshot, Unit
from annotations.agreement.reliability import Verdict, verdict
from annotations.core.errors import NotAllowed
from annotations.review import actions as review
from annotations.review import rounds
from annotations.review.models import Annotation, Assignment, Case
from annotations.rubrics import actions as rubrics
from annotations.rubrics import default
from annotations.rubrics.models import Criterion, Rubric
from annotations.rubrics.queries import current_version
from tests import builders
from tests.annotations.agreement.cases import criterion, judged, settled


@pytest.fixture
def disputed(project: Project, eli: User, ana: User, ben: User) -> Case:
    return judged(project, eli, {ana: 1, ben: 0})


def follow(project: Project) -> None:
    Following.objects.get_or_create(project=project)
    jobs.follow_project(str(project.pk))


def of(row: Criterion, between: Between = Between.PEOPLE) -> list[Snapshot]:
    return list(queries.history(row, between))


def test_it_measures_every_criterion_of_what_was_judged(project: Project, disputed: Case) -> None:
    jobs.follow_projects()
    follow(project)
    (made,) = of(criterion(disputed))
    assert (made.project, made.rubric_version, made.found, made.used) == (project, disputed.rubric_version, 1, 1)
    assert (made.raters, made.ratings, made.rarest, made.contested) == (2, 2, 1, 1)
    assert verdict(made).verdict == Verdict.INSUFFICIENT
    (final,) = of(criterion(disputed), Between.FINAL)
    assert (final.found, final.used, final.excluded) == (1, 0, {"unsettled": 1})
    assert of(criterion(disputed), Between.LEADS) == []
    assert Snapshot.objects.count() == 2 * len(disputed.rubric_version.criteria.all())


def test_again_it_adds_nothing(project: Project, disputed: Case) -> None:
    follow(project)
    before = Snapshot.objects.count()
    follow(project)
    Following.objects.update(seen_until=None)
    follow(project)
    assert Snapshot.objects.count() == before


def test_what_changed_joins_what_was(project: Project, disputed: Case, cleo: User) -> None:
    follow(project)
    settled(disputed, cleo, 0)
    follow(project)
    key = criterion(disputed)
    assert [(row.used, row.excluded) for row in of(key, Between.FINAL)] == [(1, {}), (0, {"unsettled": 1})]
    assert len(of(key)) == 1
    assert queries.newest(disputed.rubric_version, Between.FINAL)[key.pk].used == 1
    assert [row.used for row in queries.daily(key, Between.FINAL)] == [1]
    assert list(queries.versions(project)) == [disputed.rubric_version]


def test_what_is_taken_back_leaves_numbers_of_nothing(project: Project, disputed: Case, ben: User) -> None:
    follow(project)
    review.undo(Annotation.objects.get(case=disputed, author=ben), by=ben)
    follow(project)
    newest, before = of(criterion(disputed))
    assert (newest.found, newest.undefined, before.found) == (0, "no_pairs", 1)


def test_a_case_that_moved_to_another_version_counts_there(
    project: Project, disputed: Case, ana: User, ben: User
) -> None:
    before = criterion(disputed)
    follow(project)
    held = Annotation.objects.get(case=disputed, author=ben)
    review.undo(held, by=ben)
    rubrics.publish(project, default.SLUG, default.TITLE, default.CRITERIA[1:], by=None)
    newer = current_version(project, Rubric.SubjectKind.TASK)
    assert newer is not None
    assert rounds.move_case(disputed.pk, rounds.steps_to(newer), by=None)
    builders.submitted(Assignment.objects.get(pk=held.assignment_id), tests_behaviour=0)
    disputed.refresh_from_db()
    follow(project)
    after = criterion(disputed)
    assert (of(after)[0].rubric_version, of(after)[0].used) == (newer, 1)
    assert queries.newest(before.rubric_version, Between.PEOPLE)[before.pk].found == 0
    assert set(Unit.objects.values_list("criterion__rubric_version", flat=True)) == {newer.pk}


def test_a_change_of_the_code_computes_all_anew(
    project: Project, disputed: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(project)
    for module in ("patterns", "following"):
        monkeypatch.setattr(f"annotations.agreement.{module}.CODE_VERSION", 2)
    follow(project)
    follow(project)
    assert len(of(criterion(disputed))) == 2


# --- Turns -------------------------------------------------------------------
def test_nothing_is_due_that_was_followed_just_now(project: Project) -> None:
    jobs.follow_projects()
    assert set(following.due()) == set(Following.objects.all())
    follow(project)
    assert not following.due().filter(pk=project.pk)
    Following.objects.filter(pk=project.pk).update(seen_until=timezone.now() - timedelta(minutes=6))
    assert following.due().filter(pk=project.pk)


def test_a_lead_has_it_now(
    project: Project,
    disputed: Case,
    dora: User,
    ana: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(jobs.follow_project, "delay", asked.append)
    follow(project)
    with django_capture_on_commit_callbacks(execute=True):
        actions.refresh(project, by=dora)
    assert asked == [str(project.pk)]
    assert following.due().filter(pk=project.pk)
    follow(project)
    assert not following.due().filter(pk=project.pk)
    with pytest.raises(NotAllowed):
        actions.refresh(project, by=ana)


def test_two_workers_do_it_once(project: Project, disputed: Case) -> None:
    Following.objects.create(project=project, beat_at=timezone.now())
    follow(project)
    assert not Unit.objects.exists()
    Following.objects.update(beat_at=timezone.now() - timedelta(minutes=6))
    follow(project)
    assert Unit.objects.exists()
    assert Following.objects.get().beat_at is None


def test_a_worker_that_lost_its_turn_writes_nothing(project: Project, disputed: Case) -> None:
    Following.objects.create(project=project)
    late = following.Turn.claim(project.pk)
    assert late is not None
    Following.objects.update(beat_at=timezone.now() - timedelta(minutes=6))
    follow(project)
    newest = of(criterion(disputed))[0]
    newest.pk = None
    assert not late.add([newest])
    late.end(timezone.now() + timedelta(days=1))
    assert len(of(criterion(disputed))) == 1
    until = Following.objects.get().seen_until
    assert until is not None
    assert until <= timezone.now()
