"""What the API answers: documents as they are, and errors in one form,
{"error": {"code", "message", "card"?, "findings"?}}."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from cardmaker.cache import Answer, Blob
from cardmaker.errors import (
    Busy,
    CardmakerError,
    ImageError,
    InputError,
    StoreError,
    TaskError,
    TaskGone,
    UnknownTask,
    one_line,
)
from cardmaker.finding import Finding, Severity

MAX_MESSAGE = 2000
_RETRY_S = "5"
_PIECE_BYTES = 256 << 10
# The first that it is; an error of ours is 500.
_STATUS: tuple[tuple[type[CardmakerError], int], ...] = (
    (UnknownTask, 404),
    (TaskGone, 410),
    (TaskError, 409),
    (Busy, 429),
    (InputError, 422),
    (StoreError, 503),
)


class Refusal(CardmakerError):
    """What HTTP alone has to refuse, with its status and headers."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, dict(headers or {})


class Unprintable(InputError):
    """A deck with images that cannot be printed: the first error, and all of them as findings."""

    def __init__(self, first: ImageError, broken: Sequence[ImageError]) -> None:
        super().__init__(str(first))
        self.code, self.card = first.code, first.card
        self.findings = [
            Finding(error.code, str(error), card=error.card, severity=Severity.ERROR).as_json() for error in broken
        ]


def document(blob: Blob, name: str, headers: Mapping[str, str]) -> Response:
    """A PDF in the pieces that the cache holds, never compressed: one of JPEGs does not get smaller."""
    every = {
        "Content-Encoding": "identity",
        "Content-Length": str(blob.size),
        "Content-Disposition": f'attachment; filename="{name}.pdf"',
        "X-Content-Type-Options": "nosniff",
        **headers,
    }
    return StreamingResponse(_pieces(blob), media_type="application/pdf", headers=every)


def provenance(answer: Answer, pages: int) -> dict[str, str]:
    """How a document came about, as headers."""
    steps = ", ".join(f"{step};dur={ms:.1f}" for step, ms in answer.steps_ms.items())
    return {
        "X-Cardmaker-Cache": answer.outcome.value,
        "X-Cardmaker-Tier": answer.tier.value,
        "X-Cardmaker-Pages": str(pages),
        "Server-Timing": steps,
    }


async def _pieces(blob: Blob) -> AsyncIterator[bytes]:
    """Small enough that who reads slowly is not taken for one who does not read."""
    for chunk in blob:
        for start in range(0, len(chunk), _PIECE_BYTES):
            yield chunk[start : start + _PIECE_BYTES]


def refusal(_: Request | None, error: Exception) -> JSONResponse:
    """What is wrong, for programs and people; 500 where it is our fault."""
    if isinstance(error, Refusal):
        return _error(error.status, {"code": error.code, "message": str(error)}, error.headers)
    if isinstance(error, HTTPException):
        return _error(error.status_code, {"code": "http", "message": str(error.detail)}, error.headers)
    if isinstance(error, RequestValidationError):
        return _error(422, {"code": "request", "message": _fields(error.errors())})
    if not isinstance(error, CardmakerError):
        return _error(500, {"code": "fault", "message": f"a fault of ours ({type(error).__name__}); please report it"})
    said: dict[str, Any] = {"code": error.code, "message": str(error)[:MAX_MESSAGE]}
    if isinstance(error, ImageError | Unprintable):
        said["card"] = error.card
    if isinstance(error, Unprintable):
        said["findings"] = error.findings
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    return _error(status, said, {"Retry-After": _RETRY_S} if status in (429, 503) else None)


def _fields(errors: Iterable[Any]) -> str:
    """Each wrong field by its name, without its value."""
    return "; ".join(map(_field, errors))[:MAX_MESSAGE]


def _field(error: Any) -> str:
    name = one_line(".".join(map(str, error["loc"][1:])))
    if error["type"] == "extra_forbidden":
        return f'"{name}" is unknown in the address; settings go into the body'
    return f"{name}: {one_line(str(error['msg']))}"


def _error(status: int, said: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": said}, status_code=status, headers=dict(headers or {}))
