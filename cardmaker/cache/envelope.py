"""What stands in Redis under a key: bytes that prove to be ours and whole, or count for nothing.

    magic "CMv1" | flags, 1 byte | payload's length, 8 bytes big-endian | sha256 of flags, length and payload | payload

A big value is cut into chunks, each under a key of its own; its envelope's payload then is a manifest, the sha256 of
each chunk in order, preceded by the chunk's length in 8 bytes. Nothing that is read is ever executed.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from cardmaker.cache.blob import Blob

MAGIC = b"CMv1"
_WHOLE, _MANIFEST = b"\x00", b"\x01"
_LENGTH, _DIGEST = 8, 32
_HEADER = len(MAGIC) + 1 + _LENGTH + _DIGEST
_ENTRY = _LENGTH + _DIGEST


# hashlib releases the interpreter for long inputs: two at once halve the wait for a big value.
@functools.cache
def _hashing(_process: int) -> ThreadPoolExecutor:
    """One for each process: a forked one has the pool of its parent, and none of its threads."""
    return ThreadPoolExecutor(2, thread_name_prefix="cardmaker-hash")


class Corrupt(Exception):
    """These bytes are not what was stored."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a manifest says of one chunk."""

    size: int
    digest: bytes


def seal(blob: Blob) -> bytes:
    """The envelope of a value that stands under one key."""
    return _sealed(_WHOLE, bytes(blob))


def seal_manifest(chunks: Sequence[bytes], digests: Sequence[bytes]) -> bytes:
    """The envelope that stands for a value in chunks."""
    entries = (len(chunk).to_bytes(_LENGTH, "big") + digest for chunk, digest in zip(chunks, digests, strict=True))
    return _sealed(_MANIFEST, b"".join(entries))


def digest_of(chunk: bytes) -> Future[bytes]:
    """A chunk's sha256, found out while it is on its way."""
    return _hashing(os.getpid()).submit(lambda: hashlib.sha256(chunk).digest())


def open_(data: bytes) -> Blob | tuple[Chunk, ...]:
    """The value, or what its chunks must be. Raises Corrupt."""
    at = len(MAGIC)
    flags, length, digest = data[at : at + 1], data[at + 1 : at + 1 + _LENGTH], data[at + 1 + _LENGTH : _HEADER]
    if not data.startswith(MAGIC) or flags not in (_WHOLE, _MANIFEST) or len(data) < _HEADER:
        raise Corrupt("no envelope of ours")
    payload = memoryview(data)[_HEADER:]
    if len(payload) != int.from_bytes(length, "big") or _digest(flags, length, payload) != digest:
        raise Corrupt("not what was stored")
    if flags == _WHOLE:
        return Blob((bytes(payload),))
    if not payload or len(payload) % _ENTRY:
        raise Corrupt("no manifest")
    return tuple(
        Chunk(int.from_bytes(payload[i : i + _LENGTH], "big"), bytes(payload[i + _LENGTH : i + _ENTRY]))
        for i in range(0, len(payload), _ENTRY)
    )


def checked(expected: Chunk, chunk: object) -> Future[bytes]:
    """The chunk once it proves to be the one that was stored, or Corrupt; found out while the next one arrives."""
    return _hashing(os.getpid()).submit(_checked, expected, chunk)


def _checked(expected: Chunk, chunk: object) -> bytes:
    if not isinstance(chunk, bytes) or len(chunk) != expected.size:
        raise Corrupt("a chunk is missing or short")
    if hashlib.sha256(chunk).digest() != expected.digest:
        raise Corrupt("a chunk is not what was stored")
    return chunk


def _sealed(flags: bytes, payload: bytes) -> bytes:
    length = len(payload).to_bytes(_LENGTH, "big")
    return b"".join((MAGIC, flags, length, _digest(flags, length, payload), payload))


def _digest(flags: bytes, length: bytes, payload: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(flags + length)
    digest.update(payload)
    return digest.digest()
