"""Metrics in Redis, of all processes on it together, by Redis's own clock.

cm:m1:{minute}         hash: the fields of a minute (minutes since 1970), kept 48 hours
cm:m60:{hour}          hash: the same of an hour, kept 35 days
cm:events              stream: what is worth a line, the last 2000 or so
cm:flushed:{process}   the number of the last delivery of a process that counted
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardmaker.metrics.series import EVENTS_KEPT, MINUTE_S, Event, Fields, Slice
from cardmaker.redis_client import Client, RedisLink, sound

_MINUTE, _HOUR, _EVENTS, _FLUSHED = "cm:m1:", "cm:m60:", "cm:events", "cm:flushed:"
_MINUTE_TTL_S, _HOUR_TTL_S = 48 * 3600, 35 * 24 * 3600

# KEYS: the process's last number, the stream. ARGV: number, prefix and seconds to live of minutes, the same of hours,
# events kept, how many minutes; of each its age in minutes, how many fields, names and values; then of each event its
# age in seconds, kind and text. Nothing happens when that number has counted already.
_TAKE = """
if tonumber(redis.call('GET', KEYS[1]) or '-1') >= tonumber(ARGV[1]) then return 0 end
local now = tonumber(redis.call('TIME')[1])
local at = 8
for _ = 1, tonumber(ARGV[7]) do
  local start = now - tonumber(ARGV[at]) * 60
  local minute = ARGV[2] .. math.floor(start / 60)
  local hour = ARGV[4] .. math.floor(start / 3600)
  local last = at + 1 + 2 * tonumber(ARGV[at + 1])
  for i = at + 2, last, 2 do
    local add = 'HINCRBY'
    if string.sub(ARGV[i], 1, 2) == 's:' then add = 'HINCRBYFLOAT' end
    redis.call(add, minute, ARGV[i], ARGV[i + 1])
    redis.call(add, hour, ARGV[i], ARGV[i + 1])
  end
  redis.call('EXPIRE', minute, ARGV[3])
  redis.call('EXPIRE', hour, ARGV[5])
  at = last + 1
end
for i = at, #ARGV, 3 do
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], '*', 'at', now - tonumber(ARGV[i]), 'kind', ARGV[i + 1],
             'text', ARGV[i + 2])
end
if at <= #ARGV then redis.call('EXPIRE', KEYS[2], ARGV[5]) end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
"""


class RedisStore:
    """Methods raise StoreError."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    def take(
        self, process: str, number: int, minutes: Mapping[int, Fields], events: tuple[Event, ...], now_s: float
    ) -> None:
        """See `recorder.Store`; `now_s` is the caller's own time, by which its events are dated."""
        keys = (_FLUSHED + process, _EVENTS)
        arguments: list[str | int] = [number, _MINUTE, _MINUTE_TTL_S, _HOUR, _HOUR_TTL_S, EVENTS_KEPT, len(minutes)]
        for age, fields in minutes.items():
            arguments += [age, len(fields)]
            for name, value in fields.items():
                arguments += [name, repr(float(value)) if name.startswith("s:") else round(value)]
        for event in events:
            arguments += [max(0, round(now_s - event.at_s)), event.kind, event.text]
        self._link.call(lambda client: client.eval(_TAKE, len(keys), *keys, *arguments))

    def now_s(self) -> float:
        """Redis's time."""
        seconds, micros = self._link.call(lambda client: client.time())
        return float(seconds) + float(micros) / 1e6

    def read(self, step_s: int, first_s: int, last_s: int) -> tuple[Slice, ...]:
        """The minutes or hours that begin in that time, oldest first, in one pipeline."""
        prefix = _MINUTE if step_s == MINUTE_S else _HOUR
        starts = range(first_s // step_s * step_s, last_s + 1, step_s)

        def ask(client: Client) -> list[object]:
            with client.pipeline(transaction=False) as pipeline:
                for start_s in starts:
                    pipeline.hgetall(f"{prefix}{start_s // step_s}")
                return sound(pipeline.execute(raise_on_error=False))

        found = self._link.call(ask, transfer=True)
        return tuple(
            Slice(start_s, _fields(told))
            for start_s, told in zip(starts, found, strict=True)
            if isinstance(told, dict) and told
        )

    def events(self, most: int) -> tuple[Event, ...]:
        """The newest first."""
        found: Any = self._link.call(lambda client: client.xrevrange(_EVENTS, count=most))
        return tuple(
            Event(_number(told.get(b"at")), _text(told.get(b"kind")), _text(told.get(b"text"))) for _, told in found
        )


def _fields(told: Mapping[bytes, bytes]) -> dict[str, float]:
    found = {}
    for name, value in told.items():
        try:
            found[name.decode()] = float(value)
        except ValueError:
            continue  # a stranger's
    return found


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _number(value: bytes | None) -> float:
    try:
        return float(value or b"0")
    except ValueError:
        return 0.0
