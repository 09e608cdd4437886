"""What a read through the cache gives, and what the cache says about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from cardmaker import markup
from cardmaker.cache.blob import Blob
from cardmaker.errors import Cancelled
from cardmaker.redis_client import Spell
from cardmaker.units import counted


class Outcome(StrEnum):
    HIT = "hit"
    MISS = "miss"
    COALESCED = "coalesced"
    BYPASS = "bypass"


class Tier(StrEnum):
    MEMORY = "memory"
    REDIS = "redis"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Answer:
    """A value, whether it was there, the tier that it came from or that keeps it now, and the milliseconds that
    each step took: `memory`, `redis`, `lease`, `wait`, `compute`, `store`."""

    value: Blob
    outcome: Outcome
    tier: Tier
    steps_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Stats:
    """`entries` and `bytes` are the memory tier's. `redis_*` are None where Redis cannot be asked; they and `ttl_s`,
    the least, median and most seconds left, come from a sample when there is very much. `spread` has of each key
    surveyed its bytes and the seconds that it has left: of Redis, or of the memory tier without it."""

    tier: Tier
    reason: str
    entries: int
    bytes: int
    evictions: int
    counts: dict[str, int]
    redis_entries: int | None = None
    redis_bytes: int | None = None
    ttl_s: tuple[float, float, float] | None = None
    spread: tuple[tuple[int, float], ...] = ()

    @property
    def hits(self) -> int:
        return self.counts.get("hit_memory", 0) + self.counts.get("hit_redis", 0)

    @property
    def hit_rate(self) -> float | None:
        """None where nothing was asked. Errors are not in it."""
        served = self.hits + self.counts.get("coalesced", 0)
        asked = served + self.counts.get("miss", 0)
        return served / asked if asked else None

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        rate = "nothing was asked" if self.hit_rate is None else f"{self.hit_rate:.1%}"
        rows: list[tuple[str, object]] = [
            ("farthest tier that works", f"{self.tier} ({self.reason})" if self.reason else self.tier.value),
            ("hit rate", rate),
            ("in memory", f"{counted(self.entries, 'entry', 'entries')}, {self.bytes:,} bytes"),
        ]
        if self.redis_entries is not None:
            kept = counted(self.redis_entries, "entry", "entries")
            rows.append(("in Redis", f"{kept}, {self.redis_bytes or 0:,} bytes"))
        rows += [(name.replace("_", " "), f"{count:,}") for name, count in sorted(self.counts.items())]
        return markup.table(("cache", ""), rows)


@dataclass(slots=True)
class Visit:
    """One request's use of the cache: what it may still give Redis, the keys that it knows not to be there, and
    whether it is to stop waiting for others."""

    spell: Spell
    absent: set[str] = field(default_factory=set)
    cancelled: Callable[[], bool] | None = None

    def check(self) -> None:
        """Raises Cancelled when it is to stop."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled("cancelled; nothing was kept")
