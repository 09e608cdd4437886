"""The list of cards without a browser: what it says and offers in each state."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

from cardmaker.errors import DeckError, SettingError
from cardmaker.source import BytesSource
from pages import _table, _uploads
from pages._stack import COMMON, Order, Row, Stack
from tests.images import encoded
from tests.test_pages import counts

ROOT = Path(__file__).parent.parent
Upload = tuple[str, bytes, str]


@pytest.fixture
def page() -> Iterator[AppTest]:
    page = AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30).run()
    yield page
    assert not page.exception


def card(name: str, number: int = 1) -> Upload:
    return name, encoded(number, size=(126, 176)), "image/png"


def drop(page: AppTest, *uploads: Upload, on: str = "fronts") -> AppTest:
    place = next(each for each in page.file_uploader if str(each.key).split(" ")[0] == on)
    return place.set_value(list(uploads)).run()


def drop_back(page: AppTest, upload: Upload) -> AppTest:
    place = next(each for each in page.file_uploader if str(each.key).split(" ")[0] == "back")
    return place.set_value(upload).run()


def press(page: AppTest, label: str) -> AppTest:
    return next(each for each in page.button if each.label == label).click().run()


def errors(page: AppTest) -> str:
    return "\n".join(error.value.replace("\\", "") for error in page.error)


def captions(page: AppTest) -> str:
    return "\n".join(text.value.replace("\\", "") for text in page.caption)


def offered(page: AppTest) -> bool:
    return not page.download_button(key="download").proto.disabled


def listed(page: AppTest, column: str = "name") -> list[object]:
    return list(page.data_editor[0].value[column])


def table(page: AppTest) -> Stack:
    stack = page.session_state["stack"]
    assert isinstance(stack, Stack)
    return stack


def zipped(*names: str) -> Upload:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, name in enumerate(names, start=1):
            archive.writestr(name, encoded(number))
    return "elves.zip", stream.getvalue(), "application/zip"


def test_cards_are_listed_with_their_pictures_and_how_they_came_in(page: AppTest) -> None:
    drop(page, card("card 10.png", 1), card("card 2.png", 2), (".DS_Store", b"x", ""))

    assert listed(page) == ["card 2.png", "card 10.png"]
    assert listed(page, "state") == ["ok", "ok"]
    assert all(str(picture).startswith("data:image/jpeg;base64,") for picture in listed(page, "picture"))
    assert "2 images came in" in captions(page)
    assert "1 hidden files were left out" in captions(page)


def test_a_zip_is_its_images_and_gives_the_deck_its_name(page: AppTest) -> None:
    drop(page, zipped("a/elf.png", "a/orc.png", "__MACOSX/._elf.png"))

    assert listed(page) == ["a/elf.png", "a/orc.png"]
    assert page.text_input(key="name").placeholder == "elves"


def test_a_zip_that_cannot_be_read_is_one_sentence_and_the_cards_stay(page: AppTest) -> None:
    drop(page, card("elf.png"))

    drop(page, ("<b>deck</b>.zip", b"PK\x03\x04 no more", "application/zip"))

    assert '"<b>deck</b>.zip": is a damaged ZIP' in errors(page)
    assert listed(page) == ["elf.png"]
    assert offered(page)


def test_what_a_browser_says_twice_came_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    record = UploadedFileRec("an id of this upload", "elf-back.png", "image/png", encoded(1))
    monkeypatch.setattr(st, "session_state", {"backs": [UploadedFile(record, FileURLs())]})
    taken: list[str] = []

    for _ in range(2):
        _uploads._hand_over("backs", "backs", lambda arrival: taken.extend(image.name for image in arrival.images))

    assert taken == ["elf-back.png"]


def test_many_that_cannot_be_printed_are_counted_and_the_first_are_named(page: AppTest) -> None:
    drop(page, card("elf.png"), *((f"map {number}.pdf", b"%PDF-1.7", "application/pdf") for number in range(9)))

    assert "9 images cannot be printed" in errors(page)
    assert "map 5.pdf" in errors(page)
    assert "map 6.pdf" not in errors(page)
    assert "3 more" in errors(page)


def test_a_second_drop_adds_to_the_first(page: AppTest) -> None:
    drop(page, card("elf.png"))

    drop(page, card("orc.png", 2), card("elf.png", 3))

    assert listed(page) == ["elf.png", "elf.png (2)", "orc.png"]
    assert "3 cards" in counts(page)


def test_a_broken_file_is_a_card_with_its_reason_and_the_rest_goes_on(page: AppTest) -> None:
    drop(page, card("elf.png"), ("map.pdf", b"%PDF-1.7", "application/pdf"))

    assert "1 image cannot be printed" in errors(page)
    assert "PDF" in str(listed(page, "state")[1])
    assert "svg" in str(listed(page, "picture")[1])
    assert "1 card · 1 sheet" in counts(page)
    assert not offered(page)


def test_printing_without_the_broken_is_a_choice_that_holds_for_those_alone(page: AppTest) -> None:
    drop(page, card("elf.png"), ("map.pdf", b"%PDF-1.7", "application/pdf"))

    press(page, "Print without them")

    assert offered(page)
    assert "1 card that cannot be printed will be missing" in page.warning[0].value

    drop(page, ("other.pdf", b"%PDF-1.4", "application/pdf"))
    assert "other.pdf" in errors(page)
    assert not offered(page)


def test_the_broken_can_be_removed(page: AppTest) -> None:
    drop(page, card("elf.png"), ("map.pdf", b"%PDF-1.7", "application/pdf"))

    press(page, "Remove them")

    assert listed(page) == ["elf.png"]
    assert offered(page)


def test_where_all_are_broken_there_is_nothing_to_print_without_them(page: AppTest) -> None:
    drop(page, ("map.pdf", b"%PDF-1.7", "application/pdf"))

    assert "map.pdf" in errors(page)
    assert "Print without them" not in [button.label for button in page.button]


def test_a_back_on_the_sample_deck_takes_its_backs_place(page: AppTest) -> None:
    press(page, "Try a sample deck")
    assert "13 cards · 2 sheets · 4 pages" in counts(page)

    drop_back(page, card("mine.png"))

    assert "13 cards · 2 sheets · 4 pages" in counts(page)
    assert "mine.png" in captions(page)
    assert offered(page)


def test_own_backs_find_their_fronts_and_one_that_does_not_is_named(page: AppTest) -> None:
    drop(page, card("elf.png"), card("orc.png", 2))

    drop(page, card("elf-back.png", 3), card("bear.png", 4), on="backs")

    assert str(listed(page, "back")[0]) == "elf-back.png"
    assert "1 of 2 own backs have their card" in captions(page)
    assert '"bear.png" has no front of that name' in errors(page)
    assert not offered(page)

    press(page, "Remove these backs")
    assert not page.error
    assert offered(page)


def test_all_cards_are_picked_and_removed(page: AppTest) -> None:
    drop(page, card("elf.png"), card("orc.png", 2))
    press(page, "All")
    assert listed(page, "chosen") == [True, True]

    press(page, "Remove selected")

    assert not page.data_editor
    assert not page.get("download_button")


def test_a_value_is_set_for_all_that_are_picked(page: AppTest) -> None:
    drop(page, card("elf.png"), card("orc.png", 2))
    press(page, "All")

    next(each for each in page.number_input if each.label == "Quantity").set_value(3)
    press(page, "Set for 2 cards")

    assert listed(page, "quantity") == [3, 3]
    assert "6 cards" in counts(page)


def test_a_wrong_value_for_several_is_said_and_nothing_of_it_is_set(page: AppTest) -> None:
    drop(page, card("elf.png"), card("orc.png", 2))
    press(page, "All")

    next(each for each in page.number_input if each.label == "Quantity").set_value(3)
    page.text_input(key="many crop").set_value("2")
    press(page, "Set for 2 cards")

    assert "has no unit" in errors(page)
    assert listed(page, "quantity") == [1, 1]
    assert page.text_input(key="many crop").value == "2"

    page.text_input(key="many crop").set_value("2mm")
    press(page, "Set for 2 cards")

    assert not page.error
    assert listed(page, "quantity") == [3, 3]
    assert listed(page, "crop") == ["2mm", "2mm"]


def test_a_wrong_cell_is_no_longer_complained_of_once_several_are_set(page: AppTest) -> None:
    drop(page, card("elf.png"), card("orc.png", 2))
    stack, seen = table(page), page.session_state["gallery"]
    seen.complaints[stack.ordered()[0].id, "crop"] = "elf.png: crop: 2 has no unit"
    press(page, "All")
    assert not page.error  # the table shows what is right again

    assert offered(page)


def test_what_a_finding_mended_is_not_undone_by_what_was_typed_before(page: AppTest) -> None:
    drop(page, ("map.png", encoded(1, size=(176, 126)), "image/png"))
    before = page.session_state["gallery"].turn

    press(page, "Turn it")

    assert listed(page, "rotate") == ["90"]
    assert page.session_state["gallery"].turn > before  # another table, in which nothing is typed


def test_equal_images_are_named_once_and_become_one_of_several_copies(page: AppTest) -> None:
    drop(page, card("elf.png"), card("elf copy.png"), card("orc.png", 2))
    assert "The same image: elf copy.png, elf.png" in captions(page)

    press(page, "Merge into one, 2 ×")

    assert listed(page) == ["elf copy.png", "orc.png"]
    assert listed(page, "quantity") == [2, 1]
    assert "3 cards" in counts(page)


def test_another_order_shows_at_once(page: AppTest) -> None:
    drop(page, card("b.png"), card("a.png", 2))

    page.selectbox(key=f"order {Order.NATURAL}").set_value(Order.UPLOAD).run()

    assert listed(page) == ["b.png", "a.png"]


def test_a_cards_own_value_that_does_not_go_with_the_sheet_is_named_and_the_sheet_stays(page: AppTest) -> None:
    drop(page, card("elf.png"), card("orc.png", 2))
    stack = table(page)
    stack.set_knob(stack.ordered()[0], "crop", "20mm")
    page.run()
    assert offered(page)

    page.selectbox(key="card").set_value("20mm_circle").run()

    assert 'Override for "elf.png": crop: 20 mm is out of range' in errors(page)
    assert not offered(page)


def test_a_removed_card_takes_its_own_values_along(page: AppTest) -> None:
    drop(page, card("elf.png"), card("orc.png", 2))
    stack = table(page)
    stack.set_knob(stack.ordered()[0], "crop", "2mm")
    stack.remove([stack.ordered()[0].id])

    page.run()

    assert not page.error
    assert offered(page)


# -- the stack itself --


def stack_of(*names: str) -> Stack:
    stack = Stack()
    stack.add(BytesSource(name, name.encode()) for name in names)
    return stack


def names(stack: Stack) -> list[str]:
    return [row.image.name for row in stack.ordered()]


def named(stack: Stack, name: str) -> Row:
    return next(row for row in stack.rows if row.image.name == name)


def test_a_moved_card_makes_the_order_one_by_hand_from_what_was_seen() -> None:
    stack = stack_of("c", "b", "a")

    _table.put(stack, named(stack, "c"), "place", 1)

    assert names(stack) == ["c", "a", "b"]
    assert stack.order is Order.HAND

    stack.shift([named(stack, "a").id, named(stack, "b").id], -1)
    assert names(stack) == ["a", "b", "c"]
    stack.shift([named(stack, "a").id], -1)
    assert names(stack) == ["a", "b", "c"]

    stack.arrange(Order.UPLOAD)
    assert names(stack) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [("quantity", 3, None), ("quantity", 3, 10_001), ("crop", "2mm", "2"), ("source_bleed", "auto", "-")],
)
def test_a_wrong_cell_keeps_what_was_right(column: str, right: object, wrong: object) -> None:
    stack = stack_of("a", "b")
    row = named(stack, "a")
    _table.put(stack, row, column, right)
    before = stack.overrides(), row.quantity

    with pytest.raises((DeckError, SettingError)):
        _table.put(stack, row, column, wrong)

    assert (stack.overrides(), row.quantity) == before


def test_no_card_at_all_cannot_be_wished_for() -> None:
    stack = stack_of("a")

    with pytest.raises(DeckError, match="at least one"):
        _table.put(stack, named(stack, "a"), "quantity", 0)


def test_a_back_is_chosen_by_hand_and_taken_away() -> None:
    stack = stack_of("elf", "orc")
    stack.add_backs([BytesSource("elf", b"1"), BytesSource("bear", b"2")])
    elf, orc = named(stack, "elf"), named(stack, "orc")
    assert [back.image.name for back, _ in stack.lost_backs()] == ["bear"]

    _table.put(stack, orc, "back", "bear")
    assert stack.lost_backs() == []
    assert [place.back and place.back.name for place in stack.places()] == ["elf", "bear"]

    _table.put(stack, elf, "back", _table.COMMON_BACK)
    assert elf.back == COMMON
    assert [back.image.name for back, _ in stack.lost_backs()] == ["elf"]

    _table.put(stack, elf, "back", None)
    assert stack.lost_backs() == []


def test_cards_of_one_name_keep_values_of_their_own() -> None:
    stack = stack_of("elf.png", "more/elf.png", "elf.png")
    for row, crop in zip(stack.rows, ("1mm", "2mm", "3mm"), strict=True):
        stack.set_knob(row, "crop", crop)

    assert {name: own["crop"] for name, own in stack.overrides().items()} == {
        "elf.png": "1mm",
        "elf.png (2)": "3mm",
        "more/elf.png": "2mm",
    }


def test_a_card_whose_own_back_is_broken_cannot_be_printed() -> None:
    stack = stack_of("elf", "orc")
    back = BytesSource("elf-back", b"none")
    stack.add_backs([back])

    stack.broken[back.digest] = "is damaged"

    assert [(row.image.name, why) for row, why in stack.unprintable()] == [("elf", 'its back "elf-back" is damaged')]
    assert [place.name for place in stack.places()] == ["orc"]


def test_a_replaced_image_keeps_what_was_set_for_the_card() -> None:
    stack = stack_of("elf", "orc")
    row = named(stack, "elf")
    stack.set_quantity(row, 4)

    stack.replace(row, BytesSource("elf-new", b"new"))

    assert [(place.name, place.quantity) for place in stack.places()] == [("elf-new", 4), ("orc", 1)]


def test_merged_copies_count_together() -> None:
    stack = Stack()
    stack.add(BytesSource(name, b"same") for name in "abc")
    stack.set_quantity(named(stack, "b"), 2)

    stack.merge_all()

    assert [(place.name, place.quantity) for place in stack.places()] == [("a", 4)]


def test_a_double_click_merges_once() -> None:
    stack = Stack()
    stack.add(BytesSource(name, b"same") for name in "abc")
    (rows,) = stack.twins()

    stack.merge(rows)
    stack.merge(rows)

    assert [(place.name, place.quantity) for place in stack.places()] == [("a", 3)]
