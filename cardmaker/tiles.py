"""Tiles by way of the cache: an image is prepared once for each of its settings."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict

from cardmaker import render
from cardmaker.artwork import Preparer, Tile, wire
from cardmaker.cache import Cache, Visit, cached
from cardmaker.source import ImageSource
from cardmaker.spec import TileSpec

_KIND = "tile"


class Tiles:
    """`ppi` as in `artwork.prepare`: None for the document, else a proxy for a picture."""

    def __init__(self, cache: Cache, prepare: Preparer) -> None:
        self._cache = cache
        self._prepare = prepare
        # Asking who else makes a tile would take longer than making it.
        self._tiles = cached(cache, _KIND, _key, is_shared=False, name_of=_name)(self._bytes)

    def fetch(self, specs: Iterable[TileSpec], visit: Visit, ppi: float | None = None) -> None:
        """Asks for all of them at once."""
        self._cache.fetch(_KIND, (_digest(spec, ppi) for spec in specs), visit)

    def get(self, visit: Visit, source: ImageSource, spec: TileSpec, ppi: float | None = None) -> Tile:
        """Raises ImageError for one that cannot be printed."""
        answer = self._tiles.during(visit, source, spec, ppi)
        try:
            return wire.load(bytes(answer.value))
        except wire.Unreadable:
            # Whole, and still no tile of this version: made by another one that called itself the same.
            self._cache.delete(_KIND, _digest(spec, ppi))
            return self._prepare(source, spec, ppi)

    def preparing(self, visit: Visit) -> Callable[[ImageSource, TileSpec], Tile]:
        """For the document."""
        return lambda source, spec: self.get(visit, source, spec)

    def _bytes(self, source: ImageSource, spec: TileSpec, ppi: float | None) -> bytes:
        return wire.dump(self._prepare(source, spec, ppi))


def _key(source: ImageSource, spec: TileSpec, ppi: float | None) -> str:  # noqa: ARG001
    return _digest(spec, ppi)


def _name(source: ImageSource, spec: TileSpec, ppi: float | None) -> Callable[[str], str]:  # noqa: ARG001
    return lambda _: source.name


@functools.lru_cache(16_384)
def _digest(spec: TileSpec, ppi: float | None) -> str:
    text = json.dumps([asdict(spec), ppi, render.environment()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
