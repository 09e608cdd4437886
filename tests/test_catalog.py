import pytest

from cardmaker import catalog
from cardmaker.errors import SettingError
from tests import geometry


def in_mm(size: geometry.Size) -> tuple[float, float]:
    return size[0] / 1000, size[1] / 1000


def test_the_catalogue_has_these_papers_cards_and_specialty_sheets_and_no_others() -> None:
    assert set(catalog.papers()) == set(geometry.PAPERS)
    assert set(catalog.cards()) == set(geometry.CARDS)
    assert set(catalog.specialties()) == set(geometry.SPECIALTIES)


@pytest.mark.parametrize("name", geometry.PAPERS)
def test_a_paper_has_its_size_in_landscape(name: str) -> None:
    paper = catalog.paper(name)

    assert paper.name == name
    assert (paper.width_mm, paper.height_mm) == pytest.approx(in_mm(geometry.PAPERS[name]))


@pytest.mark.parametrize("name", geometry.CARDS)
def test_a_card_has_its_size_and_corner(name: str) -> None:
    card = catalog.card(name)

    circle = name.endswith("_circle")
    width, height = in_mm(geometry.CARDS[name])
    radius = width / 2 if circle else geometry.RADII.get(name, geometry.mm(3)) / 1000
    assert (card.name, card.circle) == (name, circle)
    assert (card.width_mm, card.height_mm, card.radius_mm) == pytest.approx((width, height, radius))


@pytest.mark.parametrize("name", geometry.SPECIALTIES)
def test_a_specialty_sheet_is_a_hundred_cards_on_a_portrait_page(name: str) -> None:
    sheet = catalog.specialty(name)

    paper, size, radius = geometry.SPECIALTIES[name]
    card = sheet.card
    assert (sheet.paper.name, sheet.orientation, sheet.columns, sheet.rows) == (paper, "portrait", 10, 10)
    assert (card.width_mm, card.height_mm, card.radius_mm) == pytest.approx((*in_mm(size), radius / 1000))


@pytest.mark.parametrize(("alias", "name"), geometry.PAPER_ALIASES.items())
def test_a_paper_answers_to_its_other_name(alias: str, name: str) -> None:
    assert catalog.paper(alias) == catalog.paper(name)


@pytest.mark.parametrize(("alias", "name"), geometry.CARD_ALIASES.items())
def test_a_card_answers_to_its_other_name(alias: str, name: str) -> None:
    assert catalog.card(alias) == catalog.card(name)


@pytest.mark.parametrize("text", ["euro_poker", "Euro Poker", " EURO-POKER ", "euro-poker"])
def test_names_are_read_without_regard_to_case_blanks_and_hyphens(text: str) -> None:
    assert catalog.card(text).name == "standard"


def test_a_custom_paper_lies_in_landscape_however_it_is_written() -> None:
    upright, lying = catalog.paper("200mmx300mm"), catalog.paper("300mm x 20cm")

    assert upright == lying
    assert (upright.name, upright.width_mm, upright.height_mm) == ("300mmx200mm", 300, 200)


def test_a_custom_card_keeps_its_own_way_up() -> None:
    card = catalog.card("70mmx120mm")

    assert (card.name, card.width_mm, card.height_mm, card.radius_mm) == ("70mmx120mm", 70, 120, 3)
    assert catalog.card("120mmx70mm").width_mm == 120


@pytest.mark.parametrize("text", ["26mm_circle", "26mm circle", "2.6cm_circle", "26MM-Circle", "26 mm circle"])
def test_a_custom_circle_is_known_by_its_diameter(text: str) -> None:
    card = catalog.card(text)

    assert card.circle
    assert (card.name, card.width_mm, card.height_mm, card.radius_mm) == ("26mm_circle", 26, 26, 13)


def test_a_custom_size_may_start_with_its_decimal_point() -> None:
    card = catalog.card(".5inx1in")

    assert (card.width_mm, card.height_mm) == pytest.approx((12.7, 25.4))


@pytest.mark.parametrize("text", ["foolscap", "", "a5", "letter2", "letter;", "standard"])
def test_an_unknown_paper_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(SettingError, match=r"letter.*arch_b.*300mmx200mm"):
        catalog.paper(text)


@pytest.mark.parametrize("text", ["magic", "", "letter", "mm_circle"])
def test_an_unknown_card_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(SettingError, match=r"standard.*tarot.*70mmx120mm"):
        catalog.card(text)


def test_an_unknown_specialty_sheet_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingError, match="letter-commander, a4-commander"):
        catalog.specialty("legal-commander")


@pytest.mark.parametrize("text", ["letter-commander", "Letter Commander", "letter_commander"])
def test_a_specialty_sheet_is_found_however_its_name_is_spelt(text: str) -> None:
    assert catalog.specialty(text).name == "letter-commander"


@pytest.mark.parametrize("text", ["300x200", "300mmx200", "70x120"])
def test_a_custom_size_without_units_is_refused(text: str) -> None:
    for read in (catalog.paper, catalog.card):
        with pytest.raises(SettingError, match="has no unit"):
            read(text)


def test_a_circle_without_a_unit_is_refused() -> None:
    with pytest.raises(SettingError, match="has no unit"):
        catalog.card("25_circle")


@pytest.mark.parametrize("text", ["20mmx300mm", "300mmx2001mm", "3000inx200in", "0mmx300mm"])
def test_a_paper_out_of_all_reason_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="out of range; a side has 50 to 2000 mm"):
        catalog.paper(text)


@pytest.mark.parametrize("text", ["7mmx50mm", "50mmx2001mm", "0mmx0mm", "7mm_circle"])
def test_a_card_out_of_all_reason_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="out of range; a side has 8 to 2000 mm"):
        catalog.card(text)


def test_published_templates_have_these_versions_and_no_others() -> None:
    published = {
        (paper, card, variant): version
        for paper in catalog.papers()
        for card in catalog.cards()
        for variant in geometry.INSETS
        if (version := catalog.template_version(paper, card, borderless=variant == "borderless"))
    }

    expected = {key: int(name.rpartition("-v")[2]) for key, name in geometry.TEMPLATES.items()}
    assert published == expected
