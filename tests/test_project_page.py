"""Saving and opening a project without a browser: what the page says and offers, and what comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cardmaker import knobs
from cardmaker.deck import Artwork
from cardmaker.source import BytesSource
from cardmaker.workbench import Workbench, document_digest
from pages import _operator, _ui
from pages._stack import COMMON, Order, Stack
from tests.test_gallery import Upload, captions, card, drop, drop_back, errors, listed, table
from tests.test_pages import counts

ROOT = Path(__file__).parent.parent
BENCH = Workbench()


@pytest.fixture
def blank() -> Iterator[Callable[[], AppTest]]:
    pages: list[AppTest] = []

    def make() -> AppTest:
        pages.append(AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30).run())
        return pages[-1]

    yield make
    assert not any(page.exception for page in pages)


@pytest.fixture
def deck(blank: Callable[[], AppTest]) -> AppTest:
    """Three cards by hand, one with copies, a back and a crop of its own, and a form that is set."""
    page = drop(blank(), card("elf.png", 1), card("orc.png", 2), card("imp.png", 3))
    drop_back(page, card("back.png", 4))
    drop(page, card("elf-back.png", 5), card("other.png", 6), on="backs")
    stack = table(page)
    elf, orc, imp = stack.rows
    stack.set_quantity(elf, 3)
    stack.set_knob(orc, "crop", "1mm")
    stack.set_back(orc, stack.backs[1].id)
    stack.set_back(imp, COMMON)
    stack.move([imp.id], 0)
    page.selectbox(key="paper").set_value("a4")
    page.selectbox(key="card").set_value("poker")
    page.text_input(key="back_crop").set_value("2mm")
    page.text_input(key="source_bleed").set_value("auto")
    page.text_input(key="name").set_value("My elves")
    page.selectbox(key="backs_fit").set_value("cover")
    page.multiselect(key="skip").set_value([2])
    page.toggle(key="label").set_value(False)
    return page.run()


def form(page: AppTest) -> dict[str, object]:
    """What the fields say."""
    names = {knob.name for knob in knobs.KNOBS} | {"name", "paper-size", "card-size", "label-text"}
    return {name: page.session_state[name] for name in sorted(names) if name in page.session_state}


def saved(page: AppTest, name: str = "elves.cardmaker") -> Upload:
    """The file that the button gives; the test of the browser presses it."""
    return name, BENCH.save_project(table(page).project(settings_of(page))), ""


def settings_of(page: AppTest) -> dict[str, object]:
    """The form's settings as the page last drew the button with."""
    found: dict[str, object] = page.session_state["saving"]
    return found


def choose(page: AppTest, upload: Upload) -> AppTest:
    place = next(each for each in page.file_uploader if str(each.key).split(" ")[0] == "project")
    return place.set_value(upload).run()


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remembers in the session what a press would save."""

    def project(stack: Stack, settings: dict[str, object]) -> object:
        st.session_state["saving"] = settings
        return original(stack, settings)

    original = Stack.project
    monkeypatch.setattr(Stack, "project", project)
    monkeypatch.setattr(_ui, "workbench", lambda: BENCH)


def test_an_empty_page_opens_a_project_and_has_none_to_save(blank: Callable[[], AppTest]) -> None:
    page = blank()

    assert not page.get("download_button")
    assert any(str(each.key) == "project" for each in page.file_uploader)
    assert not any("replaces" in text for text in captions(page).splitlines())


def test_all_comes_back_in_another_session(deck: AppTest, blank: Callable[[], AppTest]) -> None:
    before, upload = table(deck), saved(deck)

    page = choose(blank(), upload)

    after = table(page)
    assert not page.error
    assert form(page) == form(deck)
    assert counts(page) == counts(deck)
    assert listed(page) == listed(deck) == ["imp.png", "elf.png", "orc.png"]
    assert listed(page, "back") == listed(deck, "back")
    assert (after.order, after.overrides()) == (Order.HAND, {"orc.png": {"crop": "1mm"}})
    assert [row.quantity for row in after.ordered()] == [row.quantity for row in before.ordered()]
    assert "elves.cardmaker is open, 3 cards" in captions(page)
    assert saved(page)[1] == upload[1]


def test_a_project_replaces_what_is_there_and_says_so_before(deck: AppTest, blank: Callable[[], AppTest]) -> None:
    upload = saved(deck)
    page = drop(blank(), card("troll.png", 9))
    page.text_input(key="crop").set_value("9").run()
    page.selectbox(key="paper").set_value("tabloid").run()
    assert "It replaces the cards and settings" in captions(page)

    choose(page, upload)

    assert not page.error
    assert listed(page) == ["imp.png", "elf.png", "orc.png"]
    assert form(page) == form(deck)
    table(page).arrange(Order.UPLOAD)
    assert [row.image.name for row in table(page).ordered()] == ["elf.png", "orc.png", "imp.png"]


def test_what_is_no_project_is_one_sentence_and_all_stays(deck: AppTest) -> None:
    before = form(deck)

    choose(deck, ("elves.cardmaker", b"PK\x03\x04 no more", ""))

    assert '"elves.cardmaker": is a damaged ZIP' in errors(deck)
    assert len(listed(deck)) == 3
    assert form(deck) == before


def test_a_project_dropped_on_the_fronts_opens_where_nothing_is_there(
    deck: AppTest, blank: Callable[[], AppTest]
) -> None:
    renamed = saved(deck, "elves.zip")

    page = drop(blank(), renamed)

    assert not page.error
    assert len(listed(page)) == 3
    drop(page, renamed)
    assert "is a saved project; choose it under Open project" in errors(page)
    assert len(listed(page)) == 3


AS_TYPED: tuple[dict[str, object], ...] = (
    {"specialty": "letter-commander"},
    {"layout": "cm1-letter-standard-r2.5"},
    {"paper": "300mm x 200mm", "card": "70mmx120mm", "marks": "four"},
    {"paper": "A4", "variant": "borderless", "marks_on": "front", "flip": "short", "outline": True},
    {"inset": "12mm", "rotate": 90, "backs_rotate": 0, "label": "elves", "registration_orientation": "portrait"},
    {"marks_on": "both", "label": False, "title": "Orcs", "skip": "1,2", "back_fit": "contain"},
)


def test_settings_as_the_command_line_names_them_fill_the_form_and_leave_nothing_behind(
    deck: AppTest, blank: Callable[[], AppTest]
) -> None:
    page = blank()

    for settings in AS_TYPED:
        wanted = table(deck).project({"title": "deck", **settings})
        choose(page, ("p.cardmaker", BENCH.save_project(wanted), ""))

        assert not page.error
        stack = table(page)
        artwork = BENCH.arranged(stack.places(), stack.common)
        own = {"overrides": stack.overrides()}
        shown = BENCH.request(artwork, {**settings_of(page), **own})
        assert shown.digest == BENCH.request(artwork, {**wanted.settings, **own}).digest


def test_the_operator_warms_the_document_that_the_page_would_print(deck: AppTest) -> None:
    upload, stack = saved(deck), table(deck)

    artwork, settings = _operator._opened(BytesSource(upload[0], upload[1]))

    def digest(of: Artwork, by: dict[str, object]) -> str:
        return document_digest(BENCH.request(of, by))

    on_page = BENCH.arranged(stack.places(), stack.common)
    assert digest(artwork, settings) == digest(on_page, {**settings_of(deck), "overrides": stack.overrides()})
