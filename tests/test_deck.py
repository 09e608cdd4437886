import unicodedata

import pytest

from cardmaker.deck import (
    MAX_COPIES,
    Artwork,
    Card,
    Deck,
    FrontNames,
    Place,
    arrange,
    assemble,
    pairing,
    told_apart,
)
from cardmaker.errors import DeckError
from cardmaker.source import BytesSource


def image(name: str, content: str | None = None) -> BytesSource:
    """An image of that name, whose content is the name unless given."""
    return BytesSource(name, (name if content is None else content).encode())


def images(*names: str, side: str = "") -> list[BytesSource]:
    return [image(name, side + name) for name in names]


def pairs(artwork: Artwork) -> dict[str, str | None]:
    """Each front's name with the content of the back it is printed with."""
    deck = artwork.deck
    return {card.name: content(artwork, deck.back_of(card)) for card in deck.cards}


def content(artwork: Artwork, digest: str | None) -> str | None:
    return None if digest is None else artwork.images[digest].open().read().decode()


def test_fronts_alone_make_a_deck_without_backs_in_their_order() -> None:
    artwork = assemble(images("b.png", "a.png"))

    assert [card.name for card in artwork.deck.cards] == ["b.png", "a.png"]
    assert not artwork.deck.has_backs
    assert len(artwork.deck) == 2


def test_a_common_back_is_every_cards() -> None:
    artwork = assemble(images("a.png", "b.png"), image("back.png"))

    assert pairs(artwork) == {"a.png": "back.png", "b.png": "back.png"}
    assert artwork.deck.has_backs


def test_a_back_belongs_to_the_front_of_its_stem() -> None:
    artwork = assemble(images("a.png", "b.png"), backs=images("b.jpg", "a.webp", side="back "))

    assert pairs(artwork) == {"a.png": "back a.webp", "b.png": "back b.jpg"}


def test_a_card_without_a_back_of_its_own_takes_the_common_one() -> None:
    artwork = assemble(images("a.png", "b.png"), image("common.png"), images("b.png", side="back "))

    assert pairs(artwork) == {"a.png": "common.png", "b.png": "back b.png"}


def test_a_card_without_any_back_stays_blank_beside_one_that_has_its_own() -> None:
    artwork = assemble(images("a.png", "b.png"), backs=images("b.png", side="back "))

    assert pairs(artwork) == {"a.png": None, "b.png": "back b.png"}
    assert artwork.deck.has_backs


@pytest.mark.parametrize(
    "name", ["Dragon-back.png", "Dragon_back.png", "dragon back.jpg", "DRAGON - Back.png", "Dragon.png"]
)
def test_a_back_may_end_in_back(name: str) -> None:
    artwork = assemble(images("Dragon.png"), backs=[image(name, "scales")])

    assert pairs(artwork) == {"Dragon.png": "scales"}


def test_a_front_that_ends_in_back_itself_is_preferred() -> None:
    fronts = images("silver.png", "silver-back.png")

    artwork = assemble(fronts, backs=images("silver-back.png", side="back "))

    assert pairs(artwork) == {"silver.png": None, "silver-back.png": "back silver-back.png"}


def test_stems_match_however_their_letters_are_composed_and_cased() -> None:
    composed, taken_apart = (unicodedata.normalize(form, "Café") for form in ("NFC", "NFD"))

    artwork = assemble([image(f"{composed}.png")], backs=[image(f"{taken_apart.upper()}.png", "back")])

    assert list(pairs(artwork).values()) == ["back"]


def test_a_name_with_brackets_and_dots_is_only_a_name() -> None:
    artwork = assemble(
        images("Sol Ring [LEB].v2.jpg", "Sol Ring L.v2.jpg"), backs=[image("Sol Ring [LEB].v2.png", "back")]
    )

    assert pairs(artwork) == {"Sol Ring [LEB].v2.jpg": "back", "Sol Ring L.v2.jpg": None}


def test_fronts_of_one_stem_are_told_apart_by_their_endings() -> None:
    artwork = assemble(images("1.png", "1.jpg"), backs=images("1.jpg", "1.png", side="back "))

    assert pairs(artwork) == {"1.png": "back 1.png", "1.jpg": "back 1.jpg"}


def test_endings_tell_apart_backs_that_end_in_back_too() -> None:
    artwork = assemble(images("1.png", "1.jpg"), backs=images("1-back.jpg", "1-back.png", side="back "))

    assert pairs(artwork) == {"1.png": "back 1-back.png", "1.jpg": "back 1-back.jpg"}


def test_a_back_that_could_be_two_fronts_is_refused() -> None:
    with pytest.raises(DeckError, match=r"1\.webp"):
        assemble(images("1.png", "1.jpg"), backs=images("1.webp"))


def test_fronts_in_sub_folders_have_the_backs_of_their_own_folder() -> None:
    artwork = assemble(images("red/1.png", "blue/1.png"), backs=images("blue/1.png", "red/1.png", side="back "))

    assert pairs(artwork) == {"red/1.png": "back red/1.png", "blue/1.png": "back blue/1.png"}


def test_fronts_beside_a_sub_folder_have_the_backs_beside_it() -> None:
    artwork = assemble(images("1.png", "red/1.png"), backs=images("1.png", "red/1.png", side="back "))

    assert pairs(artwork) == {"1.png": "back 1.png", "red/1.png": "back red/1.png"}


def test_a_back_outside_its_fronts_sub_folder_is_found_by_its_stem() -> None:
    artwork = assemble(images("red/1.png", "blue/2.png"), backs=[image("1.jpg", "back")])

    assert pairs(artwork) == {"red/1.png": "back", "blue/2.png": None}


def test_two_backs_for_one_front_are_refused_by_name() -> None:
    with pytest.raises(DeckError, match=r'"a\.png" has two backs, "a\.jpg" and "a-back\.png"; keep one'):
        assemble(images("a.png"), backs=images("a.jpg", "a-back.png"))


@pytest.mark.parametrize("name", ["c.png", "a-front.png", "back.png", "aback.png"])
def test_a_back_without_a_front_is_refused_by_name(name: str) -> None:
    with pytest.raises(DeckError, match=f'back "{name}" has no front of that name'):
        assemble(images("a.png"), backs=[image(name)])


def test_no_images_at_all_are_refused() -> None:
    with pytest.raises(DeckError, match="no front images; give at least one"):
        assemble([])


@pytest.mark.parametrize("backs", [{"back": image("b.png")}, {"backs": [image("b.png")]}])
def test_backs_without_any_front_are_refused(backs: dict[str, object]) -> None:
    with pytest.raises(DeckError, match="no front images"):
        assemble([], **backs)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["forest", "Forest.png", "FOREST.PNG"])
def test_a_quantity_goes_by_stem_or_name(name: str) -> None:
    deck = assemble(images("Forest.png", "Island.png"), quantities={name: 3}, default_quantity=2).deck

    assert [(card.name, card.quantity) for card in deck.cards] == [("Forest.png", 3), ("Island.png", 2)]
    assert [card.name for card in deck.copies()] == ["Forest.png"] * 3 + ["Island.png"] * 2
    assert len(deck) == 5


def test_a_quantity_for_no_front_is_refused_by_name() -> None:
    with pytest.raises(DeckError, match='quantity for "Swamp": there is no front of that name'):
        assemble(images("Forest.png"), quantities={"Swamp": 3})


@pytest.mark.parametrize("quantity", [-1, MAX_COPIES + 1])
def test_a_quantity_out_of_range_is_refused(quantity: int) -> None:
    with pytest.raises(DeckError, match=f"quantity {quantity} is out of range; it goes from 0 to {MAX_COPIES}"):
        assemble(images("a.png", "b.png"), quantities={"a": quantity})


def test_more_cards_than_a_document_holds_are_refused() -> None:
    assert len(Deck((Card("a", quantity=MAX_COPIES),))) == MAX_COPIES
    with pytest.raises(DeckError, match=f"{MAX_COPIES + 1} cards are too many"):
        Deck((Card("a", quantity=MAX_COPIES), Card("b")))


def test_a_deck_of_nothing_but_zero_copies_is_refused() -> None:
    with pytest.raises(DeckError, match="every quantity is 0"):
        assemble(images("a.png", "b.png"), default_quantity=0)


def test_a_card_with_zero_copies_is_not_printed() -> None:
    deck = assemble(images("a.png", "b.png"), quantities={"a": 0}).deck

    assert [card.name for card in deck.copies()] == ["b.png"]


def test_a_back_of_a_card_with_zero_copies_makes_no_back_pages() -> None:
    deck = assemble(images("a.png", "b.png"), backs=images("a.png"), quantities={"a": 0}).deck

    assert not deck.has_backs


def test_equal_images_under_other_names_make_an_equal_deck() -> None:
    first = assemble([image("a.png", "1"), image("b.png", "2")], image("back.png", "b"))
    second = assemble([image("z/9.jpg", "1"), image("y.gif", "2")], image("x.png", "b"))

    assert first.deck == second.deck
    assert first.images.keys() == second.images.keys()


def test_other_content_or_another_position_makes_another_deck() -> None:
    one, two, three = image("a.png", "1"), image("b.png", "2"), image("b.png", "3")

    decks = [assemble(fronts).deck for fronts in ([one, two], [two, one], [one, three], [one, one])]

    assert all(a != b for i, a in enumerate(decks) for b in decks[:i])


def test_two_files_of_one_name_are_two_cards() -> None:
    deck = assemble([image("card1.png", "1"), image("card1.jpg", "2"), image("card1.png", "3")]).deck

    assert len({card.front for card in deck.cards}) == 3


def test_equal_images_are_two_cards_and_one_image() -> None:
    artwork = assemble([image("a.png", "same"), image("b.png", "same")], image("back.png", "same"))

    assert len(artwork.deck) == 2
    assert len(artwork.images) == 1


def test_every_digest_of_a_deck_has_its_image() -> None:
    artwork = assemble(images("a.png", "b.png"), image("back.png"), images("b.png", side="back "))

    deck = artwork.deck
    used = {card.front for card in deck.cards} | {deck.back_of(card) for card in deck.cards}
    assert used <= artwork.images.keys()


def test_a_whole_name_means_that_card_and_a_part_of_it_all_that_have_it() -> None:
    names = FrontNames(["elf.png", "more/elf.png", "orc.png"])

    assert names.find("elf.png", "crop") == [0]
    assert names.find("more/elf.png", "crop") == [1]
    assert names.find("MORE\\Elf.png", "crop") == [1]
    assert names.find("elf", "crop") == [0, 1]
    with pytest.raises(DeckError, match='crop for "bear": there is no front of that name'):
        names.find("bear", "crop")


def test_names_told_apart_each_find_one_front() -> None:
    given = ["elf.png", "ELF.png", "a/elf.png", "elf.png", "elf.png (2)", "elf", "elf", "", ""]

    told = told_apart(given)

    assert told[:4] == ["elf.png", "ELF.png (2)", "a/elf.png", "elf.png (3)"]
    names = FrontNames(told)
    assert [names.find(name, "crop") for name in told] == [[i] for i in range(len(given))]


def test_backs_that_find_no_front_do_not_keep_the_others_from_theirs() -> None:
    found = pairing(images("elf.png", "orc.png"), images("orc-back.png", "bear.png", "elf.png", "elf-back.png"))

    assert found[0] == 1
    assert found[2] == 0
    assert [str(error)[:24] for error in found if isinstance(error, DeckError)] == [
        'back "bear.png" has no f',
        '"elf.png" has two backs,',
    ]


def test_cards_are_laid_with_the_backs_and_the_names_they_are_given() -> None:
    elf, orc, own, common = images("elf.png", "orc.png", "own.png", "back.png")

    artwork = arrange([Place(elf, own, 2, "first"), Place(orc), Place(elf)], common)

    assert pairs(artwork) == {"first": "own.png", "orc.png": "back.png", "elf.png": "back.png"}
    assert [card.quantity for card in artwork.deck.cards] == [2, 1, 1]
    assert len(artwork.images) == 4
    with pytest.raises(DeckError, match="no cards"):
        arrange([])
