"""Image sources: where an image's bytes come from, read only when they are needed.

A source is known by its content (`digest`); its `name` is for people alone and never becomes a path or a key.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import re
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

from cardmaker.errors import DeckError, ImageError, one_line

_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}


class ImageSource(Protocol):
    """`digest` is the sha256 of the content in hex, `size` its bytes; `open` gives a new stream each time."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def size(self) -> int: ...
    def open(self) -> BinaryIO: ...


class BytesSource:
    """An image in memory, such as an upload. `digest` where it is known, as of the same content by another name."""

    def __init__(self, name: str, content: bytes, digest: str | None = None) -> None:
        self.name = name
        self._content = content
        self._digest = digest

    @property
    def digest(self) -> str:
        # No cached_property: until Python 3.12 that has one lock for all, and uploads would be hashed one by one.
        if self._digest is None:
            self._digest = hashlib.sha256(self._content).hexdigest()
        return self._digest

    @property
    def size(self) -> int:
        return len(self._content)

    def open(self) -> BinaryIO:
        return io.BytesIO(self._content)


class FileSource:
    """An image file. Errors of the file system come out as ImageError."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name or path.name

    @functools.cached_property
    def digest(self) -> str:
        try:
            with self.open() as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # an open file has readinto
        except OSError as error:
            raise ImageError(self.name, f"cannot be read ({error.strerror})") from error

    @property
    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise ImageError(self.name, f"cannot be read ({error.strerror})") from error

    def open(self) -> BinaryIO:
        try:
            # Opening a pipe would wait for ever, a device might.
            if self.path.exists() and not self.path.is_file():
                raise ImageError(self.name, "is no file; give an image file")
            return self.path.open("rb")
        except OSError as error:
            raise ImageError(self.name, f"cannot be read ({error.strerror})") from error


def read_bytes(source: ImageSource) -> bytes:
    """The whole content; ImageError when the file system fails."""
    try:
        with source.open() as stream:
            return stream.read()
    except OSError as error:
        raise ImageError(source.name, f"cannot be read ({error.strerror})") from error


def from_folder(folder: Path) -> list[FileSource]:
    """A folder's files in natural order, those of its sub-folders too, without hidden ones and the clutter
    that operating systems leave. Named by their path below the folder.

    Raises DeckError when the folder is not there, cannot be read or holds no file.
    """
    if not _is_folder(folder):
        raise DeckError(f'no folder "{one_line(str(folder))}"; give the folder that holds the images')
    names = [path.relative_to(folder).as_posix() for path in _files(folder)]
    if not names:
        raise DeckError(f'no images in "{one_line(str(folder))}"; put card images there, or give another folder')
    return [FileSource(folder / name, name) for name in sorted(names, key=natural_key)]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that the file system cannot have
        return False


def _files(folder: Path) -> Iterable[Path]:
    def refuse(error: OSError) -> None:
        raise DeckError(f'"{one_line(str(error.filename))}" cannot be read ({error.strerror})') from error

    seen = {folder.resolve()}
    for root, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        # A linked folder holds cards like any other; one that leads back would never end.
        inside = [(name, Path(root, name).resolve()) for name in folders if not is_clutter(name)]
        folders[:] = [name for name, path in inside if path not in seen]
        seen.update(path for _, path in inside)
        yield from (Path(root, name) for name in files if not is_clutter(name))


def is_clutter(name: str) -> bool:
    """Whether a path names a hidden file or what an operating system leaves behind, in any of its parts."""
    return any(part.startswith(".") or part.lower() in _IGNORED for part in re.split(r"[/\\]", name) if part)


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key: case-insensitive, numbers by value (card2 before card10), the raw name as tie-break."""
    parts = re.split(r"([0-9]+)", unicodedata.normalize("NFC", name).casefold())
    # Text is at the even places, digits at the odd ones, so that like is only ever compared with like. Digits compare
    # as their number would, by length first: a name may hold more of them than Python turns into a number.
    return [_number_key(p) if i % 2 else (0, 0, p) for i, p in enumerate(parts)], name


def _number_key(digits: str) -> tuple[int, int, str]:
    significant = digits.lstrip("0")
    return 1, len(significant), significant


def hash_all(sources: Iterable[ImageSource]) -> None:
    """Computes the digests of all sources, two at a time: hashing and reading release the interpreter."""
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda source: source.digest, sources):
            pass
