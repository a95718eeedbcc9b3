"""Say what a value in a settings file may be, and hold a parsed file against it.

A rule looks at one value and yields findings; rules are put together into tables. Nothing is converted.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

type KeyPath = tuple[str | int, ...]
type Rule = Callable[[Any, KeyPath], Iterator[Finding]]

_SHOWN = 60


@dataclass(frozen=True)
class Finding:
    """What is wrong, or merely odd, at one place of the file."""

    at: KeyPath
    message: str
    is_warning: bool = False


def anything(_value: Any, _at: KeyPath) -> Iterator[Finding]:
    """Any value will do."""
    yield from ()


def text(*, empty: bool = True) -> Rule:
    """A string."""

    def rule(value: Any, at: KeyPath) -> Iterator[Finding]:
        if not isinstance(value, str):
            yield Finding(at, f"must be a string, not {kind(value)}")
        elif not value and not empty:
            yield Finding(at, "must not be empty")

    return rule


def matching(pattern: str, words: str) -> Rule:
    """A string that matches as a whole; `words` says of what form it must be."""
    whole = re.compile(pattern, re.ASCII)

    def rule(value: Any, at: KeyPath) -> Iterator[Finding]:
        if not isinstance(value, str) or not whole.fullmatch(value):
            yield Finding(at, f"must be {words}, not {shown(value)}")

    return rule


def one_of(*choices: str, fold_case: bool = False) -> Rule:
    """One of these strings."""

    def rule(value: Any, at: KeyPath) -> Iterator[Finding]:
        asked = value.lower() if fold_case and isinstance(value, str) else value
        if asked not in choices:
            yield Finding(at, f"must be one of {', '.join(choices)}, not {shown(value)}")

    return rule


def number(*, above: float | None = None, least: float | None = None, whole: bool = False) -> Rule:
    """A finite number, with a bound if one is given."""
    words = "a whole number" if whole else "a number"

    def rule(value: Any, at: KeyPath) -> Iterator[Finding]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Finding(at, f"must be {words}, not {kind(value)}")
        elif not _is_finite(value):
            yield Finding(at, f"must be a finite number, not {shown(value)}")
        elif whole and value != int(value):
            yield Finding(at, f"must be a whole number, not {value}")
        elif above is not None and value <= above:
            yield Finding(at, f"must be above {above:g}, not {value}")
        elif least is not None and value < least:
            yield Finding(at, f"must be {least:g} or more, not {value}")

    return rule


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value) and abs(value) < 1e15
    except OverflowError:
        return False


def flag(value: Any, at: KeyPath) -> Iterator[Finding]:
    """True or false."""
    if not isinstance(value, bool):
        yield Finding(at, f"must be true or false, not {kind(value)}")


def either(first: type, rule: Rule, otherwise: Rule) -> Rule:
    """`rule` for values of the first type, else the other one."""

    def chosen(value: Any, at: KeyPath) -> Iterator[Finding]:
        yield from (rule if isinstance(value, first) else otherwise)(value, at)

    return chosen


def items(rule: Rule) -> Rule:
    """A list, each item of which follows the rule."""

    def whole(value: Any, at: KeyPath) -> Iterator[Finding]:
        if not isinstance(value, list):
            yield Finding(at, f"must be a list, not {kind(value)}")
            return
        for index, item in enumerate(value):
            yield from rule(item, (*at, index))

    return whole


def mapping(rule: Rule, *, name: str = ".+") -> Rule:
    """A table of free keys that match `name`, each value of which follows the rule."""
    names = re.compile(name, re.DOTALL)

    def whole(value: Any, at: KeyPath) -> Iterator[Finding]:
        if not isinstance(value, dict):
            yield Finding(at, f"must be a table, not {kind(value)}")
            return
        for key, item in value.items():
            if not names.fullmatch(key):
                yield Finding((*at, key), "is not a name that can be used here")
            yield from rule(item, (*at, key))

    return whole


@dataclass(frozen=True)
class Table:
    """A table of known keys; others are worth a warning. `checks` look at a table whose keys are each right."""

    keys: Mapping[str, Rule]
    required: frozenset[str] = frozenset()
    outdated: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Rule, ...] = ()

    def __call__(self, value: Any, at: KeyPath) -> Iterator[Finding]:
        if not isinstance(value, dict):
            yield Finding(at, f"must be a table, not {kind(value)}")
            return
        errors = [*self._missing(value, at), *self._wrong(value, at)]
        yield from errors
        yield from self._odd(value, at)
        if all(error.is_warning for error in errors):
            for check in self.checks:
                yield from check(value, at)

    def _missing(self, value: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
        for key in sorted(self.required - value.keys()):
            yield Finding((*at, key), "is missing")

    def _wrong(self, value: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
        for key, item in value.items():
            yield from self.keys.get(key, anything)(item, (*at, key))

    def _odd(self, value: dict[str, Any], at: KeyPath) -> Iterator[Finding]:
        for key in value:
            if key in self.outdated:
                yield Finding((*at, key), f"is out of date; use {self.outdated[key]}", is_warning=True)
            elif key not in self.keys:
                yield Finding((*at, key), "is an unknown key; runners ignore it", is_warning=True)


def kind(value: Any) -> str:
    """What sort of value this is, in words."""
    names = {bool: "true or false", str: "a string", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a table" if isinstance(value, dict) else "a date or time")


def shown(value: Any) -> str:
    """A value for a message: strings in quotes and cut short, tables and lists only by kind."""
    if not isinstance(value, str | int | float):
        return kind(value)
    try:
        words = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"


def dotted(at: KeyPath) -> str:
    """The path as people write it: environment.env.HOME, steps[0].name."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).lstrip(".")
