"""Tell trouble with the network from a task that is broken: the first is an error, never a score."""

import re

_SIGNS = re.compile(
    r"Temporary failure in name resolution|Temporary failure resolving|Could not resolve host|Name or service not known"
    r"|Network is unreachable|No route to host|failed to lookup address|TLS handshake timeout|Connection timed out"
    r"|Failed to establish a new connection|Max retries exceeded with url|Failed to fetch http|error sending request"
    r"|No module named '?pytest|Read timed out|i/o timeout",
    re.IGNORECASE,
)


def sign_in(output: bytes) -> str | None:
    """The line that speaks of network or installer trouble, or None."""
    text = output.decode(errors="replace")
    if match := _SIGNS.search(text):
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", match.end())
        return text[start : end if end >= 0 else None].strip()[:300]
    return None
