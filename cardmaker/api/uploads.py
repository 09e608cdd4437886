"""An upload, read into a deck and its settings."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from cardmaker.api import multipart
from cardmaker.api.multipart import Part
from cardmaker.api.places import Load
from cardmaker.deck import Artwork
from cardmaker.errors import DeckError, DocumentError, SettingError, one_line
from cardmaker.source import BytesSource, natural_key
from cardmaker.workbench import Workbench

_FILES = ("fronts", "back", "backs")
_hashing = ThreadPoolExecutor(2, thread_name_prefix="cardmaker-hash")


async def deck(request: Request, workbench: Workbench, load: Load) -> tuple[Artwork, dict[str, Any]]:
    """The deck and its settings. Fronts stand in upload order unless the settings want the natural one.

    Raises DeckError, SettingError or Refusal."""
    limits, upload = workbench.settings, _Upload()
    await multipart.read(request, limits.body_bytes, limits.request_files, upload.add, load.add)
    settings, images = _parsed(upload.settings or b""), upload.images
    order = settings.pop("order", "upload")
    if order not in ("upload", "natural"):
        raise SettingError("order: choose upload or natural")
    if len(images["back"]) > 1:
        raise DeckError("one common back at most; send own backs as backs")
    fronts = images["fronts"]
    if order == "natural":
        fronts = sorted(fronts, key=lambda source: natural_key(source.name))
    back = next(iter(images["back"]), None)
    return await run_in_threadpool(workbench.deck, fronts, back, images["backs"]), settings


async def document(request: Request, workbench: Workbench, load: Load) -> tuple[bytes, dict[str, Any]]:
    """A PDF and the settings beside it. Raises DocumentError, SettingError, DeckError or Refusal."""
    parts: dict[str, Part] = {}

    def add(part: Part) -> None:
        if part.name not in ("pdf", "settings"):
            raise DocumentError(f'"{one_line(part.name)}" is no part of a request; send pdf and settings')
        if part.name in parts:
            raise DocumentError(f"{part.name}: send it once")
        if part.name == "pdf" and part.filename is None:
            raise DocumentError("the PDF must be sent as a file, with a file name")
        parts[part.name] = part

    await multipart.read(request, workbench.settings.body_bytes, 2, add, load.add)
    if "pdf" not in parts:
        raise DocumentError("no PDF came; send one as the file pdf")
    return parts["pdf"].content, _parsed(parts["settings"].content if "settings" in parts else b"")


async def settings(request: Request) -> dict[str, Any]:
    """Settings alone, as the body. Raises SettingError or Refusal."""
    return _parsed(await multipart.body(request, multipart.MAX_FIELD_BYTES))


class _Upload:
    """Parts as they come; images are hashed while the next ones are on their way."""

    def __init__(self) -> None:
        self.images: dict[str, list[BytesSource]] = {name: [] for name in _FILES}
        self.settings: bytes | None = None

    def add(self, part: Part) -> None:
        if part.name == "settings":
            if self.settings is not None:
                raise SettingError("settings: send them once")
            self.settings = part.content
        elif part.name not in _FILES:
            raise DeckError(f'"{one_line(part.name)}" is no part of a request; send fronts, back, backs and settings')
        elif part.filename is None:
            raise DeckError("images must be sent as files, each with a file name")
        else:
            source = BytesSource(part.filename or "image", part.content)
            self.images[part.name].append(source)
            _hashing.submit(lambda: source.digest)


def _parsed(text: bytes) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text, object_pairs_hook=_once)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SettingError('settings: send a JSON object, such as {"paper": "a4", "crop": "3mm"}')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values for one name nobody knows which is meant."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise SettingError(f'settings: "{one_line(name)[:60]}" stands twice; write it once')
        found[name] = value
    return found
