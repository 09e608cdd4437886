"""Settings of roles and of single cards: what they change, and that they change nothing else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cardmaker.deck import Card, Deck
from cardmaker.errors import DeckError, SettingError
from cardmaker.imposition import impose
from cardmaker.knobs import request_from
from cardmaker.spec import RenderRequest, Side
from tests import art

DECK = Deck(
    (Card("f1", name="Sol Ring.png"), Card("f2", "own", name="Forest.jpg"), Card("f3", name="x/Bear.png")), "common"
)
VALUES = {
    "fit": "cover",
    "rotate": 90,
    "source_bleed": "auto",
    "crop": "2mm",
    "extend_edges": "0.3mm",
    "fill_corners": "3mm",
    "bleed": "0.2mm",
    "outer_bleed": "4mm",
}


def request(**settings: object) -> RenderRequest:
    return request_from(DECK, settings)


def faces(wanted: RenderRequest) -> dict[str, object]:
    """Settings by image."""
    tiles = [tile for card in wanted.deck.cards for tile in (wanted.front(card), wanted.back(card)) if tile]
    return {tile.image: tile.settings for tile in tiles}


def changed(settings: Mapping[str, object]) -> set[str]:
    before, after = faces(request()), faces(request(**settings))
    return {image for image in before if before[image] != after[image]}


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_a_knob_is_for_all_faces_and_those_of_a_role_are_for_that_alone(name: str, value: object) -> None:
    assert changed({name: value}) == {"f1", "f2", "f3", "common", "own"}
    assert changed({f"back_{name}": value}) == {"common"}
    assert changed({f"backs_{name}": value}) == {"own"}


def test_what_a_role_does_not_name_is_as_for_all() -> None:
    wanted = request(crop="1mm", fit="cover", back_crop="0mm", backs_fit="contain")

    plan = wanted.artwork
    assert (plan.fronts.crop_mm, plan.back.crop_mm, plan.backs.crop_mm) == (1, 0, 1)
    assert (plan.fronts.fit, plan.back.fit, plan.backs.fit) == ("cover", "cover", "contain")


@pytest.mark.parametrize(("name", "value"), VALUES.items())
@pytest.mark.parametrize("card", ["Sol Ring", "sol ring.PNG"])
def test_an_override_is_for_that_card_alone(card: str, name: str, value: object) -> None:
    assert changed({"overrides": {card: {name: value}}}) == {"f1"}


def test_an_override_of_a_back_is_for_that_cards_back_whichever_it_has() -> None:
    wanted = request(overrides={"Bear": {"back_rotate": "180"}, "Forest": {"back_crop": "1mm"}})

    turns = [tile.settings.rotate for card in wanted.deck.cards if (tile := wanted.back(card))]
    crops = [tile.settings.crop_mm for card in wanted.deck.cards if (tile := wanted.back(card))]
    assert (turns, crops) == (["0", "0", "180"], [0, 1, 0])


def test_overrides_that_reach_the_same_card_add_up() -> None:
    overrides = {"Sol Ring": {"crop": "2mm", "fit": "cover"}, "sol ring.png": {"crop": "1mm"}}

    settings = request(overrides=overrides).front(request(overrides=overrides).deck.cards[0]).settings

    assert (settings.crop_mm, settings.fit) == (1, "cover")


@pytest.mark.parametrize(
    ("overrides", "error", "says"),
    [
        ({"Sol": {"crop": "2mm"}}, DeckError, 'override for "Sol": there is no front of that name'),
        (
            {"Sol Ring": {"colour": "red"}},
            SettingError,
            'override for "Sol Ring": there is no "colour"; there are back_',
        ),
        ({"Sol Ring": {"backs_crop": "1mm"}}, SettingError, 'there is no "backs_crop"'),
        ({"Sol Ring": {"crop": 2}}, SettingError, 'override for "Sol Ring": crop "2" has no unit'),
        ({"Sol Ring": {"rotate": 45}}, SettingError, 'rotate "45" is unknown; choose 0, 90, 180, 270'),
        ({"Sol Ring": {"bleed": "1mm"}}, SettingError, 'override for "Sol Ring.png": bleed: 1 mm is out of range'),
        ({"Bear": {"back_crop": "40mm"}}, SettingError, 'override for "x/Bear.png": back crop: 40 mm is out of range'),
        ({"Sol Ring": "crop"}, SettingError, 'override for "Sol Ring": write it as'),
        (["Sol Ring"], SettingError, "overrides: write them as"),
    ],
)
def test_an_override_that_cannot_be_is_refused_by_its_cards_name(
    overrides: object, error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as refused:
        request(overrides=overrides)

    assert says in str(refused.value)


@pytest.mark.parametrize(("name", "words"), [("back_crop", "back crop"), ("backs_fill_corners", "backs fill corners")])
def test_a_length_out_of_range_is_refused_by_its_roles_name(name: str, words: str) -> None:
    with pytest.raises(SettingError, match=f"^{words}: 90 mm is out of range"):
        request(**{name: "90mm"})


@pytest.mark.parametrize(
    "settings",
    [
        {"overrides": {}},
        {"overrides": {"Sol Ring": {}}},
        {"overrides": {"Sol Ring": {"fit": "stretch", "crop": "0mm", "back_rotate": "0", "bleed": "0.625mm"}}},
        {"back_crop": "0mm", "backs_fit": "stretch", "outer_bleed": "0.625mm", "rotate": 0},
    ],
)
def test_what_changes_no_face_does_not_change_the_digest(settings: Mapping[str, object]) -> None:
    assert request(**settings).digest == request().digest


def test_settings_of_backs_that_are_not_there_do_not_change_the_digest() -> None:
    fronts = Deck((Card("f1", name="Sol Ring"),))
    plain = request_from(fronts, {})

    for settings in ({"back_crop": "1mm"}, {"backs_crop": "1mm"}, {"overrides": {"Sol Ring": {"back_crop": "1mm"}}}):
        assert request_from(fronts, settings).digest == plain.digest
    own_only = Deck((Card("f1", "b1", name="Sol Ring"),), "common")
    assert request_from(own_only, {"back_crop": "1mm"}).digest == request_from(own_only, {}).digest


def test_an_override_of_a_card_that_is_not_printed_does_not_change_the_digest() -> None:
    longer = replace(DECK, cards=(*DECK.cards, Card("f4", quantity=0, name="Swamp")))

    assert request_from(longer, {"overrides": {"Swamp": {"crop": "1mm"}}}).digest == request().digest


def test_whether_cards_get_a_setting_one_by_one_or_together_is_one_digest() -> None:
    fronts = Deck((Card("f1", name="a"), Card("f2", name="b")))
    together, each = {"crop": "1mm"}, {"overrides": {"a": {"crop": "1mm"}, "b": {"crop": "1mm"}}}

    assert request_from(fronts, together).digest == request_from(fronts, each).digest
    assert request_from(fronts, together).digest != request_from(fronts, {"overrides": {"a": {"crop": "1mm"}}}).digest


def test_an_overridden_card_changes_its_own_tile_and_every_other_image_stays_byte_for_byte() -> None:
    pictures = [art.jpeg(art.photo((90 + i, 120), i)) for i in range(4)]
    artwork = art.deck_of(pictures, back=art.jpeg(art.photo((80, 120))))
    overrides = {"card-002": {"crop": "2mm", "fill_corners": "3mm", "rotate": 90, "extend_edges": "0.4mm"}}
    plain, special = art.request(artwork), art.request(artwork, overrides=overrides)

    tiles = [[p.tile for p in page.placements] for page in impose(plain).pages]
    changed = [[p.tile for p in page.placements] for page in impose(special).pages]
    before, after = art.pdf(plain, artwork), art.pdf(special, artwork)

    assert [a == b for a, b in zip(tiles[0], changed[0], strict=True)] == [True, True, False, True]
    assert tiles[1] == changed[1]
    for picture in pictures:
        assert before.count(picture) == after.count(picture) == 1
    kept = {image.data for image in art.images_in(before)} - {image.data for image in art.images_in(after)}
    assert all(1 in image.size for image in art.images_in(before) if image.data in kept)  # strips of that card
    assert len(kept) <= 4


def test_an_image_with_two_treatments_stands_in_the_document_once() -> None:
    content = art.jpeg(art.photo((90, 120)))
    artwork = art.deck_of([content, content], back=content)

    document = art.pdf(
        art.request(artwork, back_rotate=180, overrides={"card-001": {"rotate": 90, "fill_corners": "3mm"}}), artwork
    )

    assert document.count(content) == 1
    assert [image.size for image in art.images_in(document)].count((90, 120)) == 1


def test_fronts_and_backs_are_drawn_with_their_own_settings() -> None:
    wide = art.corners(size=(176, 126))
    artwork = art.deck_of([wide, wide], back=wide, backs={1: wide})
    wanted = art.request(artwork, rotate=90, back_rotate=180, backs_rotate=270)
    fronts, backs = (art.by_pdfium(art.pdf(wanted, artwork), page, 72) for page in (0, 1))

    pages = impose(wanted).pages

    assert [page.side for page in pages] == [Side.FRONT, Side.BACK]
    turned = {90: (2, 0, 3, 1), 180: (3, 2, 1, 0), 270: (1, 3, 0, 2)}  # which quarter comes to lie where
    for raster, page, turns in ((fronts, pages[0], (90, 90)), (backs, pages[1], (180, 270))):
        for placement, turn in zip(page.placements, turns, strict=True):
            places = [(u, v) for v in (0.25, 0.75) for u in (0.25, 0.75)]
            seen = [art.on_card(raster, 72, placement.slot.trim, u, v) for u, v in places]
            expected = [art.FOUR[i] for i in turned[turn]]
            assert seen == (expected[::-1] if placement.turned else expected)


def test_of_two_cards_of_one_file_name_each_can_be_meant_alone() -> None:
    deck = Deck((Card("f1", name="elf.png"), Card("f2", name="more/elf.png")))

    def crops(name: str) -> list[float]:
        wanted = request_from(deck, {"overrides": {name: {"crop": "2mm"}}})
        return [wanted.front(card).settings.crop_mm for card in wanted.deck.cards]

    assert crops("elf.png") == [2.0, 0.0]
    assert crops("more/elf.png") == [0.0, 2.0]
    assert crops("elf") == [2.0, 2.0]
