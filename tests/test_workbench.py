"""The workbench over its cache: what is computed again after a change, and what is not."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from cardmaker import artwork as core
from cardmaker import render
from cardmaker.artwork import Tile
from cardmaker.cache import Outcome, Tier
from cardmaker.deck import Artwork
from cardmaker.errors import ImageError
from cardmaker.settings import Settings
from cardmaker.source import BytesSource, ImageSource
from cardmaker.spec import RENDER_VERSION, RenderRequest, TileSpec
from cardmaker.workbench import Workbench
from tests import art

GOLDEN = Path(__file__).with_name("golden.json")


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the images that tiles were made of."""
    names: list[str] = []
    original = core.prepare

    def prepare(source: ImageSource, spec: TileSpec, ppi: float | None = None, **within: Any) -> Tile:
        names.append(source.name)
        return original(source, spec, ppi, **within)

    monkeypatch.setattr(core, "prepare", prepare)
    return names


def deck(count: int, **others: art.Colour) -> Artwork:
    """Cards of one colour each; `others` by number exchanges single ones."""
    colours = [others.get(f"c{i}", (i, 90, 160)) for i in range(count)]
    return art.deck_of([art.solid(colour, (20, 28)) for colour in colours], back=art.solid(art.RED, (20, 28)))


def test_the_same_document_is_a_hit_and_has_the_same_bytes() -> None:
    workbench, artwork = Workbench(), deck(9)
    wanted = art.request(artwork)

    first, second = (workbench.document(wanted, artwork) for _ in range(2))

    assert (first.outcome, second.outcome) == (Outcome.MISS, Outcome.HIT)
    assert second.tier is Tier.MEMORY
    assert bytes(first.value) == bytes(second.value) == art.pdf(wanted, artwork)
    assert set(first.steps_ms) >= {"memory", "compute", "store"}


def test_a_changed_card_is_one_new_tile(prepared: list[str]) -> None:
    workbench, before, after = Workbench(), deck(104), deck(104, c50=art.GREEN)
    workbench.document(art.request(before), before)
    assert len(prepared) == 105  # with the back

    prepared.clear()
    answer = workbench.document(art.request(after), after)

    assert answer.outcome is Outcome.MISS
    assert prepared == ["card-050.img"]


@pytest.mark.parametrize(
    "settings",
    [
        {"paper": "a4"},
        {"skip": "4"},
        {"label": "words"},
        {"no_label": True},
        {"marks": "four"},
        {"marks_on": "front"},
        {"flip": "short"},
        {"outline": True},
        {"title": "a deck"},
        {"corner_radius": "2mm"},
    ],
    ids=str,
)
def test_what_lies_around_the_cards_needs_no_new_tile(settings: dict[str, object], prepared: list[str]) -> None:
    workbench, artwork = Workbench(), deck(9)
    workbench.document(art.request(artwork), artwork)
    prepared.clear()

    answer = workbench.document(art.request(artwork, **settings), artwork)

    assert prepared == []
    assert bytes(answer.value) == art.pdf(art.request(artwork, **settings), artwork)


@pytest.mark.parametrize(
    "settings", [{"crop": "1mm"}, {"fit": "cover"}, {"source_bleed": "1mm"}, {"bleed": "0.2mm"}], ids=str
)
def test_what_shapes_the_cards_makes_new_tiles(settings: dict[str, object], prepared: list[str]) -> None:
    workbench, artwork = Workbench(), deck(9)
    workbench.document(art.request(artwork), artwork)
    prepared.clear()

    answer = workbench.document(art.request(artwork, **settings), artwork)

    assert len(prepared) == 10
    assert bytes(answer.value) == art.pdf(art.request(artwork, **settings), artwork)


def test_a_preview_needs_the_tiles_of_its_page_alone_and_only_once(prepared: list[str]) -> None:
    workbench, artwork = Workbench(), deck(20)
    wanted = art.request(artwork)

    workbench.picture(wanted, artwork, 2, 50)
    assert sorted(prepared) == [f"card-{i:03}.img" for i in range(8, 16)]

    prepared.clear()
    workbench.picture(art.request(artwork, paper="a4", label="words"), artwork, 2, 50)
    assert prepared == []


def test_the_same_images_in_another_order_or_with_another_back_are_other_documents() -> None:
    workbench = Workbench()
    one, two, three = (art.solid(colour, (20, 28)) for colour in (art.RED, art.GREEN, art.BLUE))
    decks = [
        art.deck_of([one, two], back=three),
        art.deck_of([two, one], back=three),
        art.deck_of([one, two], back=one),
        art.deck_of([one, two], back=three, backs={0: two}),
        art.deck_of([one, two], back=three, backs={1: two}),
        art.deck_of([one, two]),
    ]

    answers = [workbench.document(art.request(artwork), artwork) for artwork in decks]

    assert [answer.outcome for answer in answers] == [Outcome.MISS] * len(decks)
    assert len({bytes(answer.value) for answer in answers}) == len(decks)


def test_names_are_the_callers_own_also_for_an_image_that_was_refused_before() -> None:
    workbench, broken = Workbench(), art.encoded(art.solid(art.RED))[:-20]

    for name in ("mine", "yours"):
        artwork = art.deck_of([BytesSource(name, broken)])
        with pytest.raises(ImageError) as caught:
            workbench.document(art.request(artwork), artwork)
        assert caught.value.card == name
        assert [error.card for error in workbench.broken(art.request(artwork), artwork)] == [name]
        assert [e.card for e in workbench.picture(art.request(artwork), artwork, 0, 50).broken] == [name]


def test_nothing_of_a_failed_document_is_kept() -> None:
    workbench = Workbench()
    artwork = art.deck_of([art.solid(art.RED), art.encoded(art.solid(art.BLUE))[:-20]])

    for _ in range(2):
        with pytest.raises(ImageError):
            workbench.document(art.request(artwork), artwork)

    assert workbench.cache.recorder.counts()["hit_memory"] == 1  # the good tile


def golden_deck() -> tuple[Artwork, RenderRequest]:
    """Every way that an image takes into a document, and everything around the cards."""
    photo = art.photo((90, 126))
    artwork = art.deck_of(
        [
            art.jpeg(photo),
            art.encoded(photo),
            art.encoded(photo.convert("RGBA")),
            art.jpeg(photo.convert("CMYK")),
            art.encoded(photo.convert("L")),
            art.encoded(photo.quantize(16)),
        ],
        back=art.solid(art.RED),
    )
    return artwork, art.request(artwork, label="golden", outline=True, skip="1", crop="1mm")


def unpacked(document: bytes) -> str:
    """sha256 of all that stands in a document: its structure, and its streams as they are before they are deflated,
    which differs from one zlib to the next. JPEGs count byte for byte."""
    digest = hashlib.sha256()
    with pikepdf.open(io.BytesIO(document)) as opened:
        for each in opened.objects:
            if isinstance(each, pikepdf.Stream):
                is_jpeg = each.get("/Filter") == "/DCTDecode"
                content = each.read_raw_bytes() if is_jpeg else each.read_bytes()
                entries = {name: value for name, value in each.items() if name != "/Length"}
                digest.update(pikepdf.Dictionary(entries).unparse() + content)
            else:
                digest.update(each.unparse())
    return digest.hexdigest()


def test_another_document_needs_another_render_version() -> None:
    """If the change is wanted: raise RENDER_VERSION in spec.py, then write what this says to the file."""
    artwork, wanted = golden_deck()

    found = {"version": RENDER_VERSION, "document": unpacked(art.pdf(wanted, artwork))}

    assert found == json.loads(GOLDEN.read_text()), json.dumps(found, indent=1)


def test_what_encodes_is_part_of_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    artwork = deck(3)
    workbench = Workbench()
    workbench.document(art.request(artwork), artwork)
    monkeypatch.setattr(render, "environment", lambda: "another Pillow")

    answer = workbench.document(art.request(artwork), artwork)

    assert answer.outcome is Outcome.MISS


def test_a_workbench_without_redis_is_healthy_and_says_that_it_has_memory_alone() -> None:
    health = Workbench().health()

    assert health.is_ok
    assert health.stats.tier is Tier.MEMORY
    assert not health.redis.configured


def test_a_redis_that_is_away_degrades_and_disturbs_nothing() -> None:
    workbench, artwork = Workbench(Settings(redis_url="redis://:pass@localhost:1")), deck(3)

    answers = [workbench.document(art.request(artwork), artwork) for _ in range(2)]

    assert [(answer.outcome, answer.tier) for answer in answers] == [
        (Outcome.MISS, Tier.MEMORY),
        (Outcome.HIT, Tier.MEMORY),
    ]
    assert workbench.health().reasons == ("Redis does not answer",)
