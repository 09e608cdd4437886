"""Middleware for the web server that the pages and the API share."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class UncompressedDownloads:
    """Serves Streamlit's media as they are. A PDF of JPEGs does not get smaller, and compressing it would take
    longer than making it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "/media/" in scope["path"]:
            scope["headers"] = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
        await self.app(scope, receive, send)
