"""What the checks that cheat share: what stands in the agent's place, who runs as whom, and when a cheat has won."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.attempts.attempt import NOTHING, Act, Attempt
from harness.bundle import Bundle
from harness.checks.base import evidence
from harness.limits import MIB
from harness.results import Artifact, Outcome, Result
from harness.workbench import Workbench

ANYONES = "/tmp"  # noqa: S108 (of the container: where a cheat may write)
_ROOT = {"", "0", "root"}
_LONGEST = MIB


class Pointless(Exception):
    """Raised before the verifier runs where an attempt could prove nothing; the message says why."""


@dataclass(frozen=True)
class Users:
    """Whose rights the agent and the verifier have; root goes by the name "root"."""

    agent: str
    verifier: str

    @property
    def agent_is_root(self) -> bool:
        return self.agent == "root"

    @property
    def are_one(self) -> bool:
        """Whether the agent may do to the verifier whatever the verifier may do itself."""
        return self.agent_is_root or self.agent == self.verifier


def users(bench: Workbench) -> Users:
    """Who runs the agent's and the verifier's turn: as the task says, or else the image."""
    config, image = bench.bundle.config, bench.engine.client.images.get(str(bench.image_digest))
    own = (image.attrs.get("Config") or {}).get("User") or ""
    return Users(*(_name(own if phase.user is None else phase.user) for phase in (config.agent, config.verifier)))


def _name(user: str) -> str:
    name = user.partition(":")[0]
    return "root" if name in _ROOT else name


def void(bench: Workbench) -> Result | None:
    """Why a cheat would prove nothing: doing nothing already earns the full reward. Tries that if nobody has."""
    attempts = bench.attempts.get("nop") or bench.try_each("nop", [NOTHING])
    if any(attempt.reward.is_full for attempt in attempts):
        return Result(Outcome.SKIPPED, "Doing nothing already earns the full reward, so no cheat is needed.")
    return None


def tried(bench: Workbench, kind: str, act: Act) -> tuple[bool, list[Attempt]]:
    """Whether the cheat earns the full reward, twice where it does once, and its attempts."""
    made = bench.try_each(kind, [act])
    if made[0].reward.is_full:
        made += bench.try_each(kind, [act])
    return all(attempt.reward.is_full for attempt in made), made


def held_out(attempts: Sequence[Attempt], *, clean: str) -> Result:
    """What a check comes to when no cheat earned the full reward."""
    facts, kept = {"runs": [attempt.facts for attempt in attempts]}, evidence(attempts)
    if trouble := next((attempt.trouble for attempt in attempts if attempt.trouble), None):
        return Result(
            Outcome.ERROR, f"What the verifier needs could not be had: {trouble}", facts=facts, artifacts=kept
        )
    return Result(Outcome.PASSED, clean, facts=facts, artifacts=kept)


def exhibits(script: str, attempts: Sequence[Attempt]) -> tuple[Artifact, ...]:
    """The cheat, and what the runs with it left."""
    return (Artifact("cheat.sh", script.encode()), *evidence(attempts))


def planting(plants: Mapping[str, str]) -> str:
    """A shell script that writes each file where its user may; paths may hold variables of the shell."""
    return "".join(_planted(path, content) for path, content in plants.items())


def _planted(path: str, content: str) -> str:
    folder = path.rpartition("/")[0] or "/"
    return f'mkdir -p "{folder}"; cat > "{path}" <<\'PLANTED\'\n{content}PLANTED\n'


def words_below(bundle: Bundle, folder: str) -> str:
    """The text of the files below a folder, of each no more than its start, all of it no more than a few MiB."""
    texts, left = [], 4 * _LONGEST
    for file in bundle.files:
        if file.path.startswith(f"{folder}/") and left > 0:
            with (bundle.root / file.path).open("rb") as content:
                head = content.read(min(_LONGEST, left))
            left -= len(head)
            texts.append("" if b"\0" in head else head.decode(errors="replace"))
    return "\n".join(texts)
