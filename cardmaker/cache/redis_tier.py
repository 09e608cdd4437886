"""The Redis tier: values under content keys, shared by everyone on that Redis.

    cm:{namespace}:v{version}:{digest}           an envelope: the value, or the manifest of its chunks
    cm:{namespace}:v{version}:{digest}:{n}       chunk n of a big value, as it is
    cm:{namespace}:v{version}:{digest}:lease     token of who computes it now
    cm:{namespace}:v{version}:{digest}:error     why that failed, for a moment

Every key has a time to live, renewed on a hit. Methods raise StoreError; what is not ours or not whole is deleted and
counts as not there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cardmaker.cache import envelope
from cardmaker.cache.blob import CHUNK_BYTES, Blob
from cardmaker.errors import StoreMisfit
from cardmaker.redis_client import Client, RedisLink, Spell, sound
from cardmaker.settings import Settings

PREFIX = "cm"
_SCAN_STEP = 500
# Values above this take time that is the network's, not Redis's being slow.
_TRANSFER_BYTES = 256 << 10
# Chunks outlive their manifest, so that it never promises what has just ended.
_CHUNK_GRACE_S = 60

_BESIDE = (b":lease", b":error")
_COLONS = 3  # in a value's own key

# KEYS[1] lease, ARGV[1] token: deletes the lease if it is still ours.
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end"
# KEYS[1] lease, ARGV[1] token, ARGV[2] ms: gives the lease more time if it is still ours.
_RENEW = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end"
)

Count = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class News:
    """What a waiter finds: the value is there, its maker failed, or still computes."""

    is_there: bool
    is_leased: bool
    error: bytes | None


@dataclass(frozen=True, slots=True)
class Found:
    """Of many keys: the values that stand under one key, and the keys that hold nothing."""

    values: dict[str, Blob]
    absent: set[str]


class RedisTier:
    """`count` is called with `corrupt` for each value that was thrown away."""

    def __init__(self, link: RedisLink, settings: Settings, count: Count) -> None:
        self.link = link
        self._settings = settings
        self._count = count
        self._ttl_s = max(1, round(settings.cache_ttl_s))

    def get(self, key: str, spell: Spell, ttl_s: float | None = None) -> Blob | None:
        """Renews its time to live."""
        ends_s = self._seconds(ttl_s)
        try:
            data = self.link.call(lambda client: client.getex(key, ex=ends_s), spell, transfer=_is_big)
            return self._opened(key, data, spell, ends_s) if isinstance(data, bytes) else None
        except (envelope.Corrupt, StoreMisfit):
            self._throw_away(key, spell)
            return None

    def get_many(self, keys: Sequence[str], spell: Spell) -> Found:
        """In one round trip."""

        def read(client: Client) -> list[object]:
            with client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.getex(key, ex=self._ttl_s)
                return sound(pipeline.execute(raise_on_error=False))

        found = Found({}, set())
        for key, data in zip(keys, self.link.call(read, spell, transfer=_is_big), strict=True):
            try:
                opened = None if data is None else envelope.open_(data if isinstance(data, bytes) else b"")
            except envelope.Corrupt:
                self._throw_away(key, spell)
                opened = None
            if opened is None:
                found.absent.add(key)
            elif isinstance(opened, Blob):
                found.values[key] = opened
        return found

    def set(self, key: str, blob: Blob, ttl_s: float | None, spell: Spell, token: str | None = None) -> bool:
        """Stores the value and, with a `token`, gives up the lease in the same pipeline. True when that is done."""
        ttl = self._seconds(ttl_s)
        is_big = blob.size > CHUNK_BYTES
        sealed = self._send_chunks(key, blob, ttl, spell) if is_big else envelope.seal(blob)

        def write(client: Client) -> None:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.set(key, sealed, ex=ttl)
                if token is not None:
                    pipeline.eval(_RELEASE, 1, f"{key}:lease", token)
                pipeline.execute()

        self.link.call(write, spell, transfer=is_big or blob.size > _TRANSFER_BYTES)
        return True

    def _send_chunks(self, key: str, blob: Blob, ttl: int, spell: Spell) -> bytes:
        """Sends the chunks, which count for nothing yet; the manifest that makes them count."""
        digests = [envelope.digest_of(chunk) for chunk in blob.chunks]
        for number, chunk in enumerate(blob.chunks):
            name = f"{key}:{number}"
            self.link.call(
                lambda client, name=name, chunk=chunk: client.set(name, chunk, ex=ttl + _CHUNK_GRACE_S),  # type: ignore[misc]
                spell,
                transfer=True,
            )
        return envelope.seal_manifest(blob.chunks, [digest.result() for digest in digests])

    def has(self, key: str, spell: Spell) -> bool:
        return bool(self.link.call(lambda client: client.exists(key), spell))

    def delete(self, key: str, spell: Spell) -> bool:
        def remove(client: Client) -> int:
            numbers = self._settings.cache_value_bytes // CHUNK_BYTES + 1
            return client.unlink(key, *(f"{key}:{number}" for number in range(numbers)))

        return self.link.call(remove, spell) > 0

    def clear(self, namespace: str | None) -> int:
        """Removes the values of a namespace, or of all, a step at a time; how many keys."""
        removed = 0
        for keys in self._scan(namespace):
            removed += self.link.call(lambda client, keys=keys: client.unlink(*keys))  # type: ignore[misc]
        return removed

    def sample(self, steps: int) -> tuple[int, list[tuple[int, float]]]:
        """How many values of those that so many steps of SCAN show, and the bytes and seconds left of each of their
        keys, chunks included."""
        keys = [key for found in self._scan(None, steps) for key in found if not key.endswith(_BESIDE)]

        def measure(client: Client) -> list[int]:
            with client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.strlen(key)
                    pipeline.pttl(key)
                return [int(value) if isinstance(value, int) else 0 for value in pipeline.execute(raise_on_error=False)]

        measured = self.link.call(measure) if keys else []
        values = sum(key.count(b":") == _COLONS for key in keys)
        extents = zip(measured[::2], measured[1::2], strict=True)
        return values, [(size, ms / 1000) for size, ms in extents if ms >= 0]  # below 0: gone meanwhile

    # -- one creator per key --

    def acquire(self, key: str, spell: Spell) -> str | None:
        """A token when the lease is ours now."""
        token, lease_ms = secrets.token_hex(8), round(self._settings.lease_s * 1000)
        won = self.link.call(lambda client: client.set(f"{key}:lease", token, nx=True, px=lease_ms), spell)
        return token if won else None

    def renew(self, key: str, token: str) -> bool:
        lease_ms = round(self._settings.lease_s * 1000)
        return bool(self.link.call(lambda client: client.eval(_RENEW, 1, f"{key}:lease", token, lease_ms)))

    def release(self, key: str, token: str, spell: Spell, error: bytes | None = None) -> None:
        """Gives the lease up; with an `error`, says why in the same pipeline."""
        error_ms = round(self._settings.error_s * 1000)

        def give_up(client: Client) -> None:
            with client.pipeline(transaction=False) as pipeline:
                if error is not None and error_ms:
                    pipeline.set(f"{key}:error", error, px=error_ms)
                pipeline.eval(_RELEASE, 1, f"{key}:lease", token)
                pipeline.execute()

        self.link.call(give_up, spell)

    def news(self, key: str, spell: Spell) -> News:
        """Waiting for another is no time lost to Redis, but a failure ends it as any other."""

        def ask(client: Client) -> list[object]:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.exists(key)
                pipeline.pttl(f"{key}:lease")
                pipeline.get(f"{key}:error")
                return sound(pipeline.execute(raise_on_error=False))

        there, left_ms, error = self.link.call(ask, spell, transfer=True)
        if left_ms == -1:  # a key that never ends is no lease of ours
            self.link.call(lambda client: client.unlink(f"{key}:lease"), spell, transfer=True)
        return News(there == 1, isinstance(left_ms, int) and left_ms > 0, error if isinstance(error, bytes) else None)

    # --

    def _seconds(self, ttl_s: float | None) -> int:
        return self._ttl_s if ttl_s is None else max(1, round(ttl_s))

    def _opened(self, key: str, data: bytes, spell: Spell, ends_s: int) -> Blob:
        opened = envelope.open_(data)
        if isinstance(opened, Blob):
            return opened

        pending = [
            envelope.checked(expected, self._chunk(f"{key}:{number}", spell, ends_s + _CHUNK_GRACE_S))
            for number, expected in enumerate(opened)
        ]
        return Blob(tuple(chunk.result() for chunk in pending))

    def _chunk(self, key: str, spell: Spell, ends_s: int) -> object:
        return self.link.call(lambda client: client.getex(key, ex=ends_s), spell, transfer=_is_big)

    def _throw_away(self, key: str, spell: Spell) -> None:
        self._count("corrupt")
        self.delete(key, spell)

    def _scan(self, namespace: str | None, steps: int | None = None) -> Iterator[list[bytes]]:
        pattern = f"{PREFIX}:{namespace or '*'}:v[0-9]*:*"  # tasks and metrics have no version
        cursor, done = 0, 0
        while steps is None or done < steps:
            cursor, keys = self.link.call(
                lambda client, at=cursor: client.scan(at, match=pattern, count=_SCAN_STEP)  # type: ignore[misc]
            )
            if keys:
                yield list(keys)
            done += 1
            if cursor == 0:
                return


def _is_big(data: object) -> bool:
    """Whether reading that took time that is the network's."""
    parts = data if isinstance(data, list) else [data]
    return sum(len(part) for part in parts if isinstance(part, bytes)) > _TRANSFER_BYTES
