"""What a task with a network can reach, tried from a container and from a build step."""

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from harness import baseimages, guard, images
from harness.container import Container, Limits, started
from harness.engine import BRIDGE, Engine

ANSWER = "the host answered"
PYTHON = "python:3.13-slim"  # the only stand-in whose tools can bind a socket to a device
TRY = """
import socket, sys
address, port, device = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with socket.socket() as tried:
    tried.settimeout(2)
    if device:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    tried.connect((address, port))
"""


@pytest.fixture
def listener() -> Iterator[int]:
    """A port on every address of this host, where somebody answers."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 (being reachable is the point)
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def _answer(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        connection.sendall(f"{ANSWER}\n".encode())
        connection.close()


def host_addresses(container: Container) -> list[str]:
    """The container's gateway and the address this host has on its own way out."""
    container.raw.reload()
    (network,) = container.raw.attrs["NetworkSettings"]["Networks"].values()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("203.0.113.1", 9))  # sends nothing: only asks for the route
        return [network["Gateway"], probe.getsockname()[0]]


def _python(engine: Engine, labels: dict[str, str], network: str) -> AbstractContextManager[Container]:
    image = baseimages.ensure(engine, PYTHON).tag
    limits = Limits(memory_mb=128)
    return started(engine, image, limits=limits, labels=labels, network=network, cancelled=lambda: False)


def reaches(container: Container, address: str, port: int, device: str = "") -> bool:
    """Whether a connection comes about; `device` binds the socket to it, which goes round the routing table."""
    done = container.raw.exec_run(["python3", "-c", TRY, address, str(port), device])
    return bool(done.exit_code == 0)


@pytest.mark.slow  # a container with Python
def test_it_would_be_reached_from_the_engines_own_network(
    engine: Engine, labels: dict[str, str], listener: int
) -> None:
    """Without this the tests below could pass for want of anything to reach."""
    with _python(engine, labels, "bridge") as container:
        for target in host_addresses(container):
            assert reaches(container, target, listener)
            assert reaches(container, target, listener, "eth0")


@pytest.mark.slow  # six connections that wait for their time-out
def test_it_keeps_the_host_out_of_reach_even_for_sockets_bound_to_the_device(
    engine: Engine, labels: dict[str, str], listener: int
) -> None:
    with _python(engine, labels, guard.guarded_network(engine)) as container:
        assert "eth0\t00000000" in container.output(["cat", "/proc/net/route"])  # a default route
        assert "nameserver" in container.output(["cat", "/etc/resolv.conf"])
        gateway, address = host_addresses(container)
        for target in (gateway, address):
            assert not reaches(container, target, listener)
            assert not reaches(container, target, listener, "eth0")
        assert not reaches(container, "169.254.169.254", 80)
        assert not reaches(container, "169.254.169.254", 80, "eth0")


@pytest.mark.slow  # one connection that waits for its time-out
def test_it_keeps_tasks_apart(engine: Engine, small: str, labels: dict[str, str]) -> None:
    network = guard.guarded_network(engine)
    limits = Limits(memory_mb=64)

    with (
        started(engine, small, limits=limits, labels=labels, network=network, cancelled=lambda: False) as one,
        started(engine, small, limits=limits, labels=labels, network=network, cancelled=lambda: False) as other,
    ):
        one.run("mkdir /www; echo secret > /www/x; httpd -p 8080 -h /www", timeout=5)
        assert one.run("wget -q -O /dev/null http://127.0.0.1:8080/x", timeout=5).exit_code == 0
        one.raw.reload()
        address = one.raw.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
        assert other.run(f"wget -q -T 2 -O /dev/null http://{address}:8080/x", timeout=5).exit_code != 0


@pytest.mark.slow  # builds, and one connection waits for its time-out
def test_it_keeps_the_host_out_of_a_build_steps_reach(
    engine: Engine, small: str, listener: int, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {small}\n"
        f"RUN : {listener}; gateway=$(ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p'); echo \"via $gateway\"; "
        f"echo | timeout 3 nc $gateway {listener} && echo CAME''-IN || echo KEPT''-OUT\n"
    )
    built = images.build(
        engine,
        tmp_path,
        tag="reviewapp-test/guard:1",
        timeout=60,
        network=guard.guarded_network(engine),
        cancelled=lambda: False,
    )
    engine.client.images.remove("reviewapp-test/guard:1", force=True)
    assert b"via 1" in built.log
    assert b"KEPT-OUT" in built.log
    assert b"CAME-IN" not in built.log


def test_it_names_the_bridge_its_rules_speak_of(engine: Engine) -> None:
    network = engine.client.networks.get(guard.guarded_network(engine))
    assert network.attrs["Options"]["com.docker.network.bridge.name"] == BRIDGE
    assert f'iifname "{BRIDGE}" fib daddr type {{ local' in guard.RULES
