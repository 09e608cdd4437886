"""A button that makes its file when it is pressed, by what the page is then."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import streamlit as st

from cardmaker.errors import InputError
from cardmaker.spec import RenderRequest
from pages import _fetching
from pages._fetching import File
from pages._handover import Handover

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')

# File systems count bytes, and the layout's name follows.
_MOST_BYTES = 120


def button(
    label: str,
    make: Callable[[], bytes],
    *,
    key: str,
    file_name: str,
    mime: str,
    ready: bool,
    kind: Literal["primary", "secondary", "tertiary"] = "secondary",
    help_text: str | None = None,
) -> None:
    """Offers the file; cannot be pressed unless `ready`."""
    handover: Handover = st.session_state.setdefault(f"handover {key}", Handover())
    st.download_button(
        label,
        data=_fetching.held(handover.take, mime),
        file_name=file_name,
        mime=mime,
        key=key,
        on_click=_press,
        args=(key,),
        type=kind,
        icon=":material/download:",
        disabled=not ready,
        help=help_text,
    )

    def made() -> File:
        return File(make(), file_name)

    if st.session_state.pop(f"pressed {key}", False) and not handover.give(made if ready else _refuse):
        st.toast("The download did not start. Press the button again.", icon=":material/error:")


def file_name(request: RenderRequest, ending: str) -> str:
    """Deck and layout, which names the paper: `elves-letter-standard-v6.pdf`, in any script, for any file system."""
    return named(request.printing.title, request.sheet.layout_name, ending)


def named(title: str, layout: str, ending: str) -> str:
    """As `file_name`, for a document of which only that much is known."""
    return f"{stem(title)}-{layout}{ending}"


def stem(title: str) -> str:
    """The deck's name as files may be called."""
    deck = " ".join(_UNSAFE.sub(" ", title).split())[:80]
    return deck.encode()[:_MOST_BYTES].decode(errors="ignore").strip(" .") or "deck"


def decline(key: str) -> bool:
    """Whether the button was pressed, of which no file shall come now."""
    if not st.session_state.pop(f"pressed {key}", False):
        return False
    handover: Handover = st.session_state[f"handover {key}"]
    handover.give(_withdraw)
    return True


def _press(key: str) -> None:
    st.session_state[f"pressed {key}"] = True


def _withdraw() -> File:
    raise InputError("this file is made in the background instead")


def _refuse() -> File:
    raise InputError("the page says what to mend before the download")
