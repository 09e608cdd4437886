"""An upload, read into a deck and its settings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from cardmaker.api import multipart
from cardmaker.api.multipart import Part
from cardmaker.deck import Artwork
from cardmaker.errors import DeckError, SettingError, one_line
from cardmaker.source import BytesSource, natural_key
from cardmaker.workbench import Workbench

_FILES = ("fronts", "back", "backs")


async def deck(request: Request, workbench: Workbench) -> tuple[Artwork, dict[str, Any]]:
    """The deck and its settings. Fronts stand in upload order unless the settings want the natural one.

    Raises DeckError, SettingError or Refusal."""
    limits = workbench.settings
    parts = await multipart.read(request, limits.body_bytes, limits.request_files)
    settings = _settings_of(parts)
    order = settings.pop("order", "upload")
    if order not in ("upload", "natural"):
        raise SettingError("order: choose upload or natural")
    images = {name: [_image(part) for part in parts if part.name == name] for name in _FILES}
    if len(images["back"]) > 1:
        raise DeckError("one common back at most; send own backs as backs")
    fronts = images["fronts"]
    if order == "natural":
        fronts = sorted(fronts, key=lambda source: natural_key(source.name))
    back = next(iter(images["back"]), None)
    return await run_in_threadpool(workbench.deck, fronts, back, images["backs"]), settings


async def settings(request: Request) -> dict[str, Any]:
    """Settings alone, as the body. Raises SettingError or Refusal."""
    return _parsed(await multipart.body(request, multipart.MAX_FIELD_BYTES))


def _settings_of(parts: Iterable[Part]) -> dict[str, Any]:
    given = []
    for part in parts:
        if part.name == "settings":
            given.append(part)
        elif part.name not in _FILES:
            raise DeckError(f'"{one_line(part.name)}" is no part of a request; send fronts, back, backs and settings')
    if len(given) > 1:
        raise SettingError("settings: send them once")
    return _parsed(given[0].content) if given else {}


def _image(part: Part) -> BytesSource:
    if part.filename is None:
        raise DeckError("images must be sent as files, each with a file name")
    return BytesSource(part.filename or "image", part.content)


def _parsed(text: bytes) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SettingError('settings: send a JSON object, such as {"paper": "a4", "crop": "3mm"}')
    return found
