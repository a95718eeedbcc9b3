"""The project with a past: the same for the same seed, with something on every desk."""

import subprocess
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from django.db import transaction
from django.utils import timezone

from annotations.accounts.models import Project, User
from annotations.review import queries
from annotations.review.models import Adjudication, Case, GoldAnswer, Seat, Verdict
from reviewapp.demo import history
from reviewapp.demo.tasks import stories

type Told = list[tuple[object, ...]]


def lived(cases: int, seed: int) -> Told:
    """What came of everything, without the ids that differ."""
    with transaction.atomic():
        history.seed(cases, seed=seed, on_day=lambda day, days: None)
        verdicts = Verdict.objects.values_list(
            "annotation__case__task_version__task__slug",
            "annotation__case__status",
            "annotation__author__email",
            "criterion__key",
            "code",
            "rationale",
        )
        told: Told = sorted(map(tuple, verdicts), key=str)
        told += sorted(
            Adjudication.objects.values_list("case__task_version__task__slug", "by__email", "reason"), key=str
        )
        transaction.set_rollback(True)
    return told


@pytest.mark.slow  # three lives of a project
@pytest.mark.django_db
def test_it_is_the_same_for_the_same_seed() -> None:
    first = lived(6, seed=1)
    assert first == lived(6, seed=1)
    assert first != lived(6, seed=2)


@pytest.mark.django_db
def test_it_is_made_once() -> None:
    made = history.seed(1, seed=1, on_day=lambda day, days: None)
    assert history.seed(1, seed=1, on_day=lambda day, days: None) == made
    assert Case.objects.filter(project=made).count() <= 1
    assert Project.objects.count() == 1


@pytest.mark.slow  # a project of forty cases
@pytest.mark.django_db
def test_leads_keep_up_and_people_answer_gold_cases() -> None:
    made = history.seed(40, seed=1, on_day=lambda day, days: None)
    cases = Case.objects.filter(project=made)
    waiting, settled = (cases.filter(status=status).count() for status in ("adjudication", "settled"))
    assert 0 < 4 * waiting < settled
    assert GoldAnswer.objects.filter(annotation__case__project=made).exists()


@pytest.mark.django_db
def test_a_newcomer_lacks_the_skills_that_others_have_for_work_of_many_days() -> None:
    made = history.seed(12, seed=1, on_day=lambda day, days: None)
    free = Seat.objects.filter(project=made, is_free=True).values("case").distinct().count()
    state = queries.queue_state(made, User.objects.get(email=history.NEWCOMER.email))
    assert state.claimable == 0
    assert state.reasons is not None
    assert state.reasons.beyond_skills == free
    assert made.memberships.filter(skills__contains=["shell", "statistics"]).count() == 5
    oldest = Case.objects.filter(project=made).order_by("opened_at")[0]
    assert timezone.now() - oldest.opened_at > timedelta(days=7)


def test_its_references_earn_what_its_tests_ask(tmp_path: Path) -> None:
    """Each solution, writing below a folder of the test's own, prints what both sets of records are to give."""
    for story in islice(stories(Random(1)), 24):  # noqa: S311 - no secret
        solve = story.files["solution/solve.sh"].replace("/app/", f"{tmp_path}/")
        subprocess.run(["sh", "-c", solve], check=True)
        for name in ("given", "hidden"):
            form = story.slug.split("-")[-1]
            (tmp_path / "records").write_text(story.files[f"tests/{name}.{form}"])
            report = ["sh", str(tmp_path / "report.sh"), str(tmp_path / "records")]
            printed = subprocess.run(report, check=True, capture_output=True, text=True).stdout
            assert printed == story.files[f"tests/{name}.out"], story.slug
