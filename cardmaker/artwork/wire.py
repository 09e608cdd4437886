"""A tile as bytes and back, for a cache: plain values alone, nothing that could run.

    length of the header, 4 bytes big-endian | header, JSON | the tile's byte strings, one after the other

In the header a byte string is its length as ["bytes", n], a tuple is ["tuple", ...], one of our values is its type's
name and its fields in their order.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from cardmaker.artwork import facts
from cardmaker.artwork import tile as values
from cardmaker.artwork.tile import Tile
from cardmaker.sheet import Rect

_TYPES: dict[str, type] = {
    each.__name__: each
    for each in (*vars(values).values(), *vars(facts).values(), Rect)
    if isinstance(each, type) and is_dataclass(each)
}
_FIELDS = {kind: tuple(each.name for each in fields(kind)) for kind in _TYPES.values()}
_PREFIX = 4


class Unreadable(ValueError):
    """These bytes are no tile of this version."""


def dump(tile: Tile) -> bytes:
    parts: list[bytes] = []
    header = json.dumps(_plain(tile, parts), separators=(",", ":")).encode()
    return b"".join((len(header).to_bytes(_PREFIX, "big"), header, *parts))


def load(data: bytes) -> Tile:
    """Raises Unreadable."""
    try:
        end = _PREFIX + int.from_bytes(data[:_PREFIX], "big")
        reader = _Reader(data, end)
        tile = reader.value(json.loads(data[_PREFIX:end]))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(tile, Tile) or reader.at != len(data):
        raise Unreadable("no whole tile")
    return tile


def _plain(value: Any, parts: list[bytes]) -> Any:
    if isinstance(value, bytes):
        parts.append(value)
        return ["bytes", len(value)]
    if isinstance(value, tuple):
        return ["tuple", *(_plain(each, parts) for each in value)]
    if type(value) in _FIELDS:
        return [type(value).__name__, *(_plain(getattr(value, name), parts) for name in _FIELDS[type(value)])]
    return value.value if isinstance(value, Enum) else value


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at

    def value(self, plain: Any) -> Any:
        if not isinstance(plain, list):
            return plain
        kind = plain[0]
        if kind == "bytes":
            start, self.at = self.at, self.at + int(plain[1])
            if not 0 <= start <= self.at <= len(self._data):
                raise Unreadable("cut short")
            return self._data[start : self.at]
        # A plain number needs no call of its own.
        found = [self.value(each) if isinstance(each, list) else each for each in plain[1:]]
        return tuple(found) if kind == "tuple" else _made(_TYPES[kind], found)


def _made(kind: type, found: list[Any]) -> Any:
    hints = _hints(kind)
    if len(found) != len(hints):
        raise Unreadable(f"a {kind.__name__} of other fields")
    return kind(*(_fitting(value, hint) for value, hint in zip(found, hints, strict=True)))


@cache
def _hints(kind: type) -> tuple[Any, ...]:
    """Of each field, in order."""
    hints = get_type_hints(kind)
    return tuple(hints[name] for name in _FIELDS[kind])


def _fitting(value: Any, hint: Any) -> Any:
    """The value as that type has it. Raises Unreadable for one of another type."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if not _fits(value, hint):
        raise Unreadable("a value of another type")
    return value


def _fits(value: object, hint: Any) -> bool:
    inner = get_args(hint)
    if get_origin(hint) is not tuple:
        return any(_fits(value, each) for each in inner) if inner else _is_a(value, hint)
    if not isinstance(value, tuple):
        return False
    each_hint = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
    return len(value) == len(each_hint) and all(map(_fits, value, each_hint))


def _is_a(value: object, kind: type) -> bool:
    return type(value) is kind or (kind is float and type(value) is int)
