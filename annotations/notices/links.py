"""Where notices lead: addresses of pages, for slices that know none."""

from uuid import UUID

from django.urls import reverse

from annotations.accounts.models import Project


def task(project: Project, task: UUID) -> str:
    return reverse("task-detail", args=[project.slug, task])


def assignment(project: Project, assignment: UUID) -> str:
    return reverse("assignment-review", args=[project.slug, assignment])


def case(project: Project, case: UUID) -> str:
    return reverse("case-adjudicate", args=[project.slug, case])


def queue(project: Project) -> str:
    return reverse("queue", args=[project.slug])


def pause(project: Project, pause: UUID) -> str:
    return reverse("overview-people", args=[project.slug]) + f"#pause-{pause}"


def rubrics(project: Project) -> str:
    return reverse("rubric-list", args=[project.slug])


def discussion(project: Project, case: UUID, thread: UUID) -> str:
    return reverse("discussion", args=[project.slug, case]) + f"#thread-{thread}"
