"""The shapes of what comes and goes, for OpenAPI: good enough to make a client of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cardmaker import knobs, offset
from cardmaker.knobs import Knob
from cardmaker.workbench import Queue

Responses = dict[int | str, dict[str, Any]]


class Finding(BaseModel):
    severity: Literal["error", "warning", "note"]
    code: str
    message: str
    card: str | None
    value: float | None
    slots: list[int]


class Error(BaseModel):
    code: str = Field(description="the stable name that programs read", examples=["image"])
    message: str = Field(
        description="what, where and what to do, as text",
        examples=['"elf.png": truncated after 41 kB of 250 kB; upload it again'],
    )
    card: str | None = Field(None, description="the image's name, where it is about one card", examples=["elf.png"])
    findings: list[Finding] | None = Field(None, description="every image that cannot be printed")


class ErrorSaid(BaseModel):
    error: Error


class Redis(BaseModel):
    configured: bool
    state: Literal["closed", "open", "half-open"] = Field(description="the breaker's: closed is well")


class CacheSaid(BaseModel):
    tier: Literal["memory", "redis", "none"]
    entries: int
    bytes: int
    hits: int
    misses: int
    hit_rate: float | None


class Runner(BaseModel):
    runner: Literal["local", "celery"]
    workers: int | None = Field(description="null where tasks run in the server itself")


class HealthSaid(BaseModel):
    status: Literal["ok", "degraded"]
    reasons: list[str] = Field(examples=[["Redis does not answer"]])
    warnings: list[str]
    version: str
    redis: Redis
    cache: CacheSaid
    tasks: Runner


class Alive(BaseModel):
    status: Literal["live", "ready"]


class PaperSize(BaseModel):
    name: str
    width_mm: float
    height_mm: float


class CardSize(PaperSize):
    radius_mm: float
    circle: bool


class Specialty(BaseModel):
    name: str
    paper: str
    card: CardSize
    orientation: Literal["landscape", "portrait"]
    columns: int
    rows: int


class Layouts(BaseModel):
    papers: list[PaperSize]
    cards: list[CardSize]
    variants: list[str]
    marks: list[str]
    specialty: list[Specialty]


class Extent(BaseModel):
    entries: int
    bytes: int


class Seconds(BaseModel):
    least: float
    median: float
    most: float


class CacheStats(CacheSaid):
    coalesced: int
    evictions: int
    corrupt: int
    memory: Extent
    redis: Extent | None
    ttl_s: Seconds | None
    counts: dict[str, int]


class Namespace(StrEnum):
    PDF = "pdf"
    TILE = "tile"


class NoQuery(BaseModel):
    """Of routes that take their settings from the body, so that none is left unread in the address."""

    model_config = ConfigDict(extra="forbid")


class CacheQuery(NoQuery):
    namespace: Namespace | None = None


class TaskQuery(NoQuery):
    queue: Queue | None = None


class Cleared(BaseModel):
    removed: int


class Links(BaseModel):
    """Paths on this server."""

    self: str
    result: str
    cancel: str
    retry: str


class Handed(BaseModel):
    task_id: str
    state: Literal["pending", "running", "success", "failure", "cancelled", "lost"]
    links: Links


class TaskSaid(Handed):
    progress: float = Field(ge=0, le=1)
    doing: str
    cancelling: bool
    queue: str
    runner: str
    attempt: int
    created: str | None = None
    started: str | None = None
    finished: str | None = None
    waited_s: float | None = None
    ran_s: float | None = None
    title: str
    layout: str
    cards: int
    pages: int
    size: int
    cache: str | None = None
    retry_of: str | None = None
    retried_as: str | None = None
    error: Error | None = None


class Tasks(BaseModel):
    tasks: list[TaskSaid]


_WHY = {
    401: "No token, or a wrong one",
    403: "Not from there, or not by this name",
    404: "There is none",
    408: "The request came too slowly or stopped",
    409: "It has no result, or not yet",
    410: "It was done, and its PDF is no longer kept",
    413: "Larger than it may be",
    422: "Something in the request is to be mended",
    429: "Too much at once; `Retry-After` says in how many seconds to come again",
    503: "Not now; `Retry-After` says when",
    504: "Not done in time",
}


def errors(*statuses: int) -> Responses:
    """What else may be answered, in the one form of errors."""
    return {status: {"model": ErrorSaid, "description": _WHY[status]} for status in sorted({*statuses, 401, 403, 429})}


def _header(text: str, *values: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string", **({"enum": list(values)} if values else {})}}


_BINARY = {"schema": {"type": "string", "format": "binary"}}
PDF: Responses = {
    200: {
        "description": "The PDF",
        "content": {"application/pdf": _BINARY},
        "headers": {
            "X-Cardmaker-Cache": _header("whether it was there", "hit", "miss", "coalesced", "bypass"),
            "X-Cardmaker-Tier": _header("who keeps it", "memory", "redis", "none"),
            "X-Cardmaker-Pages": {"description": "its pages", "schema": {"type": "integer"}},
        },
    }
}
# Where a task's id leads, for clients that are made from this.
HANDED: Responses = {
    202: {
        "description": "The task",
        "links": {
            name: {"operationId": name, "parameters": {"task_id": "$response.body#/task_id"}}
            for name in ("get_task", "task_result", "cancel_task", "retry_task")
        },
    }
}
CUT: Responses = {200: {"description": "The cut file", "content": {"image/vnd.dxf": _BINARY, "image/svg+xml": _BINARY}}}
MOVED: Responses = {
    200: {
        "description": "The PDF",
        "content": {"application/pdf": _BINARY},
        "headers": {"X-Cardmaker-Pages": PDF[200]["headers"]["X-Cardmaker-Pages"]},
    }
}


def _property(knob: Knob) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": "string"}
    if knob.choices:
        kind = {"type": "string", "enum": list(knob.choices)}
    elif not knob.metavar:
        kind = {"type": "boolean"}
    elif knob.name == "skip":
        kind = {
            "type": ["array", "string", "integer"],
            "items": {"type": "integer", "minimum": 0},
            "examples": [[4, 5]],
        }
    elif knob.metavar.startswith("LENGTH"):
        kind = {"type": "string", "examples": ["3mm"]}
    elif knob.name == "overrides":
        kind = {"type": "object", "additionalProperties": {"type": "object"}, "examples": [{"elf": {"crop": "2mm"}}]}
    return {**kind, "description": knob.help}


def _settings(**more: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**{knob.name: _property(knob) for knob in knobs.KNOBS}, **more},
        "examples": [{"paper": "a4", "card": "poker", "crop": "3mm", "skip": [4]}],
    }


_ORDER = {
    "type": "string",
    "enum": ["upload", "natural"],
    "default": "upload",
    "description": "how the fronts stand: as they came, or by their names with card2 before card10",
}
_CUT: dict[str, dict[str, Any]] = {
    "format": {"type": "string", "enum": ["dxf", "svg"], "default": "dxf"},
    "leave_out_skipped": {"type": "boolean", "default": False, "description": "do not cut skipped slots"},
}
# Components of the document, since the routes read their bodies themselves.
SCHEMAS = {"RenderSettings": _settings(order=_ORDER), "CutSettings": _settings(**_CUT)}
_LENGTH = {"type": "string", "examples": ["0.4mm"]}
_SCALE = {"type": "number", "minimum": offset.SCALES[0], "maximum": offset.SCALES[1], "default": 1}
_OFFSET = {
    "x": {**_LENGTH, "description": "moves the ink right, as seen looking at the printed page"},
    "y": {**_LENGTH, "description": "moves it up"},
    "angle": {
        "type": "number",
        "minimum": -offset.MOST_DEGREES,
        "maximum": offset.MOST_DEGREES,
        "description": "turns it clockwise about the middle of the page, in degrees",
    },
    "scale_x": _SCALE,
    "scale_y": _SCALE,
    "pages": {"type": "string", "default": "all", "description": "all, odd, even, or numbers such as 2,4-8"},
}
SCHEMAS["OffsetSettings"] = {"type": "object", "additionalProperties": False, "properties": _OFFSET}
_FILE = {"type": "string", "format": "binary"}
_DECK = {
    "type": "object",
    "required": ["fronts"],
    "properties": {
        "fronts": {"type": "array", "items": _FILE, "minItems": 1, "description": "images in printing order"},
        "back": {**_FILE, "description": "the common back"},
        "backs": {"type": "array", "items": _FILE, "description": "own backs, each named like its front"},
        "settings": {"$ref": "#/components/schemas/RenderSettings"},
    },
}
DECK_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _DECK, "encoding": {"settings": {"contentType": "application/json"}}}
        },
    }
}
OFFSET_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["pdf"],
                    "properties": {"pdf": _FILE, "settings": {"$ref": "#/components/schemas/OffsetSettings"}},
                },
                "encoding": {"settings": {"contentType": "application/json"}},
            }
        },
    }
}
CUT_BODY = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/CutSettings"},
                "example": {"paper": "a4", "card": "poker", "format": "svg"},
            }
        },
    }
}
