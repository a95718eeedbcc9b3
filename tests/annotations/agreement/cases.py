"""Judged cases to measure, by the product's own actions."""

from collections.abc import Mapping
from uuid import UUID

from annotations.accounts.models import Project, User
from annotations.agreement.models import Unit
from annotations.review import actions as review
from annotations.review.answers import Given
from annotations.review.models import Adjudication, Case, FinalVerdict, SecondAdjudication
from annotations.rubrics.models import Criterion
from tests import builders

KEY = "tests-behaviour"


def judged(project: Project, author: User, answers: Mapping[User, int | None], **changes: str) -> Case:
    """A case that everybody has answered: these codes for KEY, passes for everything else; else: task.toml's text."""
    version = builders.task_version(project, author, files=builders.bundle_files(changes) if changes else None)
    opened = builders.case(version, overlap=len(answers))
    for person, code in answers.items():
        builders.submitted(builders.claim(project, person), tests_behaviour=code)
    opened.refresh_from_db()
    return opened


def finals(case: Case, code: int | None) -> dict[UUID, Given]:
    """Final verdicts: this code for KEY, passes for everything else."""
    given = builders.answers(case, tests_behaviour=code)
    key = criterion(case).pk
    cause = FinalVerdict.Cause.MISTAKE
    return {**given, key: Given(given[key].code, given[key].cannot_tell, given[key].rationale, cause)}


def settled(case: Case, by: User, code: int | None) -> Adjudication | SecondAdjudication:
    made = review.adjudicate(case, finals(case, code), reason="It is so.", by=by)
    case.refresh_from_db()
    return made


def criterion(case: Case, key: str = KEY) -> Criterion:
    return case.rubric_version.criteria.get(key=key)


def unit(case: Case) -> Unit:
    """The case's unit of KEY."""
    return Unit.objects.get(case=case, criterion__key=KEY)
