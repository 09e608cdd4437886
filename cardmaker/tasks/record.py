"""A task as everyone sees it: its record, the states it can be in, and the ways between them.

    pending -> running -> success | failure | cancelled | lost
       ^----------'   (once more, when its worker was lost)

A final state never changes. All times are seconds since 1970 by one clock: Redis's, or this process's without it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

_ID = re.compile(r"[0-9a-f]{32}")


class State(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        return self not in (State.PENDING, State.RUNNING)


class Queue(StrEnum):
    """Who is waited for: a person at the page, or nobody in particular."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Task:
    """`digest` is what it makes: equal ones are one task. `pdf` is the digest under which the cache keeps the result;
    `size` its bytes. `progress` goes from 0 to 1, `doing` says what is being done. Of an error, `card` is the image's
    name if it is one card's. `run` is the mark of the one who started it. `title`, `layout`, `cards` and `pages` are
    for people."""

    id: str
    digest: str
    pdf: str = ""
    kind: str = "render"
    state: State = State.PENDING
    queue: Queue = Queue.INTERACTIVE
    runner: str = "local"
    attempt: int = 1
    created_s: float = 0.0
    queued_s: float = 0.0
    started_s: float | None = None
    finished_s: float | None = None
    beat_s: float | None = None
    progress: float = 0.0
    doing: str = ""
    error_code: str = ""
    error_message: str = ""
    error_card: str = ""
    cancelling: bool = False
    host: str = ""
    run: str = ""
    retry_of: str = ""
    retried_as: str = ""
    title: str = ""
    layout: str = ""
    cards: int = 0
    pages: int = 0
    size: int = 0
    cache: str = ""

    @property
    def is_final(self) -> bool:
        return self.state.is_final

    @property
    def waited_s(self) -> float | None:
        """From its making to its start; None before that."""
        return None if self.started_s is None else max(0.0, self.started_s - self.created_s)

    @property
    def ran_s(self) -> float | None:
        """Of its last attempt; None before its end, or when it never started."""
        if self.started_s is None or self.finished_s is None:
            return None
        return max(0.0, self.finished_s - self.started_s)


def new_id() -> str:
    """128 bits that nobody guesses, in hex."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def to_fields(task: Task) -> dict[str, str]:
    """As the fields of a Redis hash; what is not known yet is left out."""
    found: dict[str, str] = {}
    for name in NAMES:
        value = getattr(task, name)
        if value is not None:
            found[name] = str(int(value)) if isinstance(value, bool) else str(value)
    return found


def from_fields(texts: Mapping[str, str]) -> Task | None:
    """The task, or None when these are no fields of one: a stranger's, or of another version."""
    try:
        return Task(**{name: _READ[name](text) for name, text in texts.items() if name in _READ})
    except (ValueError, TypeError):
        return None


NAMES = tuple(each.name for each in fields(Task))
_READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(NAMES, str),
    "state": State,
    "queue": Queue,
    "cancelling": lambda text: text == "1",
    **dict.fromkeys(("attempt", "cards", "pages", "size"), int),
    **dict.fromkeys(("created_s", "queued_s", "started_s", "finished_s", "beat_s", "progress"), float),
}
