"""The app for `streamlit run app.py`: the pages, and the API under /api, in one server."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount

from cardmaker import api
from cardmaker.api import logs
from cardmaker.asgi import UncompressedDownloads
from cardmaker.workbench import shared
from pages import _ui

logs.to_stderr()
app = st.App(
    "pages/_main.py",
    routes=[Mount("/api", app=api.create(shared()))],
    middleware=[Middleware(UncompressedDownloads)],
    on_script_error=_ui.apologise,
)
