"""The one EXIF field that matters for print: which way is up."""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112
_SHORT = 3


def orientation(tiff: bytes) -> int:
    """Orientation 1 to 8 from a TIFF header and its first directory; 1 when there is none or it is garbage."""
    try:
        order = {b"II*\0": "<", b"MM\0*": ">"}[tiff[:4]]
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for i in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * i)
            if tag == _ORIENTATION:
                return int(value) if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass  # garbage in EXIF says nothing about the picture; every reader shows it upright
    return 1


def is_sideways(value: int) -> bool:
    """Whether width and height change places when the picture is put upright."""
    return value >= 5


def turned(value: int, degrees: int) -> int:
    """The orientation that shows a picture turned clockwise, by quarters, from how `value` shows it."""
    cycle = (1, 6, 3, 8) if value in (1, 6, 3, 8) else (2, 7, 4, 5)
    return cycle[(cycle.index(value) + degrees // 90) % 4]


def undone(value: int) -> int:
    """The orientation that takes one back."""
    return {6: 8, 8: 6}.get(value, value)
