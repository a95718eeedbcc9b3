"""Keep the host, metadata services and other tasks out of reach of a task (docs/adr/0002-network-guard.md)."""

import hashlib
import tempfile
from pathlib import Path

from docker.errors import APIError, BuildError, ContainerError

from harness import baseimages
from harness.engine import BRIDGE, LABEL, PRIVATE_BRIDGES, Engine

BASE = "debian:bookworm-slim"
METADATA = ("169.254.0.0/16", "100.100.100.200", "168.63.129.16", "192.0.0.192")
# Before any address translation, so that ports the host publishes are out of reach as well. Private networks are not
# tracked: translation left behind by an engine that was killed would otherwise swallow what is sent on their addresses.
RULES = f"""\
table inet reviewapp
flush table inet reviewapp
table inet reviewapp {{
    chain prerouting {{
        type filter hook prerouting priority -300; policy accept;
        iifname "{BRIDGE}" meta nfproto ipv6 drop
        iifname "{BRIDGE}" fib daddr type {{ local, broadcast, multicast }} drop
        iifname "{BRIDGE}" ip daddr {{ {", ".join(METADATA)} }} drop
        iifname "{PRIVATE_BRIDGES}*" notrack
        iifname "{PRIVATE_BRIDGES}*" meta nfproto ipv6 drop
        iifname "{PRIVATE_BRIDGES}*" fib daddr type {{ local, broadcast, multicast }} drop
        iifname "{PRIVATE_BRIDGES}*" ip daddr {{ {", ".join(METADATA)} }} drop
    }}
    chain forward {{
        type filter hook forward priority -10; policy accept;
        iifname "{BRIDGE}" oifname "{BRIDGE}" drop
        iifname "{PRIVATE_BRIDGES}*" oifname != "{PRIVATE_BRIDGES}*" drop
        iifname != "{PRIVATE_BRIDGES}*" oifname "{PRIVATE_BRIDGES}*" drop
    }}
}}
"""
_DOCKERFILE = f"""\
FROM {BASE} AS made
RUN apt-get update && apt-get install -y --no-install-recommends nftables
RUN mkdir /out && cp --parents -L /usr/sbin/nft $(ldd /usr/sbin/nft | grep -o '/[^ ]*') /out
FROM scratch
COPY --from=made /out /
COPY rules.nft /rules.nft
LABEL {LABEL}.base=1
"""
_IMAGE = f"reviewapp/guard:{hashlib.sha256((_DOCKERFILE + RULES).encode()).hexdigest()[:12]}"


ROOTLESS = "A rootless engine cannot put its host out of a task's reach, so nothing here runs with a network."


class GuardFailed(Exception):
    """The host could not be put out of reach, so nothing may run with a network."""


def can_guard(engine: Engine) -> bool:
    """Whether the rules can be set: a rootless engine has no say over the packets of its host."""
    return not engine.info.is_rootless


def guarded_network(engine: Engine) -> str:
    """The network tasks use, with its rules set anew: a firewall reload may have dropped them. Raises GuardFailed."""
    if not can_guard(engine):
        raise GuardFailed(ROOTLESS)
    name = engine.network()
    try:
        engine.client.containers.run(
            image(engine),
            ["/usr/sbin/nft", "-f", "/rules.nft"],
            remove=True,
            network_mode="host",
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            labels={LABEL: "1"},
        )
    except (ContainerError, APIError, BuildError, baseimages.NoBaseImage) as error:
        raise GuardFailed(f"The network guard could not be set: {error}") from error
    return name


def image(engine: Engine) -> str:
    """A few MB with nft, its libraries and the rules, made once."""
    if engine.has_image(_IMAGE):
        return _IMAGE
    with baseimages.one_at_a_time(_IMAGE):
        if not engine.has_image(_IMAGE):
            baseimages.ensure(engine, BASE)
            with tempfile.TemporaryDirectory(prefix="reviewapp-guard-") as folder:
                Path(folder, "Dockerfile").write_text(_DOCKERFILE)
                Path(folder, "rules.nft").write_text(RULES)
                engine.client.images.build(path=folder, tag=_IMAGE, rm=True, forcerm=True)
    return _IMAGE
