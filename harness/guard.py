"""Keep the host and metadata addresses out of reach of a task's network (docs/adr/0002-network-guard.md)."""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from docker.errors import APIError, ContainerError

from harness.engine import LABEL, Engine, discard

IMAGE = "reviewapp/guard:1"
METADATA = ("169.254.0.0/16", "fd00:ec2::254/128")
PAUSE_SECONDS = 7200


def forbid_host(engine: Engine, container_id: str) -> None:
    """Add routes to the container's network that refuse every address of the host and of metadata services."""
    routes = [f"{address}/{128 if ':' in address else 32}" for address in _host_addresses(engine)]
    script = "; ".join(_forbid(route) for route in (*routes, *METADATA))
    _run(engine, ["sh", "-c", script], network_mode=f"container:{container_id}")


def _forbid(route: str) -> str:
    family = "-6" if ":" in route else "-4"
    required = "|| true" if family == "-6" else "|| exit 1"  # a network without IPv6 cannot reach IPv6 addresses
    return f"ip {family} route add prohibit {route} 2>&1 {required}"


def _host_addresses(engine: Engine) -> list[str]:
    """Every address of the host, as seen from its own network: bridge gateways included, loopback aside."""
    shown = _run(engine, ["ip", "-o", "addr", "show"], network_mode="host").decode()
    found = re.findall(r"inet6? ([0-9a-f.:]+)", shown)
    return sorted({address for address in found if not address.startswith(("127.", "fe80:")) and address != "::1"})


def _run(engine: Engine, command: list[str], *, network_mode: str) -> bytes:
    try:
        output: bytes = engine.client.containers.run(
            ensure_image(engine),
            command,
            remove=True,
            network_mode=network_mode,
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            labels={LABEL: "1"},
        )
    except ContainerError as error:
        raise GuardFailed(f"The network guard could not be set: {error}") from error
    return output


class GuardFailed(Exception):
    """The host could not be put out of reach, so nothing may run with a network."""


@contextmanager
def pause(engine: Engine, *, network: str, labels: Mapping[str, str]) -> Iterator[str]:
    """A container that only holds a network, guarded when it has one; its id, for builds to share."""
    raw = engine.client.containers.create(
        ensure_image(engine),
        ["sleep", str(PAUSE_SECONDS)],
        init=True,
        labels={LABEL: "1", **labels},
        network=None if network == "none" else network,
        network_disabled=network == "none",
        cap_drop=["ALL"],
    )
    try:
        raw.start()
        if network != "none":
            forbid_host(engine, str(raw.id))
        yield str(raw.id)
    finally:
        discard(raw)


def ensure_image(engine: Engine) -> str:
    """A busybox of a few MB: made once from a registry, or from Debian's archive where none answers."""
    if engine.has_image(IMAGE):
        return IMAGE
    with suppress(APIError):
        engine.client.images.pull("busybox", tag="stable").tag(*IMAGE.split(":"))
        return IMAGE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt drops to a user of its own
        _shell(["apt-get", "download", "busybox-static"], folder)
        (package,) = folder.glob("busybox-static*.deb")
        _shell(["dpkg", "-x", str(package), "root"], folder)
        (folder / "Dockerfile").write_text(
            'FROM scratch\nCOPY root/bin/busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n'
        )
        engine.client.images.build(path=name, tag=IMAGE, labels={LABEL: "1"}, rm=True)
    return IMAGE


def _shell(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 (fixed words)
    if done.returncode:
        raise GuardFailed(f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
