"""What the checks of one run share: the image built once, and the attempts made on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from harness import baseimages, images
from harness.attempt import Attempt, make_attempt
from harness.bundle import Bundle
from harness.container import Limits
from harness.engine import Engine
from harness.run import Plan


@dataclass
class Workbench:
    """One run's bundle, engine and plan, and what its checks have left for each other."""

    bundle: Bundle
    engine: Engine
    plan: Plan
    labels: Mapping[str, str]
    cancelled: Callable[[], bool]
    image_digest: str | None = None
    stand_ins: tuple[str, ...] = ()
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)

    @cached_property
    def limits(self) -> Limits:
        """The task's limits, where it names none this harness's own."""
        asked, default = self.bundle.config.environment, Limits()
        return Limits(
            cpus=asked.cpus or default.cpus,
            memory_mb=asked.memory_mb or default.memory_mb,
            storage_mb=asked.storage_mb or default.storage_mb,
        )

    def refusal(self) -> str | None:
        """Why this task cannot be run here, by name; None when it can."""
        config, folder = self.bundle.config, self.bundle.root / "environment"
        asked = config.environment
        modes = {asked.network_mode, config.agent.network_mode, config.verifier.network_mode}
        reasons = {
            "GPUs (environment.gpus) are not supported yet": asked.gpus > 0,
            f"environment.os = {asked.os!r} is not supported": asked.os != "linux",
            "docker-compose environments are not supported yet": (folder / "docker-compose.yaml").exists(),
            "multi-step tasks (steps/) are not supported yet": bool(config.steps),
            "separate verifier images are not supported yet": config.separate_verifier,
            "health checks (environment.healthcheck) are not supported yet": asked.has_healthcheck,
            "network_mode = 'allowlist' cannot be enforced here": "allowlist" in modes,
            "phases with different network modes are not supported yet": len(modes - {None}) > 1,
            "this project's policy forbids tasks with network access": (
                self.network == "public" and not self.plan.allow_network
            ),
        }
        return next((reason for reason, applies in reasons.items() if applies), None)

    @property
    def network(self) -> str:
        """The task's network mode: a phase's own, or the environment's."""
        config = self.bundle.config
        return config.agent.network_mode or config.verifier.network_mode or config.environment.network_mode

    def build(self) -> images.Built:
        """Build the image, or take the named one. Raises BuildFailed, NoBaseImage and Cancelled."""
        environment = self.bundle.config.environment
        dockerfile = self.bundle.root / "environment" / "Dockerfile"
        if dockerfile.exists():
            self._ensure(baseimages.bases_of(dockerfile.read_text(errors="replace")))
            built = images.build(
                self.engine,
                dockerfile.parent,
                tag=f"reviewapp/task:{self.bundle.digest.removeprefix('sha256:')[:12]}",
                timeout=environment.build_timeout_sec,
                network=self.engine.network() if self.plan.allow_network else "none",
                labels=self.labels,
                cancelled=self.cancelled,
            )
        else:
            (base,) = self._ensure([str(environment.docker_image)])
            built = images.Built(image=base.image_id, log=b"")
        self.image_digest = built.image
        return built

    def _ensure(self, tags: list[str]) -> list[baseimages.BaseImage]:
        found = [baseimages.ensure(self.engine, tag) for tag in tags]
        self.stand_ins = tuple(image.tag for image in found if image.stand_in)
        return found

    def attempt(self, kind: str, *, with_oracle: bool) -> Attempt:
        """Make one attempt in a fresh container and keep it under its kind for the checks that follow."""
        made = make_attempt(
            self.bundle,
            self.engine,
            image=str(self.image_digest),
            limits=self.limits,
            network="none" if self.network == "no-network" else self.engine.network(),
            labels=self.labels,
            cancelled=self.cancelled,
            with_oracle=with_oracle,
        )
        self.attempts.setdefault(kind, []).append(made)
        return made
