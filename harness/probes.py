"""A person's argument about a task, put to the test: a script stands in for the reference solution.

Proves what the verifier makes of this one script in one attempt; not that the script is the solution it claims to be.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import requests
from docker.errors import APIError, DockerException
from urllib3.exceptions import HTTPError

from harness.attempts.attempt import Act, Attempt
from harness.baseimages import NoBaseImage
from harness.bundle import Bundle
from harness.container import Cancelled
from harness.engine import Engine, EngineUnavailable
from harness.guard import GuardFailed
from harness.images import BuildFailed
from harness.limits import MIB
from harness.plan import Plan
from harness.results import Artifact
from harness.workbench import Workbench

__all__ = ["Cancelled", "Claim", "Probe", "ProbeOutcome", "problems", "run_probe"]

LARGEST_SCRIPT = 64 * 1024
LARGEST_FILE = MIB
MOST_FILES = 20
LONGEST_PATH = 300
HOME = "/probe"
SCRIPT = f"{HOME}/run.sh"
RESERVED = ("/tests", "/logs", "/solution", "/proc", "/sys", "/dev", SCRIPT)
_ODD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_NOT_RUN = {126: "is not executable", 127: "was not found"}


class Claim(StrEnum):
    """What the person says the verifier must make of the script."""

    MUST_PASS = "must_pass"  # noqa: S105  # not a password
    MUST_FAIL = "must_fail"


@dataclass(frozen=True)
class Probe:
    """A script, the files it finds, and the claim. Paths that are not absolute lie below /probe."""

    claim: Claim
    script: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def placed(self) -> dict[str, bytes]:
        """The files by the absolute path at which the script finds them."""
        return {place_of(path): content for path, content in self.files.items()}


@dataclass(frozen=True)
class ProbeOutcome:
    """Whether the claim held (None: could not tell), the reward in words, and why."""

    held: bool | None
    summary: str
    reward: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()


def place_of(path: str) -> str:
    """The absolute path a file is put to."""
    return path if path.startswith("/") else f"{HOME}/{path}"


def problems(probe: Probe) -> Iterator[tuple[str, str]]:
    """What is wrong with a probe, as ("script" or "files", sentence); nothing when it can be run."""
    if not probe.script.strip():
        yield "script", "Write the script that stands in for the solution."
    if _NO_TEXT.search(probe.script):
        yield "script", "The script holds characters that no text file can hold."
    if len(probe.script.encode(errors="surrogatepass")) > LARGEST_SCRIPT:
        yield "script", f"The script is larger than {LARGEST_SCRIPT // 1024} KiB. Put its data into a file."
    if len(probe.files) > MOST_FILES:
        yield "files", f"A probe has at most {MOST_FILES} files."
    for path, content in probe.files.items():
        if len(content) > LARGEST_FILE:
            yield "files", f"{path[:80]} is larger than {LARGEST_FILE // MIB} MiB."
        if reason := _misplaced(place_of(path)):
            yield "files", f"{path[:80]!r} {reason}."
    yield from _clashes([place_of(path) for path in probe.files])


def _misplaced(place: str) -> str:
    """Why a file cannot be put there; empty when it can."""
    if len(place) > LONGEST_PATH or _ODD.search(place):
        return f"is not a path of at most {LONGEST_PATH} plain characters"
    if any(part in {"", ".", ".."} for part in place.removeprefix("/").split("/")):
        return "must name a file without “.”, “..” or empty parts"
    if folder := next((each for each in RESERVED if place == each or place.startswith(f"{each}/")), None):
        return f"lies in {folder}, which belongs to the harness"
    return ""


def _clashes(places: list[str]) -> Iterator[tuple[str, str]]:
    """Two files at one place, or one below another."""
    known = set(places)
    if len(known) < len(places):
        yield "files", "Two files go to the same place."
    folders = {place[:end] for place in places for end in range(len(place)) if end and place[end] == "/"}
    yield from (("files", f"{place} would be a file and a folder.") for place in sorted(known & folders))


def run_probe(
    bundle: Bundle,
    probe: Probe,
    *,
    engine: Engine,
    plan: Plan,
    labels: Mapping[str, str],
    cancelled: Callable[[], bool],
) -> ProbeOutcome:
    """Build the task's image, let the script stand in for the agent once, and hold the reward against the claim.

    Every container is removed. Raises Cancelled, and EngineUnavailable when the engine goes away, or does not offer
    the plan's isolation.
    """
    engine = engine.isolated(plan.isolation)
    bench = Workbench(bundle=bundle, engine=engine, plan=plan, labels=labels, cancelled=cancelled)
    try:
        return _outcome(bench, probe)
    except DockerException as error:
        reason = getattr(error, "explanation", None) or error
        return _untold(f"The container engine refused: {reason}")
    except (requests.RequestException, HTTPError) as error:
        raise EngineUnavailable(f"The container engine stopped answering: {error}") from error
    finally:
        _sweep_quietly(engine, labels)


def _outcome(bench: Workbench, probe: Probe) -> ProbeOutcome:
    if reason := bench.refusal():
        return _untold(f"This task cannot be run here: {reason}.")
    try:
        bench.build()
        (attempt,) = bench.try_each("probe", [_act(probe)])
    except (NoBaseImage, GuardFailed) as missing:
        return _untold(str(missing))
    except BuildFailed as failure:
        reason = str(failure).strip().splitlines()[-1][:300]
        return _untold(f"The image does not build: {reason}", _artifacts({"build.txt": failure.log}))
    return _judged(bench, probe, attempt)


def _act(probe: Probe) -> Act:
    """The script in the agent's place; its first line says what reads it, and without one the shell does."""
    has_reader = probe.script.startswith("#!")
    return Act(files={**probe.placed, SCRIPT: probe.script.encode()}, command=SCRIPT if has_reader else f"sh {SCRIPT}")


def _judged(bench: Workbench, probe: Probe, attempt: Attempt) -> ProbeOutcome:
    engine = bench.engine.info
    facts = {
        "engine": f"{engine.name} {engine.version}",
        "image_digest": bench.image_digest,
        "stand_ins": list(bench.stand_ins),
        "limits_enforced": bench.limits_hold,
        "attempt": attempt.facts,
    }
    held, summary = _verdict(probe.claim, attempt)
    logs = {"script.txt": attempt.agent_log, "test-stdout.txt": attempt.verifier_log, **attempt.reward_files}
    return ProbeOutcome(held, summary[:480], str(attempt.reward), facts, _artifacts(logs))


def _verdict(claim: Claim, attempt: Attempt) -> tuple[bool | None, str]:
    """What the attempt says of the claim, in a sentence."""
    if reason := _unscored(attempt):
        return None, reason
    passed, reward = attempt.reward.is_full, attempt.reward
    what = "The verifier gave full reward" if passed else f"The verifier did not give full reward (reward {reward})"
    meaning = {
        (Claim.MUST_PASS, True): "as claimed",
        (Claim.MUST_PASS, False): "to a solution that is claimed to be correct",
        (Claim.MUST_FAIL, True): "to a solution that is claimed to be wrong",
        (Claim.MUST_FAIL, False): "as claimed",
    }[claim, passed]
    return passed == (claim == Claim.MUST_PASS), f"{what}, {meaning}.{_aside(attempt)}"


def _unscored(attempt: Attempt) -> str:
    """Why the attempt says nothing of the claim; empty when it does."""
    if attempt.trouble:
        return f"The run counts for nothing, as what it needs could not be had: {attempt.trouble}"
    if attempt.reward.invalid:
        return f"There is no reward: {attempt.reward.invalid}{f' ({attempt.cut_short})' if attempt.cut_short else ''}."
    code = attempt.agent.exit_code if attempt.agent else None
    if code in _NOT_RUN and not attempt.reward.is_full:
        return f"The script did not run: a command of it {_NOT_RUN[code]} (exit code {code})."
    return ""


def _aside(attempt: Attempt) -> str:
    """What a reader should know of how the script ended; empty when it ended well."""
    if attempt.cut_short:
        return f" Mind that {attempt.cut_short}."
    code = attempt.agent.exit_code if attempt.agent else 0
    return f" Mind that the script ended with exit code {code}." if code else ""


def _untold(reason: str, artifacts: tuple[Artifact, ...] = ()) -> ProbeOutcome:
    return ProbeOutcome(None, reason[:480], artifacts=artifacts)


def _artifacts(files: Mapping[str, bytes]) -> tuple[Artifact, ...]:
    return tuple(Artifact(name, content) for name, content in files.items() if content)


def _sweep_quietly(engine: Engine, labels: Mapping[str, str]) -> None:
    """Remove what is left; when the engine is gone, the next attempt's sweep does it."""
    try:
        engine.sweep(labels, snapshots=False)
    except (requests.RequestException, APIError):
        return
