"""The HTTP API over a workbench, to be mounted under `/api`.

    GET  /health    {"status": "ok" | "degraded", "reasons", "warnings", "version", "redis", "cache", "tasks"}
    POST /render    images and settings, multipart -> the PDF

Errors are {"error": {"code", "message", "card"?}}. A request's images are read once into memory; making the document
happens in a thread, so that other requests go on.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

import cardmaker
from cardmaker.cache import Answer, Blob
from cardmaker.deck import Artwork
from cardmaker.errors import CardmakerError, DeckError, ImageError, InputError, SettingError, one_line
from cardmaker.source import BytesSource, natural_key
from cardmaker.spec import RenderRequest
from cardmaker.workbench import Health, Workbench

MAX_FILES = 1200
MAX_BODY_BYTES = 512 << 20
MAX_SETTINGS_BYTES = 1 << 20
_FILES = ("fronts", "back", "backs")
# Not compressed by the server: a PDF of JPEGs does not get smaller.
_IDENTITY = {"Content-Encoding": "identity"}


class TooLarge(InputError):
    code = "too-large"


def create(workbench: Workbench) -> FastAPI:
    """The API of that workbench."""
    api = FastAPI(title="Cardmaker", version=cardmaker.__version__, docs_url=None, redoc_url=None)
    api.add_exception_handler(CardmakerError, _refusal)

    @api.get("/health")
    def health() -> dict[str, Any]:
        return _health(workbench.health())

    @api.post("/render", response_class=Response)
    async def render(request: Request) -> Response:
        _check_length(request)
        form = await _form(request)
        try:
            artwork, settings = await _uploaded(form, workbench)
        finally:
            await form.close()
        wanted = await run_in_threadpool(workbench.request, artwork, settings)
        answer = await run_in_threadpool(workbench.document, wanted, artwork)
        return _document(answer, workbench, wanted)

    return api


def _health(health: Health) -> dict[str, Any]:
    stats = health.stats
    return {
        "status": "ok" if health.is_ok else "degraded",
        "reasons": list(health.reasons),
        "warnings": [],
        "version": cardmaker.__version__,
        "redis": {"configured": health.redis.configured, "state": health.redis.state.value},
        "cache": {
            "tier": stats.tier.value,
            "entries": stats.entries,
            "bytes": stats.bytes,
            "hits": stats.hits,
            "misses": stats.counts.get("miss", 0),
            "hit_rate": stats.hit_rate,
        },
        "tasks": {"runner": "none"},
    }


def _document(answer: Answer, workbench: Workbench, wanted: RenderRequest) -> Response:
    _, pages, _ = workbench.counts(wanted)
    steps = ", ".join(f"{step};dur={ms:.1f}" for step, ms in answer.steps_ms.items())
    headers = {
        **_IDENTITY,
        "Content-Length": str(answer.value.size),
        "Content-Disposition": f'attachment; filename="{wanted.sheet.layout_name}.pdf"',
        "X-Cardmaker-Cache": answer.outcome.value,
        "X-Cardmaker-Tier": answer.tier.value,
        "X-Cardmaker-Pages": str(pages),
        "Server-Timing": steps,
    }
    return StreamingResponse(_pieces(answer.value), media_type="application/pdf", headers=headers)


async def _pieces(blob: Blob) -> AsyncIterator[bytes]:
    for chunk in blob:
        yield chunk


def _check_length(request: Request) -> None:
    if int(request.headers.get("content-length") or 0) > MAX_BODY_BYTES:
        raise TooLarge(f"the request is larger than {MAX_BODY_BYTES >> 20} MiB; send fewer or smaller images")


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=MAX_FILES, max_fields=10, max_part_size=MAX_SETTINGS_BYTES)
    except HTTPException as error:
        raise DeckError(f"the upload cannot be read ({one_line(error.detail)}); send multipart/form-data") from error


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


def _refusal(_: Request, error: Exception) -> JSONResponse:
    """What is wrong, for programs and people; 500 where it is our fault."""
    said: dict[str, object] = {"code": getattr(error, "code", "fault"), "message": str(error)}
    if isinstance(error, ImageError):
        said["card"] = error.card
    status = 413 if isinstance(error, TooLarge) else 422 if isinstance(error, InputError) else 500
    return JSONResponse({"error": said}, status_code=status)
