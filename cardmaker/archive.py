"""The images of a ZIP, read once into memory. Nothing is ever written: the names inside are for people alone.

What the ZIP says of itself is checked before anything is unpacked, and held against what comes out.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence

from cardmaker import limits
from cardmaker.errors import ImageError, one_line
from cardmaker.limits import Limits
from cardmaker.source import BytesSource, ImageSource, is_clutter, read_bytes

_ENDINGS = (".zip", ".cbz")
# Others unpack in one piece, however large it becomes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1
_CHUNK = 1 << 20
_DRIVE = re.compile(r"[A-Za-z]:")
# Directory bytes for one entry, on average: its name, twice, and what systems add.
_ENTRY_BYTES = 512
# Small ones do no harm, however well they are packed: a plain white BMP shrinks a thousandfold.
_HARMLESS_BYTES = 64 << 20
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR64_SIZE, _LONGEST_COMMENT = 22, 20, 0xFFFF


def is_archive(name: str) -> bool:
    """By its name: other kinds of files are ZIPs inside, too."""
    return name.lower().endswith(_ENDINGS)


def unpack(archive: ImageSource, limits: Limits = limits.DEFAULT) -> list[BytesSource]:
    """The files in it, as they stand in it, without folders and clutter, named by their path inside.

    Raises ImageError, naming the ZIP, for one that is damaged, locked or too large, or that holds another ZIP, a link
    or no file at all.
    """
    try:
        return _unpacked(read_bytes(archive), limits)
    except _Refused as error:
        raise ImageError(archive.name, str(error)) from error
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OSError, NotImplementedError) as error:
        raise ImageError(archive.name, "is a damaged ZIP; make it again, or drop the images themselves") from error


class _Refused(Exception):
    """Why, in words for the user, and what to do."""


def _unpacked(data: bytes, limits: Limits) -> list[BytesSource]:
    if not data:
        raise _Refused("is empty (0 bytes)")
    if _directory_size(data) > limits.archive_entries * _ENTRY_BYTES:
        raise _Refused(f"holds more files than the {limits.archive_entries:,} that may be in a ZIP; split it")
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        entries = opened.infolist()
        if len(entries) > limits.archive_entries:
            raise _Refused(
                f"holds {len(entries):,} entries; at most {limits.archive_entries:,} may be in a ZIP; split it"
            )
        files = [(_name(entry), entry) for entry in entries if not entry.is_dir()]
        files = [(name, entry) for name, entry in files if name and not is_clutter(name)]
        _check([name for name, _ in files], [entry for _, entry in files], limits)
        return [BytesSource(name, _content(opened, name, entry)) for name, entry in files]


def _check(names: Sequence[str], entries: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    """All that can be known without unpacking."""
    if not entries:
        raise _Refused("holds no images")
    if len(entries) > limits.images_per_deck:
        raise _Refused(f"holds {len(entries):,} images; at most {limits.images_per_deck:,} go into one deck")
    for name, entry in zip(names, entries, strict=True):
        _check_entry(f'"{one_line(name)}"', is_archive(name), entry, limits)
    total, packed = (sum(sizes) for sizes in zip(*((e.file_size, e.compress_size) for e in entries), strict=True))
    if total > limits.archive_bytes:
        raise _Refused(f"unpacks to {_mb(total)}, more than the limit of {_mb(limits.archive_bytes)}; split it")
    if total > _HARMLESS_BYTES and total > packed * limits.archive_ratio:
        raise _Refused(f"unpacks to {total // max(packed, 1):,} times its size, which no card images do")


def _check_entry(quoted: str, is_nested: bool, entry: zipfile.ZipInfo, limits: Limits) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise _Refused("is locked with a password; unpack it, and drop the images themselves")
    if is_nested:
        raise _Refused(f"holds another ZIP, {quoted}; unpack that one, and drop it by itself")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise _Refused(f"holds a link, {quoted}, instead of an image; put the image itself there")
    if entry.compress_type not in _METHODS:
        raise _Refused(f"packs {quoted} in an unusual way; make an ordinary ZIP, or drop the images themselves")
    if entry.file_size > limits.bytes_per_image:
        raise _Refused(f"holds {quoted} of {_mb(entry.file_size)}; an image may have {_mb(limits.bytes_per_image)}")


def _content(opened: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo) -> bytes:
    """Piece by piece, so that one that is larger than it says stops early."""
    pieces, size = [], 0
    try:
        with opened.open(entry) as stream:
            while piece := stream.read(_CHUNK):
                pieces.append(piece)
                size += len(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _Refused(f'is damaged: "{one_line(name)}" in it cannot be read; make it again') from error
    if size != entry.file_size:
        raise _Refused(f'is damaged: "{one_line(name)}" in it has another size than it says; make it again')
    return b"".join(pieces)


def _name(entry: zipfile.ZipInfo) -> str:
    """The path inside, for people: no drive, no root, nothing that leads upward."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_NAME:
        with contextlib.suppress(UnicodeError):  # macOS writes UTF-8 and does not say so
            name = name.encode("cp437").decode("utf-8")
    parts = (part for part in re.split(r"[/\\]", name) if part not in ("", ".", "..") and not _DRIVE.fullmatch(part))
    return "/".join(parts)


def _directory_size(data: bytes) -> int:
    """Bytes of the list of entries, which is read whole when a ZIP is opened. Looks for its end where zipfile does."""
    tail = data[-_END_SIZE:]
    at = len(data) - _END_SIZE
    if not (len(tail) == _END_SIZE and tail.startswith(_END) and tail.endswith(b"\0\0")):
        at = data.rfind(_END, max(0, len(data) - _END_SIZE - _LONGEST_COMMENT))
    if at < 0 or at + _END_SIZE > len(data):
        raise zipfile.BadZipFile
    (size,) = struct.unpack_from("<I", data, at + 12)
    locator = at - _LOCATOR64_SIZE
    if locator >= 0 and data.startswith(_LOCATOR64, locator):
        for start in (struct.unpack_from("<Q", data, locator + 8)[0], locator - 56):
            if 0 <= start <= len(data) - 56 and data.startswith(_END64, start):
                size = max(size if size != 0xFFFFFFFF else 0, struct.unpack_from("<Q", data, start + 40)[0])
    return int(size)


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
