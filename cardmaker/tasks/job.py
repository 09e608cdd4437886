"""What a task is to do, as JSON: a deck by its images' digests, and the knobs. The images travel apart.

{"schema": 1, "cards": [[front, back | null, quantity, name], ...], "back": digest | null,
 "settings": {knob: value}, "images": {digest: [name, bytes]}}
"""

from __future__ import annotations

import io
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from cardmaker.deck import Artwork, Card, Deck
from cardmaker.errors import TaskError
from cardmaker.source import ImageSource

SCHEMA = 1
# Each image is read a few times within a short while; then never again.
_HELD_BYTES = 32 << 20


class Incompatible(TaskError):
    """Made by another version of Cardmaker."""

    code = "incompatible"


Settings = Mapping[str, object]
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Job:
    """A deck with its images, and the knobs to make it by. The cards carry no changes: those stand in the knobs."""

    artwork: Artwork
    settings: Settings

    def dump(self) -> bytes:
        deck = self.artwork.deck
        wire = {
            "schema": SCHEMA,
            "cards": [[card.front, card.back, card.quantity, card.name] for card in deck.cards],
            "back": deck.back,
            "settings": dict(self.settings),
            "images": {digest: [image.name, image.size] for digest, image in self.artwork.images.items()},
        }
        return json.dumps(wire, default=sorted).encode()  # sets of slots have no place in JSON

    @property
    def size(self) -> int:
        """Bytes of its images."""
        return sum(image.size for image in self.artwork.images.values())


def load(data: bytes, fetch: Fetch) -> Job:
    """The job, whose images `fetch` gives by digest when they are needed. Raises Incompatible."""
    try:
        wire = json.loads(data)
        if wire["schema"] != SCHEMA:
            raise Incompatible("this task was made by another version of Cardmaker; submit it again")
        held = _Held(fetch)
        images: dict[str, ImageSource] = {
            str(digest): _Remote(str(name), str(digest), int(size), held)
            for digest, (name, size) in wire["images"].items()
        }
        cards = tuple(Card(front, back, quantity, name=name) for front, back, quantity, name in wire["cards"])
        return Job(Artwork(Deck(cards, wire["back"]), images), wire["settings"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Incompatible("this task cannot be read; submit it again") from error


class _Held:
    """The images that were fetched last."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._images: OrderedDict[str, bytes] = OrderedDict()

    def get(self, digest: str) -> bytes:
        with self._lock:
            if digest in self._images:
                self._images.move_to_end(digest)
                return self._images[digest]
        data = self._fetch(digest)
        with self._lock:
            self._images[digest] = data
            while len(self._images) > 1 and sum(map(len, self._images.values())) > _HELD_BYTES:
                self._images.popitem(last=False)
        return data


@dataclass(frozen=True, slots=True)
class _Remote:
    """An image source whose content is fetched when it is opened."""

    name: str
    digest: str
    size: int
    held: _Held

    def open(self) -> BinaryIO:
        return io.BytesIO(self.held.get(self.digest))
