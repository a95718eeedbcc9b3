"""The image builds within its time. Proves that the environment exists today; not that it will build next year."""

from harness.baseimages import NoBaseImage
from harness.checks.base import Check, Criterion
from harness.images import BuildFailed
from harness.run import Artifact, Finding, Outcome
from harness.trouble import sign_in
from harness.workbench import Workbench


def run(bench: Workbench) -> Finding:
    if reason := bench.refusal():
        return Finding(Outcome.ERROR, f"This task cannot be run here: {reason}.")
    try:
        built = bench.build()
    except NoBaseImage as missing:
        return Finding(Outcome.ERROR, str(missing))
    except BuildFailed as failure:
        return _failed(failure)
    facts = {"image": built.image, "stand_ins": list(bench.stand_ins)}
    return Finding(Outcome.PASSED, _summary(bench), facts, _log(built.log))


def _failed(failure: BuildFailed) -> Finding:
    if trouble := sign_in(failure.log):
        return Finding(Outcome.ERROR, f"The build met network trouble: {trouble}", artifacts=_log(failure.log))
    reason = str(failure).strip().splitlines()[-1][:300]
    return Finding(Outcome.FAILED, f"The image does not build: {reason}", artifacts=_log(failure.log))


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
    description="The task's image builds within its time limit.",
    version="1",
    run=run,
)
