"""A project into its file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from cardmaker import limits
from cardmaker.limits import Limits
from cardmaker.project.contents import FORMAT, INDEX, VERSION, Project, check
from cardmaker.source import ImageSource, hash_all, read_bytes
from cardmaker.spec import MAX_TEXT

# No clock: a ZIP cannot tell of a time before this.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o100644 << 16
_DIGEST_CHARS = 16
# For whoever unpacks a project by hand; other endings are nobody's business.
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")


def write(project: Project, limits: Limits = limits.DEFAULT) -> bytes:
    """The file. Raises ProjectError for more than can be opened again, ImageError where an image cannot be read."""
    hash_all(project.images)
    check(project, limits)
    entries: dict[str, tuple[str, ImageSource]] = {}
    for image in project.images:
        entries.setdefault(image.digest, (_entry(len(entries) + 1, image), image))
    said = _described(project, {digest: entry for digest, (entry, _) in entries.items()})
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        _put(archive, INDEX, text.encode())
        for entry, image in entries.values():
            _put(archive, entry, read_bytes(image))
    return stream.getvalue()


def _entry(number: int, image: ImageSource) -> str:
    suffix = PurePosixPath(image.name).suffix.lower()
    return f"images/{number:04}-{image.digest[:_DIGEST_CHARS]}{suffix if suffix in _SUFFIXES else ''}"


def _described(project: Project, entries: Mapping[str, str]) -> dict[str, object]:
    def image(source: ImageSource) -> dict[str, object]:
        return {"name": _whole(source.name) if source.name.strip() else "image", "image": entries[source.digest]}

    return {
        "format": FORMAT,
        "version": VERSION,
        "title": _whole(project.title[:MAX_TEXT]),
        "order": project.order,
        "cards": [
            {
                **image(card.image),
                "quantity": card.quantity,
                "back": card.back,
                "knobs": dict(card.knobs),
                "upload": card.upload,
            }
            for card in project.cards
        ],
        "backs": [image(back) for back in project.backs],
        "common_back": image(project.common_back) if project.common_back else None,
        "settings": {name: _whole(value) if isinstance(value, str) else value for name, value in project.said.items()},
    }


def _whole(text: str) -> str:
    """Without half characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system, entry.external_attr = _UNIX, _MODE
    archive.writestr(entry, content, zipfile.ZIP_STORED)
