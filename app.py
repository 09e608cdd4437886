"""The app for `streamlit run app.py`: the pages, and the API under /api, in one server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from cardmaker import api, stopping
from cardmaker.api import logs
from cardmaker.asgi import UncompressedDownloads
from cardmaker.workbench import shared
from pages import _fetching, _ui


@asynccontextmanager
async def life(_app: st.App) -> AsyncIterator[None]:
    """A server that is told to stop ends by that signal, past everything that Python would do at its exit."""
    with stopping.in_time(shared().settings.stop_s, shared().close):
        yield
    shared().close()


logs.to_stderr()
_fetching.hush()
app = st.App(
    "pages/_main.py",
    lifespan=life,
    routes=[Mount("/api", app=api.create(shared())), Route("/api", lambda _: RedirectResponse("api/docs"))],
    middleware=[Middleware(UncompressedDownloads)],
    on_script_error=_ui.apologise,
)
