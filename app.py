"""The app for `streamlit run app.py`: the pages, in Streamlit's server."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from cardmaker.asgi import UncompressedDownloads
from pages import _ui

app = st.App(
    "pages/_main.py",
    middleware=[Middleware(UncompressedDownloads)],
    on_script_error=_ui.apologise,
)
