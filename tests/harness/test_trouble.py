"""Lines that speak of the network or an installer, and lines that only look like it."""

import time

import pytest

from harness.trouble import sign_in


@pytest.mark.parametrize(
    "line",
    [
        "curl: (6) Could not resolve host: astral.sh",
        "wget: bad address 'example.org'",
        "W: Failed to fetch http://example.org/x  Temporary failure resolving 'example.org'",
        "socket.gaierror: [Errno -3] Temporary failure in name resolution",
        "socket.gaierror: [Errno -2] Name or service not known",
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...)'",
        "error: Failed to fetch: `https://example.org/simple/pytest/`",
        "error sending request for url (https://example.org/simple/)",
        "/usr/bin/python3: No module named pytest",
        "/tests/test.sh: line 4: uvx: command not found",
        "/tests/test.sh: 4: uv: not found",
        "/tests/test.sh: line 9: pytest: command not found",
        "npm error code EAI_AGAIN",
        "fatal: unable to access 'https://example.org/': Could not resolve proxy: x",
        "dial tcp: lookup example.org on 10.0.0.2:53: no such host",
        "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
        "ERROR: HTTP error 503 while getting https://example.org/x.whl",
        "HTTP error 429 Too Many Requests",
        "Retrying after connection broken by 'NewConnectionError([Errno 111] Connection refused)': /simple/pytest/",
    ],
)
def test_it_finds_the_line(line: str) -> None:
    assert sign_in(f"collecting\n{line}\nmore\n".encode()) == line


@pytest.mark.parametrize(
    "line",
    [
        "FAILED tests/test_outputs.py::test_total - AssertionError: 12 != 13",
        "ModuleNotFoundError: No module named 'rotate'",
        "AssertionError: expected status 429",
        "/app/build.sh: line 3: gcc: command not found",
        "connection pool test passed",
        "ConnectionError: HTTPConnectionPool(host='localhost', port=8000): Max retries exceeded with url: /orders",
        "curl: (28) Failed to connect to 127.0.0.1 port 8080: Connection timed out",
        "NewConnectionError: <urllib3 object>: Failed to establish a new connection: [Errno 111] Connection refused",
    ],
)
def test_it_leaves_failures_of_the_work_alone(line: str) -> None:
    assert sign_in(line.encode()) is None


def test_it_looks_past_a_service_of_the_tasks_own() -> None:
    own = "curl: (28) Failed to connect to localhost port 80: Connection timed out"
    assert sign_in(f"{own}\ncurl: (6) Could not resolve host: pypi.example\n".encode()) == (
        "curl: (6) Could not resolve host: pypi.example"
    )


def test_it_survives_bytes_that_are_no_text() -> None:
    assert sign_in(b"\xff\xfe Could not resolve host: x \xff") is not None


@pytest.mark.parametrize("ends", [" ", "\n"])
def test_it_reads_a_log_of_nothing_but_signs_at_once(ends: str) -> None:
    began = time.monotonic()
    assert sign_in((f"Connection timed out: localhost{ends}" * 30_000).encode()) is None
    assert time.monotonic() - began < 1


def test_it_shows_the_line_without_colours() -> None:
    assert sign_in(b"\x1b[91mCould not resolve host: x\x1b[0m\n") == "Could not resolve host: x"


@pytest.mark.parametrize("line", ["/usr/bin/python3: No module named pytest", "/tests/test.sh: 4: pytest: not found"])
def test_a_tool_that_nobody_installs_is_missing_by_its_own_fault(line: str) -> None:
    assert sign_in(line.encode(), installs=False) is None
    assert sign_in(b"curl: (6) Could not resolve host: x", installs=False) is not None
