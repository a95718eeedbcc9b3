"""What is wrong with a bundle, and where."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing a person has to mend; `str()` gives `file:line: what`."""

    path: str | None
    line: int | None
    message: str

    def __str__(self) -> str:
        if self.path is None:
            return self.message
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"


class BundleError(Exception):
    """A bundle that cannot be taken, with everything that was found wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def refuse(message: str, path: str | None = None, line: int | None = None) -> BundleError:
    """A BundleError with one problem."""
    return BundleError([Problem(path, line, message)])
