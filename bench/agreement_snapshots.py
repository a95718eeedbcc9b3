"""What it takes to keep a project's agreement in step with a million verdicts: units, snapshots, and what pages ask."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.cases import clone
from bench.measures import Measure
from reviewapp.dev import backing, environment
from reviewapp.dev.console import Console
from reviewapp.dev.places import Places
from reviewapp.dev.processes import Supervisor
from tests.stack import Stack

SLUG = "bench"
PEOPLE = 40
OVERLAP = 3
FIRST_SECONDS, FIRST_MEGABYTES, AGAIN_SECONDS = 10.0, 500, 1.0
NEW_VERDICTS = 100

# One case that three people judged and a lead settled, by the product's own actions: all others are like it.
SET_UP = f"""
import json
from pathlib import Path
from django.utils import timezone
from annotations.accounts.models import Membership, User
from annotations.catalog.actions import seal
from annotations.core.ids import new_id
from annotations.review import actions, queries
from annotations.review.answers import Given
from annotations.review.models import FinalVerdict
from annotations.rubrics.models import Rubric
from annotations.rubrics.queries import current_version
from harness.bundle import load
from reviewapp import demo

project = demo.set_up_project({SLUG!r}, "Bench")
version = seal(project, load(Path("examples/snapshot-retention")), by=User.objects.get(email="eli@example.org"))
case = actions.open_case(
    version, current_version(project, Rubric.SubjectKind.TASK), overlap={OVERLAP}, unanimity_settles=False
)
people = [
    User.objects.create(email=f"annotator{{number}}@example.org", name=f"Annotator {{number}}", password="!")
    for number in range({PEOPLE})
]
Membership.objects.bulk_create(Membership(project=project, user=user, role="expert") for user in people)
answers = {{row.pk: Given(max(row.codes)) for row in queries.case_criteria(case)}}
for person in people[:{OVERLAP}]:
    held = actions.claim_next(project, by=person)
    actions.submit(held.annotation, answers, version=held.annotation.version, key=new_id(), by=person)
case.refresh_from_db()
lead = User.objects.filter(memberships__project=project, memberships__role="lead").first()
actions.adjudicate(case, answers, reason="So.", by=lead)
print(json.dumps({{"criteria": len(answers)}}))
"""
# Ids are made of the template's and the number of the copy, so that rows find each other; they sort by the number.
PLAN = """
CREATE TABLE bench_plan AS
SELECT n, {at} AS at, ids FROM generate_series({first}, {last}) AS n,
(SELECT array_agg(id ORDER BY email) AS ids FROM accounts_user WHERE email LIKE 'annotator%') AS people
"""
PAST = "now() - interval '1 day' - n * interval '2 minutes'"
# Of each answer a few are other than the template's, more where the criterion is a later one; some cannot tell.
CHANCE = "('x' || substr(md5(model.id::text || n), 1, 7))::bit(28)::int / 268435456.0"
ANCHORS = "SELECT anchors FROM rubrics_criterion WHERE rubrics_criterion.id = model.criterion_id"
OTHER = f"(({ANCHORS}) -> (n % jsonb_array_length(({ANCHORS}))) ->> 'code')::smallint"
LIKELY = f"CASE WHEN {CHANCE} < .04 THEN NULL WHEN {CHANCE} < .25 THEN {OTHER} ELSE model.code END"

FOLLOW = """
import json, os, resource, time
from django.db import connection
from annotations.accounts.models import Project
from annotations.agreement import following
from annotations.agreement.models import Following, Snapshot, Unit
from bench.consumption import seconds_of

project = Project.objects.get(slug="bench")
Following.objects.get_or_create(project=project)
processes = (os.getpid(), connection.connection.info.backend_pid)
began, used = time.perf_counter(), sum(map(seconds_of, processes))
following.follow(project.pk)
told = {
    "seconds": time.perf_counter() - began,
    "processor": sum(map(seconds_of, processes)) - used,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "units": Unit.objects.count(),
    "snapshots": Snapshot.objects.count(),
}
print(json.dumps(told))
"""
ASK = """
import json, resource, time
from annotations.agreement import queries
from annotations.agreement.models import Between, Snapshot
from annotations.agreement.queries import Filters
from annotations.accounts.models import User

version = Snapshot.objects.select_related("rubric_version").first().rubric_version
criteria = list(version.criteria.all())
ana = User.objects.get(email="annotator0@example.org")
asked = {
    "newest": lambda: queries.newest(version, Between.PEOPLE),
    "person": lambda: queries.measured(criteria, Between.PEOPLE, Filters(person=ana.pk)),
    "weeks": lambda: queries.weekly_patterns(criteria),
    "pairs": lambda: queries.pairs(version),
    "cases": lambda: queries.cases_behind(criteria[0]),
    "table": lambda: sum(map(len, queries.rating_table(version))),
}
took = {}
for name, work in asked.items():
    began = time.perf_counter()
    work()
    took[name] = time.perf_counter() - began
took["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(took))
"""
QUESTIONS = {
    "newest": "newest snapshots of all criteria",
    "person": "numbers of all criteria under a filter by person",
    "weeks": "patterns of all criteria by week",
    "pairs": f"every pair of {PEOPLE} people, by criterion",
    "cases": "a page of cases, lowest agreement first",
    "table": "the rating table as CSV, whole",
}


def snapshot_measures(verdicts: int = 1_000_000) -> Iterator[Measure]:
    """Fill a database of its own, follow it the first time, once more, and again after a few new verdicts."""
    with product() as stack:
        criteria = stack.python(SET_UP)["criteria"]
        cases = verdicts // (criteria * OVERLAP)
        _add(stack, first=1, last=cases, at=PAST)
        yield from _first(stack.python(FOLLOW), cases * criteria * OVERLAP)
        yield from _again("followed again, nothing new", stack.python(FOLLOW))
        more = -(-NEW_VERDICTS // (criteria * OVERLAP))
        _add(stack, first=cases + 1, last=cases + more, at="now()")
        yield from _again(f"followed again after {more * criteria * OVERLAP} new verdicts", stack.python(FOLLOW))
        asked = stack.python(ASK)
        yield from (Measure(words, f"{asked[name]:.2f} s") for name, words in QUESTIONS.items())
        yield Measure("peak memory of all that", f"{asked['megabytes']:.0f} MB")


def _first(told: dict[str, Any], verdicts: int) -> Iterator[Measure]:
    what = f"first units and snapshots of {verdicts:,} verdicts"
    seconds, megabytes = told["seconds"], told["megabytes"]
    yield Measure("units; snapshots", f"{told['units']:,}; {told['snapshots']}")
    yield Measure(what, f"{seconds:.2f} s", f"{FIRST_SECONDS:.0f} s", seconds <= FIRST_SECONDS)
    yield _processor(told)
    yield Measure("peak memory", f"{megabytes:.0f} MB", f"{FIRST_MEGABYTES} MB", megabytes <= FIRST_MEGABYTES)


def _again(what: str, told: dict[str, Any]) -> Iterator[Measure]:
    seconds = told["seconds"]
    yield Measure(what, f"{seconds:.2f} s", f"{AGAIN_SECONDS:.0f} s", seconds <= AGAIN_SECONDS)
    yield _processor(told)


def _processor(told: dict[str, Any]) -> Measure:
    """What a busy machine hardly lengthens."""
    return Measure("processor time of that", f"{told['processor']:.2f} s")


@contextmanager
def product() -> Iterator[Stack]:
    """The product's database and no process beside; all of it is gone afterwards."""
    places, supervisor = Places.of(), Supervisor(Console(quiet=True))
    with (
        tempfile.TemporaryDirectory(prefix="reviewapp-bench-") as home,
        backing.running(places, supervisor) as settings,
    ):
        os.environ.update(environment.for_programs(places, settings))
        stack = Stack(Path(home))
        try:
            stack.prepare()
            yield stack
        finally:
            stack.stop()
            supervisor.stop_all()


# --- Copies of the template --------------------------------------------------
def _add(stack: Stack, *, first: int, last: int, at: str) -> None:
    """Copies of the template with these numbers, judged by other people, at such a time each."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")  # all that triggers would see to is in the copies
        connection.execute("DROP TABLE IF EXISTS bench_plan")
        connection.execute(PLAN.format(first=first, last=last, at=at).encode())
        for table, changes, which in _tables():
            clone(connection, table, changes, where=f"{which} AND NOT model.id::text LIKE '000%'")
        connection.execute("VACUUM ANALYZE")


def _tables() -> Iterator[tuple[str, dict[str, str], str]]:
    """What a copy consists of: table, columns that differ, and which of its rows are the template's."""
    when = {"submitted_at": "plan.at", "saved_at": "plan.at"}
    yield "catalog_task", {**_own("id"), "slug": "'task-' || n"}, "true"
    digest = "'sha256:' || encode(sha256(n::text::bytea), 'hex')"
    yield "catalog_taskversion", {**_own("id", "task_id"), "digest": digest}, "true"
    yield "review_case", _own("id", "task_version_id"), "true"
    yield "review_seat", _own("id", "case_id"), "true"
    yield "review_assignment", {**_own("id", "case_id", "seat_id"), **_somebody("annotator_id")}, "true"
    annotation = _own("id", "case_id", "assignment_id")
    yield "review_annotation", {**annotation, **_somebody("author_id"), **when}, "true"
    answer = {"code": LIKELY, "cannot_tell": f"({LIKELY}) IS NULL"}
    yield "review_verdict", {**_own("id", "annotation_id"), **answer}, "true"
    yield "review_adjudication", {**_own("id", "case_id"), "settled_at": "plan.at"}, "true"
    yield "review_finalverdict", _own("id", "adjudication_id"), "true"
    said = "model.verb IN ('annotation.submitted', 'case.to_adjudication', 'case.settled')"
    yield "audit_auditevent", {**_own("id", "target_id"), "at": "plan.at"}, said


def _own(*columns: str) -> dict[str, str]:
    """Ids of the copy's own, each made of what the template has in that column."""
    made = "(lpad(to_hex(n), 12, '0') || substr(md5(model.{}::text || n), 13))::uuid"
    return {column: made.format(column) for column in columns}


def _somebody(column: str) -> dict[str, str]:
    """The person who stands a number of places further than the template's."""
    return {column: f"ids[1 + (n * 7 + array_position(ids, model.{column})) % cardinality(ids)]"}
