"""The verifier rejects what the reference solution produced as soon as one thing in it is changed.

Proves, for a few changes to the files that the instruction names, that a result or a program with that fault earns no
full reward. A single survivor proves nothing: some changes do not matter, and some tasks have many right answers. So it
is a finding only where survivors tell of the tests and not of the change: a data file of which half of the mutants
survive, or all that change nothing but values, one that nobody could overlook among them; or programs that the verifier
uses (it rejects some mutant of them) of which half of the mutants survive, and at least three. Results that the
verifier may make anew, and sources that it does not compile, accuse nobody; nor do prose and settings. The other
survivors are shown, to be judged by people.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.attempts.attempt import Act, Attempt, Setting
from harness.checks.base import Check, Criterion, Needs
from harness.container import Container
from harness.mutation import mutants, produced, snapshot
from harness.mutation.mutants import Mutant, Sort
from harness.mutation.produced import ProducedFile
from harness.reading.texts import part, texts
from harness.results import Artifact, Finding, Outcome, Place, Result, Severity, judged
from harness.workbench import Workbench

SECONDS = 600  # what all the attempts together may take
START_SECONDS = 1.0  # what an attempt costs besides its agent and its verifier
FEWEST = 2
DATA_TITLE = "Wrong results earn the full reward"
CODE_TITLE = "Broken programs earn the full reward"


@dataclass(frozen=True)
class Tried:
    """A mutant and what the verifier made of it; `name` is that of its artifacts."""

    name: str
    mutant: Mutant
    attempt: Attempt

    @property
    def survived(self) -> bool:
        return self.attempt.reward.is_full

    @property
    def is_told(self) -> bool:
        return not self.attempt.trouble

    @property
    def place(self) -> Place:
        return Place(f"{self.name}.diff", is_artifact=True)

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "path": self.mutant.path,
            "sort": str(self.mutant.sort),
            "change": self.mutant.kind,
            "outcome": "survived" if self.survived else "rejected" if self.is_told else "error",
            "reward": str(self.attempt.reward),
            "diff": f"{self.name}.diff" if self.survived else None,
        }


def run(bench: Workbench) -> Result:
    most = _affordable(bench)
    if not most:
        return Result(Outcome.SKIPPED, "The policy asks for no mutants.")
    if bench.bundle.config.steps:
        return Result(Outcome.SKIPPED, "Each of the task's steps builds on the last, so no work is changed.")
    files = bench.watch.files if bench.watch else ()
    named = mutants.named_in(files, bench.bundle.instruction, _tests(bench))
    chosen = mutants.choose(named, most=most, seed=bench.bundle.digest)
    if not chosen:
        return Result(Outcome.SKIPPED, _nothing_to_change(files, named))
    image = _snapshot(bench) if _pays(bench, len(chosen)) else None
    return _judged([*_tried(bench, chosen, image)], image is not None)


def _affordable(bench: Workbench) -> int:
    """The plan's number of mutants, or fewer where each takes long."""
    seconds = min((_agent(each) + each.verifier.seconds for each in bench.attempts.get("oracle", ())), default=0.0)
    return min(bench.plan.mutants, max(FEWEST, int(SECONDS / (seconds + START_SECONDS))))


def _pays(bench: Workbench, count: int) -> bool:
    """Whether running the reference solution for every mutant takes longer than to take a snapshot and see whether it
    stands."""
    made = bench.attempts.get("oracle", ())
    saved = count * min(map(_agent, made), default=0.0)
    attempt = START_SECONDS + min((each.verifier.seconds for each in made), default=0.0)
    return saved > 2 * attempt + saved / count


def _agent(attempt: Attempt) -> float:
    return attempt.agent.seconds if attempt.agent else 0.0


def _snapshot(bench: Workbench) -> str | None:
    """The container as the reference solution leaves it, as an image; None where the verifier does not accept it as it
    stands, as where a service must run, or files lie on a volume."""
    taken, bench.has_snapshots = list[str](), True
    act = Act(with_oracle=True, after=lambda box: taken.append(snapshot.take(box)))
    if not bench.try_each("reference", [act])[0].reward.is_full:
        return None
    stands = bench.try_each("snapshot", [Act()], Setting(image=taken[0]))[0].reward.is_full
    return taken[0] if stands else None


def _tests(bench: Workbench) -> str:
    return "\n".join(text.text for text in texts(bench.bundle, lambda path: part(path) == "tests"))


def _nothing_to_change(files: Sequence[ProducedFile], named: Sequence[ProducedFile]) -> str:
    if not files:
        return "The reference solution leaves no file that could be changed."
    if not named:
        return "The instruction names none of the files that the reference solution leaves."
    return "None of the files that the reference solution leaves is a text that could be changed."


def _tried(bench: Workbench, chosen: Sequence[Mutant], image: str | None) -> Iterator[Tried]:
    acts = [Act(with_oracle=image is None, after=partial(_change, mutant)) for mutant in chosen]
    made = bench.try_each("mutants", acts, Setting(image=image))
    for number, (mutant, attempt) in enumerate(zip(chosen, made, strict=True), start=1):
        yield Tried(f"mutant-{number}", mutant, attempt)


def _change(mutant: Mutant, box: Container) -> None:
    produced.replace(box, mutant.file, mutant.content)


def _judged(tried: Sequence[Tried], from_snapshot: bool) -> Result:
    told = [each for each in tried if each.is_told]
    if not told:
        return Result(Outcome.ERROR, f"No verifier got what it needs: {tried[0].attempt.trouble}")
    survived = [each for each in told if each.survived]
    rejected = len(told) - len(survived)
    accused = [*_loose_data(told), *_loose_code(told)]
    grave = {each.name for group in accused for each in group}
    findings = [*map(_finding, accused), *(_note(each) for each in survived if each.name not in grave)]
    return judged(
        findings,
        clean=f"The verifier rejected {rejected} of {len(told)} changed results.",
        severity=Severity.WARNING,
        facts={
            "rejected": rejected,
            "survived": len(survived),
            "untold": len(tried) - len(told),
            "from_snapshot": from_snapshot,
            "mutants": [each.facts for each in tried],
        },
        artifacts=[*_diffs(tried), *_logs(survived)],
    )


def _loose_data(told: Sequence[Tried]) -> Iterator[list[Tried]]:
    """The survivors of each data file whose survivors tell."""
    for path, group in _by_path(each for each in told if each.mutant.sort == Sort.DATA).items():
        survived = [each for each in group if each.survived]
        values = [each.survived for each in group if each.mutant.is_value]
        is_telling = len(survived) * 2 >= len(group) >= FEWEST * 2 or (len(values) >= FEWEST and all(values))
        if is_telling and any(each.mutant.is_gross for each in survived) and not _may_be_made_anew(path, told):
            yield survived


def _may_be_made_anew(path: str, told: Sequence[Tried]) -> bool:
    """Whether the verifier does not notice that most of the file is gone, and does use another of the solution's."""
    overlooked = any(each.survived for each in told if each.mutant.path == path and each.mutant.is_canary)
    return overlooked and any(not each.survived for each in told if each.mutant.path != path)


def _loose_code(told: Sequence[Tried]) -> Iterator[list[Tried]]:
    """The survivors of the programs that the verifier uses, where they tell."""
    code = [each for each in told if each.mutant.sort == Sort.CODE]
    used = {each.mutant.path for each in code if not each.survived}
    changed = [each for each in code if each.mutant.path in used and not each.mutant.is_canary]
    survived = [each for each in changed if each.survived]
    if len(survived) > FEWEST and len(survived) * 2 >= len(changed):
        yield survived


def _by_path(tried: Iterable[Tried]) -> Mapping[str, list[Tried]]:
    groups: dict[str, list[Tried]] = {}
    for each in tried:
        groups.setdefault(each.mutant.path, []).append(each)
    return groups


def _finding(survived: Sequence[Tried]) -> Finding:
    is_data = survived[0].mutant.sort == Sort.DATA
    paths = ", ".join(dict.fromkeys(each.mutant.path for each in survived))
    changes = ", ".join(dict.fromkeys(each.mutant.kind for each in survived))
    return Finding(
        title=DATA_TITLE if is_data else CODE_TITLE,
        seen=f"{paths} still earned the full reward after these changes: {changes}.",
        fix="Compare the values that the instruction asks for with expected ones, not only their form or number."
        if is_data
        else "Try the program on cases that reach every rule of the instruction, and compare its whole output.",
        place=survived[0].place,
    )


def _note(each: Tried) -> Finding:
    return Finding(
        title="A changed result earns the full reward",
        seen=f"{each.mutant.path}: {each.mutant.kind}; the diff shows where.",
        fix="If the changed result is wrong by the instruction, add a test that rejects it; else leave it.",
        place=each.place,
        severity=Severity.INFORMATION,
    )


def _diffs(tried: Sequence[Tried]) -> list[Artifact]:
    """The diff of each survivor, and one table of all."""
    diffs = [Artifact(f"{each.name}.diff", each.mutant.diff.encode(), "text/x-diff") for each in tried if each.survived]
    rows = [f"{each.name:10} {each.facts['outcome']:9} {each.mutant.kind:20} {each.mutant.path}" for each in tried]
    return [Artifact("mutants.txt", ("\n".join(rows) + "\n").encode()), *diffs]


def _logs(survived: Sequence[Tried]) -> list[Artifact]:
    logs = ((each.name, each.attempt.verifier_log) for each in survived)
    return [Artifact(f"{name}/test-stdout.txt", log) for name, log in logs if log]


CHECK = Check(
    key="mutants",
    title="Wrong results are rejected",
    criterion=Criterion.FUNCTIONAL_CORRECTNESS,
    severity=Severity.WARNING,
    needs=Needs.ORACLE,
    description="Small faults put into what the reference solution produced cost the full reward.",
    version="1",
    run=run,
)
