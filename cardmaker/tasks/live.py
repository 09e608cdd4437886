"""Which processes are there.

cm:live:{host}:{pid}      hash: role, version, slots, busy; ends 15 s after its process
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import Any

import cardmaker
from cardmaker.redis_client import Client, RedisLink

_KEY = "cm:live:"
_LIVES_S = 15
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Worker:
    """`slots` is how many tasks it runs at once, `busy` how many now."""

    name: str
    version: str
    slots: int
    busy: int


class Fleet:
    """All workers on one Redis. Methods raise StoreError."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def report(self, slots: int, busy: int, lives_s: int = _LIVES_S) -> None:
        """That this worker is there."""
        key = f"{_KEY}{platform.node()}:{os.getpid()}"
        told: dict[Any, Any] = {
            "role": "worker",
            "version": cardmaker.__version__,
            "slots": str(slots),
            "busy": str(busy),
        }

        def write(client: Client) -> None:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.hset(key, mapping=told)
                pipeline.expire(key, lives_s)
                pipeline.execute()

        self._link.call(write)

    def leave(self) -> None:
        self._link.call(lambda client: client.unlink(f"{_KEY}{platform.node()}:{os.getpid()}"))

    def workers(self) -> tuple[Worker, ...]:
        found: list[Worker] = []
        for key in self._keys():
            told = self._link.call(lambda client, key=key: client.hgetall(key))  # type: ignore[misc]
            if told.get(b"role") == b"worker":
                version = told.get(b"version", b"").decode("utf-8", "replace")
                name = key.decode("utf-8", "replace").removeprefix(_KEY)
                found.append(Worker(name, version, _number(told, b"slots"), _number(told, b"busy")))
        return tuple(found)

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


def _number(told: dict[bytes, bytes], name: bytes) -> int:
    text = told.get(name, b"0")
    return int(text) if text.isdigit() else 0
