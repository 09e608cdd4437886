"""Uploaders whose images outlive them: Streamlit empties an uploader when its page is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st
from streamlit.typing import UploadedFile

from cardmaker.source import BytesSource, is_clutter, natural_key
from pages import _ui

# No card image needs more; what is larger is refused before it travels.
_MAX_MB = 200


@dataclass
class _Shelf:
    """The images of one uploader. `present` are those it shows now, by file id, each read and hashed once;
    `kept` are from before it was emptied by leaving the page."""

    present: dict[str, BytesSource] = field(default_factory=dict)
    kept: list[BytesSource] = field(default_factory=list)
    touched: bool = False

    def touch(self) -> None:
        self.touched = True

    def clear(self) -> None:
        self.kept = []

    def take(self, uploads: Sequence[UploadedFile]) -> None:
        if not uploads and not self.touched:
            self.kept += self.present.values()
        self.touched = False
        self.present = {
            upload.file_id: self.present.get(upload.file_id) or BytesSource(upload.name, upload.getvalue())
            for upload in uploads
            if not is_clutter(upload.name)
        }

    def images(self) -> list[BytesSource]:
        return sorted([*self.kept, *self.present.values()], key=lambda image: natural_key(image.name))


def many(
    label: str,
    key: str,
    *,
    folder: bool = False,
    help: str | None = None,  # noqa: A002 - as Streamlit calls it
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> list[BytesSource]:
    """An uploader for several images, in natural order, without what operating systems leave in folders."""
    shelf = _shelf(key)
    uploads = st.file_uploader(
        label,
        accept_multiple_files="directory" if folder else True,
        key=key,
        help=help,
        on_change=shelf.touch,
        max_upload_size=_MAX_MB,
        label_visibility=label_visibility,
    )
    shelf.take(uploads)
    _offer_removal(shelf, key)
    return shelf.images()


def one(label: str, key: str) -> BytesSource | None:
    """An uploader for one image; a new one replaces it."""
    shelf = _shelf(key)
    upload = st.file_uploader(label, key=key, on_change=shelf.touch, max_upload_size=_MAX_MB)
    shelf.take([upload] if upload else [])
    if upload:
        shelf.clear()
    _offer_removal(shelf, key)
    images = shelf.images()
    return images[-1] if images else None


def _shelf(key: str) -> _Shelf:
    shelf: _Shelf = st.session_state.setdefault(f"shelf-{key}", _Shelf())
    return shelf


def _offer_removal(shelf: _Shelf, key: str) -> None:
    if not shelf.kept:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        count = len(shelf.kept)
        st.caption(_ui.plain(shelf.kept[0].name) if count == 1 else f"{count} images from before")
        st.button("Remove", key=f"{key}-remove", on_click=shelf.clear, icon=":material/close:", type="tertiary")
