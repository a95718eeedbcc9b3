"""Lines that speak of the network or an installer, and lines that only look like it."""

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
    ],
)
def test_it_leaves_failures_of_the_work_alone(line: str) -> None:
    assert sign_in(line.encode()) is None


def test_it_survives_bytes_that_are_no_text() -> None:
    assert sign_in(b"\xff\xfe Could not resolve host: x \xff") is not None
