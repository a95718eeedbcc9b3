"""Agreement as a policy may demand it before a release."""

import pytest

from annotations.acceptance import actions as acceptance
from annotations.acceptance import queries
from annotations.acceptance.models import Decision
from annotations.accounts.models import Project, User
from annotations.agreement.models import Between, Snapshot
from annotations.core.errors import Invalid
from annotations.datasets import actions
from annotations.datasets.models import Dataset
from annotations.rubrics.models import RubricVersion
from tests import world

ENOUGH = {"found": 60, "used": 60, "ratings": 120, "raters": 2, "rarest": 40, "contested": 20}


@pytest.fixture
def dataset(project: Project, dora: User) -> Dataset:
    acceptance.set_policy(project, by=dora, agreement_floor=0.667)
    return actions.create_dataset(project, "Nightly jobs", by=dora)


def measured(project: Project, low: float, **changed: int) -> None:
    """A snapshot of every criterion whose α is at least `low`."""
    version = RubricVersion.objects.get(rubric__project=project)
    for criterion in version.criteria.all():
        Snapshot.objects.create(
            project=project,
            rubric_version=version,
            criterion=criterion,
            between=Between.PEOPLE,
            code_version=1,
            inputs_digest="0" * 64,
            alpha=low + 0.1,
            alpha_low=low,
            alpha_high=low + 0.2,
            **(ENOUGH | changed),
        )


def test_it_holds_a_release_back_and_names_every_criterion(
    project: Project, dataset: Dataset, dora: User, eli: User, ana: User, ben: User
) -> None:
    decision = world.accepted(project, eli, [ana, ben])
    assert decision.adjudication
    criteria = decision.adjudication.case.rubric_version.criteria.all()
    with pytest.raises(Invalid) as refused:
        actions.release(dataset, "1.0", [decision.pk], by=dora)
    assert all(f"“{row.title}”: nobody has measured" in refused.value.problems["agreement"] for row in criteria)
    measured(project, 0.61)
    with pytest.raises(Invalid) as refused:
        actions.release(dataset, "1.0", [decision.pk], by=dora)
    assert "α is at least 0.610, and 0.667 is demanded" in refused.value.problems["agreement"]


def test_it_releases_once_people_agree(
    project: Project, dataset: Dataset, dora: User, eli: User, ana: User, ben: User
) -> None:
    decision = world.accepted(project, eli, [ana, ben])
    measured(project, 0.61)
    measured(project, 0.70)
    assert actions.release(dataset, "1.0", [decision.pk], by=dora).task_count == 1


def test_too_few_answers_are_no_agreement(
    project: Project, dataset: Dataset, dora: User, eli: User, ana: User, ben: User
) -> None:
    decision = world.accepted(project, eli, [ana, ben])
    measured(project, 0.9, used=49)
    with pytest.raises(Invalid) as refused:
        actions.release(dataset, "1.0", [decision.pk], by=dora)
    assert "insufficient data. Only 49 of at least 50 units" in refused.value.problems["agreement"]


def test_a_decision_names_it_and_comes_out_the_same_again(
    project: Project, dataset: Dataset, eli: User, ana: User, ben: User
) -> None:
    measured(project, 0.5)
    decision = world.accepted(project, eli, [ana, ben])
    assert decision.outcome == Decision.Outcome.ACCEPTED
    reason = decision.reasons.get(criterion="agreement")
    assert reason.holds is False
    assert "α is at least 0.500, and 0.667 is demanded before a release." in reason.text
    measured(project, 0.9)
    again = queries.recompute(decision)
    assert [vars(each) for each in again.reasons] == list(decision.reasons.values("criterion", "holds", "text"))


def test_without_a_demand_nothing_is_asked_and_nothing_is_named(
    project: Project, dora: User, eli: User, ana: User, ben: User
) -> None:
    decision = world.accepted(project, eli, [ana, ben])
    plain = actions.create_dataset(project, "Nightly jobs", by=dora)
    assert actions.release(plain, "1.0", [decision.pk], by=dora).task_count == 1
    assert not decision.reasons.filter(criterion="agreement").exists()
    assert not decision.snapshots.exists()
