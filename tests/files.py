"""JPEG and PNG files taken apart and put together by hand, for what Pillow does not write."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

Sample = Callable[[int, int], Sequence[int]]
Chunk = tuple[bytes, bytes]

# Adam7: first column, first row, step across, step down.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png(
    size: tuple[int, int],
    bits: int,
    colour: int,
    sample: Sample,
    *,
    interlaced: bool = False,
    idats: int = 1,
    chunks: Sequence[Chunk] = (),
) -> bytes:
    """A PNG of `sample(x, y)`, one value per channel, with more chunks before its image data."""
    rows = b"".join(
        b"\0" + _packed([v for x in range(x0, size[0], dx) for v in sample(x, y)], bits)
        for x0, y0, dx, dy in (_PASSES if interlaced else ((0, 0, 1, 1),))
        if x0 < size[0]
        for y in range(y0, size[1], dy)
    )
    data = zlib.compress(rows)
    cuts = [len(data) * i // idats for i in range(idats + 1)]
    header = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlaced)
    body = [(b"IDAT", data[a:b]) for a, b in pairwise(cuts)]
    return join_png([(b"IHDR", header), *chunks, *body, (b"IEND", b"")])


def join_png(chunks: Sequence[Chunk]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def shorts(values: Sequence[int]) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def iccp(profile: bytes) -> Chunk:
    return b"iCCP", b"profile\0\0" + zlib.compress(profile)


def ztxt(text: bytes) -> Chunk:
    return b"zTXt", b"Comment\0\0" + zlib.compress(text)


def split_png(content: bytes) -> list[Chunk]:
    found, at = [], 8
    while at < len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at + 8 : end]))
        at = end + 4
    return found


def idat(content: bytes) -> bytes:
    return b"".join(data for kind, data in split_png(content) if kind == b"IDAT")


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def split_jpeg(content: bytes) -> list[tuple[int, bytes]]:
    """The segments before the first scan, marker and payload, then (0xDA, all the rest from the scan's marker on)."""
    return list(_split_jpeg(content))


def join_jpeg(segments: Sequence[tuple[int, bytes]]) -> bytes:
    return b"\xff\xd8" + b"".join(data if m == 0xDA else segment(m, data) for m, data in segments)


def spell_rgb(marker: int, data: bytes) -> bytes:
    """The three components' ids of a frame's or a scan's header made `R`, `G` and `B`."""
    at = {0xC0: (6, 9, 12), 0xDA: (5, 7, 9)}.get(marker, ())
    changed = bytearray(data)
    for place, name in zip(at, b"RGB", strict=False):
        changed[place] = name
    return bytes(changed)


def _split_jpeg(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    while content[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        yield content[at + 1], content[at + 4 : end]
        at = end
    yield 0xDA, content[at:]


def _packed(values: Sequence[int], bits: int) -> bytes:
    if bits == 16:
        return shorts(values)
    per_byte = 8 // bits
    padded = [*values, *[0] * (-len(values) % per_byte)]
    return bytes(
        sum(v << (bits * (per_byte - 1 - i)) for i, v in enumerate(padded[at : at + per_byte]))
        for at in range(0, len(padded), per_byte)
    )
