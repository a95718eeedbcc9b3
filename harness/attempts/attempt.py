"""One attempt as Harbor makes it: fresh containers, something in the agent's place, then the verifier."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from harness.attempts.act import AS_ASKED, NOTHING, ORACLE, Act, Setting
from harness.attempts.health import wait_until_healthy
from harness.attempts.places import Made, Place, Places
from harness.attempts.stage import Stage, set_up
from harness.attempts.steps import Step, Steps, put
from harness.attempts.turns import MAIN, agent_mode, turns_of, verifier_mode
from harness.bundle import Bundle
from harness.config import Phase, TaskConfig
from harness.container import Container, Ended, Usage
from harness.engine import Engine
from harness.reading.texts import part, texts
from harness.rewards import Reward, merged
from harness.trouble import INSTALLS, sign_in

__all__ = ["AS_ASKED", "NOTHING", "ORACLE", "Act", "Attempt", "Setting", "Step", "make_attempt", "network_mode"]


@dataclass(frozen=True)
class Attempt:
    """What one attempt left. `agent` is None when nothing was done; `trouble` is a line of network trouble.

    Of a task of several steps, `reward` is what they come to together, `agent` and `verifier` the worst that ended,
    the logs follow each other under their steps' names, and `steps` has each by itself.
    """

    reward: Reward
    agent: Ended | None
    verifier: Ended
    usage: Usage
    agent_log: bytes
    verifier_log: bytes
    reward_files: Mapping[str, bytes]
    trouble: str | None
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def cut_short(self) -> str:
        """What limit of the task ended something in this attempt; empty when none did."""
        ends = [("agent's turn", self.agent), ("verifier", self.verifier)]
        for who, ended in ends:
            if ended and ended.disk_exceeded:
                return f"the {who} wrote more than environment.storage_mb allows"
            if ended and ended.timed_out:
                return f"the {who} ran out of time after {ended.seconds:.0f} s"
        return "a process was killed for using more than environment.memory_mb" if self.usage.oom_killed else ""

    @property
    def disk_exceeded(self) -> bool:
        return any(ended.disk_exceeded for ended in (self.agent, self.verifier) if ended)

    @property
    def facts(self) -> dict[str, Any]:
        """Plain values for the record; seconds are rounded to milliseconds."""
        steps = {"steps": [_told(step) for step in self.steps]} if len(self.steps) > 1 else {}
        return {
            "reward": dict(self.reward.values) or None,
            "invalid": self.reward.invalid or None,
            "note": self.reward.note or None,
            "agent": _ended(self.agent) if self.agent else None,
            "verifier": _ended(self.verifier),
            "peak_memory_bytes": self.usage.peak_memory_bytes,
            "oom_killed": self.usage.oom_killed,
            "processes_refused": self.usage.processes_refused,
            "limits_hold": self.usage.limits_hold,
            "trouble": self.trouble,
            "notes": list(self.notes),
            **steps,
        }


def make_attempt(
    bundle: Bundle,
    engine: Engine,
    *,
    places: Places,
    network: str,
    labels: Mapping[str, str],
    cancelled: Callable[[], bool],
    act: Act,
    setting: Setting = AS_ASKED,
    on_look: Callable[[Container], None] | None = None,
) -> Attempt:
    """Let the act stand in for the agent, then run the verifier, in fresh containers, for every step of the task.

    `network` is "none" or the network's name, which only the phases whose mode is public are on.

    Exit codes are recorded and do not count; an act that runs out of time is still graded. Raises Cancelled, and
    NotReady when what the task needs around it does not come up.
    """
    guarded = "none" if setting.offline else network

    def open_place(place: Place, mode: str) -> AbstractContextManager[Stage]:
        joined = guarded if mode == "public" else "none"
        return set_up(engine, place, network=joined, labels=labels, cancelled=cancelled, on_look=on_look)

    agent = _changed(places.agent, setting)
    turns = turns_of(bundle.config)
    with open_place(agent, "public" if "public" in modes_of_agents_place(bundle.config) else "none") as stage:
        put(stage.main, setting.files)
        _await_health(bundle, stage)
        steps = Steps(bundle, replace(places, agent=agent), stage, act, setting, open_place).make(turns)
        usage = stage.usage
    for step in steps:
        usage = usage.beside(step.usage) if step.usage else usage
    notes = (*places.notes, *stage.notes, *(note for step in steps for note in step.notes))
    strategy = str(bundle.config.raw.get("multi_step_reward_strategy", "mean"))
    return _attempt(steps, reward_of(steps, strategy), usage, notes, installs=_installs(bundle))


def _installs(bundle: Bundle) -> bool:
    """Whether the tests speak of an installer, so that a tool they lack may be one that could not be fetched."""
    return any(INSTALLS.search(text.text) for text in texts(bundle, lambda path: part(path) == "tests"))


def modes_of_agents_place(config: TaskConfig) -> set[str]:
    """The network modes of what happens in the agent's place: its turns, shared verifiers, and how it comes up."""
    shared = {verifier_mode(config, turn) for turn in turns_of(config) if not turn.is_separate}
    agents = {agent_mode(config, turn) for turn in turns_of(config)}
    needs_set_up = config.steps or config.environment.healthcheck
    return shared | agents | ({config.environment.network_mode} if needs_set_up else set())


def network_mode(config: TaskConfig, phase: Phase) -> str:
    """A phase's own network mode, or the environment's."""
    return phase.network_mode or config.environment.network_mode


def reward_of(steps: list[Step], strategy: str) -> Reward:
    """What the steps come to; where one could not be graded, the others alone do not make a full reward."""
    reward = merged([step.reward for step in steps], strategy)
    broken = next((step.reward.invalid for step in steps if step.reward.invalid), "")
    return Reward(invalid=broken) if broken and reward.is_full else reward


def _changed(place: Place, setting: Setting) -> Place:
    """The agent's place as the setting has it."""
    limits = replace(place.limits, memory_mb=setting.memory_mb or place.limits.memory_mb)
    main = Made(setting.image, place.images[MAIN].volumes) if setting.image else place.images[MAIN]
    return replace(place, limits=limits, images={**place.images, MAIN: main})


def _await_health(bundle: Bundle, stage: Stage) -> None:
    environment, box = bundle.config.environment, stage.main
    if environment.healthcheck is None:
        return
    if box.network != "none":
        box.use_network(box.network, on=environment.network_mode == "public")
    whose = "the environment's health check"
    wait_until_healthy(box, environment.healthcheck, whose=whose, user=None, workdir=environment.workdir)


def _attempt(steps: list[Step], reward: Reward, usage: Usage, notes: tuple[str, ...], *, installs: bool) -> Attempt:
    verifier_log = _joined(steps, lambda step: step.verifier_log)
    is_simple = len(steps) == 1 and not steps[0].name
    files = {
        name if is_simple else f"{step.name}/{name}": content
        for step in steps
        for name, content in step.reward_files.items()
    }
    return Attempt(
        reward=reward,
        agent=_worst([step.agent for step in steps if step.agent]),
        verifier=_worst([step.verifier for step in steps]) or steps[-1].verifier,
        usage=usage,
        agent_log=_joined(steps, lambda step: step.agent_log),
        verifier_log=verifier_log,
        reward_files=files,
        trouble=None if reward.is_full else sign_in(verifier_log, installs=installs),
        steps=tuple(steps),
        notes=notes,
    )


def _joined(steps: list[Step], log: Callable[[Step], bytes]) -> bytes:
    """The logs one after the other, each under its step's name."""
    if len(steps) == 1 and not steps[0].name:
        return log(steps[0])
    return b"\n".join(f"=== {step.name} ===\n".encode() + (log(step) or step.broken.encode()) for step in steps)


def _worst(ends: Iterable[Ended]) -> Ended | None:
    """The one that was cut short, else the one that took longest."""
    return max(ends, key=lambda end: (end.disk_exceeded, end.timed_out, end.seconds), default=None)


def _told(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "reward": dict(step.reward.values) or None,
        "invalid": step.reward.invalid or None,
        "agent": _ended(step.agent) if step.agent else None,
        "verifier": _ended(step.verifier),
    }


def _ended(ended: Ended) -> dict[str, Any]:
    return {**vars(ended), "seconds": round(ended.seconds, 3)}
