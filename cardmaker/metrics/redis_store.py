"""Metrics in Redis, of all processes on it together, by Redis's own clock.

cm:m1:{minute}         hash: the fields of a minute (minutes since 1970), kept 48 hours
cm:m15:{quarter}       hash: the same of a quarter of an hour, kept 4 days
cm:m60:{hour}          hash: the same of an hour, kept 35 days
cm:m360:{six hours}    hash: the same of six hours, kept 70 days
cm:events              stream: what is worth a line, the last 2000 or so
cm:evicted:{run}       how many evictions of that run of Redis are counted
cm:flushed:{process}   the number of the last delivery of a process that counted
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from cardmaker.metrics.series import (
    EVENTS_KEPT,
    HOUR_S,
    MINUTE_S,
    QUARTER_S,
    SIX_HOURS_S,
    Before,
    Event,
    Fields,
    Look,
    Slice,
    starts,
    starts_before,
)
from cardmaker.redis_client import Client, RedisLink, sound

_EVENTS, _FLUSHED, _EVICTED = "cm:events", "cm:flushed:", "cm:evicted:"
_NAMES_KNOWN = 16_384
_FIELD = re.compile(r"[cs]:\w+|h:\w+:-?[0-9]{1,4}")
_DAY_S = 24 * HOUR_S
_TTLS_S = {MINUTE_S: 2 * _DAY_S, QUARTER_S: 4 * _DAY_S, HOUR_S: 35 * _DAY_S, SIX_HOURS_S: 70 * _DAY_S}

# KEYS: the process's last number, the stream. ARGV: number, its seconds to live, those of the stream, events kept, how
# many steps, how many minutes; of each step its prefix, seconds and seconds to live; of each minute its age in minutes,
# how many fields, names and values; then of each event its age in seconds, kind and text. Nothing happens when that
# number has counted already. What is not ours gives way: a script that failed halfway would count its first half again.
_TAKE = """
local function put(command, key, name, ...)
  local told = redis.pcall(command, key, name, ...)
  if type(told) ~= 'table' or not told.err then return end
  if string.find(told.err, 'WRONGTYPE', 1, true) then redis.call('DEL', key)
  elseif string.find(told.err, 'hash value', 1, true) or string.find(told.err, 'increment', 1, true) then
    redis.call('HDEL', key, name)
  end
  redis.call(command, key, name, ...)
end
if tonumber(redis.call('GET', KEYS[1]) or '-1') >= tonumber(ARGV[1]) then return 0 end
local now = tonumber(redis.call('TIME')[1])
local minutes = 7 + 3 * tonumber(ARGV[5])
local at = minutes
for _ = 1, tonumber(ARGV[6]) do
  local start = now - tonumber(ARGV[at]) * 60
  local last = at + 1 + 2 * tonumber(ARGV[at + 1])
  for step = 7, minutes - 1, 3 do
    local key = ARGV[step] .. math.floor(start / tonumber(ARGV[step + 1]))
    for i = at + 2, last, 2 do
      local add = 'HINCRBY'
      if string.sub(ARGV[i], 1, 2) == 's:' then add = 'HINCRBYFLOAT' end
      put(add, key, ARGV[i], ARGV[i + 1])
    end
    redis.call('EXPIRE', key, ARGV[step + 2])
  end
  at = last + 1
end
for i = at, #ARGV, 3 do
  put('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'at', now - tonumber(ARGV[i]), 'kind', ARGV[i + 1],
      'text', ARGV[i + 2])
end
if at <= #ARGV then redis.call('EXPIRE', KEYS[2], ARGV[3]) end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""


# KEYS: what was counted in this run of Redis. ARGV: what it is now, seconds to live. The first to look counts nothing.
_NEWLY = """
local counted, now = tonumber(redis.call('GET', KEYS[1]) or ARGV[1]), tonumber(ARGV[1])
redis.call('SET', KEYS[1], math.max(counted, now), 'EX', ARGV[2])
return math.max(0, now - counted)
"""


class RedisStore:
    """Methods raise StoreError."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._ahead_s = 0.0

    def take(
        self, process: str, number: int, minutes: Mapping[int, Fields], events: tuple[Event, ...], now_s: float
    ) -> None:
        """See `recorder.Store`; `now_s` is the caller's own time, by which its events are dated."""
        keys = (_FLUSHED + process, _EVENTS)
        arguments: list[str | int] = [number, _TTLS_S[MINUTE_S], _TTLS_S[HOUR_S], EVENTS_KEPT]
        arguments += [len(_TTLS_S), len(minutes)]
        for step_s, ttl_s in _TTLS_S.items():
            arguments += [_prefix(step_s), step_s, ttl_s]
        for age, fields in minutes.items():
            arguments += [age, len(fields)]
            for name, value in fields.items():
                arguments += [name, repr(float(value)) if name.startswith("s:") else round(value)]
        for event in events:
            arguments += [max(0, round(now_s - event.at_s)), event.kind, event.text]
        self._link.call(lambda client: client.eval(_TAKE, len(keys), *keys, *arguments))

    def newly_evicted(self, run: str, evicted: int) -> int:
        """How many keys that Redis threw away, of `evicted` in this run of it, nobody on it has counted yet."""
        found: Any = self._link.call(lambda client: client.eval(_NEWLY, 1, _EVICTED + run, evicted, _TTLS_S[HOUR_S]))
        return int(found)

    def now_s(self) -> float:
        """Redis's time."""
        seconds, micros = self._link.call(lambda client: client.time())
        return float(seconds) + float(micros) / 1e6

    def read(self, step_s: int, first_s: int, last_s: int) -> tuple[Slice, ...]:
        """The slices of that step that begin in that time, oldest first, in one pipeline."""
        return self._ask(range(first_s // step_s * step_s, last_s + 1, step_s), 0).slices

    def events(self, most: int) -> tuple[Event, ...]:
        """The newest first."""
        return self._ask(range(0), most).events

    def look(self, step_s: int, steps: int, most_events: int, before: Before = Before.NOTHING) -> Look:
        """The last so many steps by Redis's clock, in one pipeline; in a second one, if that clock turns out to be
        where we did not expect it."""
        for _ in range(2):
            wanted = starts(time.time() + self._ahead_s, step_s, steps)
            found = self._ask(wanted, most_events, before)
            self._ahead_s = found.now_s - time.time()
            if starts(found.now_s, step_s, steps) == wanted:
                break
        return found

    def _ask(self, wanted: range, most_events: int, before: Before = Before.NOTHING) -> Look:
        slices = [(wanted.step, start_s) for start_s in wanted]
        earlier = starts_before(wanted, before)

        def ask(client: Client) -> list[object]:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.time()
                pipeline.xrevrange(_EVENTS, count=max(1, most_events))
                for step_s, start_s in (*slices, *earlier):
                    pipeline.hgetall(f"{_prefix(step_s)}{start_s // step_s}")
                return sound(pipeline.execute(raise_on_error=False))

        told: list[Any] = self._link.call(ask, transfer=True)
        (seconds, micros), events, *found = told
        return Look(
            seconds + micros / 1e6,
            _slices(slices, found[: len(slices)]),
            tuple(_event(each) for _, each in events[:most_events]) if isinstance(events, list) else (),
            _slices(earlier, found[len(slices) :]),
        )


def _prefix(step_s: int) -> str:
    return f"cm:m{step_s // MINUTE_S}:"


def _slices(wanted: Sequence[tuple[int, int]], found: Sequence[object]) -> tuple[Slice, ...]:
    return tuple(
        Slice(start_s, _fields(each))
        for (_, start_s), each in zip(wanted, found, strict=True)
        if isinstance(each, dict) and each
    )


class _Names(dict[bytes, str]):
    """Of fields, as text; those that are not ours are not in it. Reading a month is mostly this."""

    def __missing__(self, name: bytes) -> str:
        text = name.decode()
        if not _FIELD.fullmatch(text):
            raise ValueError
        if len(self) < _NAMES_KNOWN:
            self[name] = text
        return text


_names = _Names()


def _fields(told: Mapping[bytes, bytes]) -> dict[str, float]:
    try:
        numbers = [float(value) for value in told.values()]
        if math.isfinite(sum(numbers)):
            return dict(zip(map(_names.__getitem__, told), numbers, strict=True))
    except ValueError:
        pass
    return {_names[name]: float(value) for name, value in told.items() if _is_ours(name, value)}


def _is_ours(name: bytes, value: bytes) -> bool:
    try:
        return bool(_names[name]) and math.isfinite(float(value))
    except ValueError:
        return False


def _event(told: Mapping[bytes, bytes]) -> Event:
    return Event(_number(told.get(b"at")), _text(told.get(b"kind")), _text(told.get(b"text")))


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _number(value: bytes | None) -> float:
    try:
        return float(value or b"0")
    except ValueError:
        return 0.0
