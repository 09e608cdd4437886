"""The server's middleware, before a responder that compresses whatever it may."""

import asyncio

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import Message

from cardmaker.asgi import UncompressedDownloads


def encoding_of(path: str) -> str | None:
    """How the answer to a browser's request for a PDF is compressed."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = UncompressedDownloads(GZipMiddleware(Response(b"%PDF" * 1000, media_type="application/pdf")))
    scope = {"type": "http", "path": path, "headers": [(b"accept-encoding", b"gzip, br"), (b"host", b"here")]}
    asyncio.run(app(scope, receive, send))
    assert b"".join(message.get("body", b"") for message in sent)
    headers = dict(sent[0]["headers"])
    return headers[b"content-encoding"].decode() if b"content-encoding" in headers else None


def test_media_leave_as_they_are() -> None:
    assert encoding_of("/media/0a1b.pdf") is None
    assert encoding_of("/base/media/0a1b.pdf") is None


def test_everything_else_is_still_compressed() -> None:
    assert encoding_of("/somewhere/else.pdf") == "gzip"
