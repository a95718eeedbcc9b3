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
    # what a verifier could not install
    r"|No module named '?pytest|\b(?:uvx?|pytest): (?:command )?not found",
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
