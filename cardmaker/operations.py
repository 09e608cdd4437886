"""What the operator may do: each is an incident too, so that all see why things changed."""

from __future__ import annotations

from collections.abc import Callable

from cardmaker import knobs
from cardmaker.cache import Cache, Recorder
from cardmaker.deck import Artwork
from cardmaker.redis_client import RedisLink
from cardmaker.tasks import Queue, Task
from cardmaker.units import counted

Submit = Callable[[Artwork, knobs.Settings, Queue], Task]
KIND = "operator"


class Operations:
    """Whether the caller is the operator was asked before."""

    def __init__(
        self,
        cache: Cache,
        link: RedisLink | None,
        record: Recorder,
        submit: Submit,
        cancel: Callable[[str], Task],
    ) -> None:
        self._cache, self._link, self._record = cache, link, record
        self._submit, self._cancel = submit, cancel

    def clear(self, namespace: str | None = None) -> int:
        """Empties a namespace of the cache, or all of it, here and in Redis; how many keys went."""
        removed = self._cache.clear(namespace)
        self._note(f"cleared {namespace or 'the cache'}: {counted(removed, 'key')}")
        return removed

    def cancel(self, task_id: str) -> Task:
        """Raises UnknownTask."""
        task = self._cancel(task_id)
        self._note("asked a task to stop")
        return task

    def reset_breaker(self) -> None:
        """Redis is asked again at once, by this process."""
        if self._link is not None:
            self._link.breaker.reset()
        self._note("closed the breaker of one server: Redis is asked again")

    def warm(self, artwork: Artwork, settings: knobs.Settings) -> Task:
        """The deck's document is made behind all others, so that it is there when somebody asks. Raises InputError."""
        task = self._submit(artwork, settings, Queue.BULK)
        self._note(f"had a deck of {counted(task.cards, 'card')} made, for the cache")
        return task

    def _note(self, words: str) -> None:
        self._record.event(KIND, words)
