"""Tiles as bytes and back: every kind of them, and nothing else."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cardmaker.artwork import Conversion, Edges, ImageFacts, Tile, Transparency, prepare, wire
from cardmaker.artwork.tile import Encoded, Untouched
from cardmaker.source import BytesSource
from cardmaker.spec import ArtworkSettings, TileSpec
from tests import art

CARD = art.photo((84, 117))
KINDS = {
    "JPEG": art.jpeg(CARD),
    "grey JPEG": art.jpeg(CARD.convert("L")),
    "turned JPEG": art.jpeg(CARD, exif=art.turned_exif(6)),
    "PNG": art.encoded(CARD),
    "PNG with a palette": art.encoded(CARD.quantize(16)),
    "PNG of one bit": art.encoded(CARD.convert("1")),
    "PNG with alpha": art.encoded(Image.merge("RGBA", (*CARD.split(), Image.linear_gradient("L").resize(CARD.size)))),
    "WebP": art.encoded(CARD, "WEBP"),
    "TIFF": art.encoded(CARD, "TIFF"),
}
SETTINGS = {
    "plain": ArtworkSettings(),
    "continued bleed": ArtworkSettings(bleed_mm=0.625),
    "own bleed": ArtworkSettings(source_bleed_mm=3.0, bleed_mm=0.625),
}


def tile(kind: str, how: str) -> Tile:
    source = BytesSource("card.img", KINDS[kind])
    return prepare(source, TileSpec(source.digest, SETTINGS[how], 63.0, 88.0))


TILES = {(kind, how): tile(kind, how) for kind in KINDS for how in SETTINGS}


@pytest.mark.parametrize("how", SETTINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_tile_comes_back_as_it_was(kind: str, how: str) -> None:
    one = TILES[kind, how]

    other = wire.load(wire.dump(one))

    assert other == one
    assert types_in(other) == types_in(one)
    assert wire.dump(other) == wire.dump(one)


def types_in(value: object) -> object:
    """The types of all that a value is made of: 1 and 1.0 and True are equal, and yet not the same in a PDF."""
    if dataclasses.is_dataclass(value):
        return type(value), [types_in(getattr(value, each.name)) for each in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [types_in(each) for each in value]
    return type(value)


def test_the_tiles_of_these_tests_are_of_every_kind() -> None:
    tiles = TILES.values()

    assert {type(each.image) for each in tiles} == {Untouched, Encoded}
    assert {bool(each.patches) for each in tiles} == {True, False}
    assert {each.clip is None for each in tiles} == {True, False}
    assert {each.image.encoding.colors for each in tiles} == {1, 3}
    assert any(each.image.encoding.palette for each in tiles)
    assert any(each.fills for each in tiles)
    assert any(each.orientation != 1 for each in tiles)


def test_facts_come_back_as_the_values_that_they_were() -> None:
    edges = Edges((1, 2, 3, 4), (0, 0, 1, 0))
    facts = ImageFacts("PNG", 10, 20, True, Conversion.CMYK, Transparency.CORNERS, edges)
    one = dataclasses.replace(TILES["JPEG", "plain"], facts=facts)

    found = wire.load(wire.dump(one)).facts

    assert found == facts
    assert found is not None
    assert found.transparency is Transparency.CORNERS


@given(st.binary())
def test_bytes_that_are_no_tile_are_unreadable(data: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.load(data)


def headed(header: object, rest: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(4, "big") + text + rest


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.builds(
            lambda kind, rest: [kind, *rest],
            st.sampled_from(["Tile", "Rect", "Encoded", "tuple", "bytes", "x"]),
            st.lists(inner, max_size=9),
        ),
    ),
)


@given(JSON, st.binary(max_size=10))
def test_a_header_that_is_no_tiles_is_unreadable(header: object, rest: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.load(headed(header, rest))


@pytest.mark.parametrize(
    "header",
    [
        ["Tile"],
        ["Tile", 1],
        ["Path"],
        [["Tile"]],
        [],
        ["Rect", 0, 0, 1, 1],
        ["bytes", -5],
        ["bytes", 5],
        ["bytes", float("inf")],
        ["bytes"],
        ["bytes", None],
        b"\xff\xfe",
        b"[" * 100_000,
        b"",
    ],
)
def test_a_header_that_promises_what_is_not_there_is_unreadable(header: object) -> None:
    with pytest.raises(wire.Unreadable):
        wire.load(headed(header))


@given(st.sampled_from(sorted(TILES)), st.data())
def test_a_tile_that_is_cut_or_continued_is_unreadable(which: tuple[str, str], data: st.DataObject) -> None:
    whole = wire.dump(TILES[which])
    end = data.draw(st.integers(0, len(whole) - 1))

    for other in (whole[:end], whole + b"\x00"):
        with pytest.raises(wire.Unreadable):
            wire.load(other)


def planted(path: tuple[int, ...], value: object) -> bytes:
    """A tile whose header says something else at that place."""
    whole = wire.dump(TILES["WebP", "plain"])
    end = 4 + int.from_bytes(whole[:4], "big")
    header = json.loads(whole[4:end])
    at = header
    for place in path[:-1]:
        at = at[place]
    at[path[-1]] = value
    return headed(header, whole[end:])


# Places in a tile's header, which begins with its type's name.
IMAGE, ORIENTATION, AREA, PATCHES, FACTS = 1, 2, 3, 6, 8


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((IMAGE,), "x"),
        ((IMAGE,), None),
        ((AREA,), ["tuple", 0, 0, 1, 1]),
        ((ORIENTATION,), "upright"),
        ((PATCHES,), "text"),
        ((PATCHES,), ["tuple", 1]),
        ((IMAGE, 1), ["bytes", 0]),
        ((IMAGE, 1, 1), "wide"),
        ((IMAGE, 1, 3), 5),
        ((AREA, 1), None),
        ((FACTS,), 1),
        ((FACTS, 5), "no such conversion"),
    ],
)
def test_a_tile_with_a_field_of_another_kind_is_unreadable(path: tuple[int, ...], value: object) -> None:
    data = planted(path, value)

    with pytest.raises(wire.Unreadable):
        wire.load(data)
