"""Small pictures of cards by way of the cache, for lists of them."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from cardmaker import render
from cardmaker.artwork import Preparer
from cardmaker.cache import Cache, Visit, cached
from cardmaker.errors import ImageError
from cardmaker.render import Progress
from cardmaker.source import ImageSource

# Of the longer side: what a list needs on a screen with two pixels to one.
SIDE_PX = 112
_KIND = "thumbnail"
_THREADS = 2


class Thumbnails:
    def __init__(self, cache: Cache, prepare: Preparer) -> None:
        self._cache = cache
        self._thumbnails = cached(cache, _KIND, _key, is_shared=False, name_of=_name)(prepare.thumbnail)

    def of(self, sources: Sequence[ImageSource], progress: Progress | None = None) -> dict[str, bytes | ImageError]:
        """Small upright JPEGs, by the images' digests; for one that cannot be printed, why."""
        distinct = {source.digest: source for source in sources}
        visit = self._cache.visit()
        self._cache.fetch(_KIND, (_digest(image, SIDE_PX) for image in distinct), visit)

        found: dict[str, bytes | ImageError] = {}
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="cardmaker-thumbnails") as pool:
            made = pool.map(functools.partial(self._one, visit), distinct.values())
            for digest, thumbnail in zip(distinct, made, strict=True):
                found[digest] = thumbnail
                if progress:
                    progress(len(found) / len(distinct), f"image {len(found)} of {len(distinct)}")
        return found

    def _one(self, visit: Visit, source: ImageSource) -> bytes | ImageError:
        try:
            return bytes(self._thumbnails.during(visit, source, SIDE_PX).value)
        except ImageError as error:
            return error


def _key(source: ImageSource, side_px: int) -> str:
    return _digest(source.digest, side_px)


def _name(source: ImageSource, side_px: int) -> Callable[[str], str]:  # noqa: ARG001
    return lambda _: source.name


@functools.lru_cache(4096)
def _digest(image: str, side_px: int) -> str:
    return hashlib.sha256(f"{image}:{side_px}:{render.environment()}".encode()).hexdigest()
