"""What the API answers: documents as they are, and errors in one form, {"error": {"code", "message", "card"?}}."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from cardmaker.cache import Answer, Blob
from cardmaker.errors import CardmakerError, ImageError, InputError
from cardmaker.spec import RenderRequest

MAX_MESSAGE = 2000
# Not compressed by the server: a PDF of JPEGs does not get smaller.
IDENTITY = {"Content-Encoding": "identity"}


class TooLarge(InputError):
    code = "too-large"


def document(answer: Answer, wanted: RenderRequest, pages: int) -> Response:
    """The PDF, in the pieces that the cache holds, and how it came about."""
    steps = ", ".join(f"{step};dur={ms:.1f}" for step, ms in answer.steps_ms.items())
    headers = {
        **IDENTITY,
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


def refusal(_: Request, error: Exception) -> JSONResponse:
    """What is wrong, for programs and people; 500 where it is our fault."""
    if isinstance(error, HTTPException):
        return _error(error.status_code, {"code": "http", "message": str(error.detail)})
    if not isinstance(error, CardmakerError):
        return _error(500, {"code": "fault", "message": f"a fault of ours ({type(error).__name__}); please report it"})
    said = {"code": error.code, "message": str(error)[:MAX_MESSAGE]}
    if isinstance(error, ImageError):
        said["card"] = error.card
    return _error(413 if isinstance(error, TooLarge) else 422 if isinstance(error, InputError) else 500, said)


def _error(status: int, said: dict[str, str]) -> JSONResponse:
    return JSONResponse({"error": said}, status_code=status)
