"""Errors as others are told them: enough to raise the same one, and no name of another's file."""

from __future__ import annotations

import json
from collections.abc import Callable

from cardmaker.errors import (
    CardmakerError,
    DeckError,
    ImageError,
    InputError,
    LayoutError,
    RenderFault,
    SettingError,
)

# What names an image in the caller's own words, by its digest.
NameOf = Callable[[str], str]
_KINDS: dict[str, type[CardmakerError]] = {
    kind.code: kind for kind in (InputError, SettingError, LayoutError, DeckError, RenderFault)
}


def dump(error: Exception) -> bytes:
    """As JSON. What is no error of ours becomes a fault that names its type alone."""
    if isinstance(error, ImageError) and error.image:
        wire = {"code": error.code, "image": error.image, "reason": error.reason}
    elif type(error) in _KINDS.values():
        wire = {"code": getattr(error, "code", ""), "message": str(error)}
    else:
        wire = {"code": RenderFault.code, "message": f"the render failed ({type(error).__name__}); please report this"}
    return json.dumps(wire).encode()


def load(data: bytes, name_of: NameOf) -> CardmakerError | None:
    """The error, in the caller's names; None when these bytes are none of ours."""
    try:
        wire = json.loads(data)
        if wire["code"] == ImageError.code:
            return ImageError(name_of(str(wire["image"])), str(wire["reason"]), str(wire["image"]))
        return _KINDS[wire["code"]](str(wire["message"]))
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        return None
