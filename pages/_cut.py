"""What goes to the cutting machine: the cut file and what to type there."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from itertools import groupby

import streamlit as st

from cardmaker.cutfile import Fact
from cardmaker.spec import RenderRequest
from pages import _download, _ui


def offer(request: RenderRequest, *, ready: bool) -> None:
    """Cut files and the settings card, and the same facts to read here. `ready` unless a field waits to be mended."""
    bench = _ui.workbench()
    with st.popover("Cut file", icon=":material/content_cut:", width="content"):
        leave_out = _ask_leave_out(request)
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
                    functools.partial(make, request, leave_out=leave_out),
                    key=key,
                    file_name=_download.file_name(request, ending),
                    mime=mime,
                    ready=ready,
                    help_text=help_text,
                )
        st.markdown(_table(bench.advice(request, leave_out=leave_out)))


def _table(facts: Iterable[Fact]) -> str:
    """What to type and to do, topic by topic."""
    lines: list[str] = []
    for topic, about in groupby(facts, key=lambda fact: fact.topic):
        lines.append(f"| | **{_ui.plain(topic.value)}** |")
        if len(lines) == 1:
            lines.append("|---|---|")  # the first topic heads the table
        for fact in about:
            note = f" :small[:gray[{_ui.plain(fact.note)}]]" if fact.note else ""
            lines.append(f"| {_ui.plain(fact.title)} | {_ui.plain(fact.value)}{note} |")
    return "\n".join(lines)


def _ask_leave_out(request: RenderRequest) -> bool:
    return st.toggle(
        "Do not cut skipped slots",
        key="leave-out",
        disabled=not request.printing.skip,
        help="Without this the empty slots are cut as well, which keeps the file centred by itself.",
        persist_state="session",
    )
