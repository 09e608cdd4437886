"""The HTTP API over a workbench, to be mounted under `/api`.

    GET  /health    {"status": "ok" | "degraded", "reasons", "warnings", "version", "redis", "cache", "tasks"}
    POST /render    images and settings, multipart -> the PDF

Errors are {"error": {"code", "message", "card"?}}.
"""

from cardmaker.api.application import create

__all__ = ["create"]
