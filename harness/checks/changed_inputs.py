"""The verifier does not trust files of the image that the agent may change.

What a cheat would do: make the work disappear. Files of the image that the tests name (data, reference results, helper
scripts, tests of a project) are emptied by the agent's user, together with the reference solution's result: nothing
then agrees with nothing, and a helper that does nothing reports no failure. A program that has words for good work is
made to say them. Where that wins by files alone that neither
the instruction nor the solution names, the verifier's own reference lies in the agent's hands, where no honest expert
leaves it: blocking. Where it takes the data that the task hands to the agent, an agent would have to destroy its own
input, and a copy below /tests mends it: a warning.

Proves that emptying these files wins or does not. Does not prove that subtler changes to them lose, and cannot tell
where an empty result alone wins (see empty_output) or the solution's result is not in files alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.attempts.attempt import Act, Attempt
from harness.checks.base import Check, Criterion, Needs, evidence
from harness.checks.cheats import Pointless, held_out, void, words_below
from harness.container import Container
from harness.mutation.hollow import Hollowing, agreeing, empty
from harness.mutation.produced import is_noise
from harness.results import Artifact, Finding, Outcome, Place, Result, Severity, judged
from harness.workbench import Workbench

MOST_FILES = 100
LONGEST = 64 * 1024  # of a program that is read for what it says
_ELSEWHERE = "/proc /sys /dev /usr /lib /etc /var/lib /tests /solution /logs /tmp */.git */node_modules"
_LEFT_OUT = " -o ".join(f"-path '{path}'" for path in _ELSEWHERE.split())
_FIND = f"find / -xdev '(' {_LEFT_OUT} ')' -prune -o -type f -size -2048k -print 2> /dev/null | head -n 5000"
_WRITABLE = 'for path; do [ -w "$path" ] || [ -w "${path%/*}/." ] && echo "$path"; done'


@dataclass
class Emptying:
    """Empties the reference solution's result, then the image's files that the words name and the agent may write to,
    except `spared` ones; `changed` says which."""

    words: str
    user: str | None
    spared: str = ""
    changed: list[str] = field(default_factory=list)
    result: Hollowing = field(default_factory=lambda: Hollowing(empty))

    def __call__(self, box: Container) -> None:
        self.result(box)
        found = box.output(["sh", "-c", _FIND]).splitlines()
        named = [path for path in found if _is_named(path, self.words) and not _is_named(path, self.spared)]
        chosen = [path for path in named if not is_noise(path) and path not in self.result.produced][:MOST_FILES]
        self.changed = self._writable(box, chosen)
        if not self.changed:
            raise Pointless("The tests name no file of the image that the agent may change.")
        if self.result.left or self.result.serves:
            raise Pointless("The reference solution's result is not in files alone, so nothing can be told.")
        box.put([(path, agreeing(path, box.read(path, limit=LONGEST).data), 0o755) for path in self.changed])

    def _writable(self, box: Container, paths: list[str]) -> list[str]:
        if not paths:
            return []
        _code, out = box.raw.exec_run(["sh", "-c", _WRITABLE, "sh", *paths], user=self.user or "")
        return [path for path in bytes(out or b"").decode(errors="replace").splitlines() if path in paths]


def _is_named(path: str, words: str) -> bool:
    """By its whole path, or by a file name with a dot that is more than a few letters."""
    name = path.rpartition("/")[2]
    return path in words or ("." in name and len(name) > 4 and name in words)


def run(bench: Workbench) -> Result:
    if nothing := void(bench) or _hidden(bench):
        return nothing
    words, user = words_below(bench.bundle, "tests"), bench.bundle.config.agent.user
    given = f"{bench.bundle.instruction}\n{words_below(bench.bundle, 'solution')}"
    everything = Emptying(words, user)
    try:
        tries = [(everything, _try(bench, everything))]
    except Pointless as reason:
        return Result(Outcome.SKIPPED, str(reason))
    own = [path for path in everything.changed if not _is_named(path, given)]
    if own and own != everything.changed:
        fewer = Emptying(words, user, spared=given)
        tries.append((fewer, _try(bench, fewer)))
    attempts = [attempt for _emptying, attempt in tries]
    won = [emptying for emptying, attempt in tries if attempt.reward.is_full]
    if not won:
        return held_out(attempts, clean="Emptying the files that the verifier reads earns no full reward.")
    finding = _reference(won[-1]) if won[-1].changed == own else _inputs(won[-1])
    return judged([finding], clean="", severity=Severity.BLOCKING, artifacts=_kept(tries))


def _try(bench: Workbench, emptying: Emptying) -> Attempt:
    (attempt,) = bench.try_each("changed_inputs", [Act(with_oracle=True, after=emptying)])
    return attempt


def _hidden(bench: Workbench) -> Result | None:
    if any(attempt.reward.is_full for attempt in bench.attempts.get("empty_output", [])):
        return Result(
            Outcome.SKIPPED, "Emptying the result alone earns the full reward, which hides what this would show."
        )
    return None


def _reference(emptying: Emptying) -> Finding:
    return Finding(
        title="The verifier trusts reference files that the agent may change",
        seen=f"With {_listed(emptying)} emptied or made to agree, and the result emptied, the verifier gave the full "
        "reward.",
        fix="Keep what the verifier compares with, and the scripts it runs, below tests/ instead of in the image.",
        place=_PLACE,
    )


def _inputs(emptying: Emptying) -> Finding:
    return Finding(
        title="Emptying the inputs earns the full reward",
        seen=f"With {_listed(emptying)} and the result emptied, the verifier gave the full reward.",
        fix="Let the verifier read its own copy of the data below tests/, or check the data's checksum first.",
        place=_PLACE,
        severity=Severity.WARNING,
    )


def _listed(emptying: Emptying) -> str:
    return ", ".join(emptying.changed[:8])


def _kept(tries: Sequence[tuple[Emptying, Attempt]]) -> tuple[Artifact, ...]:
    listed = "".join(
        f"emptied in run {number}:\n{'\n'.join([*emptying.changed, *emptying.result.replaced])}\n"
        for number, (emptying, _attempt) in enumerate(tries, start=1)
    )
    return (Artifact("emptied.txt", listed.encode()), *evidence([attempt for _emptying, attempt in tries]))


_PLACE = Place("emptied.txt", 1, is_artifact=True)

CHECK = Check(
    key="changed_inputs",
    title="The verifier trusts no file the agent may change",
    criterion=Criterion.NON_TRIVIALITY,
    severity=Severity.BLOCKING,
    needs=Needs.ORACLE,
    description="Emptying the image's files that the tests name, or making them agree, earns nothing without a result.",
    version="2",
    run=run,
)
