from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from annotations.accounts.models import Project, User
from annotations.audit.models import AuditEvent
from annotations.catalog import actions, blobs
from annotations.catalog.models import Blob, Task, TaskVersion
from annotations.core.errors import Conflict, Invalid, NotAllowed
from tests import builders


def test_it_shows_tasks_by_role(project: Project, ana: User, eli: User, cleo: User, carl: User, olaf: User) -> None:
    draft, accepted = (builders.task_version(project, eli).task for _ in range(2))
    Task.objects.filter(pk=accepted.pk).update(status=Task.Status.ACCEPTED)
    seen = {user: set(Task.objects.visible_to(user)) for user in (eli, cleo, ana, carl, olaf)}
    assert seen == {eli: {draft, accepted}, cleo: {draft, accepted}, ana: {accepted}, carl: set(), olaf: set()}


def test_it_writes_the_files_back_as_they_came(project: Project, eli: User, tmp_path: Path) -> None:
    files = builders.bundle_files()
    version = builders.task_version(project, eli, files=files)
    bundle = actions.materialise(version, tmp_path)
    assert bundle.digest == version.digest
    for name, text in files.items():
        assert (tmp_path / name).read_bytes() == (text.encode() if isinstance(text, str) else text)
        assert bool((tmp_path / name).stat().st_mode & 0o100) == name.endswith(".sh")


def test_it_says_when_stored_files_have_changed(project: Project, eli: User, tmp_path: Path) -> None:
    version = builders.task_version(project, eli)
    file = version.files.get(path="instruction.md")
    Path(default_storage.path(blobs.storage_name(file.blob_id))).write_text("other words")
    with pytest.raises(Conflict, match="no longer match"):
        actions.materialise(version, tmp_path)


def test_it_stores_the_same_content_once(project: Project, eli: User) -> None:
    builders.task_version(project, eli)
    before = Blob.objects.count()
    builders.task_version(project, eli)
    assert Blob.objects.count() == before + 1  # the serial number


def test_it_heals_a_blob_that_a_crash_left_half_written(db: None) -> None:
    blob = blobs.put(b"the whole content")
    Path(default_storage.path(blobs.storage_name(blob.sha256))).write_bytes(b"the wh")
    assert blobs.put(b"the whole content") == blob
    assert b"".join(blobs.chunks(blob.sha256)) == b"the whole content"


def test_it_refuses_the_same_content_and_a_taken_name(project: Project, eli: User, ana: User) -> None:
    files = builders.bundle_files()
    builders.task_version(project, eli, slug="mine", files=files)
    with pytest.raises(Conflict, match="version 1"):
        builders.task_version(project, eli, slug="mine", files=files)
    with pytest.raises(Conflict, match="taken"):
        builders.task_version(project, ana, slug="mine")


def test_it_tells_no_title_of_a_task_one_may_not_see(project: Project, eli: User, ana: User) -> None:
    files = builders.bundle_files()
    version = builders.task_version(project, eli, files=files)
    with pytest.raises(Conflict, match="from another author") as refused:
        builders.task_version(project, ana, files=files)
    assert version.task.title not in refused.value.reason


@pytest.mark.parametrize("status", Task.Status)
def test_it_takes_a_new_version_only_while_nobody_judges(project: Project, eli: User, status: Task.Status) -> None:
    task = builders.task_version(project, eli, slug="mine").task
    Task.objects.filter(pk=task.pk).update(status=status)
    if status in {Task.Status.DRAFT, Task.Status.NEEDS_REVISION}:
        assert builders.task_version(project, eli, slug="mine").number == 2
        assert Task.objects.get(pk=task.pk).status == Task.Status.DRAFT
    else:
        with pytest.raises(NotAllowed, match="a new version is possible while"):
            builders.task_version(project, eli, slug="mine")
        assert TaskVersion.objects.count() == 1


def test_it_lets_author_and_leads_hand_in_and_take_back(project: Project, eli: User, ana: User, cleo: User) -> None:
    task = builders.task_version(project, eli).task
    with pytest.raises(NotAllowed):
        actions.submit(task, by=ana)
    actions.submit(task, by=eli)
    with pytest.raises(NotAllowed):
        actions.withdraw(task, by=ana)
    actions.withdraw(task, by=cleo)
    assert task.status == Task.Status.DRAFT
    verbs = list(AuditEvent.objects.filter(target_id=task.pk).order_by("id").values_list("verb", flat=True))
    assert verbs == ["task.version_added", "task.submitted", "task.withdrawn"]


def test_it_leaves_the_experts_projects_to_members(project: Project, carl: User, olaf: User) -> None:
    for user in (carl, olaf):
        with pytest.raises(NotAllowed):
            builders.task_version(project, user)


@pytest.mark.parametrize(
    ("name", "slug"), [("demo/a.b", "a-b"), ("demo/Rotate_Logs", "rotate_logs"), ("demo/x--y", "x-y")]
)
def test_it_makes_a_slug_that_stands_in_an_address(project: Project, eli: User, name: str, slug: str) -> None:
    files = builders.bundle_files({"task.toml": f'[task]\nname = "{name}"\n'})
    version = builders.task_version(project, eli, files=files)
    assert (version.task.slug, version.name) == (slug, name)


def test_it_keeps_dates_of_the_settings(project: Project, eli: User) -> None:
    text = "[metadata]\nfound = 2026-01-02\n"
    version = builders.task_version(project, eli, files=builders.bundle_files({"task.toml": text}))
    version.refresh_from_db()
    assert version.config["metadata"] == {"found": "2026-01-02"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("instruction.md", "a\0b"),
        ("task.toml", f'[task]\nname = "demo/{"x" * 130}"\n'),
        ("task.toml", f'[task]\nname = "{"x" * 200}/y"\n'),
    ],
)
def test_it_refuses_what_the_database_cannot_hold(project: Project, eli: User, file: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        builders.task_version(project, eli, files=builders.bundle_files({file: text}))
    assert all(problem.startswith(f"{file}: ") for problem in refused.value.problems.values())
    assert not Task.objects.exists()


def test_it_refuses_an_upload_that_names_no_task(project: Project, eli: User, tmp_path: Path) -> None:
    files = builders.bundle_files()
    archive = tmp_path / "task.tar.gz"
    archive.write_bytes(builders.archive(files))
    with pytest.raises(Invalid) as refused:
        actions.import_archive(project, archive, by=eli)
    assert refused.value.problems == {"1": actions.NAMELESS}
    archive.write_bytes(builders.archive({f"my-task/{name}": text for name, text in files.items()}))
    assert actions.import_archive(project, archive, by=eli).task.slug == "my-task"
