"""The panel of the notebooks, by its fields as a person sets them, without a browser."""

import io

import pytest
from PIL import Image

from cardmaker.errors import SettingError
from notebooks.panel import Panel
from tests.benches import Bench


@pytest.fixture
def panel(bench_with: Bench) -> Panel:
    bench = bench_with()
    return Panel(bench, bench.sample(), {"paper": "a4"})


def size(panel: Panel) -> tuple[int, int]:
    return Image.open(io.BytesIO(panel.picture.value)).size


def test_it_begins_with_the_settings_it_is_given(panel: Panel) -> None:
    assert panel.sheet.paper.name == "a4"
    assert panel.sheet.layout_name in panel.words.value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paper", "a3"),
        ("card", "70mmx120mm"),
        ("variant", "borderless"),
        ("marks", "four"),
        ("fit", "cover"),
        ("crop", "5mm"),
        ("skip", "0"),
        ("outline", True),
    ],
)
def test_a_field_changes_the_picture(panel: Panel, name: str, value: str | bool) -> None:
    if name == "fit":
        panel.fields["card"].value = "70mmx70mm"  # where the cards' shape does not fit anyway
    before, request = panel.picture.value, panel.request

    panel.fields[name].value = value

    assert panel.picture.value != before
    assert panel.request.digest != request.digest


def test_the_picture_is_that_of_the_page(panel: Panel, bench_with: Bench) -> None:
    panel.fields["paper"].value = "letter"
    panel.page.value = 2

    expected = bench_with()

    assert panel.picture.value == expected.picture(panel.request, expected.sample(), 1, 60).content


def test_a_wrong_value_says_its_sentence_and_keeps_the_picture(panel: Panel) -> None:
    before, request = panel.picture.value, panel.request

    panel.fields["crop"].value = "3"

    assert "has no unit; write 3mm or 3in" in panel.words.value
    assert panel.picture.value == before
    assert panel.request is request


def test_a_wrong_value_that_is_mended_is_forgotten(panel: Panel) -> None:
    panel.fields["crop"].value = "3"

    panel.fields["crop"].value = "3mm"

    assert "unit" not in panel.words.value
    assert panel.settings["crop"] == "3mm"


def test_a_card_that_fits_no_sheet_says_so(panel: Panel) -> None:
    panel.fields["card"].value = "400mmx400mm"

    assert "does not fit" in panel.words.value
    assert panel.sheet.card.name == "standard"


def test_what_is_typed_is_never_markup(panel: Panel) -> None:
    panel.fields["paper"].value = "<script>alert(1)</script>"

    assert "&lt;script" in panel.words.value
    assert "<script" not in panel.words.value


def test_fewer_pages_show_the_last_one(panel: Panel) -> None:
    panel.fields["card"].value = "jumbo"
    panel.page.value = panel.page.max

    panel.fields["card"].value = "mini"

    assert panel.page.value == panel.page.max == 2
    assert "page 2 of 2" in panel.words.value


def test_settings_that_are_wrong_from_the_beginning_are_refused(bench_with: Bench) -> None:
    bench = bench_with()

    with pytest.raises(SettingError, match="unknown"):
        Panel(bench, bench.sample(), {"paper": "papyrus"})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"skip": [5, 4]}, {"skip": "4,5"}),
        ({"skip": 0}, {"skip": "0"}),
        ({"fit": "Cover", "marks": " four "}, {"fit": "cover", "marks": "four"}),
        ({"fit": None, "variant": "", "crop": None}, {"fit": "stretch", "variant": "default", "crop": ""}),
        ({"outline": True}, {"outline": True}),
    ],
)
def test_settings_may_be_all_that_a_request_takes(
    bench_with: Bench, given: dict[str, object], shown: dict[str, object]
) -> None:
    bench = bench_with()
    deck = bench.sample()

    panel = Panel(bench, deck, given)
    panel.page.value = 2  # whatever makes it read its fields

    assert {name: panel.fields[name].value for name in shown} == shown
    assert panel.request.digest == bench.request(deck, given).digest


@pytest.mark.parametrize(
    "given", [{"layout": "a3-poker-v2"}, {"specialty": "letter-commander"}], ids=["layout", "specialty"]
)
def test_a_whole_sheet_may_be_given_by_its_name(bench_with: Bench, given: dict[str, object]) -> None:
    bench = bench_with()
    deck = bench.sample()
    panel = Panel(bench, deck, given)

    panel.fields["crop"].value = "1mm"

    assert panel.request.digest == bench.request(deck, {**given, "crop": "1mm"}).digest
    assert panel.fields["paper"].placeholder == panel.sheet.paper.name


def test_an_empty_field_shows_what_it_comes_to(panel: Panel) -> None:
    panel.fields["paper"].value = ""

    assert panel.fields["paper"].placeholder == panel.sheet.paper.name == "letter"
    assert panel.fields["card"].placeholder == "standard"


def test_a_tall_page_is_seen_whole_beside_the_words(panel: Panel) -> None:
    panel.fields["paper"].value = "a3"

    left, right = panel._view.children
    assert panel.words in left.children
    assert right.children == (panel.picture,)
    assert panel.picture.layout.max_height == "600px"


def test_knobs_without_a_field_are_kept(bench_with: Bench) -> None:
    bench = bench_with()

    panel = Panel(bench, bench.sample(), {"title": "Elves", "inset": "12mm"})

    assert panel.request.printing.title == "Elves"
    assert panel.sheet.marks.inset_mm == 12
