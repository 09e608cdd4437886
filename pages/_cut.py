"""What goes to the cutting machine."""

from __future__ import annotations

import functools

import streamlit as st

from cardmaker.spec import RenderRequest
from pages import _download, _ui


def offer(request: RenderRequest, *, ready: bool) -> None:
    """Cut files and the settings card. `ready` unless a field waits to be mended."""
    bench = _ui.workbench()
    with st.popover("Cut file", icon=":material/content_cut:", width="content"):
        without = _ask_leave_out(request)
        with st.container(horizontal=True):
            for label, key, make, ending, mime, help_text in (
                ("DXF", "dxf", bench.dxf, ".dxf", "image/vnd.dxf", "For every edition of Silhouette Studio."),
                ("SVG", "svg", bench.svg, ".svg", "image/svg+xml", "For editions that open SVG, and other programs."),
                (
                    "Settings card",
                    "settings-card",
                    bench.settings_card,
                    "-settings.pdf",
                    "application/pdf",
                    "One page to print or keep beside the machine.",
                ),
            ):
                _download.button(
                    label,
                    functools.partial(make, request, leave_out=without),
                    key=key,
                    file_name=_download.file_name(request, ending),
                    mime=mime,
                    ready=ready,
                    help_text=help_text,
                )


def leave_out(request: RenderRequest) -> bool:
    """Whether skipped slots shall not be cut."""
    return bool(request.printing.skip and st.session_state.get("leave-out"))


def _ask_leave_out(request: RenderRequest) -> bool:
    return st.toggle(
        "Do not cut skipped slots",
        key="leave-out",
        disabled=not request.printing.skip,
        help="Without this the empty slots are cut as well, which keeps the file centred by itself."
        if request.printing.skip
        else "No slot is skipped.",
        persist_state="session",
    )
