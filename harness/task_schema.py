"""What Harbor's task.toml may hold (schema 1.4, and the older forms that occur), as rules."""

import math
import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import PurePosixPath
from typing import Any
from unicodedata import normalize

from harness.schema import (
    Finding,
    KeyPath,
    Rule,
    Table,
    anything,
    either,
    flag,
    items,
    kind,
    mapping,
    matching,
    number,
    one_of,
    shown,
    text,
)

SCHEMA_VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "2.0")
SIZES = {"K": 1 / 1024, "M": 1.0, "G": 1024.0}
SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)([KMG])\s*", re.IGNORECASE | re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_UNPORTABLE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[1-9¹²³])", re.IGNORECASE)

_SECONDS = number(above=0)
_SECONDS_OR_NONE = number(least=0)
_SERVICE = matching(r"[A-Za-z0-9][\w.-]*", "a Compose service name")
_USER = either(str, text(empty=False), number(least=0, whole=True))
_ENV = mapping(text(), name=r"[^=\x00-\x1f\x7f]+")


def _host(value: Any, at: KeyPath) -> Iterator[Finding]:
    """A host name, `*.` and a host name, an address or a network: no URL, port or path."""
    if not isinstance(value, str) or not _is_host(value.strip().lower().rstrip(".")):
        yield Finding(at, f"must be a host name, *.name, an IP address or a network, not {shown(value)}")


def _is_host(host: str) -> bool:
    if "/" in host or ":" in host:
        return _is_network(host)
    name = host.removeprefix("*.")
    if name != host and _is_network(name):
        return False
    return all(_LABEL.fullmatch(label) for label in name.split("."))


def _is_network(host: str) -> bool:
    try:
        (ip_network if "/" in host else ip_address)(host)
    except ValueError:
        return False
    return "%" not in host


def _hosts_need_allowlist(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    if table.get("allowed_hosts") and table.get("network_mode") != "allowlist":
        yield Finding((*at, "allowed_hosts"), 'only goes with network_mode = "allowlist"')


def _phase_hosts_need_mode(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    if "allowed_hosts" in table and table.get("network_mode") != "allowlist":
        yield Finding((*at, "allowed_hosts"), 'only goes with network_mode = "allowlist"')


_NETWORK: dict[str, Rule] = {
    "network_mode": one_of("public", "no-network", "allowlist"),
    "allowed_hosts": items(_host),
}


def _size(value: Any, at: KeyPath) -> Iterator[Finding]:
    if not isinstance(value, str) or not SIZE.fullmatch(value) or as_mebibytes(value) < 1:
        yield Finding(at, f'must be a size of a mebibyte or more such as "2G" or "512M", not {shown(value)}')


def as_mebibytes(size: str) -> int:
    """The older way of writing a size, "2G" or "512M", in MiB, rounded down as Harbor does."""
    match = SIZE.fullmatch(size)
    return int(float(match[1]) * SIZES[match[2].upper()]) if match else 0


def _sizes_agree(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    for what in ("memory", "storage"):
        old, new = table.get(what), table.get(f"{what}_mb")
        if old is not None and new is not None and as_mebibytes(old) != new:
            yield Finding((*at, what), f"says {as_mebibytes(old)} MB, and {what}_mb says {new}")


def _workdir(value: Any, at: KeyPath) -> Iterator[Finding]:
    if not isinstance(value, str) or not re.match(r"/|[A-Za-z]:[/\\]", value):
        yield Finding(at, f"must be an absolute path, not {shown(value)}")


def _transport_is_whole(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    is_local = table.get("transport", "sse") == "stdio"
    needed = "command" if is_local else "url"
    if not table.get(needed):
        yield Finding((*at, needed), f"is missing: this transport needs {needed}")
    if is_local and table.get("headers"):
        yield Finding((*at, "headers"), "only go with HTTP transports")


_MCP_SERVER = Table(
    {
        "name": text(empty=False),
        "transport": one_of("stdio", "sse", "streamable-http", "http"),
        "url": text(),
        "command": text(),
        "args": items(text()),
        "headers": mapping(matching(r"[^\r\n]*", "one line"), name=r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"),
    },
    required=frozenset({"name"}),
    checks=(_transport_is_whole,),
)

_HEALTHCHECK = Table(
    {
        "command": text(empty=False),
        "interval_sec": _SECONDS,
        "timeout_sec": _SECONDS,
        "start_period_sec": _SECONDS_OR_NONE,
        "start_interval_sec": _SECONDS,
        "retries": number(least=1, whole=True),
    },
    required=frozenset({"command"}),
)

_TPU = Table(
    {"type": text(empty=False), "topology": matching(r"\s*[1-9]\d*(x[1-9]\d*)+\s*", 'a topology such as "2x4"')},
    required=frozenset({"type", "topology"}),
)

_ENVIRONMENT = Table(
    {
        "build_timeout_sec": _SECONDS,
        "docker_image": text(empty=False),
        "os": one_of("linux", "windows", fold_case=True),
        "cpus": number(above=0),
        "memory_mb": number(least=1, whole=True),
        "storage_mb": number(least=1, whole=True),
        "gpus": number(least=0, whole=True),
        "gpu_types": items(text(empty=False)),
        "tpu": _TPU,
        "mcp_servers": items(_MCP_SERVER),
        "env": _ENV,
        "skills_dir": text(),
        "healthcheck": _HEALTHCHECK,
        "workdir": _workdir,
        "allow_internet": flag,
        "memory": _size,
        "storage": _size,
        **_NETWORK,
    },
    outdated={"allow_internet": "network_mode", "memory": "memory_mb", "storage": "storage_mb"},
    checks=(_hosts_need_allowlist, _sizes_agree),
)

_AGENT = Table({"timeout_sec": _SECONDS, "user": _USER, **_NETWORK}, checks=(_phase_hosts_need_mode,))

_COLLECT = Table(
    {"command": text(empty=False), "service": _SERVICE, "timeout_sec": _SECONDS, "user": _USER},
    required=frozenset({"command"}),
)


def _shared_has_no_environment(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    if table.get("environment_mode") == "shared" and "environment" in table:
        yield Finding((*at, "environment_mode"), 'is "shared", which leaves no room for [verifier.environment]')


_VERIFIER = Table(
    {
        "timeout_sec": _SECONDS,
        "env": _ENV,
        "user": _USER,
        "environment_mode": one_of("shared", "separate"),
        "environment": _ENVIRONMENT,
        "collect": items(_COLLECT),
        **_NETWORK,
    },
    checks=(_phase_hosts_need_mode, _shared_has_no_environment),
)


def _source(value: Any, at: KeyPath) -> Iterator[Finding]:
    if not isinstance(value, str) or not value or ".." in PurePosixPath(value).parts:
        yield Finding(at, f"must be a path without .., not {shown(value)}")


def _destination(value: Any, at: KeyPath) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield Finding(at, f"must be a string, not {kind(value)}")
        return
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or (value and not path.parts):
        yield Finding(at, f"must be a relative path without .., not {shown(value)}")
    elif value.rstrip("/") == "manifest.json":
        yield Finding(at, "must not be manifest.json, which runners write themselves")


def _service_source_is_absolute(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    if table.get("service", "main") != "main" and not re.match(r"/|[A-Za-z]:[/\\]", table["source"]):
        yield Finding((*at, "source"), "must be an absolute path when it comes from another service")


_ARTIFACTS = items(
    either(
        str,
        _source,
        Table(
            {"source": _source, "destination": _destination, "exclude": items(text()), "service": _SERVICE},
            required=frozenset({"source"}),
            checks=(_service_source_is_absolute,),
        ),
    )
)


def _step_name(value: Any, at: KeyPath) -> Iterator[Finding]:
    if not isinstance(value, str) or not _is_portable(value):
        yield Finding(at, f"must be a folder name that every system takes, not {shown(value)}")


def _is_portable(name: str) -> bool:
    is_plain = bool(name.strip()) and not name.endswith((".", " ")) and not _UNPORTABLE.search(name)
    return is_plain and not _DEVICE.fullmatch(name.partition(".")[0].rstrip(" ")) and len(name.encode()) <= 255


_STEP = Table(
    {
        "name": _step_name,
        "agent": _AGENT,
        "verifier": _VERIFIER,
        "min_reward": either(dict, mapping(number()), number()),
        "healthcheck": _HEALTHCHECK,
        "artifacts": _ARTIFACTS,
    },
    required=frozenset({"name"}),
)


def _steps_differ(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, step in enumerate(table.get("steps", [])):
        folded = normalize("NFC", step["name"]).casefold()
        if folded in seen:
            yield Finding((*at, "steps", index, "name"), f"{step['name']!r} is the name of another step too")
        seen.add(folded)


def _name(value: Any, at: KeyPath) -> Iterator[Finding]:
    if not isinstance(value, str) or ".." in value:
        yield Finding(at, f"must be of the form org/name without .., not {shown(value)}")
        return
    words = "of the form org/name (letters, digits, . _ -)"
    yield from matching(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*", words)(value, at)


def _known_version(table: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
    key = "schema_version" if "schema_version" in table else "version"
    if key in table and table[key] not in SCHEMA_VERSIONS:
        yield Finding((*at, key), f"{shown(table[key])} is not a version this reader knows", is_warning=True)


_PACKAGE = Table(
    {
        "name": _name,
        "version": text(empty=False),
        "description": text(),
        "authors": items(Table({"name": text(), "email": text()}, required=frozenset({"name"}))),
        "keywords": items(text()),
    },
    required=frozenset({"name"}),
)

TASK = Table(
    {
        "schema_version": text(),
        "version": text(),
        "source": text(),
        "multi_step_reward_strategy": one_of("mean", "final"),
        "artifacts": _ARTIFACTS,
        "steps": items(_STEP),
        "task": _PACKAGE,
        "metadata": mapping(anything),
        "agent": _AGENT,
        "verifier": _VERIFIER,
        "environment": _ENVIRONMENT,
        "solution": Table({"env": _ENV}),
    },
    outdated={"version": "schema_version"},
    checks=(_steps_differ, _known_version),
)


def unstorable(value: Any, at: KeyPath = ()) -> Iterator[Finding]:
    """What TOML can say and JSON cannot: NUL characters, inf, nan, numbers beyond all measure."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from unstorable(key, (*at, key))
            yield from unstorable(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unstorable(item, (*at, index))
    elif isinstance(value, str) and "\0" in value:
        yield Finding(at, "must not hold a NUL character")
    elif (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) >= 2**63):
        yield Finding(at, f"must be a finite number of ordinary size, not {shown(value)}")
