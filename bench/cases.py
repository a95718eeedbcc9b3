"""A project full of cases: one real task sealed by the product's own actions, then multiplied in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from tests.stack import Stack

# ruff: noqa: S608  # nothing in these statements comes from outside
SLUG = "bench"
COLLEAGUES = 64  # who answered the closed cases; those who work now are among them
SET_UP = """
import json
from pathlib import Path
from django.conf import settings
from reviewapp.identity import SessionStore
from django.utils import timezone
from annotations.accounts import actions as accounts
from annotations.accounts.models import Membership, User
from annotations.catalog.actions import seal
from annotations.catalog.models import Task
from annotations.evidence.models import CheckResult, CheckRun
from annotations.review.actions import claim_next, open_case
from annotations.rubrics.models import Rubric
from annotations.rubrics.queries import current_version
from harness.bundle import load
from harness.checks import REGISTRY
from reviewapp import demo

def session(user):
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store.create()
    return store.session_key

project = demo.set_up_project({slug!r}, "Bench")
author = User.objects.get(email="eli@example.org")
version = seal(project, load(Path("examples/snapshot-retention")), by=author)
Task.objects.update(status=Task.Status.IN_REVIEW)
now = timezone.now()
run = CheckRun.objects.create(
    task_version=version, project=project, plan={{}}, status="finished", attempt=1, started_at=now, finished_at=now
)
CheckResult.objects.bulk_create(
    CheckResult(
        run=run, position=position, key=check.key, title=check.title, criterion=check.criterion,
        version=check.version, severity=check.severity.value, outcome="passed", summary="It held.",
        started_at=now, finished_at=now,
    )
    for position, check in enumerate(REGISTRY)
)
case = open_case(version, current_version(project, Rubric.SubjectKind.TASK), overlap={overlap})
people = [
    User.objects.create(email=f"annotator{{number}}@example.org", name=f"Annotator {{number}}", password="!")
    for number in range({people})
]
Membership.objects.bulk_create(
    Membership(project=project, user=user, role="expert", skills=["rust"] if number % 2 else [])
    for number, user in enumerate(people)
)
held = claim_next(project, by=people[-1])
template = {{"assignment": str(held.pk), "annotation": str(held.annotation.pk)}}
print(json.dumps({{"template": template, "sessions": [session(user) for user in people]}}))
"""
# What lies at the head of the queue is complete, with files and checks; behind it closed and open cases alternate.
PLAN = """
CREATE TABLE bench_plan AS
SELECT n, uuidv7() AS task, uuidv7() AS version, uuidv7() AS run, uuidv7() AS case_id,
       CASE WHEN n <= {head} THEN 'head' WHEN n % 2 = 0 THEN 'open' ELSE 'closed' END AS kind,
       people.ids[1 + n % cardinality(people.ids)] AS somebody,
       people.ids[1 + (n + 1 + n / 64 % 63) % cardinality(people.ids)] AS another
FROM generate_series(1, {count}) AS n,
     (SELECT array_agg(id ORDER BY email) AS ids FROM accounts_user WHERE email LIKE 'annotator%') AS people
"""
RUST, OWN = "n % 20 = 3", "n % 25 = 7"


@dataclass(frozen=True)
class Seeded:
    """What the annotators need: a session for each."""

    sessions: list[str]


def seed(stack: Stack, *, cases: int, head: int, overlap: int, annotators: int) -> Seeded:
    """Fill the stack's database; the first `head` cases are due, so they are handed out first."""
    people = max(annotators, COLLEAGUES)
    made = stack.python(SET_UP.format(slug=SLUG, overlap=overlap, people=people))
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")  # all that triggers would see to is in the plan
        connection.execute(PLAN.format(head=min(head, cases - 1), count=cases - 1).encode())
        _multiply(connection)
        _close(connection, made["template"], overlap)
        connection.execute("VACUUM ANALYZE")
    return Seeded(made["sessions"][:annotators])


def _multiply(connection: psycopg.Connection) -> None:
    due = "CASE WHEN kind = 'head' THEN now() + interval '1 day' + n * interval '1 second' END"
    needs = f"CASE WHEN kind = 'head' AND {RUST} THEN ARRAY['rust'] ELSE '{{}}' END"
    author = f"CASE WHEN {OWN} THEN somebody ELSE (SELECT id FROM accounts_user WHERE email = 'eli@example.org') END"
    task = {"id": "task", "slug": "'task-' || n", "title": "model.title || ' ' || n", "author_id": author}
    clone(connection, "catalog_task", task)
    digest = "'sha256:' || encode(sha256(version::text::bytea), 'hex')"
    words = "CASE WHEN kind = 'head' THEN instruction ELSE left(instruction, 100) END"
    version = {"id": "version", "task_id": "task", "digest": digest, "instruction": words}
    clone(connection, "catalog_taskversion", version)
    clone(connection, "catalog_taskfile", {"version_id": "version"}, where="kind = 'head'")
    clone(connection, "evidence_checkrun", {"id": "run", "task_version_id": "version"}, where="kind = 'head'")
    clone(connection, "evidence_checkresult", {"id": "uuidv7()", "run_id": "run"}, where="kind = 'head'")
    status = "CASE WHEN kind = 'closed' THEN 'settled' ELSE 'open' END"
    case = {"id": "plan.case_id", "task_version_id": "version", "status": status, "due_at": due, "needs": needs}
    clone(connection, "review_case", case)
    seat = {"id": "uuidv7()", "case_id": "plan.case_id", "author_id": author, "due_at": due, "needs": needs}
    clone(connection, "review_seat", {**seat, "is_free": "kind <> 'closed'"})


def _close(connection: psycopg.Connection, template: Mapping[str, str], overlap: int) -> None:
    """Give the closed cases the people who answered them, two at most, without what they answered."""
    past = "now() - interval '30 days'"
    for number, person in enumerate(("somebody", "another")[:overlap], start=1):
        seat = f"(SELECT seat.id FROM review_seat seat WHERE seat.case_id = plan.case_id AND number = {number})"
        held = {"id": "uuidv7()", "case_id": "plan.case_id", "seat_id": seat, "annotator_id": person}
        held |= {"status": "'submitted'", "lease_ends_at": past, "created_at": past}
        clone(connection, "review_assignment", held, where=f"kind = 'closed' AND model.id = '{template['assignment']}'")
        assignment = (
            f"(SELECT id FROM review_assignment held WHERE held.case_id = plan.case_id AND annotator_id = {person})"
        )
        given = {"id": "uuidv7()", "case_id": "plan.case_id", "assignment_id": assignment, "author_id": person}
        given |= {"status": "'submitted'", "submitted_at": past}
        clone(
            connection, "review_annotation", given, where=f"kind = 'closed' AND model.id = '{template['annotation']}'"
        )


def clone(connection: psycopg.Connection, table: str, changes: Mapping[str, str], *, where: str = "true") -> None:
    """Copy the rows of a table once for every row of the plan, with these columns made from it.

    Columns are read from the database, so that a new one with a value in the template needs no word here.
    """
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'", [table]
    )
    columns = [name for (name,) in found]
    names = ", ".join(columns)
    values = ", ".join(changes.get(name, f"model.{name}") for name in columns)
    statement = f"INSERT INTO {table} ({names}) SELECT {values} FROM bench_plan AS plan, {table} AS model WHERE {where}"
    connection.execute(statement.encode())
