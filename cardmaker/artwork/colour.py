"""Colour profiles: what is sRGB stays as it is, anything else is converted to it once, through littlecms."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image, ImageChops, ImageCms

from cardmaker.artwork import kinds
from cardmaker.artwork.malformed import Malformed

# A profile counts as sRGB when it moves no colour of a coarse cube by more than this (of 255).
_TOLERANCE = 2
# Profile's digest -> whether it needs conversion; decks carry the same few profiles over and over.
_judged: dict[bytes, bool] = {}
_MOST_JUDGED = 256


def srgb_profile() -> bytes:
    """The sRGB profile that documents carry: one committed file, since littlecms dates each one it makes."""
    return _srgb_path().read_bytes()


def needs_conversion(icc: bytes | None) -> bool:
    """Whether a profile says that the samples are something else than sRGB. A broken profile says nothing. Raises
    Malformed where there is no littlecms to ask."""
    if not icc:
        return False
    if not kinds.converts_colour():
        raise Malformed("has a colour profile, and this Pillow cannot convert colours; save it as sRGB")
    digest = hashlib.sha256(icc).digest()
    if digest not in _judged:
        if len(_judged) >= _MOST_JUDGED:
            _judged.clear()
        _judged[digest] = not _is_srgb(icc)
    return _judged[digest]


def is_for_cmyk(icc: bytes | None) -> bool:
    """Whether a profile is one of a press: on an image in grey or RGB it says nothing."""
    return icc is not None and icc[16:20] == b"CMYK"


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """The image (L, RGB or CMYK) in sRGB; as it is when the profile is broken or of another kind of colour."""
    profile = _profile(icc)
    if profile is None:
        return image
    if image.mode == "L" and profile.profile.xcolor_space.strip() == "RGB":
        image = image.convert("RGB")
    try:
        converted = ImageCms.profileToProfile(
            image,
            profile,
            _srgb(),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.HIGHRESPRECALC,  # the usual grid is 7 of 255 off in the darks of a linear grey
        )
    except ImageCms.PyCMSError:
        return image
    return converted or image


def _is_srgb(icc: bytes) -> bool:
    profile = _profile(icc)
    if profile is None:
        return True
    space = profile.profile.xcolor_space.strip()
    if space not in ("RGB", "GRAY"):
        return space != "CMYK"
    probe = _probe("RGB" if space == "RGB" else "L")
    difference = ImageChops.difference(to_srgb(probe, icc), probe.convert("RGB"))
    return max(high for _, high in difference.getextrema()) <= _TOLERANCE  # type: ignore[misc]


def _probe(mode: str) -> Image.Image:
    if mode == "L":
        return Image.frombytes("L", (256, 1), bytes(range(256)))
    steps = (0, 51, 102, 153, 204, 255)
    return Image.frombytes("RGB", (36, 6), bytes(v for r in steps for g in steps for b in steps for v in (r, g, b)))


def _profile(icc: bytes) -> ImageCms.ImageCmsProfile | None:
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except (OSError, ImageCms.PyCMSError):
        return None


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(str(_srgb_path()))


def _srgb_path() -> Path:
    return Path(__file__).parent.parent / "srgb.icc"
