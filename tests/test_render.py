"""The one entry to the core: what it tells, when it stops, how little it holds."""

import io
import threading
from collections.abc import Callable

import pytest
from PIL import Image

from cardmaker import artwork as artwork_module
from cardmaker import imposition
from cardmaker.artwork import Tile
from cardmaker.errors import Cancelled, ImageError, RenderFault
from cardmaker.render import render
from cardmaker.source import ImageSource
from cardmaker.spec import TileSpec
from tests import art


class WriteOnly:
    """A sink with nothing but write; `stored` is what a real one would hold."""

    __slots__ = ("stored",)

    def __init__(self) -> None:
        self.stored = b""

    def write(self, data: bytes, /) -> None:
        self.stored += data


def rainbow(count: int) -> list[Image.Image]:
    return [art.solid((i * 7 % 256, 90, 160), (40, 56)) for i in range(count)]


# -- progress and cancel --


def test_progress_rises_to_one_and_tells_cards_and_pages() -> None:
    artwork = art.deck_of(rainbow(10), back=art.solid(art.RED))
    told: list[tuple[float, str]] = []

    render(
        art.request(artwork), artwork.images, io.BytesIO(), progress=lambda share, doing: told.append((share, doing))
    )

    shares = [share for share, _ in told]
    assert shares == sorted(set(shares))
    assert shares[0] > 0
    assert shares[-1] == 1
    cards, pages = [f"card {i} of 11" for i in range(1, 12)], [f"page {i} of 4" for i in range(1, 5)]
    assert [doing for _, doing in told] == cards + pages


def test_cancelling_stops_within_a_card_and_finishes_nothing() -> None:
    artwork = art.deck_of(rainbow(60))
    sink, prepared = WriteOnly(), []
    stop = threading.Event()

    def prepare(source: ImageSource, spec: TileSpec) -> Tile:
        prepared.append(source.name)
        if len(prepared) == 10:
            stop.set()
        return artwork_module.prepare(source, spec)

    with pytest.raises(Cancelled):
        render(art.request(artwork), artwork.images, sink, prepare=prepare, cancelled=stop.is_set)

    assert 10 <= len(prepared) <= 10 + 6  # what the two threads had before them
    assert b"startxref" not in sink.stored


@pytest.mark.parametrize("at", ["card 1", "card 8", "page 1", "page 4"])
def test_a_render_can_be_cancelled_at_any_card_and_page(at: str) -> None:
    artwork = art.deck_of(rainbow(10), back=art.solid(art.RED))
    told: list[str] = []
    sink = WriteOnly()

    with pytest.raises(Cancelled):
        render(
            art.request(artwork),
            artwork.images,
            sink,
            progress=lambda _, doing: told.append(doing),
            cancelled=lambda: bool(told) and told[-1].startswith(f"{at} "),
        )

    assert told[-1].startswith(f"{at} ")
    assert b"startxref" not in sink.stored


def test_a_render_cancelled_before_it_starts_opens_no_image() -> None:
    fronts = [art.Recorder(f"{i}", image) for i, image in enumerate(rainbow(9))]
    artwork = art.deck_of(fronts)

    with pytest.raises(Cancelled):
        render(art.request(artwork), artwork.images, io.BytesIO(), cancelled=lambda: True)

    assert sum(front.opened for front in fronts) == 0


# -- errors --


def test_a_broken_image_fails_the_whole_document_and_names_the_card() -> None:
    artwork = art.deck_of([*rainbow(9), art.source("Sol Ring [LEB]", b"no image")])
    sink = WriteOnly()

    with pytest.raises(ImageError) as caught:
        render(art.request(artwork), artwork.images, sink)

    assert caught.value.card == "Sol Ring [LEB].img"
    assert b"startxref" not in sink.stored


def test_broken_cards_are_listed_in_the_decks_order_whichever_fails_first() -> None:
    artwork = art.deck_of([b"first", b"second", art.solid(art.RED)])
    second_is_done = threading.Event()

    def prepare(source: ImageSource, spec: TileSpec) -> Tile:
        if source.name == "card-000.img":
            assert second_is_done.wait(10)
        if source.name == "card-002.img":  # on the thread that has had the second card
            second_is_done.set()
        return artwork_module.prepare(source, spec)

    result = render(art.request(artwork), artwork.images, io.BytesIO(), prepare=prepare, placeholders=True)

    assert [error.card for error in result.broken] == ["card-000.img", "card-001.img"]


@pytest.mark.parametrize("writes", [0, 1, 20, 100])
def test_an_error_of_the_sink_comes_out_as_it_is(writes: int) -> None:
    artwork = art.deck_of(rainbow(9))

    with pytest.raises(OSError, match="No space left"):
        render(art.request(artwork), artwork.images, Full(writes))


def lose_a_placement(whole: imposition.Imposition) -> imposition.Imposition:
    first, *rest = whole.pages
    return imposition.Imposition((imposition.Page(first.side, 1, first.sheets, first.placements[1:]), *rest))


def lose_a_page(whole: imposition.Imposition) -> imposition.Imposition:
    return imposition.Imposition(whole.pages[:-1])


def repeat_a_page(whole: imposition.Imposition) -> imposition.Imposition:
    return imposition.Imposition((*whole.pages, whole.pages[0]))


@pytest.mark.parametrize("fault", [lose_a_placement, lose_a_page, repeat_a_page])
def test_a_document_of_other_counts_than_asked_for_is_never_finished(
    fault: Callable[[imposition.Imposition], imposition.Imposition], monkeypatch: pytest.MonkeyPatch
) -> None:
    artwork, sink, right = art.deck_of(rainbow(10), back=art.solid(art.RED)), WriteOnly(), imposition.impose
    monkeypatch.setattr(imposition, "impose", lambda request: fault(right(request)))

    with pytest.raises(RenderFault, match="report"):
        render(art.request(artwork), artwork.images, sink)

    assert b"startxref" not in sink.stored
    assert b"%%EOF" not in sink.stored


def test_the_result_counts_what_was_written() -> None:
    artwork, sink = art.deck_of(rainbow(10), back=art.solid(art.RED)), WriteOnly()

    result = render(art.request(artwork), artwork.images, sink)

    assert (result.pages, result.placements, result.size) == (4, 20, len(sink.stored))
    assert result.broken == ()


# -- the sink --


def test_a_sink_is_only_ever_written_in_order() -> None:
    artwork = art.deck_of([*rainbow(9), art.jpeg(art.corners())], back=art.solid(art.RED))
    sink = WriteOnly()

    render(art.request(artwork), artwork.images, sink)

    assert sink.stored == art.pdf(art.request(artwork), artwork)
    assert sink.stored.startswith(b"%PDF-1.7")
    assert sink.stored.rstrip().endswith(b"%%EOF")


# -- threads --


class Full:
    """A sink that takes so many writes and no more."""

    def __init__(self, writes: int) -> None:
        self.left = writes

    def write(self, _: bytes, /) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "No space left on device")


def test_no_thread_is_left_behind() -> None:
    before = set(threading.enumerate())
    whole, broken = art.deck_of(rainbow(9)), art.deck_of([*rainbow(9), b"no image"])
    wanted = art.request(whole)

    render(wanted, whole.images, io.BytesIO())
    with pytest.raises(Cancelled):
        render(wanted, whole.images, io.BytesIO(), cancelled=Countdown(5))
    with pytest.raises(ImageError):
        render(art.request(broken), broken.images, io.BytesIO())
    with pytest.raises(OSError, match="No space"):
        render(wanted, whole.images, Full(writes=20))

    assert set(threading.enumerate()) == before


class Countdown:
    """True from the given call on."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_does_not_shape_the_document(threads: int) -> None:
    artwork = art.deck_of([art.edged((40 + i, 60)) for i in range(12)])
    sink = io.BytesIO()

    render(art.request(artwork), artwork.images, sink, threads=threads)

    assert sink.getvalue() == art.pdf(art.request(artwork), artwork)
