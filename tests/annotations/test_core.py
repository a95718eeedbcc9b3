"""Every state machine: each move its table allows is made, each other one refused."""

import itertools
from typing import cast

import pytest
from django.db import models

from annotations.accounts.models import Project, User
from annotations.catalog.models import Task
from annotations.core.decisions import Allowed, Denied, first_denied, require
from annotations.core.errors import Conflict, NotAllowed
from annotations.core.ids import new_id
from annotations.core.states import HasStatus, Transitions, diagram, move
from annotations.evidence.models import CheckRun
from annotations.review.models import Annotation, Assignment, Case
from tests import builders

STATEFUL: tuple[type[models.Model], ...] = (Task, CheckRun, Case, Assignment, Annotation)


def table_of(model: type[models.Model]) -> Transitions:
    return cast(type[HasStatus], model).TRANSITIONS


PAIRS = [
    pytest.param(model, origin, to, id=f"{model.__name__}: {origin!s} to {to!s}")
    for model in STATEFUL
    for origin, to in itertools.product(table_of(model), repeat=2)
]


@pytest.mark.parametrize("model", STATEFUL)
def test_it_has_a_row_for_every_status(model: type[models.Model]) -> None:
    field = model._meta.get_field("status")
    assert isinstance(field, models.CharField)
    choices = {value for value, _label in field.choices or ()}
    assert set(table_of(model)) == choices
    assert all(targets <= choices for targets in table_of(model).values())


@pytest.mark.parametrize("model", STATEFUL)
def test_it_draws_every_transition(model: type[models.Model]) -> None:
    drawn = diagram(table_of(model))
    for origin, targets in table_of(model).items():
        assert all(f"{origin} --> {to}" in drawn for to in targets)


@pytest.mark.parametrize(("model", "origin", "to"), PAIRS)
def test_it_moves_along_the_table_only(model: type[models.Model], origin: str, to: str) -> None:
    row = model(status=origin, pk=new_id())
    if to not in table_of(model)[origin]:
        with pytest.raises(Conflict, match="cannot become"):
            move(row, to)


def test_it_moves_every_task_that_the_table_lets(project: Project, eli: User) -> None:
    task = builders.task_version(project, eli).task
    for origin, targets in Task.TRANSITIONS.items():
        for to in targets:
            Task.objects.filter(pk=task.pk).update(status=origin)
            task.refresh_from_db()
            move(task, to)
            assert Task.objects.get(pk=task.pk).status == task.status == to


def test_it_refuses_to_move_what_someone_else_moved_first(project: Project, eli: User) -> None:
    task = builders.task_version(project, eli).task
    stale = Task.objects.get(pk=task.pk)
    move(task, Task.Status.SUBMITTED)
    with pytest.raises(Conflict, match="someone else"):
        move(stale, Task.Status.SUBMITTED)


def test_it_answers_with_the_first_refusal() -> None:
    assert first_denied(Allowed(), Allowed())
    assert first_denied(Allowed(), Denied("one"), Denied("two")) == Denied("one")
    require(Allowed())
    with pytest.raises(NotAllowed, match="one"):
        require(Denied("one"))


def test_it_makes_ids_that_sort_by_time() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert {identity.version for identity in made} == {7}
