"""Published tables of ratings with their values, one file each."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotations.agreement.statistics.ratings import Ratings

FOLDER = Path(__file__).parent / "published"
TABLES = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem not in {"anaesthetists", "newcombe"})


@dataclass(frozen=True)
class Published:
    """A table and what its source, or two independent programs, make of it."""

    given: dict[str, Any]

    @classmethod
    def read(cls, name: str) -> "Published":
        return cls(json.loads((FOLDER / f"{name}.json").read_text()))

    @property
    def ratings(self) -> Ratings:
        return Ratings.of(self.given["rows"], self.given["values"])

    @property
    def expected(self) -> Any:
        return self.given["expected"]

    def tolerance(self, name: str) -> float:
        """Half a unit of the last printed digit, where a value was printed."""
        given = self.given["tolerance"]
        if not isinstance(given, dict):
            return float(given)
        return float(given["printed" if name in self.given["printed"] else "computed"])
