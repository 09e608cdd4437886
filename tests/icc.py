"""Colour profiles written byte by byte (ICC.1:2001-04), so that what they mean is known without a colour engine."""

import struct

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]

# Columns are the primaries' XYZ, adapted to D50: Display P3 and sRGB.
P3: Matrix = ((0.51512, 0.29198, 0.15710), (0.24120, 0.69225, 0.06657), (-0.00105, 0.04189, 0.78407))
SRGB: Matrix = ((0.43607, 0.38515, 0.14307), (0.22249, 0.71687, 0.06061), (0.01392, 0.09708, 0.71410))
_FROM_XYZ: Matrix = (
    (3.13414, -1.61739, -0.49062),
    (-0.97879, 1.91613, 0.03343),
    (0.07197, -0.22899, 1.40538),
)


def rgb_profile(primaries: Matrix, gamma: float) -> bytes:
    columns = list(zip(*primaries, strict=True))
    curve = b"curv" + struct.pack(">4xIH", 1, round(gamma * 256))
    tags = {
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
        b"rXYZ": _xyz(columns[0]),
        b"gXYZ": _xyz(columns[1]),
        b"bXYZ": _xyz(columns[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249)), b"kTRC": b"curv" + struct.pack(">4xIH", 1, round(gamma * 256))}
    return _profile(b"mntr", b"GRAY", b"XYZ ", tags)


def black_only_cmyk_profile() -> bytes:
    """A press that prints its black ink alone: L* falls from 100 to 0 with K, whatever C, M and Y are."""
    corners = b"".join(bytes((0 if k else 255, 128, 128)) for _ in range(8) for k in (0, 1))
    identity = bytes(range(256))
    lut = b"mft1" + struct.pack(">4x4B", 4, 3, 2, 0) + struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249)), b"A2B0": lut + identity * 4 + corners + identity * 3}
    return _profile(b"prtr", b"CMYK", b"Lab ", tags)


def p3_to_srgb(colour: tuple[int, int, int], gamma: float) -> tuple[int, int, int]:
    """By arithmetic: decode the gamma, through XYZ, encode as sRGB (IEC 61966-2-1), clipped."""
    xyz = _times(P3, tuple((v / 255) ** gamma for v in colour))
    red, green, blue = (round(255 * srgb_encoded(v)) for v in _times(_FROM_XYZ, xyz))
    return red, green, blue


def to_linear_srgb(primaries: Matrix, colour: tuple[int, int, int]) -> tuple[float, ...]:
    """Light, from samples with sRGB's curve and other primaries."""
    return _times(_FROM_XYZ, _times(primaries, tuple(srgb_decoded(v / 255) for v in colour)))


def srgb_decoded(encoded: float) -> float:
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4


def srgb_encoded(linear: float) -> float:
    linear = min(max(linear, 0.0), 1.0)
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def _times(matrix: Matrix, vector: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + struct.pack(">4x3i", *(round(v * 65536) for v in values))


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    name = b"Test\0"
    tags = {
        b"desc": b"desc" + struct.pack(">4xI", len(name)) + name + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text\0\0\0\0none\0",
        **tags,
    }
    table, content = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    size = start + len(content)
    header = struct.pack(">I4xI", size, 0x02400000) + kind + space + connection + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + content
