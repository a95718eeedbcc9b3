"""The instruction as the agent is given it."""

import re

_CANARY = re.compile(r"<!--.*canary.*-->|#.*canary.*", re.IGNORECASE)


def as_agents_see_it(text: str) -> str:
    """Without the comment lines at its top that hold a canary, and the blank lines after them, as Harbor gives it."""
    lines = text.split("\n")
    while lines and _CANARY.fullmatch(lines[0].strip()):
        lines.pop(0)
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines)
