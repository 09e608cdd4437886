"""The structure of a PNG file: enough to embed its compressed data untouched, and to see that it is whole.

Chunks as in the PNG specification (W3C, third edition). A PDF's FlateDecode with predictor 15 reads the IDAT data
of a non-interlaced image as it is (ISO 32000-1, 7.4.4.4).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cardmaker.artwork import exif, primaries
from cardmaker.artwork.malformed import Malformed

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE = 0, 2, 3
_SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, 4: 2, 6: 4}
_BITS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PIECE = 1 << 16
# First column and row of each pass, then the steps to the next ones.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_MOST_ICC = 4 << 20
# gAMA of sRGB, and how far off it may be before it means another tone curve.
_SRGB_GAMMA, _GAMMA_TOLERANCE = 45455, 1000


@dataclass(frozen=True, slots=True)
class Png:
    """`spans` are the byte ranges of the compressed data, `needed` those of the chunks that a decoder needs. `palette`
    is RGB bytes, `icc` the profile of the colour space that the file is said to be in, whichever way it says so.
    `is_hdr` when its samples go beyond paper white."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool
    transparent: bool
    palette: bytes | None
    icc: bytes | None
    is_hdr: bool
    orientation: int
    animated: bool
    spans: tuple[tuple[int, int], ...]
    needed: tuple[tuple[int, int], ...]

    @property
    def samples(self) -> int:
        return _SAMPLES[self.colour]

    @property
    def is_embeddable(self) -> bool:
        """Whether its data can stand in a PDF as it is: at most 8 bits, no alpha, not interlaced."""
        return not self.interlaced and not self.transparent and self.bits <= 8 and self.colour in (GREY, RGB, PALETTE)


def parse(data: bytes) -> Png:
    """Reads the chunks of a whole file, checksums included. Raises Malformed for one that is cut short, damaged
    or no PNG."""
    chunks = _chunks(data)
    header = chunks.get(b"IHDR")
    if not header or header[0][1] - header[0][0] != 13 or b"IDAT" not in chunks:
        raise Malformed("holds no picture")
    ihdr = _bytes(data, chunks, b"IHDR")
    colour, bits = ihdr[9], ihdr[8]
    if bits not in _BITS.get(colour, ()) or ihdr[12] > 1:
        raise Malformed("is damaged in its header")
    palette = _bytes(data, chunks, b"PLTE") if colour == PALETTE else None
    if colour == PALETTE and not palette:
        raise Malformed("has lost its palette")
    cicp = _bytes(data, chunks, b"cICP")
    return Png(
        width=int.from_bytes(ihdr[0:4], "big"),
        height=int.from_bytes(ihdr[4:8], "big"),
        bits=bits,
        colour=colour,
        interlaced=ihdr[12] == 1,
        transparent=colour >= 4 or b"tRNS" in chunks,
        palette=palette,
        icc=_colour_space(data, chunks, grey=colour in (GREY, 4)),
        is_hdr=primaries.is_hdr(cicp),
        orientation=exif.orientation(_bytes(data, chunks, b"eXIf")),
        animated=b"acTL" in chunks,
        spans=tuple(chunks[b"IDAT"]),
        needed=tuple((start - 8, end + 4) for kind in _NEEDED for start, end in chunks.get(kind, ())),
    )


def bare(data: bytes, header: Png) -> bytes:
    """What a decoder needs and nothing else: no chunk that it might stumble over."""
    return SIGNATURE + b"".join(data[start:end] for start, end in header.needed)


def check_data(data: bytes, header: Png) -> None:
    """Unpacks the compressed data and throws it away. Raises Malformed unless it holds every row: readers paint the
    missing ones black without a word. What ends after the last row, without its checksum, is whole enough."""
    unpacker = zlib.decompressobj()
    wanted = sum(_packed_size(header, *size) for size in _passes(header))
    unpacked = 0
    try:
        for start, end in header.spans:
            piece = data[start:end]
            while piece and not unpacker.eof:
                unpacked += len(unpacker.decompress(piece, _PIECE))
                piece = unpacker.unconsumed_tail
    except zlib.error as error:
        raise Malformed("is damaged in its image data") from error
    if unpacked < wanted:
        raise Malformed(f"is truncated: {unpacked} of {wanted} bytes of pixels")


def _passes(header: Png) -> Iterator[tuple[int, int]]:
    """Width and height of the images that the rows belong to: one, or the seven of Adam7."""
    if not header.interlaced:
        yield header.width, header.height
        return
    for x, y, step_x, step_y in _ADAM7:
        yield len(range(x, header.width, step_x)), len(range(y, header.height, step_y))


def _packed_size(header: Png, width: int, height: int) -> int:
    return height * (1 + (width * header.samples * header.bits + 7) // 8) if width else 0


def _chunks(data: bytes) -> dict[bytes, list[tuple[int, int]]]:
    """Byte ranges of each kind of chunk's content, up to IEND."""
    if not data.startswith(SIGNATURE):
        raise Malformed("is no PNG")
    view = memoryview(data)
    found: dict[bytes, list[tuple[int, int]]] = {}
    at = len(SIGNATURE)
    while True:
        start = at + 8
        end = start + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            raise Malformed(f"is truncated after {len(data)} bytes")
        kind = data[at + 4 : start]
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise Malformed(f"is damaged at byte {at}")
        if kind == b"IHDR" and kind in found:
            raise Malformed("is damaged: it has two headers")
        found.setdefault(kind, []).append((start, end))
        if kind == b"IEND":
            return found
        at = end + 4


def _bytes(data: bytes, chunks: dict[bytes, list[tuple[int, int]]], kind: bytes) -> bytes:
    """Content of the first chunk of that kind; empty when there is none."""
    start, end = chunks.get(kind, [(0, 0)])[0]
    return data[start:end]


def _icc(content: bytes) -> bytes | None:
    """The profile of an iCCP chunk; None when there is none or it cannot be unpacked."""
    _, _, packed = content.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], _MOST_ICC) or None
    except zlib.error:
        return None


def _colour_space(data: bytes, chunks: dict[bytes, list[tuple[int, int]]], *, grey: bool) -> bytes | None:
    """The first that says something, in the order of the specification: cICP, iCCP, sRGB, then cHRM with gAMA."""
    if named := primaries.from_cicp(_bytes(data, chunks, b"cICP"), grey=grey):
        return named
    if b"sRGB" in chunks or b"iCCP" in chunks:
        return _icc(_bytes(data, chunks, b"iCCP"))
    return primaries.from_chrm(_bytes(data, chunks, b"cHRM"), _gamma(_bytes(data, chunks, b"gAMA")), grey=grey)


def _gamma(content: bytes) -> int | None:
    """gAMA's value, times 100000, when it means another tone curve than sRGB's."""
    value = int.from_bytes(content, "big")
    is_another = value > 0 and abs(value - _SRGB_GAMMA) > _GAMMA_TOLERANCE
    return value if len(content) == 4 and is_another else None
