"""How ./dev looks for a container engine."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewapp.dev import engine


class Ping(socketserver.StreamRequestHandler):
    """Answers any request as an engine answers /_ping."""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")


@pytest.fixture
def socket_path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "engine.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Ping) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield path
        server.shutdown()
        thread.join()


def test_it_uses_the_engine_that_answers(socket_path: Path) -> None:
    url = f"unix://{socket_path}"
    assert engine.find({"DOCKER_HOST": url}) == engine.EngineState(url)


def test_it_asks_only_the_engine_that_was_named() -> None:
    assert engine.sockets({"DOCKER_HOST": "tcp://127.0.0.1:1"}) == ("tcp://127.0.0.1:1",)
    state = engine.find({"DOCKER_HOST": "tcp://127.0.0.1:1"})
    assert state.url is None
    assert "DOCKER_HOST" in state.hint


def test_it_looks_at_docker_before_podman_and_at_ones_own_session() -> None:
    found = engine.sockets({"XDG_RUNTIME_DIR": "/run/user/7"})
    assert found[0] == "unix:///var/run/docker.sock"
    assert found[1:3] == ("unix:///run/user/7/docker.sock", "unix:///run/user/7/podman/podman.sock")


def test_it_never_replaces_an_engine_that_was_named() -> None:
    assert not engine.may_install({"DOCKER_HOST": "tcp://127.0.0.1:1"})


@pytest.mark.parametrize(
    ("installed", "socket_exists", "hint"),
    [(False, False, engine.HINT), (True, True, engine.ALLOW_HINT), (True, False, engine.START_HINT)],
)
def test_it_names_the_command_that_helps(
    installed: bool, socket_exists: bool, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "docker.sock"
    if socket_exists:
        path.touch()
    monkeypatch.setattr(engine, "OWN_SOCKET", path)
    monkeypatch.setattr("os.access", lambda *_: False)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/dockerd" if installed else None)
    assert engine.advice({}) == hint


def test_it_starts_its_own_daemon_first_and_stops_it_last() -> None:
    program = engine.daemon()
    assert program.stage == 0
    assert program.argv[0] == "dockerd"
    assert "SECRET_KEY" not in program.env
