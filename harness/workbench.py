"""What the checks of one run share: the image built once, and the attempts made on it."""

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

from harness import baseimages, disk, guard, images
from harness.attempts.attempt import AS_ASKED, Act, Attempt, Setting, make_attempt, modes_of_agents_place
from harness.attempts.compose_values import NotTaken
from harness.attempts.environment_values import unfilled
from harness.attempts.places import Made, Places, Wanted, prepare, refusal_of
from harness.attempts.turns import MAIN, network_modes
from harness.bundle import Bundle
from harness.config import Environment
from harness.container import Container, Limits
from harness.engine import Engine
from harness.logs import HeadAndTail
from harness.mutation.watch import Watch
from harness.patience import unless_cancelled
from harness.plan import Plan
from harness.progress import LINE_CHARACTERS, as_text, log_tail
from harness.reading.neighbours import Neighbour


@dataclass
class Workbench:
    """One run's bundle, engine and plan, and what its checks have left for each other."""

    bundle: Bundle
    engine: Engine
    plan: Plan
    labels: Mapping[str, str]
    cancelled: Callable[[], bool]
    at_once: int = 1
    on_progress: Callable[[str, str, str], None] = lambda key, line, tail: None
    neighbours: Callable[[], Iterable[Neighbour]] = tuple
    image_digest: str | None = None
    stand_ins: tuple[str, ...] = ()
    places: Places | None = None
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    watch: Watch | None = None
    has_snapshots: bool = False
    _here: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self._slots = threading.BoundedSemaphore(self.at_once)

    @property
    def checking(self) -> str:
        """The check that the calling thread works for."""
        return getattr(self._here, "check", "")

    @checking.setter
    def checking(self, key: str) -> None:
        self._here.check = key

    @cached_property
    def limits(self) -> Limits:
        """The task's limits, where it names none this harness's own."""
        return self.limits_of(self.bundle.config.environment)

    def limits_of(self, asked: Environment) -> Limits:
        """The limits of an environment, the agent's or a separate verifier's."""
        default = Limits()
        return Limits(
            cpus=min(asked.cpus or default.cpus, float(self.engine.info.cpus)),
            memory_mb=asked.memory_mb or default.memory_mb,
            storage_mb=asked.storage_mb or default.storage_mb,
        )

    @property
    def limits_hold(self) -> bool:
        """Whether the engine says that it enforces limits, and every container so far was seen to have them."""
        measured = [attempt.usage.limits_hold for made in self.attempts.values() for attempt in made]
        return self.engine.info.limits_enforced and all(measured)

    def refusal(self) -> str | None:
        """Why this task cannot be run here, by name; None when it can."""
        missing = unfilled(self.bundle.config)
        reasons = {
            "network_mode = 'allowlist' cannot be enforced here": "allowlist" in self.network_modes,
            f"it wants {', '.join(missing)} from this host's environment": bool(missing),
            "this project's policy forbids tasks with network access": (
                "public" in self.network_modes and not self.plan.allow_network
            ),
        }
        return refusal_of(self.bundle) or next((reason for reason, applies in reasons.items() if applies), None)

    @property
    def network_modes(self) -> set[str]:
        """The modes of all phases."""
        return network_modes(self.bundle.config) | modes_of_agents_place(self.bundle.config)

    @cached_property
    def guarded_network(self) -> str:
        """The network from which the host is out of reach. Raises GuardFailed and Cancelled."""
        return unless_cancelled(lambda: guard.guarded_network(self.engine), self.cancelled)

    @property
    def builds_with_network(self) -> bool:
        """Whether build steps have a network: an engine that cannot guard one builds what needs none."""
        return self.plan.allow_network and guard.can_guard(self.engine)

    def say(self, line: str, tail: bytes = b"") -> None:
        """Tell people how far the check has come, with the end of the log that is being written."""
        self.on_progress(self.checking, line[:LINE_CHARACTERS], as_text(tail))

    def build(self) -> images.Built:
        """Build the task's images, or take the named ones; what is given back is main's, with the log of all.

        Raises BuildFailed, NoBaseImage and Cancelled.
        """
        log, built = HeadAndTail(images.LOG_LIMIT), list[images.Built]()

        def make(wanted: Wanted) -> Made:
            built.append(self._made(wanted))
            log.add(built[-1].log)
            declared = self.engine.client.images.get(built[-1].image).attrs["Config"].get("Volumes")
            return Made(built[-1].image, tuple(declared or ()))

        try:
            self.places = prepare(self.bundle, limits=self.limits_of, make=make)
        except NotTaken as error:
            raise images.BuildFailed(str(error), log.content) from error
        self.image_digest = self.places.agent.images[MAIN].image
        return images.Built(self.image_digest, log.content, cached=all(one.cached for one in built))

    @property
    def prepared(self) -> Places:
        """What `build` has made."""
        if self.places is None:
            raise RuntimeError("an attempt was asked for before the images were built")
        return self.places

    def _made(self, wanted: Wanted) -> images.Built:
        if wanted.named:
            (base,) = self._ensure([wanted.named])
            return images.Built(image=base.image_id, log=b"")
        dockerfile = (wanted.context / wanted.dockerfile).read_text(errors="replace")
        return images.ensure(
            self.engine,
            wanted.context,
            bases=[base.image_id for base in self._ensure(baseimages.bases_of(dockerfile))],
            timeout=wanted.timeout,
            network=self.guarded_network if self.builds_with_network else "none",
            cancelled=self.cancelled,
            say=self.say,
            options=wanted.options,
        )

    def _ensure(self, tags: list[str]) -> list[baseimages.BaseImage]:
        found = [self._base(tag) for tag in tags]
        stand_ins = (*self.stand_ins, *(image.tag for image in found if image.stand_in))
        self.stand_ins = tuple(dict.fromkeys(stand_ins))
        return found

    def _base(self, tag: str) -> baseimages.BaseImage:
        """A pull takes minutes and cannot be stopped; who cancels does not wait for it."""
        return unless_cancelled(lambda: baseimages.ensure(self.engine, tag, say=self.say), self.cancelled)

    def try_each(self, kind: str, acts: Sequence[Act], setting: Setting = AS_ASKED) -> list[Attempt]:
        """Make an attempt with each act, in a fresh container; they are kept under their kind for later checks.

        Never more than `at_once` are under way, whichever checks ask for them.
        """
        check = self.checking
        places = self.prepared
        is_guarded = "public" in self.network_modes or places.agent.is_composed  # its rules shield private networks too
        network = self.guarded_network if is_guarded else "none"

        def one(number: int, act: Act) -> Attempt:
            self.checking = check
            line = f"run {number} of {len(acts)}"
            self.say(line)

            def tell(box: Container) -> None:
                disk.require_room(self.engine)
                self.say(line, log_tail(box))

            with self._slots:
                return make_attempt(
                    self.bundle,
                    self.engine,
                    places=places,
                    network=network,
                    labels=self.labels,
                    cancelled=self.cancelled,
                    act=act,
                    setting=setting,
                    on_look=tell,
                )

        with ThreadPoolExecutor(self.at_once, thread_name_prefix=kind) as pool:
            made = list(pool.map(one, itertools.count(1), acts))
        self.attempts.setdefault(kind, []).extend(made)
        return made
