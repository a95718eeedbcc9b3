"""The image builds within its time. Proves that the environment exists today; not that it will build next year."""

from harness import guard
from harness.baseimages import NoBaseImage
from harness.checks.base import Check, Criterion, Needs
from harness.images import BuildFailed
from harness.results import Artifact, Finding, Outcome, Place, Result, Severity, trouble
from harness.trouble import sign_in
from harness.workbench import Workbench


def run(bench: Workbench) -> Result:
    if reason := bench.refusal():
        return Result(Outcome.ERROR, f"This task cannot be run here: {reason}.")
    try:
        built = bench.build()
    except NoBaseImage as missing:
        return trouble(str(missing))
    except BuildFailed as failure:
        return _failed(failure, "" if guard.can_guard(bench.engine) else f" {guard.ROOTLESS}")
    facts = {"image": built.image, "stand_ins": list(bench.stand_ins), "cached": built.cached}
    return Result(Outcome.PASSED, _summary(bench), facts=facts, artifacts=_log(built.log))


def _failed(failure: BuildFailed, why_closed: str) -> Result:
    if sign := sign_in(failure.log):
        return trouble(f"The build met network trouble: {sign}{why_closed}", artifacts=_log(failure.log))
    reason = str(failure).strip().splitlines()[-1][:300]
    found = Finding(
        title="The image does not build",
        seen=reason,
        fix="Build environment/ with `docker build` and mend the step that fails; the log names it.",
        place=Place("build.txt", is_artifact=True),
    )
    return Result(Outcome.FAILED, f"The image does not build: {reason}", (found,), artifacts=_log(failure.log))


def _summary(bench: Workbench) -> str:
    if bench.stand_ins:
        return f"The image builds, on a stand-in for {', '.join(bench.stand_ins)}."
    return "The image builds."


def _log(log: bytes) -> tuple[Artifact, ...]:
    return (Artifact("build.txt", log),) if log else ()


CHECK = Check(
    key="builds",
    title="Image builds",
    criterion=Criterion.ENVIRONMENT_RELIABILITY,
    severity=Severity.BLOCKING,
    needs=Needs.FILES,
    description="The task's image builds within its time limit.",
    version="1",
    run=run,
)
