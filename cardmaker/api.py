"""The HTTP API over a workbench, to be mounted under `/api`.

    GET  /health    {"status": "ok" | "degraded", "reasons", "warnings", "version", "redis", "cache", "tasks"}
    POST /render    images and settings, multipart -> the PDF

Errors are {"error": {"code", "message", "card"?}}. A request's images are read once into memory; making the document
happens in a thread, so that other requests go on.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

import cardmaker
from cardmaker.cache import Answer, Blob
from cardmaker.deck import Artwork
from cardmaker.errors import CardmakerError, DeckError, ImageError, InputError, SettingError, one_line
from cardmaker.source import BytesSource, natural_key
from cardmaker.spec import RenderRequest
from cardmaker.workbench import Health, Tier, Workbench

MAX_FILES = 1200
MAX_BODY_BYTES = 512 << 20
MAX_SETTINGS_BYTES = 1 << 20
MAX_MESSAGE = 2000
_RENDERS, _PROBES = 24, 4
_FILES = ("fronts", "back", "backs")
# Not compressed by the server: a PDF of JPEGs does not get smaller.
_IDENTITY = {"Content-Encoding": "identity"}


class TooLarge(InputError):
    code = "too-large"


def create(workbench: Workbench) -> FastAPI:
    """The API of that workbench."""
    api = FastAPI(title="Cardmaker", version=cardmaker.__version__, docs_url=None, redoc_url=None)
    api.add_exception_handler(CardmakerError, _refusal)
    api.add_exception_handler(StarletteHTTPException, _refusal)
    api.add_exception_handler(Exception, _refusal)
    # Threads of their own: renders that wait for each other must not keep a probe waiting.
    renders, probes = CapacityLimiter(_RENDERS), CapacityLimiter(_PROBES)

    @api.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> dict[str, Any]:
        return _health(await to_thread.run_sync(workbench.health, limiter=probes))

    @api.post("/render", response_class=Response)
    async def render(request: Request) -> Response:
        form = await _form(request)
        try:
            artwork, settings = await _uploaded(form, workbench)
        finally:
            await form.close()
        wanted = await run_in_threadpool(workbench.request, artwork, settings)
        answer = await to_thread.run_sync(workbench.document, wanted, artwork, limiter=renders)
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
            "tier": "memory" if health.reasons and stats.tier is Tier.REDIS else stats.tier.value,
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


async def _form(request: Request) -> FormData:
    """The whole upload. One that ends early would be a smaller deck without a word."""
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


def _refusal(_: Request, error: Exception) -> JSONResponse:
    """What is wrong, for programs and people; 500 where it is our fault."""
    if isinstance(error, StarletteHTTPException):
        return _error(error.status_code, {"code": "http", "message": str(error.detail)})
    if not isinstance(error, CardmakerError):
        return _error(500, {"code": "fault", "message": f"a fault of ours ({type(error).__name__}); please report it"})
    said = {"code": error.code, "message": str(error)[:MAX_MESSAGE]}
    if isinstance(error, ImageError):
        said["card"] = error.card
    return _error(413 if isinstance(error, TooLarge) else 422 if isinstance(error, InputError) else 500, said)


def _error(status: int, said: dict[str, str]) -> JSONResponse:
    return JSONResponse({"error": said}, status_code=status)
