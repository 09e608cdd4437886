"""Card images for tests, drawn here, and files that only pretend to be one."""

import io
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageDraw


def picture(number: int, size: tuple[int, int] = (63, 88)) -> Image.Image:
    """A card of its own colour for each number, with a darker band at its top."""
    colour = (number * 37 % 200 + 40, number * 91 % 200 + 40, number * 53 % 200 + 40)
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((0, 0, size[0], size[1] // 5), fill=tuple(c // 2 for c in colour))
    return image


def encoded(number: int, kind: str = "PNG", size: tuple[int, int] = (63, 88)) -> bytes:
    """The bytes of that picture; `kind` is Pillow's name of the format."""
    stream = io.BytesIO()
    picture(number, size).save(stream, kind)
    return stream.getvalue()


def fill(folder: Path, *names: str) -> Path:
    """Makes a folder with a different PNG under each name."""
    for number, name in enumerate(names, start=1):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(number))
    return folder


def png_that_claims(width: int, height: int) -> bytes:
    """A well-formed PNG whose header claims a size, with next to no data behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 64)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif_that_claims(width: int, height: int) -> bytes:
    """A GIF whose header claims a size, cut off after its first frame's."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + screen + frame + b";"
