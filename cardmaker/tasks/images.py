"""Images on their way to workers: content-addressed blobs in Redis.

cm:blob:{sha256}        an image, as the cache keeps values; its time to live is renewed whenever it is read
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from cardmaker.cache import Blob
from cardmaker.cache.redis_tier import RedisTier
from cardmaker.errors import StoreAway, TaskGone
from cardmaker.redis_client import Client, RedisLink, Spell
from cardmaker.settings import Settings
from cardmaker.source import ImageSource, read_bytes

_KEY = "cm:blob:"
# A transfer may take its time, each wait for Redis is bounded by the link.
_BUDGET_S = 5.0
# How long a worker tries to reach a Redis that was there a moment ago.
_PATIENCE_S = 30.0


class StoredImages:
    """`count` is called with `corrupt` for each that was thrown away."""

    def __init__(self, link: RedisLink, settings: Settings, count: Callable[[str], object]) -> None:
        self._tier = RedisTier(link, settings, count)
        self._ttl_s = max(1, round(settings.task_ttl_s))
        self._link = link

    def put(self, images: Mapping[str, ImageSource]) -> None:
        """Those that are not there yet; all of them stay for that long. Raises StoreError, ImageError."""

        def renew(client: Client) -> list[bool]:
            with client.pipeline(transaction=False) as pipeline:
                for digest in images:
                    pipeline.expire(_KEY + digest, self._ttl_s)
                return [bool(there) for there in pipeline.execute()]

        for (digest, image), is_there in zip(images.items(), self._link.call(renew), strict=True):
            if not is_there:
                blob = Blob.of(read_bytes(image))
                self._tier.set(_KEY + digest, blob, self._ttl_s, Spell(_BUDGET_S))

    def get(self, digest: str) -> bytes:
        """Waits for a Redis that is away for a moment. Raises StoreError after that, TaskGone when it is not there."""
        ends = time.monotonic() + _PATIENCE_S
        while True:
            try:
                blob = self._tier.get(_KEY + digest, Spell(_BUDGET_S), self._ttl_s)
                break
            except StoreAway:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.25)
        if blob is None:
            raise TaskGone("an image of this task is no longer kept; submit it again")
        return bytes(blob)
