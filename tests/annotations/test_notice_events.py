"""What happens in review tells those it concerns, and tells people who judge blind no name and no verdict."""

import pytest

from annotations.acceptance import actions as acceptance
from annotations.acceptance import progress
from annotations.accounts.models import Project, User
from annotations.catalog import actions as catalog
from annotations.catalog.models import Task
from annotations.notices.models import Notice
from annotations.review import actions as review
from annotations.review.answers import Given
from annotations.review.models import Annotation, Case
from tests import builders

TITLE = "“Restore the snapshot rotation job”"


def told(kind: Notice.Kind) -> dict[str, str]:
    """Who was told, and the words."""
    return dict(Notice.objects.filter(kind=kind).values_list("user__name", "text"))


def settle(case: Case, by: User, *, fails: bool) -> None:
    given = builders.answers(case, **({"tests_behaviour": 0} if fails else {}))
    finals = {pk: Given(code=one.code, rationale=one.rationale, cause="mistake") for pk, one in given.items()}
    review.adjudicate(case, finals, reason="The tests settle it.", by=by)


@pytest.fixture
def under_review(project: Project, eli: User, ana: User, ben: User) -> Case:
    """A checked task of Eli's that Ana and Ben disagree on."""
    version = builders.task_version(project, eli)
    builders.finished_run(version)
    catalog.submit(version.task, by=eli)
    progress.advance(version.task)
    builders.submitted(builders.claim(project, ana), tests_behaviour=0)
    builders.submitted(builders.claim(project, ben))
    progress.advance(version.task)
    return Case.objects.get(task_version=version)


def decided(case: Case, by: User, *, fails: bool) -> Task:
    settle(case, by, fails=fails)
    assert case.task_version
    progress.advance(case.task_version.task)
    return Task.objects.get(pk=case.task_version.task_id)


def test_an_assignment_tells_its_people_once_however_many_cases(
    project: Project, ana: User, ben: User, dora: User, eli: User
) -> None:
    cases = [builders.case(builders.task_version(project, eli)) for _ in range(3)]
    review.assign(cases[0], [ana, dora], by=dora)
    assert told(Notice.Kind.ASSIGNED) == {"Ana": f"{TITLE} is assigned to you."}
    Notice.objects.all().delete()
    review.assign_many(cases[1:], [ben], by=dora)
    assert told(Notice.Kind.ASSIGNED) == {"Ben": "2 cases are assigned to you."}
    assert set(Notice.objects.values_list("url", flat=True)) == {"/p/demo/queue/"}


def test_a_question_tells_every_annotator_and_the_replies_tell_the_lead(
    under_review: Case, ana: User, ben: User, cleo: User
) -> None:
    review.ask(under_review, "Did you run it?", by=cleo)
    words = f"A lead has a question to you about {TITLE}."
    assert told(Notice.Kind.ASKED) == {"Ana": words, "Ben": words}
    for person in (ana, ben):
        assert not told(Notice.Kind.REPLY)
        held = Annotation.objects.select_related("assignment__case").get(case=under_review, author=person)
        review.reply(held.assignment, "I did.", {}, version=0, by=person)
    assert told(Notice.Kind.REPLY) == {"Cleo": f"Everyone you asked about {TITLE} has replied."}


def test_a_decision_tells_the_author_alone(under_review: Case, cleo: User) -> None:
    decided(under_review, cleo, fails=True)
    assert told(Notice.Kind.DECIDED) == {"Eli": f"Version 1 of {TITLE} is decided: needs revision."}
    progress.advance(Task.objects.get())
    assert Notice.objects.filter(kind=Notice.Kind.DECIDED).count() == 1


def test_an_appeal_tells_other_leads_and_its_answer_the_author(
    under_review: Case, eli: User, cleo: User, dora: User
) -> None:
    task = decided(under_review, cleo, fails=True)
    made = acceptance.appeal(task, "Look at the tests again.", by=eli)
    assert told(Notice.Kind.APPEAL) == {"Dora": f"The author of {TITLE} appeals."}
    assert Notice.objects.get(kind=Notice.Kind.APPEAL).url == f"/p/demo/adjudicate/{made.case_id}/"
    decided(made.case, dora, fails=False)
    assert told(Notice.Kind.APPEAL)["Eli"] == f"Your appeal about {TITLE} is answered: accepted."


def test_nothing_that_annotators_are_told_names_anybody_or_any_answer(
    under_review: Case, ana: User, ben: User, cleo: User
) -> None:
    review.ask(under_review, "Ana says it fails, Ben says it passes?", by=cleo)
    for notice in Notice.objects.filter(user__in=[ana, ben]):
        assert not any(word in notice.text for word in ("Ana", "Ben", "Cleo", "fail", "pass"))
