"""task.toml, read into typed values; every complaint names the key and its line."""

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.problems import BundleError, Problem

FILE = "task.toml"
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
NETWORK_MODES = ("public", "no-network", "allowlist")
SCHEMA_VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "2.0")

_TABLES: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            "schema_version",
            "version",
            "source",
            "multi_step_reward_strategy",
            "artifacts",
            "steps",
            "task",
            "metadata",
            "agent",
            "verifier",
            "environment",
            "solution",
        }
    ),
    "task": frozenset(
        {
            "name",
            "version",
            "description",
            "authors",
            "keywords",
        }
    ),
    "agent": frozenset(
        {
            "timeout_sec",
            "user",
            "network_mode",
            "allowed_hosts",
        }
    ),
    "verifier": frozenset(
        {
            "timeout_sec",
            "env",
            "user",
            "environment_mode",
            "environment",
            "network_mode",
            "allowed_hosts",
            "collect",
        }
    ),
    "environment": frozenset(
        {
            "build_timeout_sec",
            "docker_image",
            "os",
            "cpus",
            "memory_mb",
            "storage_mb",
            "gpus",
            "gpu_types",
            "mcp_servers",
            "env",
            "workdir",
            "healthcheck",
            "network_mode",
            "allowed_hosts",
            "allow_internet",
            "memory",
            "storage",
            "skills_dir",
        }
    ),
    "solution": frozenset({"env"}),
}
_DEPRECATED = {
    "version": "schema_version",
    "environment.allow_internet": "environment.network_mode",
    "environment.memory": "environment.memory_mb",
    "environment.storage": "environment.storage_mb",
}


@dataclass(frozen=True)
class Environment:
    """What the task's container gets. Sizes in MiB, times in seconds; None: not limited by the task."""

    docker_image: str | None = None
    os: str = "linux"
    build_timeout_sec: float = 600.0
    cpus: float | None = None
    memory_mb: int | None = None
    storage_mb: int | None = None
    gpus: int = 0
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str | None = None
    network_mode: str = "public"
    allowed_hosts: tuple[str, ...] = ()
    has_healthcheck: bool = False


@dataclass(frozen=True)
class Phase:
    """The agent's or the verifier's turn; network_mode None: as the environment says."""

    timeout_sec: float
    user: str | None = None
    network_mode: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskConfig:
    """A typed view of task.toml; `raw` is the file as parsed."""

    raw: Mapping[str, Any]
    name: str | None
    environment: Environment
    agent: Phase
    verifier: Phase
    solution_env: Mapping[str, str]
    separate_verifier: bool
    steps: tuple[str, ...]
    warnings: tuple[Problem, ...]


def parse(text: str) -> TaskConfig:
    """Read task.toml. Raises BundleError with every problem found, each with its line where one is known."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BundleError([_syntax_problem(str(error))]) from None
    reader = _Reader(raw, _Lines(text))
    config = reader.config()
    if reader.problems:
        raise BundleError(reader.problems)
    return config


def _syntax_problem(message: str) -> Problem:
    """tomllib says where in its message: "… (at line 3, column 5)"."""
    what, _, where = message.partition(" (at ")
    line = re.match(r"line (\d+)", where)
    return Problem(FILE, int(line[1]) if line else None, f"not valid TOML: {what}")


class _Lines:
    """Where a dotted key stands in the text: the table's header and, below it, the key."""

    _HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?")
    _KEY = re.compile(r"\s*([A-Za-z0-9_.\"-]+)\s*=")

    def __init__(self, text: str) -> None:
        self._at: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if header := self._HEADER.match(line):
                table = header[1].replace('"', "")
                self._at.setdefault(table, number)
            elif key := self._KEY.match(line):
                name = key[1].replace('"', "")
                self._at.setdefault(f"{table}.{name}" if table else name, number)

    def of(self, key: str) -> int | None:
        """The key's line, or its table's, or None."""
        while key:
            if key in self._at:
                return self._at[key]
            key = key.rpartition(".")[0]
        return None


class _Reader:
    """Takes values out of the parsed file, gathering problems instead of stopping at the first."""

    def __init__(self, raw: dict[str, Any], lines: _Lines) -> None:
        self.raw, self.lines = raw, lines
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def config(self) -> TaskConfig:
        self._warn_of_odd_keys()
        environment = self._environment()
        return TaskConfig(
            raw=self.raw,
            name=self._name(),
            environment=environment,
            agent=self._phase("agent", 360.0),
            verifier=self._phase("verifier", 600.0),
            solution_env=self._strings("solution.env"),
            separate_verifier=self._take("verifier.environment_mode", str, "a string", "shared") == "separate",
            steps=self._steps(),
            warnings=tuple(self.warnings),
        )

    def _environment(self) -> Environment:
        key = "environment."
        return Environment(
            docker_image=self._take(key + "docker_image", str, "a string"),
            os=self._take(key + "os", str, "a string", "linux") or "linux",
            build_timeout_sec=self._positive(key + "build_timeout_sec", 600.0) or 600.0,
            cpus=self._positive(key + "cpus"),
            memory_mb=self._size("memory"),
            storage_mb=self._size("storage"),
            gpus=self._take(key + "gpus", int, "a whole number", 0) or 0,
            env=self._strings(key + "env"),
            workdir=self._take(key + "workdir", str, "a string"),
            network_mode=self._network(key) or self._legacy_network(),
            allowed_hosts=tuple(map(str, self._take(key + "allowed_hosts", list, "a list", []) or [])),
            has_healthcheck=self._get(key + "healthcheck") is not None,
        )

    def _phase(self, table: str, timeout: float) -> Phase:
        user = self._get(f"{table}.user")
        return Phase(
            timeout_sec=self._positive(f"{table}.timeout_sec", timeout) or timeout,
            user=None if user is None else str(user),
            network_mode=self._network(f"{table}."),
            env=self._strings(f"{table}.env"),
        )

    def _name(self) -> str | None:
        name = self._take("task.name", str, "a string")
        if name is not None and not NAME.fullmatch(name):
            self._problem("task.name", f"{name!r} is not of the form org/name (letters, digits, . _ -)")
        return name

    def _steps(self) -> tuple[str, ...]:
        steps: list[Any] = self._take("steps", list, "a list of tables") or []
        names = [step.get("name") if isinstance(step, dict) else None for step in steps]
        if not all(isinstance(name, str) and re.fullmatch(r"[\w.-]+", name) for name in names):
            self._problem("steps", "every step needs a name of letters, digits, . _ -")
            return ()
        return tuple(str(name) for name in names)

    def _network(self, prefix: str) -> str | None:
        mode = self._take(prefix + "network_mode", str, "a string")
        if mode is not None and mode not in NETWORK_MODES:
            self._problem(prefix + "network_mode", f"{mode!r} is not one of {', '.join(NETWORK_MODES)}")
        return mode

    def _legacy_network(self) -> str:
        allowed = self._take("environment.allow_internet", bool, "true or false", True)
        return "public" if allowed else "no-network"

    def _size(self, what: str) -> int | None:
        """MiB from `<what>_mb`, or from the older `<what> = "2G"`."""
        size = self._positive(f"environment.{what}_mb")
        if size is not None:
            return int(size)
        text = self._take(f"environment.{what}", str, 'a size such as "2G"')
        if text is None:
            return None
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT])i?B?\s*", text, re.IGNORECASE)
        if match is None:
            self._problem(f"environment.{what}", f'{text!r} is not a size such as "2G"')
            return None
        return max(1, int(float(match[1]) * {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2}[match[2].upper()]))

    def _strings(self, key: str) -> dict[str, str]:
        table: dict[str, Any] = self._take(key, dict, "a table") or {}
        if not all(isinstance(value, str | int | float) for value in table.values()):
            self._problem(key, "every value must be a string")
            return {}
        return {name: str(value) for name, value in table.items()}

    def _positive(self, key: str, default: float | None = None) -> float | None:
        value = self._get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._problem(key, f"must be a number, not {_kind(value)}")
        elif not math.isfinite(value) or value <= 0:
            self._problem(key, f"must be a number above 0, not {value}")
        else:
            return float(value)
        return default

    def _take[T](self, key: str, kind: Callable[..., T], words: str, default: T | None = None) -> T | None:
        value = self._get(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):  # type: ignore[arg-type]  # a class
            self._problem(key, f"must be {words}, not {_kind(value)}")
            return default
        return value  # type: ignore[no-any-return]  # isinstance has just said so

    def _get(self, key: str) -> Any:
        value: Any = self.raw
        for part in key.split("."):
            if not isinstance(value, dict):
                return None
            value = value.get(part)
        return value

    def _warn_of_odd_keys(self) -> None:
        for table, known in _TABLES.items():
            values = self._get(table) if table else self.raw
            if values is not None and not isinstance(values, dict):
                self._problem(table, f"must be a table, not {_kind(values)}")
                continue
            for key in values or {}:
                self._warn_of(f"{table}.{key}" if table else key, is_known=key in known)
        version = self.raw.get("schema_version", self.raw.get("version"))
        if version is not None and version not in SCHEMA_VERSIONS:
            self._warn("schema_version", f"{version!r} is not a version this reader knows")

    def _warn_of(self, key: str, *, is_known: bool) -> None:
        if not is_known:
            self._warn(key, f"unknown key {key!r}; runners ignore it")
        elif key in _DEPRECATED:
            self._warn(key, f"{key!r} is out of date; use {_DEPRECATED[key]!r}")

    def _problem(self, key: str, message: str) -> None:
        self.problems.append(Problem(FILE, self.lines.of(key), f"{key} {message}"))

    def _warn(self, key: str, message: str) -> None:
        self.warnings.append(Problem(FILE, self.lines.of(key), message))


def _kind(value: Any) -> str:
    names = {bool: "true or false", str: "a string", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a table")
