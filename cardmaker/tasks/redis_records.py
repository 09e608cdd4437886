"""Records in Redis, shared by all on it.

cm:task:{id}              hash: the fields of `Task`, and `job`; no time to live while active
cm:tasks                  sorted set: ids by the time of their making; may go when Redis is full
cm:tasks-active           set: ids of those that are not over; gone with the last of them
cm:task-of:{digest}       the id of the last task that makes this
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from cardmaker.errors import StoreMisfit
from cardmaker.redis_client import Client, RedisLink, sound
from cardmaker.settings import Settings
from cardmaker.tasks.record import NAMES, Task, from_fields, to_fields
from cardmaker.tasks.records import Change, Changed

_TASK, _INDEX, _ACTIVE, _OF = "cm:task:", "cm:tasks", "cm:tasks-active", "cm:task-of:"
_AT_ONCE = 200

# Seconds by Redis's own clock, with its microseconds.
_NOW = "local t = redis.call('TIME') local now = string.format('%.6f', t[1] + t[2] / 1000000) "

# What a record's state means for the set of active ones and for its own time to live. KEYS: the task, the active ones.
_SETTLE = """
local function settle(state, id, ttl)
  if state == 'pending' or state == 'running' then redis.call('SADD', KEYS[2], id) return end
  redis.call('SREM', KEYS[2], id)
  redis.call('EXPIRE', KEYS[1], ttl)
end
"""

# KEYS: the task, the active ones, its digest, the index, its result. ARGV: prefix of tasks, id, seconds that the digest
# points, then fields and values. Gives the id that counts.
_CREATE = (
    _NOW
    + """
local other = redis.call('GET', KEYS[3])
if other then
  local found = redis.call('HMGET', ARGV[1] .. other, 'state', 'cancelling')
  if (found[1] == 'pending' or found[1] == 'running') and found[2] ~= '1' then return other end
  if found[1] == 'success' and redis.call('EXISTS', KEYS[5]) == 1 then return other end
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('HSET', KEYS[1], 'created_s', now, 'queued_s', now, 'beat_s', now)
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('ZADD', KEYS[4], now, ARGV[2])
redis.call('EXPIRE', KEYS[4], ARGV[3])
redis.call('SET', KEYS[3], ARGV[2], 'EX', ARGV[3])
return ARGV[2]
"""
)

# KEYS: the task, the active ones. ARGV: states ",a,b,", attempt or "", least silence or "", id, seconds to live once
# final, how many stamps, the stamps, then fields and values. Gives 1 when it happened, 0 when not, -1 when there is no
# such task.
_CHANGE = (
    _NOW
    + _SETTLE
    + """
local found = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'beat_s', 'queued_s')
if not found[1] then return -1 end
if not string.find(ARGV[1], ',' .. found[1] .. ',', 1, true) then return 0 end
if ARGV[2] ~= '' and found[2] ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' and tonumber(now) - tonumber(found[3] or found[4] or 0) < tonumber(ARGV[3]) then return 0 end
local last = 6 + tonumber(ARGV[6])
for i = 7, last do redis.call('HSET', KEYS[1], ARGV[i], now) end
if #ARGV > last then redis.call('HSET', KEYS[1], unpack(ARGV, last + 1)) end
settle(redis.call('HGET', KEYS[1], 'state'), ARGV[4], ARGV[5])
return 1
"""
)

# KEYS: the task, the active ones, the index. ARGV: id, seconds to live once final, score, then fields and values. A
# final state stays.
_PUT = (
    _SETTLE
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if state and state ~= 'pending' and state ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
settle(redis.call('HGET', KEYS[1], 'state'), ARGV[1], ARGV[2])
return 1
"""
)


class RedisRecords:
    """`result_key` is the prefix of the cache's keys for results. Methods raise StoreError."""

    def __init__(self, link: RedisLink, settings: Settings, result_key: str) -> None:
        self.link = link
        self._ttl_s = max(1, round(settings.task_ttl_s))
        self._result_key = result_key

    def create(self, task: Task, job: bytes) -> Task:
        keys = (_TASK + task.id, _ACTIVE, _OF + task.digest, _INDEX, self._result_key + task.pdf)
        arguments: tuple[str | int | bytes, ...] = (_TASK, task.id, 2 * self._ttl_s, *_flat(task), "job", job)
        found = self.link.call(lambda client: client.eval(_CREATE, len(keys), *keys, *arguments))
        return self._known(found.decode()) or task

    def change(self, task_id: str, change: Change) -> Changed:
        states = "," + ",".join(change.of) + ","
        fields = [part for name, value in change.fields.items() for part in (name, _text(value))]
        limits = ["" if limit is None else str(limit) for limit in (change.attempt, change.silent_s)]
        stamps = [str(len(change.stamps)), *change.stamps]
        arguments = [states, *limits, task_id, str(self._ttl_s), *stamps, *fields]

        def apply(client: Client) -> list[object]:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.eval(_CHANGE, 2, _TASK + task_id, _ACTIVE, *arguments)
                pipeline.hmget(_TASK + task_id, NAMES)
                return sound(pipeline.execute(raise_on_error=False))

        done, values = self.link.call(apply)
        if isinstance(done, Exception):
            raise StoreMisfit("what lies under this task's key in Redis is not ours")
        return Changed(done == 1, _task(values))

    def get(self, task_id: str) -> Task | None:
        try:
            return self._known(task_id)
        except StoreMisfit:
            return None

    def job(self, task_id: str) -> bytes | None:
        found = self.link.call(lambda client: client.hget(_TASK + task_id, "job"), transfer=True)
        return found if isinstance(found, bytes) else None

    def recent(self, most: int) -> tuple[Task, ...]:
        """Ids whose record has ended leave the index on the way."""
        return tuple(self._read(most))

    def active(self) -> tuple[Task, ...]:
        """All that wait or run, however old, the oldest first. Ids without a record leave the set on the way."""
        ids = sorted(self.link.call(lambda client: cast("set[bytes]", client.smembers(_ACTIVE))))
        found: list[Task] = []
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            read = self._values(some)
            gone = [each for each, values in zip(some, read, strict=True) if not _is_there(values)]
            if gone:
                self.link.call(lambda client, gone=gone: client.srem(_ACTIVE, *gone))  # type: ignore[misc]
            found += [task for values in read if (task := _task(values)) is not None and not task.is_final]
        return tuple(sorted(found, key=lambda task: task.created_s))

    def put(self, task: Task, job: bytes) -> bool:
        """As it is, unless what is there is final."""
        arguments: tuple[str | int | float | bytes, ...] = (
            task.id,
            self._ttl_s,
            task.created_s,
            *_flat(task),
            "job",
            job,
        )
        keys = (_TASK + task.id, _ACTIVE, _INDEX)
        return bool(self.link.call(lambda client: client.eval(_PUT, len(keys), *keys, *arguments)) == 1)

    def forget(self, task_id: str) -> None:
        """As if it had never been made; also possible when Redis is full. Its id leaves the index at the next look."""
        self.link.call(lambda client: client.delete(_TASK + task_id))

    def _known(self, task_id: str) -> Task | None:
        return _task(self.link.call(lambda client: client.hmget(_TASK + task_id, NAMES)))

    def _read(self, most: int) -> Iterator[Task]:
        start = 0
        while most > 0:
            last = start + _AT_ONCE - 1
            ids = self.link.call(lambda client, at=start, last=last: client.zrevrange(_INDEX, at, last))  # type: ignore[misc]
            found = [_task(values) for values in (self._values(ids) if ids else [])]
            ended = [each for each, task in zip(ids, found, strict=True) if task is None]
            if ended:
                self.link.call(lambda client, ended=ended: client.zrem(_INDEX, *ended))  # type: ignore[misc]
            for task in (each for each in found if each is not None):
                yield task
                most -= 1
                if most == 0:
                    return
            if len(ids) < _AT_ONCE:
                return
            start += _AT_ONCE - len(ended)

    def _values(self, ids: Sequence[bytes]) -> list[object]:
        """Of each id, the values of its fields; an error where something else lies."""

        def read(client: Client) -> list[object]:
            with client.pipeline(transaction=False) as pipeline:
                for each in ids:
                    pipeline.hmget(_TASK + each.decode(), NAMES)
                return sound(pipeline.execute(raise_on_error=False))

        return self.link.call(read)


def _is_there(values: object) -> bool:
    return isinstance(values, list) and any(value is not None for value in values)


def _flat(task: Task) -> list[str]:
    return [part for pair in to_fields(task).items() for part in pair]


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _task(values: object) -> Task | None:
    if not isinstance(values, list) or values[0] is None:
        return None
    texts = (value.decode("utf-8", "replace") if isinstance(value, bytes) else None for value in values)
    return from_fields({name: text for name, text in zip(NAMES, texts, strict=True) if text is not None})
