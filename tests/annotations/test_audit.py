import pytest
from django.db import transaction

from annotations.accounts.models import Project, User
from annotations.audit.actions import record
from annotations.audit.models import AuditEvent
from annotations.catalog import actions as catalog
from annotations.core.errors import NotAllowed
from tests import builders


def test_it_says_who_did_what_to_which_row(project: Project, eli: User) -> None:
    version = builders.task_version(project, eli)
    catalog.submit(version.task, by=eli)
    event = AuditEvent.objects.latest("id")
    assert (event.verb, event.actor, event.target_id) == ("task.submitted", eli, version.task_id)
    assert (event.target_kind, event.project_id, event.facts) == ("task", project.pk, {"number": 1})


def test_it_leaves_no_trace_of_what_did_not_happen(project: Project, eli: User, ana: User) -> None:
    version = builders.task_version(project, eli)
    before = AuditEvent.objects.count()
    with pytest.raises(NotAllowed):
        catalog.submit(version.task, by=ana)
    with transaction.atomic():
        catalog.submit(version.task, by=eli)
        transaction.set_rollback(True)
    assert AuditEvent.objects.count() == before


def test_it_takes_a_project_for_its_own(project: Project) -> None:
    assert record("project.looked_at", by=None, target=project).project_id == project.pk
