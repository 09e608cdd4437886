"""Before every route: who calls, by which name and from which page, how often. And after it: the request's id, and a
line in the log.

An ASGI middleware that passes bodies through as they come.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cardmaker.api import answers, logs
from cardmaker.api.admin import has_token
from cardmaker.api.answers import Refusal
from cardmaker.api.hosts import Hosts
from cardmaker.api.rates import Rates
from cardmaker.settings import Settings

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE = {"GET", "HEAD", "OPTIONS"}
# For whatever starts and stops servers; they tell nothing but that.
_OPEN = {"/health/live", "/health/ready"}
# Whoever watches us would fill our figures with its own questions.
_WATCHING = {"/health", "/health/live", "/health/ready", "/metrics"}
# Who is refused while still sending reads no answer before it is done, or is cut off: so long and so much we listen,
# while it does send.
_LISTEN_S, _PAUSE_S, _LISTEN_BYTES = 5.0, 0.5, 64 << 20
# A body that comes more slowly than this, in bytes a second, would keep a place from others for hardly any effort.
_SLOWEST = 8192


class Guard:
    """`took` hears how each request ended, `api_ok`, `api_refused` or `api_failed`, and its milliseconds."""

    def __init__(self, app: ASGIApp, settings: Settings, rates: Rates, took: Callable[[str, float], object]) -> None:
        self.app, self._settings, self._rates, self._hosts = app, settings, rates, Hosts(settings)
        self._took = took

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._settings.client_silent_s)
        try:
            await self._check(scope, exchange.headers)
            await self.app(scope, exchange.receive, exchange.send)
        except Refusal as refusal:
            await exchange.refuse(refusal)
        except ClientDisconnect:
            pass  # what it did not take is let go
        except Exception as error:  # noqa: BLE001 - a fault of ours: logged, and told in the form of every error
            await exchange.fail(error)
        finally:
            told = exchange.told()
            logs.answered(told)
            if told["route"] not in _WATCHING:
                self._took(_ended(told["status"]), told["ms"])

    async def _check(self, scope: Scope, headers: Headers) -> None:
        """Raises Refusal."""
        server = scope.get("server") or ("", 0)
        if not self._hosts.allow(headers, server[0]):
            raise Refusal(403, "host", "not by this name; add it to CARDMAKER_ALLOWED_HOSTS")
        if scope["method"] not in _SAFE and not self._hosts.trust(headers):
            raise Refusal(403, "origin", "not from another web page; add its address to CARDMAKER_TRUSTED_ORIGINS")
        if scope["path"].removeprefix(scope.get("root_path", "")) in _OPEN:
            return
        await self._rates.count((scope.get("client") or ("", 0))[0])
        self._check_token(headers.get("authorization", ""))

    def _check_token(self, given: str) -> None:
        tokens = [token for token in (self._settings.api_token, self._settings.admin_token) if token]
        found = [has_token(given, token) for token in tokens]  # each is compared, so that time tells nothing
        if self._settings.api_token and not any(found):
            raise Refusal(401, "token", "send the API's token as a bearer", {"WWW-Authenticate": "Bearer"})


def _ended(status: int) -> str:
    """By whose fault; no status at all is that of a caller who left."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "api_failed"
    return "api_refused" if not status or status >= HTTPStatus.BAD_REQUEST else "api_ok"


class _Exchange:
    """One request and its answer, watched on their way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, silent_s: float) -> None:
        self._scope, self._receive, self._send, self._silent_s = scope, receive, send, silent_s
        self._mount = scope.get("route")
        self.headers = Headers(scope=scope)
        given = self.headers.get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        self._start = time.perf_counter()
        self._waited_s = 0.0
        self._has_more = bool(self.headers.get("transfer-encoding") or self.headers.get("content-length", "0") != "0")
        self._is_read = False
        self._status = 0
        self._bytes_in = self._bytes_out = 0
        self._cache: str | None = None

    async def receive(self) -> Message:
        """Raises Refusal when what is to come does not, or comes by drops. Time that we take is not counted."""
        if not self._has_more:
            return await self._heard()
        start = time.perf_counter()
        with anyio.move_on_after(self._silent_s - max(0.0, self._waited_s - self._bytes_in / _SLOWEST)):
            message = await self._heard()
            self._waited_s += time.perf_counter() - start
            return message
        self._has_more = False  # nobody listens to it any longer
        raise Refusal(408, "silent", "the request came too slowly or stopped; send it again", {"Connection": "close"})

    async def _heard(self) -> Message:
        self._is_read = True
        message = await self._receive()
        self._bytes_in += len(message.get("body", b""))
        self._has_more = bool(message["type"] == "http.request" and message.get("more_body"))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._listen()
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.id
            self._status, self._cache = message["status"], headers.get("x-cardmaker-cache")
        else:
            self._bytes_out += len(message.get("body", b""))
        with anyio.move_on_after(self._silent_s) as patience:
            await self._send(message)
        if patience.cancelled_caught:
            raise ClientDisconnect

    async def refuse(self, error: Exception) -> None:
        await answers.refusal(None, error)(self._scope, self.receive, self.send)

    async def fail(self, error: Exception) -> None:
        logs.failed(self.told())
        if not self._status:
            await self.refuse(error)
            return
        raise error  # an answer half sent can only be cut off

    async def _listen(self) -> None:
        if self._has_more and not self._is_read and self.headers.get("expect", "").lower() == "100-continue":
            return  # it waits for our word before it sends
        with anyio.move_on_after(_LISTEN_S):
            start = self._bytes_in
            is_sending = True
            while is_sending and self._has_more and self._bytes_in - start < _LISTEN_BYTES:
                with anyio.move_on_after(_PAUSE_S) as pause:
                    await self._heard()
                is_sending = not pause.cancelled_caught

    def told(self) -> dict[str, Any]:
        route = self._scope.get("route")
        return {
            "request_id": self.id,
            "method": self._scope["method"],
            "route": None if route is self._mount else getattr(route, "path", None),
            "status": self._status,
            "ms": round((time.perf_counter() - self._start) * 1000, 1),
            "bytes_in": self._bytes_in,
            "bytes_out": self._bytes_out,
            "cache": self._cache,
        }
