"""Colour spaces that a PNG names by numbers (cICP, cHRM, gAMA), as ICC profiles that a colour engine reads.

Code points as in ITU-T H.273; adaptation to D50 after Bradford, as in ICC.1:2022, annex E; PQ and HLG as in
ITU-R BT.2100 with the paper white of BT.2408 (203 cd/m2, 75 percent of HLG).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

Matrix = tuple[tuple[float, float, float], ...]
Point = tuple[float, float]
# White, red, green, blue as x and y.
Chromaticities = tuple[Point, Point, Point, Point]
# A sample from 0 to 1 -> light from 0 to 1.
Curve = Callable[[float], float]

_D65, _DCI, _C = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316)
SRGB: Chromaticities = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: (_DCI, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_PQ, _HLG = 16, 18
_D50_XYZ = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_STEPS = 4096


def is_hdr(cicp: bytes) -> bool:
    """Whether the samples go beyond paper white, so that what is brighter is clipped."""
    return len(cicp) == 4 and cicp[1] in (_PQ, _HLG)


def from_cicp(cicp: bytes, *, grey: bool) -> bytes | None:
    """The profile of a cICP chunk: primaries, transfer, matrix (0 in a PNG), full range. None for what is reserved."""
    if len(cicp) != 4 or cicp[2]:
        return None
    curve = _transfer(cicp[1])
    primaries = _PRIMARIES.get(cicp[0])
    if curve is None or primaries is None:
        return None
    stretched = curve if cicp[3] else _narrow(curve)
    return profile(primaries, stretched, grey=grey)


def from_chrm(chrm: bytes, gamma: int | None, *, grey: bool) -> bytes | None:
    """The profile of cHRM (32 bytes or none) and gAMA (times 100000; None: sRGB's curve). None when both say sRGB
    or nothing of sense."""
    if not chrm and gamma is None:
        return None
    primaries = _read(chrm) if chrm else SRGB
    if primaries is None:
        return None
    exponent = None if gamma is None else 100_000 / gamma
    return profile(primaries, _srgb if exponent is None else lambda v: v**exponent, grey=grey)


def profile(primaries: Chromaticities, curve: Curve, *, grey: bool) -> bytes | None:
    """An input profile of that space; None for primaries that span none."""
    points = b"".join(
        round(65535 * min(max(curve(i / (_STEPS - 1)), 0.0), 1.0)).to_bytes(2, "big") for i in range(_STEPS)
    )
    tone = b"curv" + struct.pack(">4xI", _STEPS) + points
    white = b"XYZ " + struct.pack(">4x3i", *map(_fixed, _D50_XYZ))
    if grey:
        return _file(b"GRAY", {b"wtpt": white, b"kTRC": tone})
    columns = _to_d50(primaries)
    if columns is None:
        return None
    tags = {b"wtpt": white}
    for name, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[name + b"XYZ"] = b"XYZ " + struct.pack(">4x3i", *map(_fixed, column))
        tags[name + b"TRC"] = tone
    return _file(b"RGB ", tags)


def _transfer(code: int) -> Curve | None:
    # BT.709 and its kin are shown by the curve of the screen, which for an image is sRGB's.
    if code in (1, 6, 13, 14, 15):
        return _srgb
    if code in (4, 5):
        exponent = 2.2 if code == 4 else 2.8
        return lambda v: v**exponent
    return {8: lambda v: v, _PQ: _pq, _HLG: _hlg}.get(code)


def _srgb(v: float) -> float:
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def _pq(v: float) -> float:
    root = v ** (1 / 78.84375)
    light = max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)
    return float(light ** (1 / 0.1593017578125) * 10_000 / 203)


def _hlg(v: float) -> float:
    return _hlg_scene(v) / _hlg_scene(0.75)


def _hlg_scene(v: float) -> float:
    return v * v / 3 if v <= 0.5 else (math.exp((v - 0.55991073) / 0.17883277) + 0.28466892) / 12


def _narrow(curve: Curve) -> Curve:
    """Samples between 16 and 235 of 255."""
    return lambda v: curve(min(max((v * 255 - 16) / 219, 0.0), 1.0))


def _read(chrm: bytes) -> Chromaticities | None:
    if len(chrm) != 32:
        return None
    values = [v / 100_000 for v in struct.unpack(">8I", chrm)]
    points = [(values[i], values[i + 1]) for i in (0, 2, 4, 6)]
    if any(y <= 0 or x + y > 1.0 + 1e-9 for x, y in points):
        return None
    return points[0], points[1], points[2], points[3]


def _to_d50(primaries: Chromaticities) -> Matrix | None:
    """XYZ of the three primaries at full, for a white of D50."""
    white, *rgb = (_xyz(point) for point in primaries)
    inverse = _inverse(_transposed(tuple(rgb)))
    cone = _inverse(_BRADFORD)
    if inverse is None or cone is None:
        return None
    scales = _times(inverse, white)
    seen, wanted = _times(_BRADFORD, white), _times(_BRADFORD, _D50_XYZ)
    return tuple(
        _times(cone, tuple(v * b / a for v, a, b in zip(_times(_BRADFORD, column), seen, wanted, strict=True)))
        for column in (tuple(v * scale for v in p) for p, scale in zip(rgb, scales, strict=True))
    )


def _xyz(point: Point) -> tuple[float, float, float]:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def _times(matrix: Matrix, vector: tuple[float, ...]) -> tuple[float, float, float]:
    a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def _transposed(matrix: tuple[tuple[float, ...], ...]) -> Matrix:
    a, b, c = zip(*matrix, strict=True)
    return a, b, c


def _inverse(m: Matrix) -> Matrix | None:
    (a, b, c), (d, e, f), (g, h, i) = m
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if abs(determinant) < 1e-6:
        return None
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return tuple((x / determinant, y / determinant, z / determinant) for x, y, z in rows)


def _fixed(value: float) -> int:
    return max(-(1 << 31), min((1 << 31) - 1, round(value * 65536)))


def _file(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """ICC.1:2001-04: header, table of tags, tags. Equal ones stand once."""
    table, content, placed = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        if tag not in placed:
            placed[tag] = start + len(content)
            content += tag + bytes(-len(tag) % 4)
        table += name + struct.pack(">II", placed[tag], len(tag))
    head = struct.pack(">I4xI", start + len(content), 0x02400000) + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    head += bytes(28) + struct.pack(">3i", *map(_fixed, _D50_XYZ))
    return head.ljust(128, b"\0") + table + content
