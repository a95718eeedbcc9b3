"""What `./dev` says: one merged log with coloured names, and plain lines of its own."""

import os
import sys
import time
from pathlib import Path

LARGEST_LOG = 10 * 1024 * 1024
COLOURS = ("36", "33", "35", "32", "34", "96", "93", "95")


def say(text: str = "") -> None:
    """Write one line for the person at the terminal, or nothing once they have closed the pipe."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def bold(text: str) -> str:
    """Text that stands out on a terminal and is plain elsewhere."""
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


class Console:
    """The merged log: coloured names on a terminal, plain lines elsewhere, and a plain copy in a file."""

    def __init__(self, copy: Path | None = None, *, quiet: bool = False) -> None:
        if copy and copy.exists() and copy.stat().st_size > LARGEST_LOG:
            copy.replace(copy.with_suffix(".old"))
        self._copy = copy.open("a", buffering=1) if copy else None
        self._quiet = quiet
        self._colours: dict[str, str] = {}

    def line(self, name: str, text: str) -> None:
        """Write one line of the program `name`."""
        if self._copy:
            self._copy.write(f"{time.strftime('%H:%M:%S')} {name:<8} {text}\n")
        if not self._quiet:
            say(f"{self._prefix(name)} {text}")

    def close(self) -> None:
        """Close the copy; what comes later is only shown."""
        if self._copy:
            self._copy.close()
            self._copy = None

    def _prefix(self, name: str) -> str:
        if not sys.stdout.isatty():
            return f"{name:<8} |"
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\033[{colour}m{name:<8} |\033[0m"
