"""Checks wait, saying what would help, while no container engine answers, and are handed out again and again."""

from pathlib import Path

from pytest_django import Settings

from annotations.accounts.models import Project, User
from annotations.evidence import jobs
from annotations.evidence.models import CheckRun
from tests import builders


def test_it_waits_for_an_engine_and_says_what_would_help(
    project: Project, eli: User, settings: Settings, tmp_path: Path
) -> None:
    settings.ENGINE_URL = f"unix://{tmp_path}/no.sock"
    version = builders.task_version(project, eli)
    run = CheckRun.objects.create(task_version=version, project=project, plan={})
    for _delivery in range(2):
        jobs.run_checks(str(run.pk))
        run.refresh_from_db()
        assert (run.status, run.attempt) == (CheckRun.Status.QUEUED, 0)
        assert run.waiting_for.startswith("Waiting for a container engine. Start Docker or podman")
