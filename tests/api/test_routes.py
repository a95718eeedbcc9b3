"""Every address of the API as every role; an address without a row fails."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern

from annotations.core.ids import new_id
from annotations.review import actions as review
from annotations.review.models import Assignment
from reviewapp.api.permissions import SAME_AS
from reviewapp.api.urls import urlpatterns
from tests import builders
from tests.api.client import PROBLEM, api, content
from tests.world import ROLES, World, undone

NOT_A_MEMBER = (401, 404)  # anonymous, outsider


@dataclass(frozen=True)
class Row:
    """One method of one address; `statuses` are in the order of ROLES."""

    name: str
    method: str
    path: Callable[[World], str]
    statuses: tuple[int, ...]
    data: Callable[[World], dict[str, Any] | None] = field(default=lambda world: None)

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def everyone(status: int) -> tuple[int, ...]:
    return (status,) * len(ROLES)


def ladder(consumer: int, expert: int, other: int, author: int, lead: int, admin: int) -> tuple[int, ...]:
    return (*NOT_A_MEMBER, consumer, expert, other, author, lead, admin)


def draft_of(world: World) -> dict[str, Any]:
    answers = builders.answers(world.assignment.case)
    rows = [{"criterion": str(pk), "code": given.code} for pk, given in answers.items()]
    return {"version": world.assignment.annotation.version, "answers": rows}


def finals_of(world: World) -> dict[str, Any]:
    rows = [
        {"criterion": str(row.pk), "code": max(row.codes), "cause": "mistake"}
        for row in world.disputed.rubric_version.criteria.all()
    ]
    return {"reason": "The tests settle it.", "verdicts": rows}


def bundle_of(world: World) -> dict[str, Any]:
    files = builders.bundle_files({"task.toml": '[task]\nname = "demo/fresh"\n'})
    return {"bundle": SimpleUploadedFile("fresh.tar.gz", builders.archive(files))}


def reason_of(world: World) -> dict[str, Any]:
    return {"reason": "unclear"}


def words_of(world: World) -> dict[str, Any]:
    return {"text": "So am I."}


ONLY_ANA = ladder(404, 200, 404, 404, 404, 404)
AUTHOR_OR_LEAD = ladder(404, 404, 404, 200, 200, 200)
CONCERNED = ladder(404, 200, 404, 200, 200, 200)
SPEAKERS = ladder(404, 201, 403, 403, 201, 201)
LEADS = ladder(403, 403, 403, 403, 200, 200)
MEMBERS = ladder(200, 200, 200, 200, 200, 200)
WRITERS = ladder(403, 200, 200, 200, 200, 200)
ACCEPTED = ladder(404, 200, 200, 200, 200, 200)

TABLE = [
    Row("api-schema", "GET", lambda w: "schema", everyone(200)),
    Row("api-nothing-here", "GET", lambda w: "nothing", everyone(404)),
    Row("api-project-list", "GET", lambda w: "projects", (401, *(200,) * 7)),
    Row("api-task-list", "GET", lambda w: "projects/demo/tasks", WRITERS),
    Row("api-task-list", "POST", lambda w: "projects/demo/tasks", ladder(403, 201, 201, 201, 201, 201), bundle_of),
    Row("api-rubric-list", "GET", lambda w: "projects/demo/rubrics", MEMBERS),
    Row("api-rubric-version-list", "GET", lambda w: "projects/demo/rubrics/task-quality/versions", MEMBERS),
    Row(
        "api-rubric-version-list",
        "POST",
        lambda w: "projects/demo/rubrics/task-quality/versions",
        ladder(403, 403, 403, 403, 422, 422),
        lambda world: {"criteria": []},
    ),
    Row("api-rubric-version-detail", "GET", lambda w: "projects/demo/rubrics/task-quality/versions/1", MEMBERS),
    Row("api-policy", "GET", lambda w: "projects/demo/policy", WRITERS),
    Row(
        "api-policy",
        "POST",
        lambda w: "projects/demo/policy",
        ladder(403, 403, 403, 403, 201, 201),
        lambda w: {"overlap": 5},
    ),
    Row("api-review-settings", "GET", lambda w: "projects/demo/review-settings", WRITERS),
    Row(
        "api-review-settings",
        "PUT",
        lambda w: "projects/demo/review-settings",
        ladder(403, 403, 403, 403, 200, 200),
        lambda w: {"order": "information"},
    ),
    Row("api-case-list", "GET", lambda w: "projects/demo/cases?state=all", LEADS),
    Row("api-agreement", "GET", lambda w: "projects/demo/agreement", LEADS),
    Row("api-agreement-history", "GET", lambda w: "projects/demo/agreement/history?criterion=tests-behaviour", LEADS),
    Row("api-agreement-ratings", "GET", lambda w: "projects/demo/agreement/ratings", LEADS),
    Row(
        "api-case-changes",
        "POST",
        lambda w: "projects/demo/case-changes",
        ladder(403, 403, 403, 403, 201, 201),
        lambda w: {"filters": {}, "priority": 1},
    ),
    Row("api-case-change-undo", "POST", lambda w: f"projects/demo/case-changes/{w.change.pk}/undo", LEADS),
    Row("api-dataset-list", "GET", lambda w: "projects/demo/datasets", MEMBERS),
    Row("api-queue", "GET", lambda w: "projects/demo/queue", WRITERS),
    Row("api-queue-next", "POST", lambda w: "projects/demo/queue/next", ladder(403, 200, 200, 204, 200, 200)),
    Row("api-task-detail", "GET", lambda w: f"tasks/{w.draft.task_id}", AUTHOR_OR_LEAD),
    Row("api-task-submit", "POST", lambda w: f"tasks/{w.draft.task_id}/submit", AUTHOR_OR_LEAD),
    Row("api-version-detail", "GET", lambda w: f"versions/{w.reviewed.pk}", AUTHOR_OR_LEAD),
    Row("api-check-run-list", "GET", lambda w: f"versions/{w.reviewed.pk}/checks", AUTHOR_OR_LEAD),
    Row("api-check-run-list", "POST", lambda w: f"versions/{w.draft.pk}/checks", ladder(404, 404, 404, 201, 201, 201)),
    Row("api-version-decision", "GET", lambda w: f"versions/{w.decision.task_version_id}/decision", ACCEPTED),
    Row("api-probe-list", "GET", lambda w: f"versions/{w.reviewed.pk}/probes", CONCERNED),
    Row(
        "api-probe-list",
        "POST",
        lambda w: f"versions/{w.reviewed.pk}/probes",
        ladder(404, 201, 404, 403, 201, 201),
        lambda world: {"claim": "must_pass", "sentence": "It is right.", "script": "true"},
    ),
    Row("api-probe-detail", "GET", lambda w: f"probes/{w.probe.pk}", CONCERNED),
    Row("api-probe-cancel", "POST", lambda w: f"probes/{w.live_probe.pk}/cancel", ONLY_ANA),
    Row("api-probe-again", "POST", lambda w: f"probes/{w.probe.pk}/again", ladder(404, 201, 404, 403, 201, 201)),
    Row("api-probe-withdraw", "POST", lambda w: f"probes/{w.probe.pk}/withdraw", ladder(404, 403, 404, 403, 403, 403)),
    Row(
        "api-probe-evidence",
        "GET",
        lambda w: f"probes/{w.probe.pk}/evidence/{w.probe.evidence.get().pk}",
        CONCERNED,
    ),
    Row("api-check-run-detail", "GET", lambda w: f"check-runs/{w.run.pk}", AUTHOR_OR_LEAD),
    Row("api-check-run-cancel", "POST", lambda w: f"check-runs/{w.live_run.pk}/cancel", AUTHOR_OR_LEAD),
    Row("api-evidence-list", "GET", lambda w: f"check-runs/{w.run.pk}/evidence", AUTHOR_OR_LEAD),
    Row("api-evidence-download", "GET", lambda w: f"evidence/{w.evidence.pk}", AUTHOR_OR_LEAD),
    Row("api-decision-detail", "GET", lambda w: f"decisions/{w.decision.pk}", ACCEPTED),
    Row("api-release-list", "GET", lambda w: f"datasets/{w.dataset.pk}/releases", MEMBERS),
    Row("api-release-detail", "GET", lambda w: f"releases/{w.release.pk}", MEMBERS),
    Row("api-release-tree", "GET", lambda w: f"releases/{w.release.pk}/tree.tar.gz", MEMBERS),
    Row("api-release-lines", "GET", lambda w: f"releases/{w.release.pk}/tasks.jsonl", MEMBERS),
    Row("api-assignment-detail", "GET", lambda w: f"assignments/{w.assignment.pk}", ONLY_ANA),
    Row("api-assignment-draft", "PUT", lambda w: f"assignments/{w.assignment.pk}/draft", ONLY_ANA, draft_of),
    Row("api-assignment-submit", "POST", lambda w: f"assignments/{w.assignment.pk}/submit", ONLY_ANA, draft_of),
    Row("api-assignment-skip", "POST", lambda w: f"assignments/{w.assignment.pk}/skip", ONLY_ANA, reason_of),
    Row(
        "api-assignment-undo",
        "POST",
        lambda w: f"assignments/{w.assignment.pk}/undo",
        ladder(404, 403, 404, 404, 404, 404),
    ),
    Row(
        "api-discussion-open",
        "POST",
        lambda w: f"cases/{w.disputed.pk}/discussion/open",
        ladder(404, 204, 204, 403, 403, 403),
    ),
    Row("api-thread-list", "GET", lambda w: f"cases/{w.disputed.pk}/threads", ladder(404, 200, 403, 403, 200, 200)),
    Row("api-thread-list", "POST", lambda w: f"cases/{w.disputed.pk}/threads", SPEAKERS, words_of),
    Row("api-comment-list", "POST", lambda w: f"threads/{w.comment.thread_id}/comments", SPEAKERS, words_of),
    Row("api-notice-list", "GET", lambda w: "notices", (401, *(200,) * 7)),
    Row("api-notice-read-all", "POST", lambda w: "notices/read-all", (401, *(204,) * 7)),
    Row("api-notice-read", "POST", lambda w: f"notices/{w.notice.pk}/read", ladder(404, 204, 404, 404, 404, 404)),
    Row("api-case-detail", "GET", lambda w: f"cases/{w.disputed.pk}", ladder(404, 404, 404, 404, 200, 200)),
    Row("api-gold-list", "GET", lambda w: "projects/demo/gold", LEADS),
    Row("api-case-gold", "PUT", lambda w: f"cases/{w.gold.case_id}/gold", ladder(404, 404, 404, 404, 200, 200)),
    Row("api-case-gold", "DELETE", lambda w: f"cases/{w.gold.case_id}/gold", ladder(404, 404, 404, 404, 204, 204)),
    Row(
        "api-case-adjudicate",
        "POST",
        lambda w: f"cases/{w.disputed.pk}/adjudicate",
        ladder(404, 404, 404, 404, 200, 200),
        finals_of,
    ),
]


@pytest.mark.slow  # some 240 requests
def test_it_answers_each_role_as_the_table_says(everything: World) -> None:
    clients = [api(everything.people[role]) for role in ROLES]
    seen = {str(row): tuple(status(client, row, everything) for client in clients) for row in TABLE}
    assert seen == {str(row): row.statuses for row in TABLE}


def status(client: Client, row: Row, world: World) -> int:
    with undone():
        response = send(client, row, world)
        content(response)
        if response.status_code >= 400:
            assert response["Content-Type"] == PROBLEM
        return int(response.status_code)


def send(client: Client, row: Row, world: World) -> Any:
    path, data = f"/api/v1/{row.path(world)}", row.data(world)
    if row.name == "api-task-list" and row.method == "POST":
        return client.post(path, data)
    headers = {"Idempotency-Key": str(new_id())} if row.name.endswith("submit") else {}
    return client.generic(row.method, path, *encoded(data), headers=headers)


def encoded(data: dict[str, Any] | None) -> tuple[bytes, str]:
    return (json.dumps(data).encode(), "application/json") if data is not None else (b"", "")


def methods(pattern: URLPattern) -> set[str]:
    view = pattern.callback.view_class  # type: ignore[attr-defined]  # what as_view() leaves on it
    return {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}


def test_it_has_a_row_for_every_method_of_every_address() -> None:
    there = {(pattern.name, method) for pattern in urlpatterns for method in methods(pattern)}
    assert there - {(row.name, row.method) for row in TABLE} - {("api-nothing-here", "GET")} == set()
    assert {(row.name, row.method) for row in TABLE} - there == {("api-nothing-here", "GET")}


def test_it_states_a_scope_for_every_method_of_every_address() -> None:
    for pattern in urlpatterns:
        if pattern.name not in {"api-schema", "api-nothing-here"}:
            assert set(pattern.callback.view_class.required_scopes) == methods(pattern), pattern.name  # type: ignore[attr-defined]
    assert SAME_AS == {"HEAD": "GET"}


# --- Blindness ---------------------------------------------------------------
CANARY = "only ben could have written this"


@pytest.mark.slow  # every readable address as every role
def test_it_never_shows_an_answer_before_everyone_has_submitted(everything: World) -> None:
    held = builders.claim(everything.project, Assignment.objects.get(pk=everything.assignment.pk).annotator)
    ben = everything.people["other_expert"]
    assert ben is not None
    theirs = builders.claim(everything.project, ben)
    assert theirs.case_id == held.case_id
    submit_with_canary(theirs)
    for role in set(ROLES) - {"other_expert"}:
        client = api(everything.people[role])
        for row in TABLE:
            if row.method == "GET":
                assert CANARY.encode() not in content(send(client, row, everything)), (role, str(row))
        for path in (f"cases/{held.case_id}", f"assignments/{theirs.pk}"):
            assert CANARY.encode() not in content(client.get(f"/api/v1/{path}")), (role, path)


def submit_with_canary(assignment: Assignment) -> None:
    answers = {pk: replace(given, rationale=CANARY) for pk, given in builders.answers(assignment.case).items()}
    review.submit(
        assignment.annotation,
        answers,
        version=assignment.annotation.version,
        key=new_id(),
        by=assignment.annotator,
    )
