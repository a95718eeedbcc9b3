from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial

from django.db import transaction
from django.utils import timezone

from annotations.acceptance.actions import plan_of
from annotations.acceptance.queries import current_policy
from annotations.accounts.models import User
from annotations.audit.actions import record
from annotations.catalog import blobs
from annotations.catalog.models import TaskVersion
from annotations.core import work
from annotations.core.decisions import require
from annotations.core.errors import Invalid
from annotations.probes import policies, queries
from annotations.probes.jobs import run_probe
from annotations.probes.models import Probe, ProbeFile
from annotations.probes.policies import Rights
from annotations.review.models import Case
from harness import probes as harness

LONGEST_SENTENCE = 300


@dataclass(frozen=True)
class Argument:
    """What a person says of a task version, and how it is put to the test; files by path."""

    claim: str
    sentence: str
    script: str
    files: Mapping[str, bytes] = field(default_factory=dict)


@transaction.atomic
def attach(version: TaskVersion, argument: Argument, *, by: User) -> Probe:
    """Attach a claim with its script to a version and have it run. Raises Invalid, naming each field."""
    Case.objects.select_for_update(no_key=True).filter(task_version=version).order_by("pk").first()
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # or two at once could both be the last one allowed
    require(policies.can_attach(by, version))
    if problems := _problems(argument):
        raise Invalid("The probe was not attached.", problems)
    probe = Probe.objects.create(
        task_version=version,
        project=version.project,
        author=by,
        phase=queries.phase_of(version, by),
        claim=argument.claim,
        sentence=argument.sentence.strip(),
        script=blobs.put(_unix(argument.script).encode()),
        plan=asdict(plan_of(current_policy(version.project))),
    )
    ProbeFile.objects.bulk_create(
        ProbeFile(probe=probe, path=path, blob=blobs.put(content)) for path, content in sorted(argument.files.items())
    )
    _hand_out(probe, by=by)
    return probe


def _problems(argument: Argument) -> dict[str, str]:
    """What is wrong, by field."""
    found: dict[str, list[str]] = defaultdict(list)
    if argument.claim not in Probe.Claim.values:
        found["claim"].append("Say what the verifier must make of it.")
        return _joined(found)
    if not argument.sentence.strip():
        found["sentence"].append("Say in a sentence why.")
    if len(argument.sentence.strip()) > LONGEST_SENTENCE:
        found["sentence"].append(f"Keep it to {LONGEST_SENTENCE} characters.")
    probe = harness.Probe(harness.Claim(argument.claim), _unix(argument.script), argument.files)
    for name, text in harness.problems(probe):
        found[name].append(text)
    return _joined(found)


def _joined(found: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: " ".join(texts) for name, texts in found.items()}


def _unix(script: str) -> str:
    """The script as a form or a Windows editor sent it, with the line ends a shell reads."""
    return script.replace("\r\n", "\n").replace("\r", "\n")


def _hand_out(probe: Probe, *, by: User) -> None:
    record("probe.attached", by=by, target=probe, version=str(probe.task_version_id), claim=probe.claim)
    transaction.on_commit(partial(run_probe.delay, str(probe.pk)))


@transaction.atomic
def run_again(probe: Probe, *, by: User) -> Probe:
    """Attach the same argument once more, in this person's name; the first result stays as it is."""
    require(Rights.of(by, probe.task_version).can_run_again(probe))
    with blobs.open_blob(probe.script_id) as stream:
        script = stream.read().decode()
    files = {file.path: b"".join(blobs.chunks(file.blob_id)) for file in probe.files.all()}
    return attach(probe.task_version, Argument(probe.claim, probe.sentence, script, files), by=by)


@transaction.atomic
def cancel(probe: Probe, *, by: User) -> None:
    """Stop a probe: a waiting one at once, a running one as soon as its containers are gone."""
    row = _lock(probe)
    require(Rights.of(by, row.task_version).can_cancel(row))
    work.stop(row)
    record("probe.cancelled", by=by, target=row)


@transaction.atomic
def withdraw(probe: Probe, *, by: User) -> None:
    """Take the argument back, while nobody else can have built on it."""
    Case.objects.select_for_update(no_key=True).filter(task_version=probe.task_version_id).order_by("pk").first()
    row = _lock(probe)
    require(Rights.of(by, row.task_version).can_withdraw(row))
    Probe.objects.filter(pk=row.pk).update(withdrawn_at=timezone.now())
    record("probe.withdrawn", by=by, target=row)


def _lock(probe: Probe) -> Probe:
    rows = Probe.objects.select_related("task_version__task", "project").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=probe.pk)
