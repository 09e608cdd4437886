"""The HTTP API over a workbench, to be mounted under `/api`.

    GET    /health, /health/live, /health/ready
    GET    /layouts                                papers, cards, variants, specialty sheets
    POST   /render                                 images and settings, multipart -> the PDF
    POST   /tasks, /tasks/{id}/retry               the same as a task
    GET    /tasks/{id}, /tasks/{id}/result         how far it is, its PDF
    DELETE /tasks/{id}                             cancel it
    POST   /cutfile                                settings, JSON -> DXF or SVG
    GET    /tasks, /cache/stats, /metrics; DELETE /cache     for the operator
    GET    /openapi.json, /docs

Errors are {"error": {"code", "message", "card"?, "findings"?}}.
"""

from cardmaker.api.application import create

__all__ = ["create"]
