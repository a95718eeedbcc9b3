import gzip
import io
import json
import tarfile
import tomllib
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from annotations.acceptance.models import Decision
from annotations.accounts.models import Project, User
from annotations.core.errors import Invalid, NotAllowed
from annotations.core.ids import new_id
from annotations.datasets import actions, export
from annotations.datasets.models import Dataset, Release, ReleaseItem
from harness import bundle as bundles
from tests import world


@pytest.fixture
def accepted(project: Project, eli: User, ana: User, ben: User) -> list[Decision]:
    return [world.accepted(project, eli, [ana, ben]) for _ in range(2)]


@pytest.fixture
def dataset(project: Project, dora: User) -> Dataset:
    return actions.create_dataset(project, "Nightly jobs", by=dora)


def test_it_gives_the_same_digest_for_the_same_tasks(accepted: list[Decision], dataset: Dataset, dora: User) -> None:
    ids = [decision.pk for decision in accepted]
    first = actions.release(dataset, "1.0", ids, by=dora)
    second = actions.release(dataset, "1.1", reversed(ids), by=dora)
    third = actions.release(dataset, "1.2", ids[:1], by=dora)
    fourth = actions.release(dataset, "1.3", ids, test_percent=100, by=dora)
    assert first.digest == second.digest
    assert len({first.digest, third.digest, fourth.digest}) == 3


def test_it_exports_the_same_bytes_every_time(accepted: list[Decision], dataset: Dataset, dora: User) -> None:
    release = actions.release(dataset, "1.0", [decision.pk for decision in accepted], by=dora)
    tree = b"".join(export.harbor_tree(release))
    assert tree == b"".join(export.harbor_tree(release))
    assert tree[4:8] == b"\0\0\0\0"  # gzip's own time stamp
    assert b"".join(export.json_lines(release)) == b"".join(export.json_lines(release))


def test_it_exports_tasks_that_load_with_their_digest(
    accepted: list[Decision], dataset: Dataset, dora: User, tmp_path: Path
) -> None:
    release = actions.release(dataset, "1.0", [decision.pk for decision in accepted], by=dora)
    content = gzip.decompress(b"".join(export.harbor_tree(release)))
    with tarfile.open(fileobj=io.BytesIO(content)) as tree:
        tree.extractall(tmp_path, filter="data")
    exported = {bundles.load(path.parent).digest for path in tmp_path.glob("*/*/task.toml")}
    lines = [json.loads(line) for line in export.json_lines(release)]
    assert exported == {line["digest"] for line in lines} == {row.task_version.digest for row in accepted}


def test_it_keeps_a_task_in_its_split_from_release_to_release(
    accepted: list[Decision], dataset: Dataset, dora: User
) -> None:
    ids = [decision.pk for decision in accepted]
    one = actions.release(dataset, "1.0", ids, test_percent=50, by=dora)
    other = actions.release(dataset, "2.0", ids[:1], test_percent=50, by=dora)
    splits = dict(one.items.values_list("task_version", "split"))
    assert all(splits[row.task_version_id] == row.split for row in other.items.all())


@pytest.mark.parametrize(
    ("version", "percent", "field"), [("one", 0, "version"), ("1.0\n", 0, "version"), ("1.0", 101, "test_percent")]
)
def test_it_refuses_a_release_that_makes_no_sense(
    accepted: list[Decision], dataset: Dataset, dora: User, version: str, percent: int, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.release(dataset, version, [accepted[0].pk], test_percent=percent, by=dora)
    assert list(refused.value.problems) == [field]


def test_it_releases_accepted_tasks_of_its_project_only(
    accepted: list[Decision], dataset: Dataset, dora: User, ana: User
) -> None:
    for ids in ([], [new_id()], [accepted[0].pk, new_id()]):
        with pytest.raises(Invalid) as refused:
            actions.release(dataset, "1.0", ids, by=dora)
        assert list(refused.value.problems) == ["decisions"]
    with pytest.raises(NotAllowed):
        actions.release(dataset, "1.0", [accepted[0].pk], by=ana)
    actions.release(dataset, "1.0", [accepted[0].pk], by=dora)
    with pytest.raises(Invalid, match="not made"):
        actions.release(dataset, "1.0", [accepted[1].pk], by=dora)
    assert Release.objects.count() == 1


def test_it_has_postgres_refuse_a_task_under_anothers_decision(
    accepted: list[Decision], dataset: Dataset, dora: User
) -> None:
    release = actions.release(dataset, "1.0", [accepted[0].pk], by=dora)
    with pytest.raises(IntegrityError, match="accepted task versions only"), transaction.atomic():
        ReleaseItem.objects.create(
            release=release, task_version=accepted[1].task_version, decision=accepted[0], split="train"
        )


def test_it_shows_datasets_to_every_member(dataset: Dataset, carl: User, ana: User, olaf: User) -> None:
    assert [dataset in Dataset.objects.visible_to(user) for user in (carl, ana, olaf)] == [True, True, False]


def test_it_refuses_a_name_that_is_taken_or_empty(project: Project, dataset: Dataset, dora: User, ana: User) -> None:
    for title in ("nightly JOBS", "…"):
        with pytest.raises(Invalid):
            actions.create_dataset(project, title, by=dora)
    with pytest.raises(NotAllowed):
        actions.create_dataset(project, "Mine", by=ana)


def test_it_writes_any_text_into_the_manifest(accepted: list[Decision], project: Project, dora: User) -> None:
    text = 'a "quoted"\n\\ \x7f \u2028 text'
    made = actions.create_dataset(project, "Odd", text, by=dora)
    release = actions.release(made, "1.0", [accepted[0].pk], by=dora)
    manifest = tomllib.loads(export.dataset_toml(release))
    assert manifest["dataset"]["description"] == text
    assert manifest["tasks"][0]["digest"] == accepted[0].task_version.digest
