"""Ratings that somebody kept in a CSV file: a row per item and a column per rater, or a row per rating."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from annotations.agreement.statistics.ratings import Ratings, Value
from reviewapp.command_line.plain import line

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", ".", "*"})
ITEM = frozenset({"item", "unit", "case", "task", "subject", "document", "question", "id", "item_id", "unit_id"})
RATER = frozenset({"rater", "annotator", "coder", "worker", "judge", "observer", "rater_id", "annotator_id"})
RATING = frozenset({"rating", "value", "label", "code", "answer", "score", "verdict", "category"})
MOST_PROBLEMS = 20
LONGEST_SHOWN = 40
MOST_VALUES = 200
MOST_RATERS = 1_000


class UnreadableError(Exception):
    """The file holds no table of ratings; `problems` says where and why, a line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class RatingFile:
    """What was read; `raters` (raters,) are the columns' names, `declared` whether the domain was given."""

    ratings: Ratings
    raters: tuple[str, ...]
    declared: bool


@dataclass
class _Table:
    """Cells by item, before they are values: the line each item stands in, and a cell for each rater."""

    raters: list[str]
    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_ratings(path: Path, domain: str | None = None) -> RatingFile:
    """Read a CSV file of ratings, separated by commas, semicolons or tabs; cells such as "" and NA are missing.

    A file whose heading names an item, a rater and a rating has a row per rating; any other has a row per item. The
    `domain` is "1..5" or "low,medium,high"; without one it is what occurs. Raises UnreadableError, naming each line.
    """
    lines = list(_cells(path))
    if not lines:
        raise UnreadableError([f"{path} is empty."])
    declared = tuple(_domain(domain)) if domain else None
    table = _by_rating(lines) if _is_long(lines[0][1]) else _by_item(lines, declared)
    values = declared or _found(table)
    _check_size(path, table, values)
    codes = list(_valued(table, values, declared=bool(declared)))
    if table.problems:
        raise UnreadableError(_shown(table.problems))
    if not codes or not values:
        raise UnreadableError([f"{path} holds no rating."])
    return RatingFile(Ratings.of(codes, values), tuple(table.raters), bool(declared))


def _check_size(path: Path, table: _Table, values: Sequence[Value]) -> None:
    """Tables of values against values and of raters against raters must stay within memory."""
    if len(table.raters) > MOST_RATERS:
        told = f"{path} holds {len(table.raters):,} raters, and at most {MOST_RATERS:,} can be compared: split it."
        raise UnreadableError([told])
    if len(values) > MOST_VALUES:
        told = f"{path} holds {len(values):,} different values. A scale has at most {MOST_VALUES}: round them first."
        raise UnreadableError([told])


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            separator = _separator(file.readline())
            file.seek(0)
            reader = csv.reader(file, delimiter=separator, strict=True)
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield reader.line_num, [cell.strip() for cell in row]
    except OSError as error:
        raise UnreadableError([f"{path} cannot be read: {error.strerror}."]) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(
            [f"{path} is not UTF-8 text: byte {error.start:,} is {error.object[error.start]:#04x}."]
        ) from error
    except csv.Error as error:
        raise UnreadableError([f"{path}, line {reader.line_num}: {error}."]) from error


def _separator(heading: str) -> str:
    return max(",;\t", key=heading.count)


def _domain(text: str) -> Iterator[Value]:
    first, dots, last = text.partition("..")
    if dots:
        try:
            ends = int(first), int(last)
        except ValueError:
            raise UnreadableError([f"The domain {text!r} is not like 1..5: both ends are whole numbers."]) from None
        if not 0 < ends[1] - ends[0] < MOST_VALUES:
            raise UnreadableError([f"The domain {text!r} needs its lower end first, and at most {MOST_VALUES} values."])
        yield from range(ends[0], ends[1] + 1)
        return
    names = [name.strip() for name in text.split(",")]
    if len(set(names)) < max(2, len(names)) or not all(names):
        raise UnreadableError([f"The domain {text!r} needs at least two different values between commas."])
    yield from _alike(names)


def _alike(names: Sequence[str]) -> list[Value]:
    """All as numbers where every one is a number, else all as they are written."""
    try:
        return [_number(name) for name in names]
    except ValueError:
        return list(names)


def _number(text: str) -> Value:
    number = float(text)
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return int(number) if number.is_integer() else number


# --- A row per rating --------------------------------------------------------
def _is_long(heading: Sequence[str]) -> bool:
    return all(_column(heading, names) is not None for names in (ITEM, RATER, RATING))


def _column(heading: Sequence[str], names: Iterable[str]) -> int | None:
    return next((at for at, name in enumerate(heading) if name.lower() in names), None)


def _by_rating(lines: Sequence[tuple[int, list[str]]]) -> _Table:
    heading = lines[0][1]
    places = [at for names in (ITEM, RATER, RATING) if (at := _column(heading, names)) is not None]
    given: dict[tuple[str, str], tuple[int, str]] = {}
    problems: list[str] = []
    for number, cells in lines[1:]:
        if len(cells) != len(heading):
            problems.append(_wrong_length(number, cells, len(heading)))
            continue
        item, rater, rating = (cells[at] for at in places)
        if (item, rater) in given:
            first = given[item, rater][0]
            problems.append(f"line {number}: {_quoted(rater)} has rated {_quoted(item)} already, in line {first}.")
        given.setdefault((item, rater), (number, rating))
    return _pivoted(given, problems)


def _pivoted(given: dict[tuple[str, str], tuple[int, str]], problems: list[str]) -> _Table:
    raters = {name: at for at, name in enumerate(dict.fromkeys(rater for _, rater in given))}
    items = {name: at for at, name in enumerate(dict.fromkeys(item for item, _ in given))}
    table = _Table(list(raters), [0] * len(items), [[""] * len(raters) for _ in items], problems)
    for (item, rater), (number, rating) in given.items():
        table.rows[items[item]][raters[rater]] = rating
        table.lines[items[item]] = table.lines[items[item]] or number
    return table


# --- A row per item ----------------------------------------------------------
def _by_item(lines: Sequence[tuple[int, list[str]]], declared: tuple[Value, ...] | None) -> _Table:
    width = len(lines[0][1])
    headed = _is_heading([cells for _, cells in lines], declared)
    heading = lines[0][1] if headed else [f"column {at}" for at in range(1, width + 1)]
    skip = int(headed and (heading[0].lower() in ITEM or not heading[0]))
    table = _Table(heading[skip:])
    for number, cells in lines[int(headed) :]:
        if len(cells) != width:
            table.problems.append(_wrong_length(number, cells, width))
            continue
        table.lines.append(number)
        table.rows.append(cells[skip:])
    return table


def _is_heading(rows: Sequence[Sequence[str]], declared: tuple[Value, ...] | None) -> bool:
    """Whether the first row names columns: it has a word no rating is."""
    first = [cell for cell in rows[0] if cell.lower() not in MISSING]
    known = {str(value) for value in declared} if declared else None
    others = {cell for row in rows[1:] for cell in row} if known is None else known
    return any(cell not in others and not (known is None and _is_number(cell)) for cell in first)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _wrong_length(number: int, cells: Sequence[str], width: int) -> str:
    return f"line {number}: it has {len(cells)} cells, and the first row has {width}."


# --- Values ------------------------------------------------------------------
def _found(table: _Table) -> tuple[Value, ...]:
    """What occurs, in order: numbers by size, words by the alphabet."""
    names = sorted({cell for row in table.rows for cell in row if cell.lower() not in MISSING})
    return tuple(sorted(dict.fromkeys(_alike(names)), key=lambda value: (isinstance(value, str), value)))


def _valued(table: _Table, values: Sequence[Value], *, declared: bool) -> Iterator[list[Value | None]]:
    """The rows as values, None where missing; what is not of the domain is a problem."""
    known = {str(value): value for value in values}
    numeric = not any(isinstance(value, str) for value in values)
    for number, row in zip(table.lines, table.rows, strict=True):
        cells: list[Value | None] = []
        for rater, cell in zip(table.raters, row, strict=True):
            name = str(_number(cell)) if numeric and _is_number(cell) else cell
            if name not in known and cell.lower() not in MISSING:
                domain = _quoted(", ".join(known))
                table.problems.append(
                    f"line {number}, {_quoted(rater)}: {_quoted(cell)} is not in the domain {domain}."
                )
            cells.append(known.get(name))
        yield cells


def _quoted(text: str) -> str:
    shown = line(text)
    return f"“{shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 1] + '…'}”"


def _shown(problems: Sequence[str]) -> list[str]:
    more = len(problems) - MOST_PROBLEMS
    return [*problems[:MOST_PROBLEMS], *([f"… and {more:,} more problems like these."] if more > 0 else [])]
