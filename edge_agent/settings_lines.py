"""Where each key of a TOML text stands: neither tomllib nor tomlkit tells lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_KEY_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_MULTI_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL)
_MULTI_LITERAL = re.compile(r"'''.*?'{3,5}", re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}#][^,\]}#\n]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Map each key's path to its line, the first being 1.

    Entries of arrays and of arrays of tables are counted from 0: `("plate", 1, "channel")`; a
    table's own path gives its header. `text` must be TOML that tomllib has accepted: nothing is
    checked here.
    """
    return _Scan(text).run()


def nearest_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Give the line of `path`, or of the nearest table around it; 1 where there is none."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _unescaped(key: str) -> str:
    return next(iter(tomllib.loads(f'"{key}" = 0'))) if "\\" in key else key


class _Scan:
    """One pass over the text; `at` is the place of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.counts: dict[KeyPath, int] = {}
        self._counted_to = 0
        self._line = 1

    def run(self) -> dict[KeyPath, int]:
        """Scan the whole text; returns the line of each key by its path."""
        table: KeyPath = ()
        self._blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._blank()
        return self.lines

    def _blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        if found:
            self.at = found.end()

    def _mark(self, path: KeyPath) -> None:
        # The place only grows, so newlines are counted once each.
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        self.lines.setdefault(path, self._line)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while found := _KEY_PART.match(self.text, self.at):
            self.at = found.end()
            escaped, literal, bare = found.groups()
            keys.append(literal or bare or _unescaped(escaped or ""))
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return keys

    def _inside(self, keys: list[str]) -> KeyPath:
        """Spell out the path of `keys`, with the place in each array of tables on the way."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _header(self) -> KeyPath:
        start = self.at
        is_array = self.text.startswith("[[", start)
        self.at += 2 if is_array else 1
        keys = self._keys()
        self.at = self.text.find("]", self.at) + (2 if is_array else 1)
        path = (*self._inside(keys[:-1]), keys[-1])
        # Tables around this one may have no header of their own.
        for length in range(1, len(path) + 1 if is_array else len(path)):
            self.lines.setdefault(path[:length], self._line_of(start))
        if is_array:
            self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, self.counts[path] - 1)
        self._mark(path)
        return path

    def _line_of(self, place: int) -> int:
        return self._line + self.text.count("\n", self._counted_to, place)

    def _pair(self, table: KeyPath) -> None:
        line = self._line_of(self.at)
        keys = self._keys()
        for length in range(1, len(keys) + 1):
            self.lines.setdefault((*table, *keys[:length]), line)
        self.at = self.text.find("=", self.at) + 1
        self._value((*table, *keys))

    def _value(self, path: KeyPath) -> None:
        self._blank()
        self._mark(path)
        first = self.text[self.at : self.at + 1]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip_scalar()

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        place = 0
        self._blank()
        while self.at < len(self.text) and self.text[self.at] != "]":
            self._value((*path, place))
            place += 1
            self._comma()
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        self._blank()
        while self.at < len(self.text) and self.text[self.at] != "}":
            self._pair(path)
            self._comma()
        self.at += 1

    def _comma(self) -> None:
        self._blank()
        if self.text[self.at : self.at + 1] == ",":
            self.at += 1
            self._blank()

    def _skip_scalar(self) -> None:
        for pattern in (_MULTI_BASIC, _MULTI_LITERAL, _BASIC, _LITERAL, _SCALAR):
            found = pattern.match(self.text, self.at)
            if found:
                self.at = found.end()
                return
        self.at = len(self.text)
