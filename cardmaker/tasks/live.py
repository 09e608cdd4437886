"""Which processes are there.

cm:live:{host}:{pid}      hash: role, version, slots, busy, bytes, breaker; ends 15 s after its process
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import Any

import cardmaker
from cardmaker.metrics.process import memory_bytes
from cardmaker.redis_client import Client, RedisLink, sound

_KEY = "cm:live:"
_LIVES_S = 15
_STEPS = 100
_ROLES = ("app", "worker")


@dataclass(frozen=True, slots=True)
class Worker:
    """An app or a worker. `slots` is how many tasks it runs at once, `busy` how many now; `bytes` its memory, as far as
    that is known; `breaker` what it thought of Redis when it came to tell."""

    name: str
    version: str
    slots: int
    busy: int
    role: str = "worker"
    bytes: int | None = None
    breaker: str = ""


def this_process(role: str, slots: int, busy: int, breaker: str) -> Worker:
    name = f"{platform.node()}:{os.getpid()}"
    return Worker(name, cardmaker.__version__, slots, busy, role, memory_bytes(), breaker)


class Fleet:
    """All processes on one Redis. Methods raise StoreError."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def report(self, slots: int, busy: int, lives_s: int = _LIVES_S, role: str = "worker") -> None:
        """That this process is there."""
        here = this_process(role, slots, busy, self._link.breaker.state.value)
        told: dict[Any, Any] = {
            "role": here.role,
            "version": here.version,
            "slots": str(slots),
            "busy": str(busy),
            "bytes": str(here.bytes or ""),
            "breaker": here.breaker,
        }

        def write(client: Client) -> None:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.hset(_KEY + here.name, mapping=told)
                pipeline.expire(_KEY + here.name, lives_s)
                pipeline.execute()

        self._link.call(write)

    def leave(self) -> None:
        self._link.call(lambda client: client.unlink(f"{_KEY}{platform.node()}:{os.getpid()}"))

    def workers(self) -> tuple[Worker, ...]:
        return tuple(each for each in self.everyone() if each.role == "worker")

    def everyone(self) -> tuple[Worker, ...]:
        """Apps first, by name."""
        keys = sorted(self._keys())

        def read(client: Client) -> list[object]:
            with client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.hgetall(key)
                return sound(pipeline.execute(raise_on_error=False))

        found = zip(keys, self._link.call(read) if keys else [], strict=True)
        read_ = (_worker(key, told) for key, told in found if isinstance(told, dict))
        return tuple(sorted((each for each in read_ if each.role in _ROLES), key=lambda each: (each.role, each.name)))

    def slots(self) -> int:
        return sum(worker.slots for worker in self.workers())

    def _keys(self) -> list[bytes]:
        keys, cursor = [], 0
        for _ in range(_STEPS):
            cursor, some = self._link.call(
                lambda client, at=cursor: client.scan(at, match=f"{_KEY}*", count=500)  # type: ignore[misc]
            )
            keys += some
            if cursor == 0:
                break
        return keys


def _worker(key: bytes, told: dict[bytes, bytes]) -> Worker:
    role, version, breaker = (
        told.get(name, b"").decode("utf-8", "replace") for name in (b"role", b"version", b"breaker")
    )
    name = key.decode("utf-8", "replace").removeprefix(_KEY)
    slots, busy, size = (_number(told, field) for field in (b"slots", b"busy", b"bytes"))
    return Worker(name, version, slots, busy, role, size or None, breaker)


def _number(told: dict[bytes, bytes], name: bytes) -> int:
    text = told.get(name, b"0")
    return int(text) if text.isdigit() else 0
