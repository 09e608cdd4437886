"""Kinds of images by their first bytes, and whether this Pillow can read them."""

from __future__ import annotations

import functools

from PIL import features

from cardmaker.artwork.malformed import Malformed

# What Pillow may try, common ones first; it knows formats that start outside programs, which no upload shall.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF", "TIFF")
_PRINTED = "use JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP"
# Kind -> what Pillow has to be built with; the rest it reads by itself.
_NEEDS = {"JPEG": "jpg", "PNG": "zlib", "WebP": "webp", "AVIF": "avif"}
_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "Photoshop"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"<svg", "SVG"),
)
# ISO 14496-12: the brand that a file leads with.
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC"}


def kind_of(data: bytes) -> str:
    """What the bytes say they are, whatever the file is called; empty for what nobody here knows."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4], "big"), 256)
        return "AVIF" if b"avif" in data[8:length] else _BRANDS.get(data[8:12], "")
    return next((kind for start, kind in _STARTS if data.startswith(start)), "")


def check_readable(data: bytes) -> None:
    """Malformed, with what to do, for a kind that this Pillow was built without."""
    kind = kind_of(data)
    if not _is_readable(kind):
        raise Malformed(
            f"is a {kind} image, and this Pillow cannot read {kind}; save it as PNG, or install Pillow anew"
        )


def unidentified(data: bytes) -> Malformed:
    """For bytes that Pillow makes nothing of."""
    kind = kind_of(data)
    if kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "AVIF"):
        return Malformed(f"is no image that can be printed: it starts like {kind} and goes on otherwise; {_PRINTED}")
    what = f", but {kind}" if kind else ""
    return Malformed(f"is no image that can be printed{what}; {_PRINTED}")


@functools.cache
def _is_readable(kind: str) -> bool:
    return kind not in _NEEDS or bool(features.check(_NEEDS[kind]))


@functools.cache
def converts_colour() -> bool:
    """Whether this Pillow has littlecms."""
    return bool(features.check("littlecms2"))
