"""What is published can be neither changed nor deleted: Python refuses early, Postgres always."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from annotations.acceptance import actions as acceptance
from annotations.accounts.models import Project, User
from annotations.core.errors import Conflict
from annotations.core.sealed import Sealed
from annotations.datasets import actions as datasets
from annotations.review.models import SecondAdjudication, SecondVerdict
from tests import builders, world
from tests.crowds import follow

SEALED = [model for model in apps.get_models() if issubclass(model, Sealed)]


@pytest.fixture
def published(project: Project, ana: User, ben: User, eli: User, dora: User) -> None:
    """One row at least in every sealed table."""
    decision = world.accepted(project, eli, [ana, ben])
    datasets.release(datasets.create_dataset(project, "Nightly", by=dora), "1.0", [decision.pk], by=dora)
    assert decision.adjudication is not None
    _appeal(project, eli, [ana, ben])
    second = SecondAdjudication.objects.create(case=decision.adjudication.case)
    criterion = decision.adjudication.case.rubric_version.criteria.all()[0]
    SecondVerdict.objects.create(adjudication=second, criterion=criterion, code=criterion.pass_code)
    follow(project)


def _appeal(project: Project, author: User, annotators: list[User]) -> None:
    refused = builders.refused(project, author, annotators)
    acceptance.appeal(refused.task, "The tests do accept it.", by=author)


def test_it_knows_what_is_sealed() -> None:
    assert {model.__name__ for model in SEALED} == {
        *("AuditEvent", "TaskVersion", "TaskFile", "RubricVersion", "Criterion", "Adjudication", "FinalVerdict"),
        *("AcceptancePolicy", "Appeal", "Decision", "DecisionReason", "Release", "ReleaseItem", "SecondVerdict"),
        "Snapshot",
    }


@pytest.mark.slow  # it needs a row in every sealed table
def test_it_refuses_change_and_deletion_in_python_and_in_postgres(published: None) -> None:
    for model in SEALED:
        row = model._default_manager.first()
        assert row is not None, model
        with pytest.raises(Conflict, match="sealed"):
            row.save()
        with pytest.raises(Conflict, match="sealed"):
            row.delete()
        table, key = model._meta.db_table, model._meta.pk.column
        for statement in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"):  # noqa: S608  # our own names
            with pytest.raises(IntegrityError, match="is sealed"), transaction.atomic():
                connection.cursor().execute(statement)


@pytest.mark.slow  # it needs a row in every sealed table
def test_it_refuses_bulk_writes_that_pass_python_by(published: None) -> None:
    for model in SEALED:
        with pytest.raises(IntegrityError, match="is sealed"), transaction.atomic():
            model._default_manager.all()._raw_delete(using="default")
