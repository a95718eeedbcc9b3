"""Rows that tests start from, made by the product's own actions wherever one exists."""

import io
import itertools
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.utils import timezone

from annotations.acceptance import actions as acceptance
from annotations.acceptance import progress
from annotations.accounts import actions as accounts
from annotations.accounts.models import Membership, Project, User
from annotations.catalog import actions as catalog
from annotations.catalog import blobs
from annotations.catalog.models import TaskVersion
from annotations.core import work
from annotations.core.ids import new_id
from annotations.evidence.models import CheckResult, CheckRun, Evidence
from annotations.probes import actions as probes
from annotations.probes import jobs as probe_jobs
from annotations.probes.actions import Argument
from annotations.probes.models import Probe
from annotations.review import actions as review
from annotations.review import queries as review_queries
from annotations.review.answers import Given
from annotations.review.models import Assignment, Case
from annotations.rubrics import actions as rubrics
from annotations.rubrics import default
from annotations.rubrics.models import Criterion, Rubric, RubricVersion
from annotations.rubrics.queries import current_version
from harness import bundle as bundles
from harness.probes import ProbeOutcome
from harness.results import Artifact

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)

TASK_TOML = """\
version = "1.0"

[metadata]
difficulty = "medium"

[agent]
timeout_sec = 120.0

[verifier]
timeout_sec = 60.0
"""
INSTRUCTION = """\
# Restore the snapshot rotation job

The nightly job in `rotate.py` deletes **one snapshot too many**.
"""
ROTATE = """\
def rotate(snapshots, keep=7):
    return sorted(snapshots)[: len(snapshots) - keep - 1]
"""
FILES: Mapping[str, str | bytes] = {
    "task.toml": TASK_TOML,
    "instruction.md": INSTRUCTION,
    "environment/Dockerfile": "FROM debian:bookworm-slim\nWORKDIR /app\nCOPY rotate.py /app/\n",
    "environment/rotate.py": ROTATE,
    "solution/solve.sh": "#!/bin/bash\nsed -i 's/ - 1//' /app/rotate.py\n",
    "tests/test.sh": "#!/bin/bash\npython3 /tests/check.py && echo 1 > /logs/verifier/reward.txt\n",
    "tests/check.py": "import sys\n\nsys.path.insert(0, '/app')\n",
}


def person(name: str) -> User:
    return User.objects.create_user(f"{name.lower()}@example.org", PASSWORD, name=name)


def expert(name: str, of: Project) -> User:
    """One more expert of a project, who has judged nothing yet."""
    made = person(name)
    accounts.add_member(of, made, Membership.Role.EXPERT, by=None)
    return made


def project(slug: str = "demo", **members: tuple[User, Membership.Role]) -> Project:
    """A project with the default rubric and policy, and its members by any keyword."""
    made = accounts.create_project(slug, slug.capitalize(), by=None)
    for user, role in members.values():
        accounts.add_member(made, user, role, by=None)
    acceptance.set_policy(made, by=None)
    rubric(made)
    return made


def rubric(of: Project) -> RubricVersion:
    return rubrics.publish(of, default.SLUG, default.TITLE, default.CRITERIA, by=None)


def bundle_files(changes: Mapping[str, str | bytes] | None = None) -> dict[str, str | bytes]:
    """The files of a small sound task, unlike any other so far, with some added or replaced."""
    return {**FILES, "environment/serial.txt": f"{next(_numbers)}\n", **(changes or {})}


def write_bundle(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files below a folder, scripts executable."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        target.chmod(0o755 if name.endswith(".sh") else 0o644)
    return folder


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """The files as a .tar.gz."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(raw), 0o755 if name.endswith(".sh") else 0o644
            tar.addfile(entry, io.BytesIO(raw))
    return packed.getvalue()


TERMINAL_BENCH = {
    "task.yaml": "instruction: Count the lines.\ndifficulty: easy\n",
    "Dockerfile": "FROM debian:bookworm-slim\nWORKDIR /app\n",
    "run-tests.sh": "#!/bin/bash\ntest -s /app/out\n",
    "solution.sh": "#!/bin/bash\necho 1 > /app/out\n",
}


def task_version(
    of: Project, author: User, *, slug: str = "", files: Mapping[str, str | bytes] | None = None
) -> TaskVersion:
    """A sealed version of a task by its author; without a slug, of a new task."""
    name = slug or f"rotate-{next(_numbers)}"
    with TemporaryDirectory() as folder:
        root = write_bundle(Path(folder) / name, files or bundle_files())
        return catalog.seal(of, bundles.load(root), by=author)


def case(version: TaskVersion, *, overlap: int = 2, unanimity_settles: bool = True) -> Case:
    """An open case about the version, under the project's current rubric."""
    found = current_version(version.project, Rubric.SubjectKind.TASK)
    assert found is not None
    return review.open_case(version, found, overlap=overlap, unanimity_settles=unanimity_settles)


def claim(of: Project, by: User) -> Assignment:
    """The next case, reserved for the person."""
    assignment = review.claim_next(of, by=by)
    assert assignment is not None
    return assignment


def answers(of: Case, **codes: int | None) -> dict[UUID, Given]:
    """A full set of passing answers, but for the criteria named by key with _ for -; None is "cannot tell"."""
    return {row.pk: _answer(row, codes) for row in review_queries.case_criteria(of)}


def _answer(criterion: Criterion, codes: Mapping[str, int | None]) -> Given:
    code = codes.get(criterion.key.replace("-", "_"), max(criterion.codes))
    rationale = "" if criterion.passes(code) else f"I saw {criterion.key} fail."
    return Given(code=code, cannot_tell=code is None, rationale=rationale)


def submitted(assignment: Assignment, **codes: int | None) -> Assignment:
    """The assignment with its answers handed in; see `answers`."""
    annotation = assignment.annotation
    given = answers(assignment.case, **codes)
    review.submit(annotation, given, version=annotation.version, key=new_id(), by=assignment.annotator)
    assignment.refresh_from_db()
    return assignment


def refused(of: Project, author: User, annotators: Sequence[User]) -> TaskVersion:
    """A version that everyone found wanting: its task needs a revision."""
    version = task_version(of, author)
    finished_run(version)
    catalog.submit(version.task, by=author)
    progress.advance(version.task)
    for annotator in annotators:
        submitted(claim(of, annotator), tests_behaviour=0)
    progress.advance(version.task)
    version.task.refresh_from_db()
    return version


def disputed(of: Project, author: User, annotators: Sequence[User]) -> Case:
    """A case in adjudication: the first annotator fails one criterion that the others pass."""
    opened = case(task_version(of, author), overlap=len(annotators))
    for index, annotator in enumerate(annotators):
        held = claim(of, annotator)
        submitted(held, **({} if index else {"tests_behaviour": 0}))
    opened.refresh_from_db()
    return opened


def settled(of: Project, author: User, annotators: Sequence[User]) -> Case:
    """A case on which everyone agreed."""
    opened = case(task_version(of, author), overlap=len(annotators))
    for annotator in annotators:
        submitted(claim(of, annotator))
    opened.refresh_from_db()
    return opened


def finished_run(version: TaskVersion, **outcomes: str) -> CheckRun:
    """A finished check run; each keyword is a check's key with its outcome, all passed when none is given."""
    now = timezone.now()
    run = CheckRun.objects.create(
        task_version=version,
        project=version.project,
        status=CheckRun.Status.FINISHED,
        plan={},
        attempt=1,
        heartbeat_at=now,
        started_at=now,
        finished_at=now,
        facts={"engine": "docker", "stand_ins": []},
    )
    for position, (key, criterion) in enumerate(CHECKS.items(), start=1):
        outcome = outcomes.get(key, "passed")
        result = CheckResult.objects.create(
            run=run,
            position=position,
            key=key,
            title=key.replace("_", " ").capitalize(),
            criterion=criterion,
            version="1",
            outcome=outcome,
            summary=f"The check {outcome}.",
            facts={"exit_code": 0 if outcome == "passed" else 1},
            started_at=now,
            finished_at=now,
        )
        blob = blobs.put(f"\x1b[32m{key}\x1b[0m {outcome}\n".encode())
        Evidence.objects.create(result=result, name=f"{key}.log", media_type="text/plain", blob=blob)
    return run


def probe(version: TaskVersion, by: User, *, held: bool | None = False, **changes: str) -> Probe:
    """A probe that has ended: its claim refuted unless told otherwise; changes by the argument's fields."""
    given = {"claim": "must_fail", "sentence": f"{by} says so.", "script": "#!/bin/sh\ntrue\n", **changes}
    made = probes.attach(version, Argument(**given, files={"data.txt": b"1\n"}), by=by)
    hold = work.take(Probe, made.pk, worker="test")
    assert hold is not None
    log = Artifact("script.txt", b"\x1b[32mran\x1b[0m\n")
    probe_jobs.finish(hold, ProbeOutcome(held, "The verifier gave full reward.", "1", {"n": 1}, (log,)))
    made.refresh_from_db()
    return made


CHECKS = {
    "builds": "environment_reliability",
    "oracle": "achievability",
    "nop": "non_triviality",
    "reward_present": "functional_correctness",
}
