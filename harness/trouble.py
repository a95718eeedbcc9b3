"""Tell trouble with the network or an installer from a task that is broken: the first is an error, never a score."""

import re

_SIGNS = re.compile(
    # names
    r"Temporary failure in name resolution|Temporary failure resolving|Could not resolve (?:host|proxy)"
    r"|Name or service not known|failed to lookup address|bad address '|EAI_AGAIN|lookup \S+ on \S+: no such host"
    # connections
    r"|Network is unreachable|No route to host|TLS handshake timeout|Connection timed out|Read timed out|i/o timeout"
    r"|Failed to establish a new connection|Max retries exceeded with url|after connection broken by"
    r"|error sending request|Failed to fetch:? |CERTIFICATE_VERIFY_FAILED|HTTP error (?:429|50[234])"
    # a host whose disk is full: a task's own limit is told otherwise
    r"|No space left on device",
    re.IGNORECASE,
)
_NOT_INSTALLED = re.compile(r"No module named '?pytest|\b(?:uvx?|pytest): (?:command )?not found", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
INSTALLS = re.compile(r"\b(?:uvx?|pip3?|pipx?|poetry|conda|mamba|apt|apt-get|apk|dnf|yum|npm|curl|wget)\b")


# A test that finds its own service down speaks of connections too; pip's retries are about an index all the same.
_OWN_SERVICE = re.compile(r"localhost|\b127\.\d|\[?::1\]?|\b0\.0\.0\.0\b|Connection refused|Errno 111", re.IGNORECASE)
_INDEX = re.compile("connection broken by", re.IGNORECASE)


def sign_in(output: bytes, *, installs: bool = True) -> str | None:
    """The line that speaks of network or installer trouble, or None.

    `installs`: whether what was run would have installed something; else it is its own fault that a tool is missing.
    """
    lines = _COLOURS.sub("", output.decode(errors="replace")).splitlines()
    return next((line.strip()[:300] for line in lines if _is_trouble(line, installs)), None)


def _is_trouble(line: str, installs: bool) -> bool:
    if _SIGNS.search(line):
        return bool(_INDEX.search(line) or not _OWN_SERVICE.search(line))
    return installs and bool(_NOT_INSTALLED.search(line))
