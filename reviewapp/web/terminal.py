"""Terminal output to HTML lines: SGR colours become classes, every other control sequence is dropped.

Foreground n of 16 is class `fn`, background `bn`, the style of SGR n `sn` (1 bold, 2 faint, 3 italic, 4 underline,
7 inverse, 9 struck). ECMA-48 and xterm's "Control Sequences" are the sources.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.html import escape

LONGEST_LINE = 4_000  # characters; what follows is only in the raw log

_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
# OSC, DCS, SOS, PM and APC strings (a broken one ends with its line), other CSI sequences, two-character escapes.
_OTHER = re.compile(
    r"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\|(?=\n)|$)"
    r"|\x1b\[(?![0-9;:]*m)[0-?]*[ -/]*[@-~]"
    r"|\x1b(?!\[[0-9;:]*m)[ -/]*[0-Z\\^-~]?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
_STYLES = frozenset({1, 2, 3, 4, 7, 9})
_STYLE_ENDS = {22: {1, 2}, 23: {3}, 24: {4}, 27: {7}, 29: {9}}


@dataclass(frozen=True)
class Look:
    """What SGR codes have set so far; codes of no colour of the 16 leave the default."""

    foreground: int | None = None
    background: int | None = None
    styles: frozenset[int] = frozenset()

    @property
    def classes(self) -> str:
        names = [f"f{self.foreground}"] if self.foreground is not None else []
        names += [f"b{self.background}"] if self.background is not None else []
        return " ".join(names + [f"s{style}" for style in sorted(self.styles)])


def lines(text: str) -> list[str]:
    """Each line as escaped HTML; a line that was written over shows what was there at the end."""
    plain = _CONTROL.sub("", _OTHER.sub("", text.replace("\r\n", "\n")))
    look, rendered = Look(), []
    for line in plain.removesuffix("\n").split("\n"):
        html, look = _line(_folded(line), look)
        rendered.append(html)
    return rendered


def _folded(line: str) -> str:
    """What a carriage return leaves: the last part that is not empty, in the colours set before it."""
    parts = line.split("\r")
    last = max((index for index, part in enumerate(parts) if _SGR.sub("", part)), default=0)
    colours = "".join(found[0] for part in parts[:last] for found in _SGR.finditer(part))
    return colours + "".join(parts[last:])


def _line(line: str, look: Look) -> tuple[str, Look]:
    pieces, room = [], LONGEST_LINE
    for text, codes in _runs(line):
        shown = text[:room]
        room -= len(shown)
        pieces.append(_span(shown, look) + ("…" if len(shown) < len(text) else ""))
        look = _after(look, codes)
    return "".join(pieces), look


def _runs(line: str) -> Iterator[tuple[str, str]]:
    """Texts and the SGR parameters that follow each."""
    parts = _SGR.split(line)
    yield from zip(parts[::2], [*parts[1::2], "none"], strict=True)


def _span(text: str, look: Look) -> str:
    if not text or not look.classes:
        return escape(text)
    return f'<span class="{look.classes}">{escape(text)}</span>'


def _after(look: Look, parameters: str) -> Look:
    if parameters == "none":
        return look
    codes = iter([int(part[:4] or 0) for part in re.split("[;:]", parameters)])
    for code in codes:
        look = _extended(look, code, codes) if code in {38, 48} else _apply(look, code)
    return look


def _extended(look: Look, code: int, codes: Iterator[int]) -> Look:
    """38;5;n and 48;5;n pick from the 256 colours, of which the first 16 are ours; 38;2;r;g;b is dropped."""
    kind = next(codes, 0)
    numbers = [next(codes, 0) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    return _coloured(look, numbers[0] if kind == 5 and numbers[0] < 16 else None, is_text=code == 38)


def _apply(look: Look, code: int) -> Look:
    if code == 0:
        return Look()
    if code in _STYLES:
        return replace(look, styles=look.styles | {code})
    if code in _STYLE_ENDS:
        return replace(look, styles=look.styles - _STYLE_ENDS[code])
    tens, colour = divmod(code, 10)
    if tens in {3, 4, 9, 10} and colour <= 7:
        return _coloured(look, colour + (8 if tens >= 9 else 0), is_text=tens in {3, 9})
    if code in {39, 49}:
        return _coloured(look, None, is_text=code == 39)
    return look


def _coloured(look: Look, colour: int | None, *, is_text: bool) -> Look:
    return replace(look, foreground=colour) if is_text else replace(look, background=colour)
