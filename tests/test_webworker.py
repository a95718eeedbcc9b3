"""The web server's processes share one queue of requests, over real sockets."""

import http.client
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

APP = """
import os, time
from reviewapp.webworker import Worker

class Patient(Worker):
    long_seconds = 30

def app(environ, start_response):
    if seconds := float(environ["QUERY_STRING"] or 0):
        open("busy", "a").write(f"{os.getpid()}\\n")
        time.sleep(seconds)
    size = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {size}".encode()]
"""
ROOT = Path(__file__).resolve().parents[1]

type Serve = Callable[..., int]


def busy(folder: Path) -> str:
    """The process that is at a request that takes a while, once one is."""
    for _ in range(200):
        if (found := folder / "busy").exists() and (pids := found.read_text().split()):
            return pids[-1]
        time.sleep(0.05)
    raise AssertionError("no process took the request")


@pytest.fixture
def serve(tmp_path: Path, unused_port: int) -> Iterator[Serve]:
    """Start gunicorn with a small application; gives its process id."""
    started: list[subprocess.Popen[bytes]] = []
    (tmp_path / "toy.py").write_text(APP)

    def start(worker: str = "reviewapp.webworker.Worker", *, workers: int = 1, threads: int = 4) -> int:
        options = (
            "--workers",
            str(workers),
            "--threads",
            str(threads),
            "--keep-alive",
            "30",
            "--graceful-timeout",
            "3",
        )
        argv = (sys.executable, "-m", "gunicorn", "toy:app", "--worker-class", worker, *options)
        place = ("--bind", f"127.0.0.1:{unused_port}", "--pythonpath", f"{ROOT},{tmp_path}", "--no-control-socket")
        started.append(subprocess.Popen([*argv, *place], cwd=tmp_path))
        return started[-1].pid

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def connections(port: int, count: int) -> Iterator[list[http.client.HTTPConnection]]:
    """Connections that have all been answered once and are kept."""
    made = [http.client.HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(count)]
    for connection in made:
        for _ in range(100):
            try:
                connection.connect()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        asked(connection)
    yield made
    for connection in made:
        connection.close()


def asked(connection: http.client.HTTPConnection, seconds: float = 0) -> str:
    """The process that answers."""
    connection.request("GET", f"/?{seconds}")
    return answer(connection)


def answer(connection: http.client.HTTPConnection) -> str:
    response = connection.getresponse()
    assert response.status == 200
    return response.read().decode().split()[0]


def is_answered(connection: http.client.HTTPConnection) -> bool:
    return bool(select.select([connection.sock], [], [], 0)[0])


def test_a_free_process_takes_what_comes_in_on_a_connection_of_a_busy_one(
    serve: Serve, unused_port: int, tmp_path: Path
) -> None:
    serve("toy.Patient", workers=2)
    with connections(unused_port, 8) as (slow, *others):
        slow.request("GET", "/?5")
        taken = busy(tmp_path)
        assert taken not in {asked(connection) for connection in others for _ in range(3)}
        assert not is_answered(slow)
        assert answer(slow) == taken


def test_requests_of_one_process_go_one_after_another(serve: Serve, unused_port: int, tmp_path: Path) -> None:
    serve("toy.Patient", threads=4)
    with connections(unused_port, 2) as (first, second):
        first.request("GET", "/?1")
        busy(tmp_path)
        asked(second)
        assert is_answered(first)


def test_a_request_that_takes_long_keeps_nobody_out(serve: Serve, unused_port: int, tmp_path: Path) -> None:
    serve(threads=2)
    with connections(unused_port, 2) as (long, quick):
        long.request("GET", "/?3")
        busy(tmp_path)
        asked(quick)
        assert not is_answered(long)
        answer(long)


def test_connections_that_ask_nothing_take_no_thread(serve: Serve, unused_port: int) -> None:
    serve(threads=1)
    with connections(unused_port, 1) as (quick,):
        silent = [socket.create_connection(("127.0.0.1", unused_port)) for _ in range(20)]
        time.sleep(0.2)
        asked(quick)
        for each in silent:
            each.close()


def test_a_request_that_dribbles_in_keeps_nobody_out(serve: Serve, unused_port: int) -> None:
    serve(threads=2)
    with connections(unused_port, 1) as (quick,), socket.create_connection(("127.0.0.1", unused_port)) as slow:
        slow.sendall(b"GET /?0 HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        time.sleep(0.2)
        asked(quick)
        slow.sendall(b"yes\r\n\r\n")
        assert slow.recv(100).startswith(b"HTTP/1.1 200")


def test_two_requests_in_one_packet_are_both_answered(serve: Serve, unused_port: int) -> None:
    serve()
    with connections(unused_port, 1), socket.create_connection(("127.0.0.1", unused_port), timeout=20) as both:
        both.sendall(b"GET /?0 HTTP/1.1\r\nHost: x\r\n\r\nGET /?0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: both.recv(4096), b""))
        assert text.count(b"HTTP/1.1 200") == 2


def test_a_large_body_arrives_whole(serve: Serve, unused_port: int) -> None:
    serve(workers=2)
    with connections(unused_port, 1) as (one,):
        one.request("POST", "/?0", body=b"x" * 5_000_000)
        assert one.getresponse().read().decode().split()[1] == "5000000"


def test_what_was_asked_is_answered_before_the_server_stops(serve: Serve, unused_port: int) -> None:
    pid = serve(workers=2)
    with connections(unused_port, 3) as asking:
        for connection in asking:
            connection.request("GET", "/?0.5")
        time.sleep(0.1)
        subprocess.run(["kill", f"-{signal.SIGTERM.value}", str(pid)], check=True)
        for connection in asking:
            answer(connection)


def test_a_process_that_dies_leaves_the_queue_to_the_others(serve: Serve, unused_port: int, tmp_path: Path) -> None:
    serve("toy.Patient", workers=2)
    with connections(unused_port, 1) as (doomed,):
        doomed.request("GET", "/?20")
        dead = busy(tmp_path)
        subprocess.run(["kill", "-9", dead], check=True)
        with connections(unused_port, 4) as others:
            assert dead not in {asked(connection) for connection in others}
        with pytest.raises(http.client.RemoteDisconnected):
            answer(doomed)


def test_it_does_not_start_where_it_is_to_speak_tls(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate"
    certificate.touch()
    (tmp_path / "toy.py").write_text(APP)
    argv = (sys.executable, "-m", "gunicorn", "toy:app", "--worker-class", "reviewapp.webworker.Worker")
    options = ("--certfile", str(certificate), "--keyfile", str(certificate), "--pythonpath", f"{ROOT},{tmp_path}")
    done = subprocess.run([*argv, *options, "--bind", "127.0.0.1:0"], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "let a proxy in front of it end TLS" in done.stderr
