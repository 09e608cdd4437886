"""Places to drop images on. What is dropped moves to the stack of cards at once, and the place is empty again: a file
is read and hashed once, and Streamlit keeps no second copy of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import streamlit as st
from streamlit.typing import UploadedFile

from cardmaker.errors import ImageError, one_line
from cardmaker.source import BytesSource, ImageSource, is_clutter
from pages import _ui

# A ZIP of a whole deck, and a single image.
ZIP_MB, IMAGE_MB = 500, 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came in at once: the images, what they came in (a folder, a ZIP), what could not be taken, and saved
    projects, which are no images."""

    images: Sequence[ImageSource]
    title: str
    refused: Sequence[str]
    left_out: int
    projects: Sequence[ImageSource] = ()


def place(
    label: str,
    key: str,
    take: Callable[[Arrival], object],
    *,
    kind: Literal["one", "many", "folder"] = "many",
    most_mb: int = ZIP_MB,
    help: str | None = None,  # noqa: A002 - as Streamlit calls it
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> None:
    """An uploader that hands over what is dropped on it."""
    turn = st.session_state.get(f"{key} turn", 0)
    name = f"{key} {turn}" if turn else key
    many: bool | Literal["directory"] = "directory" if kind == "folder" else kind == "many"
    st.file_uploader(
        label,
        accept_multiple_files=many,
        key=name,
        help=help,
        on_change=_hand_over,
        args=(name, key, take),
        max_upload_size=most_mb,
        label_visibility=label_visibility,
    )
    arrival: Arrival | None = st.session_state.get(f"{key} arrival")
    with st.container():
        if arrival:
            _tell(arrival)


def forget(key: str) -> None:
    """What was said of the last arrival."""
    st.session_state.pop(f"{key} arrival", None)


def _hand_over(name: str, key: str, take: Callable[[Arrival], object]) -> None:
    dropped = st.session_state.get(name) or []
    new = untaken(dropped if isinstance(dropped, list) else [dropped])
    if not new:
        return
    arrival = _arrived(new)
    st.session_state[f"{key} turn"] = st.session_state.get(f"{key} turn", 0) + 1
    st.session_state[f"{key} arrival"] = arrival
    take(arrival)


def untaken(uploads: Sequence[UploadedFile]) -> list[UploadedFile]:
    """Each upload once. A field that is changed before the empty place is drawn makes the browser say all that it has
    again, with the files that are taken already."""
    taken: set[str] = st.session_state.setdefault("uploads taken", set())
    new = [upload for upload in uploads if upload.file_id not in taken]
    taken.update(upload.file_id for upload in new)
    return new


def _arrived(uploads: Sequence[UploadedFile]) -> Arrival:
    images: list[ImageSource] = []
    refused: list[str] = []
    titles: list[str] = []
    projects: list[ImageSource] = []
    left_out = 0
    for upload in uploads:
        if is_clutter(upload.name):
            left_out += 1
            continue
        source = BytesSource(upload.name, upload.getvalue())
        if _ui.workbench().is_project(source):
            projects.append(source)
            continue
        if not _ui.workbench().is_archive(source):
            images.append(source)
            titles += PurePosixPath(upload.name).parts[:1] if "/" in upload.name else []
            continue
        try:
            images += _ui.workbench().unpack(source)
            titles.append(PurePosixPath(upload.name).stem)
        except ImageError as error:
            refused.append(str(error))
    title = titles[0] if len(set(titles)) == 1 else ""
    return Arrival(images, title, refused, left_out, projects)


def _tell(arrival: Arrival) -> None:
    for message in arrival.refused:
        st.error(_ui.sentence(message), icon=":material/folder_zip:")
    for project in arrival.projects:
        st.error(
            _ui.sentence(f'"{one_line(project.name)}" is a saved project; choose it under Open project'),
            icon=":material/folder_open:",
        )
    if not arrival.images:
        return
    count, size = len(arrival.images), sum(image.size for image in arrival.images)
    one = _ui.plain(arrival.images[0].name)
    words = f"{count:,} images came in" if count > 1 else f"{one} came in"
    hidden = f"; {arrival.left_out} hidden files were left out" if arrival.left_out else ""
    weight = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
    st.caption(f"{words}, {weight}{hidden}.")
