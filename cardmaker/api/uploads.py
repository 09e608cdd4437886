"""A multipart upload, read into a deck and its settings.

A request's images are read once into memory. An upload that ends early would be a smaller deck without a word: it is
refused, and what was read of it is let go.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from cardmaker.api.answers import TooLarge
from cardmaker.deck import Artwork
from cardmaker.errors import DeckError, SettingError, one_line
from cardmaker.source import BytesSource, natural_key
from cardmaker.workbench import Workbench

MAX_FILES = 1200
MAX_BODY_BYTES = 512 << 20
MAX_SETTINGS_BYTES = 1 << 20
_FILES = ("fronts", "back", "backs")


async def deck(request: Request, workbench: Workbench) -> tuple[Artwork, Mapping[str, object]]:
    """The deck and its settings. Raises DeckError, SettingError or TooLarge."""
    form = await _form(request)
    try:
        return await _uploaded(form, workbench)
    finally:
        await form.close()


async def _form(request: Request) -> FormData:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise DeckError("the upload cannot be read; send multipart/form-data")
    upload = _Upload(request, b"--" + boundary + b"--")
    try:
        parser = MultiPartParser(
            request.headers, upload.pieces(), max_files=MAX_FILES, max_fields=10, max_part_size=MAX_SETTINGS_BYTES
        )
        return await parser.parse()
    except MultiPartException as error:
        if upload.is_too_large:
            raise TooLarge(error.message) from error
        raise DeckError(f"the upload cannot be read ({one_line(error.message)}); send it again") from error


class _Upload:
    """A request's body, counted, and whole only if it ends as it said. Raises the parser's own error, upon which that
    closes what it has opened."""

    def __init__(self, request: Request, ending: bytes) -> None:
        self._request, self._ending = request, ending
        self.is_too_large = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        size, end = 0, b""
        async for piece in self._request.stream():
            size += len(piece)
            if size > MAX_BODY_BYTES:
                self.is_too_large = True
                limit = f"{MAX_BODY_BYTES >> 20} MiB"
                raise MultiPartException(f"the request is larger than {limit}; send fewer or smaller images")
            end = (end + piece)[-len(self._ending) - 64 :]
            yield piece
        if self._ending not in end:
            raise MultiPartException("it ended early")


async def _uploaded(form: FormData, workbench: Workbench) -> tuple[Artwork, Mapping[str, object]]:
    """The deck and its settings. Fronts stand in upload order unless the settings want the natural one."""
    settings = _settings(form.get("settings"))
    images = {name: [await _image(part) for part in form.getlist(name)] for name in _FILES}
    unknown = set(form) - {*_FILES, "settings"}
    if unknown:
        raise DeckError(f'"{one_line(min(unknown))}" is no part of a request; send fronts, back, backs and settings')
    if len(images["back"]) > 1:
        raise DeckError("one common back at most; send own backs as backs")
    order = settings.pop("order", "upload")
    if order not in ("upload", "natural"):
        raise SettingError("order: choose upload or natural")
    fronts = images["fronts"]
    if order == "natural":
        fronts = sorted(fronts, key=lambda source: natural_key(source.name))
    back = next(iter(images["back"]), None)
    return await run_in_threadpool(workbench.deck, fronts, back, images["backs"]), settings


async def _image(part: UploadFile | str) -> BytesSource:
    if isinstance(part, str):
        raise DeckError("images must be sent as files, each with a file name")
    return BytesSource(part.filename or "image", await part.read())


def _settings(text: UploadFile | str | None) -> dict[str, object]:
    if text is None or text == "":
        return {}
    try:
        settings = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise SettingError('settings: send a JSON object, such as {"paper": "a4", "crop": "3mm"}')
    return settings
