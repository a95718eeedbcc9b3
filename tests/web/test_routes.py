"""Every page's address as every role; an address, or a method of one, without a row fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from annotations.core.ids import new_id
from annotations.review import actions as review
from annotations.review.models import Assignment
from annotations.rubrics.models import Criterion
from tests import builders, crowds
from tests.conftest import Browser
from tests.world import ROLES, World, found, undone

OTHERS = ("accounts/", "admin/", "api/v1/")  # allauth's and Django's own; the API has a table of its own


@dataclass(frozen=True)
class Row:
    """One method of one address; `statuses` are in the order of ROLES."""

    name: str
    method: str
    path: Callable[[World], str]
    statuses: tuple[int, ...]
    data: Callable[[World], dict[str, Any]] = lambda world: {}

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def ladder(consumer: int, expert: int, other: int, author: int, lead: int, admin: int) -> tuple[int, ...]:
    """Everyone who is signed in; anonymous is sent to sign in, and an outsider finds nothing."""
    return (302, 404, consumer, expert, other, author, lead, admin)


def answers_of(world: World) -> dict[str, Any]:
    return {
        "version": world.assignment.annotation.version,
        "idempotency_key": str(new_id()),
        **{f"c{row.position}": max(row.codes) for row in world.assignment.case.rubric_version.criteria.all()},
    }


def finals_of(world: World) -> dict[str, Any]:
    given: dict[str, Any] = {"reason": "The tests settle it."}
    for row in world.disputed.rubric_version.criteria.all():
        given |= {f"c{row.position}": max(row.codes), f"c{row.position}-cause": "mistake"}
    return given


def note_of(world: World) -> dict[str, Any]:
    return {"note": "We talked."}


def bundle_of(world: World) -> dict[str, Any]:
    files = builders.bundle_files({"task.toml": '[task]\nname = "demo/fresh"\n'})
    return {"bundle": SimpleUploadedFile("fresh.tar.gz", builders.archive(files))}


def criterion_of(world: World) -> Criterion:
    return world.assignment.case.rubric_version.criteria.all()[0]


def gap_of(world: World) -> dict[str, Any]:
    return {"criterion": str(criterion_of(world).pk), "text": "It does not say."}


def release_of(world: World) -> dict[str, Any]:
    return {"version": "2.0", "decisions": [str(world.decision.pk)], "test_percent": 0, "changelog": ""}


def policy_of(world: World) -> dict[str, Any]:
    numbers = {"oracle_runs": 3, "nop_runs": 2, "mutants": 4, "overlap": 2, "max_rounds": 3, "isolation": "standard"}
    return {**numbers, "allow_network": "on", "unanimity_settles": "on"}


def words_of(world: World) -> dict[str, Any]:
    return {"text": "So am I."}


def review_settings_of(world: World) -> dict[str, Any]:
    numbers = {"lease_minutes": 60, "extra_annotators": 1, "extra_beyond": 0, "second_lead_percent": 5}
    gold = {"gold_percent": 5, "gold_minimum": 20, "gold_threshold": 80}
    return {**numbers, **gold, "mode": "push", "order": "due"}


def token_of(world: World) -> dict[str, Any]:
    return {"name": "ci", "scopes": ["tasks:read"], "days": 1}


def new_person(world: World) -> dict[str, Any]:
    return {"name": "Nia", "email": "nia@example.org", "password1": "a-long-enough-one"}


def wishes_of(world: World) -> dict[str, Any]:
    return {"name": "Somebody", "theme": "dark", "density": "compact"}


def offer(world: World) -> str:
    return f"/invitations/{world.invited.secret}/"


def ben(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/p/demo/people/{world.membership.pk}/{rest}"


def invitation(rest: str) -> Callable[[World], str]:
    return lambda world: f"/p/demo/people/invitations/{world.invited.invitation.pk}/{rest}"


def task(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/p/demo/tasks/{world.reviewed.task_id}/{rest}"


def draft(rest: str) -> Callable[[World], str]:
    return lambda world: f"/p/demo/tasks/{world.draft.task_id}/{rest}"


def mine(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/p/demo/review/{world.assignment.pk}/{rest}"


def case(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/p/demo/adjudicate/{world.disputed.pk}/{rest}"


def about(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/p/demo/discussion/{world.disputed.pk}/{rest}"


def spoken(rest: str) -> Callable[[World], str]:
    return lambda world: f"/p/demo/discussion/comments/{world.comment.pk}/{rest}"


def early(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/p/demo/probes/{world.probe.pk}/{rest}"


def agreement(rest: str) -> Callable[[World], str]:
    def path(world: World) -> str:
        crowds.follow(world.project)
        return f"/p/demo/agreement/{rest}?criterion={criterion_of(world).pk}"

    return path


def rubric(rest: str = "") -> Callable[[World], str]:
    return lambda world: f"/p/demo/rubrics/task-quality/{rest}"


def at(path: str) -> Callable[[World], str]:
    return lambda world: path


SIGNED_IN = (302, *(200,) * 7)
MEMBERS = ladder(200, 200, 200, 200, 200, 200)
WRITERS = ladder(403, 200, 200, 200, 200, 200)
LEADS = ladder(403, 403, 403, 403, 200, 200)
LEADS_DO = ladder(403, 403, 403, 403, 302, 302)
LEADS_MAKE = ladder(403, 403, 403, 403, 201, 201)
OWNERS = ladder(404, 404, 404, 200, 200, 200)
OWNERS_DO = ladder(404, 404, 404, 302, 302, 302)
CONCERNED = ladder(404, 200, 404, 200, 200, 200)
SPEAKERS_DO = ladder(404, 302, 403, 403, 302, 302)
ANAS = (302, 404, 404, 302, 404, 404, 404, 404)
ONLY_ANA = ladder(404, 200, 404, 404, 404, 404)
ONLY_ANA_DOES = ladder(404, 302, 404, 404, 404, 404)

TABLE = [
    Row("home", "GET", at("/"), (302,) * 8),
    Row("healthz", "GET", at("/healthz"), (200,) * 8),
    Row("queue", "GET", at("/p/demo/queue/"), MEMBERS),
    Row("queue-next", "POST", at("/p/demo/review/next/"), ladder(403, 302, 302, 302, 302, 302)),
    Row("assignment-review", "GET", mine(), ONLY_ANA),
    Row("assignment-save", "POST", mine("save/"), ONLY_ANA, answers_of),
    Row("assignment-submit", "POST", mine("submit/"), ONLY_ANA_DOES, answers_of),
    Row("assignment-undo", "POST", mine("undo/"), ladder(404, 403, 404, 404, 404, 404)),
    Row("assignment-skip", "POST", mine("skip/"), ONLY_ANA_DOES, lambda world: {"reason": "unclear"}),
    Row("assignment-gap", "POST", mine("gaps/"), ONLY_ANA_DOES, gap_of),
    Row("assignment-gap-withdraw", "POST", lambda w: f"{mine()(w)}gaps/{w.gap.pk}/withdraw/", ONLY_ANA_DOES),
    Row("assignment-file", "GET", mine("files/tests/test.sh"), ONLY_ANA),
    Row("assignment-evidence", "GET", lambda w: f"{mine()(w)}evidence/{w.evidence.pk}/", ONLY_ANA),
    Row("case-list", "GET", at("/p/demo/adjudicate/"), LEADS),
    Row("case-adjudicate", "GET", case(), LEADS),
    Row("case-adjudicate", "POST", case(), LEADS_DO, finals_of),
    Row("case-first", "POST", case("first/"), ladder(403, 403, 403, 403, 403, 403)),
    Row("case-save", "POST", case("save/"), LEADS, finals_of),
    Row("case-ask", "POST", case("ask/"), LEADS_DO, lambda world: {"question": "Did you run it?"}),
    Row("case-stop-waiting", "POST", case("stop-waiting/"), ladder(403, 403, 403, 403, 409, 409)),
    Row("assignment-question", "GET", mine("question/"), ladder(404, 404, 404, 404, 404, 404)),
    Row("assignment-question", "POST", mine("question/"), ladder(404, 404, 404, 404, 404, 404)),
    Row("assignment-question-save", "POST", mine("question/save/"), ladder(404, 404, 404, 404, 404, 404)),
    Row("case-file", "GET", case("files/tests/test.sh"), LEADS),
    Row(
        "case-evidence", "GET", lambda w: f"{case()(w)}evidence/{w.evidence.pk}/", ladder(403, 403, 403, 403, 404, 404)
    ),
    Row("overview", "GET", at("/p/demo/overview/"), LEADS),
    Row("overview-people", "GET", at("/p/demo/overview/people/"), LEADS),
    Row("pause-lift", "POST", lambda w: f"/p/demo/overview/people/pauses/{w.pause.pk}/lift/", LEADS_DO, note_of),
    Row("gold-list", "GET", at("/p/demo/overview/gold/"), LEADS),
    Row("gold-case", "GET", lambda w: f"/p/demo/overview/gold/{w.gold.case_id}/", LEADS),
    Row("gold-mark", "POST", lambda w: f"/p/demo/overview/gold/{w.gold.case_id}/mark/", LEADS_DO),
    Row("gold-retire", "POST", lambda w: f"/p/demo/overview/gold/{w.gold.case_id}/retire/", LEADS_DO),
    Row("overview-cases", "GET", at("/p/demo/overview/cases/"), LEADS),
    Row("overview-change", "GET", at("/p/demo/overview/cases/change/?all=1"), LEADS),
    Row(
        "overview-change",
        "POST",
        at("/p/demo/overview/cases/change/"),
        LEADS_DO,
        lambda world: {"kind": "priority", "new_priority": 1, "case": str(world.assignment.case_id)},
    ),
    Row("overview-take-back", "POST", lambda w: f"/p/demo/overview/cases/take-back/{w.assignment.pk}/", LEADS_DO),
    Row("overview-changes", "GET", at("/p/demo/overview/changes/"), LEADS),
    Row("overview-undo", "POST", lambda w: f"/p/demo/overview/changes/{w.change.pk}/undo/", LEADS_DO),
    Row("overview-view-save", "POST", at("/p/demo/overview/views/"), LEADS_DO, lambda world: {"name": "Late"}),
    Row(
        "overview-view-change",
        "POST",
        lambda w: f"/p/demo/overview/views/{w.view.pk}/",
        ladder(403, 403, 403, 403, 302, 404),
        lambda world: {"name": "Later"},
    ),
    Row(
        "overview-view-delete",
        "POST",
        lambda w: f"/p/demo/overview/views/{w.view.pk}/delete/",
        ladder(403, 403, 403, 403, 302, 404),
    ),
    Row("agreement", "GET", at("/p/demo/agreement/"), LEADS),
    Row("agreement-time", "GET", at("/p/demo/agreement/time/"), LEADS),
    Row("agreement-pairs", "GET", at("/p/demo/agreement/pairs/"), LEADS),
    Row("agreement-final", "GET", at("/p/demo/agreement/final/"), LEADS),
    Row("agreement-cases", "GET", agreement("cases/"), LEADS),
    Row("agreement-refresh", "POST", at("/p/demo/agreement/refresh/"), LEADS_DO),
    Row("agreement-standing", "GET", at("/p/demo/agreement/standing/"), LEADS),
    Row("agreement-export", "GET", agreement("export/"), LEADS),
    Row("agreement-report", "GET", agreement("report/"), LEADS),
    Row("agreement-people", "GET", at("/p/demo/agreement/people/"), LEADS),
    Row("agreement-mine", "GET", at("/p/demo/agreement/people/me/"), ladder(403, 200, 200, 200, 200, 404)),
    Row(
        "agreement-person",
        "GET",
        lambda w: f"/p/demo/agreement/people/{found(w.people, 'expert').pk}/",
        ladder(403, 200, 403, 403, 200, 200),
    ),
    Row("task-list", "GET", at("/p/demo/tasks/"), MEMBERS),
    Row("task-import", "GET", at("/p/demo/tasks/import/"), WRITERS),
    Row("task-import", "POST", at("/p/demo/tasks/import/"), ladder(403, 302, 302, 302, 302, 302), bundle_of),
    Row("task-detail", "GET", task(), OWNERS),
    Row("task-appeal", "GET", task("appeal/"), ladder(404, 404, 404, 403, 403, 403)),
    Row("task-appeal", "POST", task("appeal/"), ladder(404, 404, 404, 403, 403, 403)),
    Row("task-submit", "POST", draft("submit/"), OWNERS_DO),
    Row("task-withdraw", "POST", lambda w: f"/p/demo/tasks/{w.submitted.task_id}/withdraw/", OWNERS_DO),
    Row("task-check", "POST", draft("checks/run/"), OWNERS_DO),
    Row("task-cancel", "POST", lambda w: f"/p/demo/tasks/{w.submitted.task_id}/checks/cancel/", OWNERS_DO),
    Row("task-evidence", "GET", lambda w: f"{task()(w)}evidence/{w.evidence.pk}/", OWNERS),
    Row("task-file", "GET", task("files/tests/test.sh"), OWNERS),
    Row("probe-list", "GET", lambda w: f"/p/demo/probes/versions/{w.reviewed.pk}/", CONCERNED),
    Row(
        "probe-list",
        "POST",
        lambda w: f"/p/demo/probes/versions/{w.reviewed.pk}/",
        ladder(404, 302, 404, 403, 302, 302),
        lambda world: {"claim": "must_pass", "sentence": "It is right.", "script": "true"},
    ),
    Row("probe-detail", "GET", early(), CONCERNED),
    Row("probe-cancel", "POST", lambda w: f"/p/demo/probes/{w.live_probe.pk}/cancel/", ONLY_ANA_DOES),
    Row("probe-again", "POST", early("again/"), ladder(404, 302, 404, 403, 302, 302)),
    Row("probe-withdraw", "POST", early("withdraw/"), ladder(404, 403, 404, 403, 403, 403)),
    Row("probe-file", "GET", lambda w: f"{early()(w)}files/{w.probe.files.get().pk}/", CONCERNED),
    Row("probe-evidence", "GET", lambda w: f"{early()(w)}evidence/{w.probe.evidence.get().pk}/", CONCERNED),
    Row("discussion", "GET", about(), ladder(404, 200, 200, 403, 200, 200)),
    Row("discussion-open", "POST", about("open/"), ladder(404, 302, 302, 403, 403, 403)),
    Row("thread-start", "POST", about("threads/"), SPEAKERS_DO, words_of),
    Row(
        "thread-reply",
        "POST",
        lambda w: f"/p/demo/discussion/threads/{w.comment.thread_id}/reply/",
        SPEAKERS_DO,
        words_of,
    ),
    Row("thread-resolve", "POST", lambda w: f"/p/demo/discussion/threads/{w.comment.thread_id}/resolve/", SPEAKERS_DO),
    Row("comment-edit", "POST", spoken("edit/"), ladder(404, 302, 403, 403, 403, 403), words_of),
    Row("comment-withdraw", "POST", spoken("withdraw/"), ladder(404, 302, 403, 403, 403, 403)),
    Row("rubric-list", "GET", at("/p/demo/rubrics/"), MEMBERS),
    Row("rubric-detail", "GET", rubric(), MEMBERS),
    Row("rubric-version", "GET", rubric("1/"), MEMBERS),
    Row("rubric-history", "GET", rubric("versions/"), MEMBERS),
    Row("rubric-rounds", "GET", rubric("versions/rounds/"), LEADS),
    Row("rubric-reopen", "POST", rubric("versions/reopen/"), LEADS_DO),
    Row("rubric-review", "POST", rubric("versions/review/"), LEADS_DO, lambda world: {"overlap": 2}),
    Row("rubric-edit", "GET", rubric("edit/"), LEADS),
    Row(
        "rubric-edit", "POST", rubric("edit/"), LEADS_DO, lambda world: {"title": "Quality", "version": 0, "do": "add"}
    ),
    Row("rubric-discard", "POST", rubric("edit/discard/"), LEADS_DO),
    Row("rubric-gap-drop", "POST", rubric("edit/gaps/drop/"), LEADS_DO),
    Row("rubric-publish", "GET", rubric("publish/"), LEADS),
    Row(
        "rubric-publish", "POST", rubric("publish/"), ladder(403, 403, 403, 403, 409, 409), lambda world: {"version": 0}
    ),
    Row("rubric-guidelines", "GET", rubric("guidelines/"), LEADS),
    Row("rubric-cases", "GET", rubric("guidelines/cases/?criterion=tests-behaviour&what=guideline"), LEADS),
    Row(
        "rubric-clarify", "POST", rubric("guidelines/clarify/"), LEADS_DO, lambda world: {"criterion": "scoring-stable"}
    ),
    Row("policy", "GET", at("/p/demo/policy/"), ladder(403, 200, 200, 200, 200, 200)),
    Row("policy", "POST", at("/p/demo/policy/"), LEADS_DO, policy_of),
    Row("review-settings", "GET", at("/p/demo/policy/review/"), WRITERS),
    Row("review-settings", "POST", at("/p/demo/policy/review/"), LEADS_DO, review_settings_of),
    Row("dataset-list", "GET", at("/p/demo/datasets/"), MEMBERS),
    Row("dataset-list", "POST", at("/p/demo/datasets/"), LEADS_DO, lambda world: {"title": "Weekly"}),
    Row("dataset-detail", "GET", at("/p/demo/datasets/nightly/"), MEMBERS),
    Row("dataset-detail", "POST", at("/p/demo/datasets/nightly/"), LEADS_DO, release_of),
    Row("release-detail", "GET", at("/p/demo/datasets/nightly/1.0/"), MEMBERS),
    Row("release-tree", "GET", at("/p/demo/datasets/nightly/1.0/tree.tar.gz"), MEMBERS),
    Row("release-lines", "GET", at("/p/demo/datasets/nightly/1.0/tasks.jsonl"), MEMBERS),
    Row("notice-list", "GET", at("/notices/"), SIGNED_IN),
    Row("notice-read-all", "POST", at("/notices/read/"), (302,) * 8),
    Row("notice-mail", "POST", at("/notices/mail/"), (302,) * 8, lambda world: {"pace": "off"}),
    Row("notice-open", "GET", lambda w: f"/notices/{w.notice.pk}/", ANAS),
    Row("notice-read", "POST", lambda w: f"/notices/{w.notice.pk}/read/", ANAS),
    Row("people", "GET", at("/p/demo/people/"), LEADS),
    Row("people-second-factor", "POST", at("/p/demo/people/second-factor/"), LEADS_DO),
    Row("people-invite", "GET", at("/p/demo/people/invite/"), LEADS),
    Row("people-invite", "POST", at("/p/demo/people/invite/"), LEADS_MAKE, lambda world: {"role": "expert"}),
    Row("invitation-renew", "POST", invitation("renew/"), LEADS_MAKE),
    Row("invitation-revoke", "POST", invitation("revoke/"), LEADS_DO),
    Row("member", "GET", ben(), LEADS),
    Row("member", "POST", ben(), LEADS_DO, lambda world: {"role": "lead"}),
    Row("member-remove", "POST", ben("remove/"), LEADS_DO),
    Row("member-deactivate", "POST", ben("deactivate/"), LEADS_DO),
    Row("member-reactivate", "POST", ben("reactivate/"), ladder(403, 403, 403, 403, 403, 403)),
    Row("join", "GET", offer, (200, 200, 403, 403, 403, 403, 403, 200)),
    Row("join", "POST", offer, (302, 302, 403, 403, 403, 403, 403, 302), new_person),
    Row("case-trail", "GET", lambda w: f"/p/demo/trail/{w.disputed.pk}/", ladder(404, 200, 200, 404, 200, 200)),
    Row("preferences", "GET", at("/preferences/"), SIGNED_IN),
    Row("preferences", "POST", at("/preferences/"), (302,) * 8, wishes_of),
    Row("session-list", "GET", at("/accounts/sessions/"), SIGNED_IN),
    Row("session-end", "POST", at("/accounts/sessions/1/end/"), (302, *(404,) * 7)),
    Row("session-end-others", "POST", at("/accounts/sessions/others/end/"), (302,) * 8),
    Row("prefer", "POST", at("/preferences/set/"), (302, *(204,) * 7), lambda world: {"theme": "dark"}),
    Row("token-list", "GET", at("/tokens/"), SIGNED_IN),
    Row("token-list", "POST", at("/tokens/"), (302, *(201,) * 7), token_of),
    Row(
        "token-revoke",
        "POST",
        lambda w: f"/tokens/{w.token.public_id}/revoke/",
        ANAS,
    ),
]


def client_of(world: World, role: str) -> Client:
    person = world.people[role]
    return Browser().as_(person) if person else Browser()


def send(client: Client, row: Row, world: World) -> Any:
    ask = client.get if row.method == "GET" else client.post
    return ask(row.path(world), row.data(world))


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def status(client: Client, row: Row, world: World) -> int:
    with undone():
        response = send(client, row, world)
        content(response)
        return int(response.status_code)


@pytest.mark.slow  # some 300 requests
def test_it_answers_each_role_as_the_table_says(everything: World) -> None:
    clients = [client_of(everything, role) for role in ROLES]
    seen = {str(row): tuple(status(client, row, everything) for client in clients) for row in TABLE}
    assert seen == {str(row): row.statuses for row in TABLE}


def pages(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.name)
        elif str(pattern.pattern) not in OTHERS:
            yield from pages(pattern.url_patterns)


def test_it_has_a_row_for_every_address() -> None:
    assert set(pages(get_resolver().url_patterns)) == {row.name for row in TABLE}


@pytest.mark.slow  # it asks every address
def test_it_takes_no_method_that_has_no_row(everything: World) -> None:
    rows = {str(row) for row in TABLE}
    client = client_of(everything, "admin")
    for row in TABLE:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if f"{method} {row.name}" not in rows:
                assert client.generic(method, row.path(everything)).status_code == 405, (method, row.name)


@pytest.mark.slow  # every readable page as every role
def test_it_never_shows_an_answer_before_everyone_has_submitted(everything: World) -> None:
    canary = "only ben could have written this"
    theirs = builders.claim(everything.project, found(everything.people, "other_expert"))
    assert theirs.case_id == everything.assignment.case_id
    submit(theirs, canary)
    open_case = replace(everything, disputed=theirs.case)
    for role in set(ROLES) - {"other_expert"}:
        client = client_of(everything, role)
        for row in TABLE:
            if row.method == "GET":
                for world in {row.path(world): world for world in (everything, open_case)}.values():
                    assert canary.encode() not in content(send(client, row, world)), (role, str(row))


def submit(held: Assignment, rationale: str) -> None:
    answers = {pk: replace(given, rationale=rationale) for pk, given in builders.answers(held.case).items()}
    review.submit(held.annotation, answers, version=held.annotation.version, key=new_id(), by=held.annotator)
