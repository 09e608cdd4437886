"""Limits are kept before anything is decoded, and threads decode only as much at once as there is room for."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageFile

from cardmaker.artwork import Gate, Preparer
from cardmaker.deck import assemble
from cardmaker.errors import DeckError, ImageError
from cardmaker.limits import Limits
from cardmaker.render import render
from cardmaker.source import BytesSource
from tests import art

KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP")


@pytest.fixture
def never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: ImageFile.ImageFile) -> None:
        pytest.fail("an image was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)


def refused(content: bytes, limits: Limits) -> str:
    artwork = art.deck_of([content])
    with pytest.raises(ImageError) as caught:
        render(art.request(artwork), artwork.images, io.BytesIO(), limits=limits)
    assert caught.value.card == "card-000.img"
    return caught.value.reason


ENCODED = {kind: art.encoded(art.solid(art.RED, (100, 50)), kind) for kind in KINDS}


@pytest.mark.usefixtures("never_decoded")
@pytest.mark.parametrize("kind", KINDS)
def test_an_image_beyond_a_limit_is_refused_by_its_header(kind: str) -> None:
    content = ENCODED[kind]

    assert "100 x 50 pixels, more than the limit of 0.004" in refused(content, Limits(pixels_per_image=4000))
    assert "a side may have 99 at most" in refused(content, Limits(side_px=99))
    assert "more than the limit" in refused(content, Limits(bytes_per_image=len(content) - 1))


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_at_its_limits_is_printed(kind: str) -> None:
    content = ENCODED[kind]
    artwork = art.deck_of([content])
    exact = Limits(pixels_per_image=5000, side_px=100, bytes_per_image=len(content), pixels_at_once=1)

    result = render(art.request(artwork), artwork.images, io.BytesIO(), limits=exact)

    assert result.placements == 1


def test_a_deck_of_more_images_than_allowed_is_refused_unread() -> None:
    fronts = [art.Recorder(f"{i}", b"x") for i in range(3)]
    back = BytesSource("back", b"y")

    with pytest.raises(DeckError, match="5 images are too many for one deck; give at most 4"):
        assemble(fronts, back, fronts[:1], limits=Limits(images_per_deck=4))
    assert [front.opened for front in fronts] == [0, 0, 0]

    assert len(assemble(fronts, back, fronts[:1], limits=Limits(images_per_deck=5)).deck) == 3


def test_the_defaults_let_real_decks_through() -> None:
    limits = Limits()

    assert limits.pixels_per_image >= 64_000_000
    assert limits.images_per_deck >= 1200


# -- the gate --


class Counted:
    """The most pixels that were within the gate at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def enter(self, pixels: int) -> None:
        with self.lock:
            self.now += pixels
            self.most = max(self.most, self.now)

    def leave(self, pixels: int) -> None:
        with self.lock:
            self.now -= pixels


def test_no_more_pixels_are_within_than_there_is_room_for() -> None:
    gate, seen = Gate(100), Counted()
    sizes = [(i * 37) % 60 + 1 for i in range(400)]

    def work(pixels: int) -> None:
        with gate.room(pixels):
            seen.enter(pixels)
            seen.leave(pixels)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, sizes))

    assert max(sizes) <= seen.most <= 100
    assert seen.now == 0


def test_what_is_larger_than_the_room_goes_alone() -> None:
    gate, inside, entered = Gate(100), threading.Event(), threading.Event()

    def small() -> None:
        with gate.room(1):
            entered.set()

    with gate.room(5000):
        inside.set()
        other = threading.Thread(target=small)
        other.start()
        assert not entered.wait(0.2)
    other.join(10)

    assert entered.is_set()


def test_a_large_one_is_not_overtaken_for_ever() -> None:
    gate, order = Gate(10), list[str]()
    waiting = threading.Event()

    def large() -> None:
        waiting.set()
        with gate.room(10):
            order.append("large")

    def small() -> None:
        with gate.room(1):
            order.append("small")

    with gate.room(5):
        first = threading.Thread(target=large)
        first.start()
        assert waiting.wait(10)
        while not gate._queue:
            pass
        second = threading.Thread(target=small)
        second.start()
        second.join(0.2)
        assert order == []  # there would be room for the small one
    first.join(10)
    second.join(10)

    assert order[0] == "large"


def test_a_render_decodes_within_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, load = Counted(), ImageFile.ImageFile.load

    def counted(image: ImageFile.ImageFile) -> object:
        pixels = image.width * image.height if image.tile else 0
        seen.enter(pixels)
        try:
            return load(image)
        finally:
            seen.leave(pixels)

    contents = [art.encoded(art.photo((200 + i, 280)), kind) for i in range(4) for kind in ("JPEG", "PNG", "WEBP")]
    artwork = art.deck_of(contents)
    monkeypatch.setattr(ImageFile.ImageFile, "load", counted)

    for at_once in (1, 2 * 204 * 280):
        seen.most = 0
        limits = Limits(pixels_at_once=at_once)
        render(art.request(artwork), artwork.images, io.BytesIO(), limits=limits, threads=6)
        assert 200 * 280 <= seen.most <= max(at_once, 204 * 280)


def test_threads_that_share_a_preparer_share_its_room() -> None:
    artwork = art.deck_of([art.encoded(Image.new("RGB", (60, 84), (i, 9, 9)), "BMP") for i in range(12)])
    wanted = art.request(artwork)
    preparer = Preparer(Limits(pixels_at_once=1))
    (first, *_) = artwork.images.values()

    with ThreadPoolExecutor(4) as pool:
        tiles = list(pool.map(lambda _: preparer(first, wanted.front(artwork.deck.cards[0])), range(12)))

    assert len({tile.image for tile in tiles}) == 1
