"""A multipart body, read part by part into memory: each byte is copied once on its way.

A body that ends early is refused, or it would be a smaller deck without a word; what was read of it is let go.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from cardmaker.api.answers import Refusal
from cardmaker.errors import DeckError, one_line

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FIELD_BYTES = 1 << 20


@dataclass(slots=True)
class Part:
    """`filename` is None for a field that is no file."""

    name: str
    filename: str | None
    _content: io.BytesIO = field(default_factory=io.BytesIO)

    def add(self, data: memoryview) -> None:
        self._content.write(data)
        if self.filename is None and self._content.tell() > MAX_FIELD_BYTES:
            raise DeckError(f'"{one_line(self.name)}" is too long; it may have {MAX_FIELD_BYTES >> 10} KiB')

    @property
    def content(self) -> bytes:
        return self._content.getvalue()


async def read(
    request: Request, max_bytes: int, max_files: int, done: Callable[[Part], object], came: Callable[[int], object]
) -> None:
    """Hands each part to `done` as soon as it is there, in their order; `came` hears of the bytes as they come. Raises
    DeckError, and Refusal for a body that is too large."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise DeckError("the upload cannot be read; send multipart/form-data")
    form = _Form(max_files, done)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        await _feed(request, parser, max_bytes, came)
        parser.finalize()
    except FormParserError as error:
        raise DeckError("the upload cannot be read; it is no multipart form, send it again") from error
    except ClientDisconnect:
        raise DeckError("the upload ended early; send it again") from None
    if not form.is_whole:
        raise DeckError("the upload cannot be read (it ended early); send it again")


async def body(request: Request, max_bytes: int) -> bytes:
    """Of a request that is no form. Raises Refusal for one that is too large."""
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            check_size(len(content), max_bytes)
    except ClientDisconnect:
        raise DeckError("the upload ended early; send it again") from None
    return bytes(content)


def check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        limit = f"{max_bytes >> 20} MiB" if max_bytes >= 1 << 20 else f"{max_bytes} bytes"
        raise Refusal(413, "too-large", f"the request is larger than {limit}; send fewer or smaller images")


async def _feed(request: Request, parser: MultipartParser, max_bytes: int, came: Callable[[int], object]) -> None:
    length = request.headers.get("content-length", "")
    check_size(int(length) if length.isdecimal() else 0, max_bytes)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        check_size(size, max_bytes)
        came(len(piece))
        parser.write(piece)


class _Form:
    """What the parser tells, as parts."""

    def __init__(self, max_files: int, done: Callable[[Part], object]) -> None:
        self._part, self._done = Part("", None), done
        self.is_whole = False
        self._left = self._most = max_files
        self._header, self._value, self._disposition = b"", b"", b""

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._add,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise DeckError("the upload cannot be read (a part has no name); send it again")
        filename = options.get(b"filename")
        self._left -= filename is not None
        if self._left < 0:
            raise DeckError(f"the upload has too many files; it may have {self._most}")
        self._part = Part(_text(options[b"name"]), None if filename is None else _text(filename))

    def _add(self, data: bytes, start: int, end: int) -> None:
        self._part.add(memoryview(data)[start:end])

    def _close(self) -> None:
        self._done(self._part)

    def _end(self) -> None:
        self.is_whole = True


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
