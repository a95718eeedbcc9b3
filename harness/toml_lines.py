"""Where each key of a TOML text stands, which tomllib does not tell."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from harness.schema import KeyPath

_TOKEN = re.compile(
    r'''(?P<string>"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')'''
    r"|(?P<comment>#[^\n]*)|(?P<newline>\n)|(?P<space>[ \t\r]+)|(?P<bare>[A-Za-z0-9_-]+)|(?P<mark>.)",
    re.DOTALL,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line, from 1, of every key and list item of a text that tomllib has accepted; items count from 0."""
    walk = _Walk(_tokens(text))
    walk.document()
    return walk.lines


def _tokens(text: str) -> list[_Token]:
    found, line = [], 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        if kind not in ("space", "comment"):
            found.append(_Token(kind, match[0], line))
        line += match[0].count("\n")
    return found


class _Walk:
    """Reads tokens from first to last; errors cannot happen, because tomllib has read the text before."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.next = [*tokens, _Token("newline", "\n", 0)], 0
        self.lines: dict[KeyPath, int] = {}
        self.items: Counter[KeyPath] = Counter()

    def document(self) -> None:
        table: KeyPath = ()
        while self.next < len(self.tokens):
            if self._takes("\n"):
                continue
            if self._takes("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        is_item, line = self._takes("["), self._peek().line
        *parents, last = self._key()
        path: KeyPath = ()
        for part in parents:
            path = self._latest((*path, part))
        path = (*path, last)
        self.lines.setdefault(path, line)
        if is_item:
            self.items[path] += 1
            path = self._latest(path)
            self.lines.setdefault(path, line)
        self._takes("]")
        self._takes("]")
        return path

    def _latest(self, path: KeyPath) -> KeyPath:
        """The last item of a list of tables; any other path as it is."""
        return (*path, self.items[path] - 1) if path in self.items else path

    def _pair(self, table: KeyPath) -> None:
        line = self._peek().line
        path = table
        for part in self._key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self._takes("=")
        self._value(path)

    def _key(self) -> list[str]:
        parts = [self._part()]
        while self._takes("."):
            parts.append(self._part())
        return parts

    def _part(self) -> str:
        token = self._step()
        if token.kind != "string":
            return token.text
        return str(tomllib.loads(f"key = {token.text}")["key"])

    def _value(self, path: KeyPath) -> None:
        if self._takes("["):
            self._list(path)
        elif self._takes("{"):
            while not self._takes("}"):
                if not (self._takes(",") or self._takes("\n")):
                    self._pair(path)
        else:
            while self._peek().text not in ("\n", ",", "]", "}"):
                self._step()

    def _list(self, path: KeyPath) -> None:
        index = 0
        while not self._takes("]"):
            if self._takes(",") or self._takes("\n"):
                continue
            self.lines[(*path, index)] = self._peek().line
            self._value((*path, index))
            index += 1

    def _peek(self) -> _Token:
        return self.tokens[self.next]

    def _step(self) -> _Token:
        self.next += 1
        return self.tokens[self.next - 1]

    def _takes(self, text: str) -> bool:
        """Whether the next token is this mark, which is then behind us."""
        token = self._peek() if self.next < len(self.tokens) else None
        is_it = token is not None and token.text == text and token.kind != "string"
        self.next += is_it
        return is_it
