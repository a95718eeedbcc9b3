"""A crowd's answers written down in bulk: units and snapshots of hundreds of cases in a second.

People are those of the demo, with what is wrong with their judging (reviewapp.demo.crowd).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from annotations.accounts.models import Project, User
from annotations.agreement import queries
from annotations.agreement.jobs import follow_project
from annotations.agreement.models import Between, Following, Snapshot, Unit
from annotations.catalog.models import TaskVersion
from annotations.review.models import Case
from annotations.rubrics.models import Criterion, RubricVersion
from annotations.rubrics.queries import criteria_of
from reviewapp.demo.crowd import CLARIFIED_ON, Judge, crowd, faults

DAYS = 45
FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Work:
    """Who judged, and by which versions: the first until the rubric was clarified, the second from then on."""

    judges: list[Judge]
    before: RubricVersion
    after: RubricVersion


def at_work(subject: TaskVersion, people: Sequence[User], versions: Sequence[RubricVersion], cases: int) -> Work:
    """So many settled cases over DAYS days, each judged by two of the people, and what comes of them."""
    rng = random.Random(1)  # noqa: S311 - no secret
    work = Work(crowd(people, rng), *versions)
    units = [
        unit
        for number, case in enumerate(_cases(subject, work, cases))
        for unit in _units(case, work, _day(number, cases), rng)
    ]
    Unit.objects.bulk_create(units, batch_size=2000)
    for version in versions:
        measure(subject.project, version)
    Following.objects.create(project=subject.project, seen_until=timezone.now())
    return work


def measure(project: Project, version: RubricVersion) -> None:
    """Store snapshots of what is there."""
    for between in Between:
        made = [row for row in queries.measured(criteria_of(version.pk), between).values() if row.found]
        for snapshot in made:
            snapshot.project = project
        Snapshot.objects.bulk_create(made)


def moment(day: int) -> datetime:
    """Noon of the day; the first is a Monday, whenever the tests run."""
    return FIRST + timedelta(days=day - 1)


def _day(number: int, cases: int) -> int:
    return 1 + number * DAYS // cases


def _cases(subject: TaskVersion, work: Work, count: int) -> list[Case]:
    """One subject in many rounds, which costs no task for each."""
    return Case.objects.bulk_create(
        Case(
            project=subject.project,
            task_version=subject,
            rubric_version=work.before if _day(number, count) <= CLARIFIED_ON else work.after,
            round=number + 1,
            overlap=2,
            status=Case.Status.SETTLED,
        )
        for number in range(count)
    )


def _units(case: Case, work: Work, day: int, rng: random.Random) -> list[Unit]:
    criteria = criteria_of(case.rubric_version_id)
    wrong, pair = faults(criteria, rng), _pair(work.judges, rng)
    return [
        _unit(
            case,
            row,
            pair,
            [judge.answer(row, is_faulty=row.key in wrong, day=day, rng=rng).code for judge in pair],
            day,
        )
        for row in criteria
    ]


def _pair(judges: Sequence[Judge], rng: random.Random) -> list[Judge]:
    """Two of them; who is quick judges more."""
    one = rng.choices(judges, [judge.pace for judge in judges])[0]
    others = [judge for judge in judges if judge is not one]
    return [one, rng.choices(others, [judge.pace for judge in others])[0]]


def _unit(case: Case, criterion: Criterion, pair: Sequence[Judge], codes: list[int | None], day: int) -> Unit:
    told = [code for code in codes if code is not None]
    return Unit(
        project_id=case.project_id,
        case=case,
        criterion=criterion,
        at=moment(day),
        raters=[judge.user.pk for judge in pair],
        codes=codes,
        final=max(told, default=None),
        settled=True,
        agreement=float(told[0] == told[1]) if len(told) == 2 else None,
        excluded="" if len(told) == 2 else Unit.Excluded.SINGLE,
    )


def follow(project: Project) -> None:
    """Bring the project's numbers up to its cases, as the job does."""
    Following.objects.get_or_create(project=project)
    follow_project(str(project.pk))
