"""Two other leads settle the same case, that each of them takes for an ordinary one, at the same moment."""

import threading

import pytest
from django.db import IntegrityError

from annotations.accounts.models import Membership, Project, User
from annotations.core.errors import Conflict
from annotations.review import actions
from annotations.review.actions import settling
from annotations.review.answers import Answers, Given
from annotations.review.models import Case, ReviewSettings, SecondAdjudication, SecondVerdict
from tests import builders
from tests.concurrency.together import PATIENCE_SECONDS, REAL_COMMITS, refusals, together

pytestmark = REAL_COMMITS


@pytest.fixture
def other(project: Project) -> User:
    """A third lead."""
    lead = builders.person("Lena")
    project.memberships.create(user=lead, role=Membership.Role.LEAD)
    return lead


@pytest.fixture
def drawn(project: Project, ana: User, ben: User, cleo: User, eli: User) -> Case:
    """A case that cleo settled and that was drawn for another lead."""
    ReviewSettings.objects.create(project=project, second_lead_percent=100)
    case = builders.disputed(project, eli, [ana, ben])
    actions.adjudicate(case, finals(case), reason="The tests settle it.", by=cleo)
    return case


def finals(case: Case) -> Answers:
    return {row.pk: Given(code=max(row.codes), cause="mistake") for row in case.rubric_version.criteria.all()}


def settle(case: Case, by: User) -> object:
    return actions.adjudicate(case, finals(case), reason=f"{by} saw it so.", by=by)


def test_both_leads_would_be_heard_without_the_lock(
    drawn: Case, dora: User, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`adjudicate` with a plain read in place of the locking one: what one of them wrote ends in a fault."""
    both_looked = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def read(case: Case) -> Case:
        found = Case.objects.select_related("rubric_version", "project", "follows").get(pk=case.pk)
        both_looked.wait()
        return found

    monkeypatch.setattr(settling, "lock", read)
    with pytest.raises(IntegrityError, match="second_verdict_unique"):
        together(lambda: settle(drawn, dora), lambda: settle(drawn, other))


@pytest.mark.parametrize("_turn", range(3))
def test_one_of_two_leads_is_heard_and_the_other_told(drawn: Case, dora: User, other: User, _turn: int) -> None:
    outcomes = together(lambda: settle(drawn, dora), lambda: settle(drawn, other))
    (refused,) = refusals(outcomes)
    assert isinstance(refused, Conflict)
    assert refused.reason == "This case is settled."
    heard = SecondAdjudication.objects.get(case=drawn)
    assert heard in outcomes
    assert heard.reason == f"{heard.by} saw it so."
    assert SecondVerdict.objects.filter(adjudication=heard).count() == drawn.rubric_version.criteria.count()
