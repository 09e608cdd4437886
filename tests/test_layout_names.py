"""Layout names: one for each geometry, and the way back from a name to the sheet."""

import re
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cardmaker import sheet
from cardmaker.catalog import CardSize, Paper
from cardmaker.errors import InputError, LayoutError, SettingError
from cardmaker.knobs import sheet_from
from cardmaker.sheet import MarkKind, Orientation, Sheet, SheetOptions, Variant
from tests import geometry

PRESETS = [
    {"paper": paper, "card": card, "variant": variant}
    for paper in geometry.PAPERS
    for card in geometry.CARDS
    for variant in geometry.INSETS
]


def shape(made: Sheet) -> tuple[object, ...]:
    """All that the machine and the printer see, as `sheet --json` tells it, but for names."""
    told = made.as_json()
    card = told["card"]
    assert isinstance(card, dict)
    return repr({k: v for k, v in told.items() if k not in ("layout_name", "paper", "card")}), *list(card.values())[1:]


def few(*values: float) -> st.SearchStrategy[float]:
    return st.sampled_from(values)


def lengths(low: float, high: float) -> st.SearchStrategy[float]:
    """Of any fineness: as a slider, a person, or a conversion from inches would give them."""
    fine = st.floats(low, high)
    sixteenths = fine.map(lambda mm: min(max(round(mm / 25.4 * 16) * 25.4 / 16, low), high))
    return fine | sixteenths | fine.map(lambda mm: round(mm, 1))


CARDS = st.one_of(
    st.builds(CardSize, st.just("mine"), few(63, 63.00004, 59, 40, 40.00001), few(88, 86, 40, 40.1), few(3, 1, 20)),
    st.builds(CardSize, st.just("mine"), lengths(8, 120), lengths(8, 120), st.just(3.0)),
    (few(25.4, 25.40001, 25) | lengths(8, 60)).map(lambda d: CardSize("mine", d, d, d / 2, circle=True)),
)
PAPERS = st.builds(Paper, st.just("mine"), few(279.4, 297) | lengths(210, 600), few(215.9, 210) | lengths(150, 300))
OPTIONS = st.builds(
    SheetOptions,
    PAPERS,
    CARDS,
    st.sampled_from(Variant),
    st.sampled_from(MarkKind),
    st.none() | few(10, 15.875) | lengths(10, 40),
    few(1, 0.5) | lengths(0.5, 1),
    st.none() | few(5, 8.075) | lengths(5, 20),
    st.none() | few(0, 3, 4) | lengths(0, 60),
    st.none() | st.sampled_from(Orientation),
)


def solved(options: SheetOptions) -> Sheet | None:
    with suppress(InputError):
        return sheet.solve(options)
    return None


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(OPTIONS)
def test_a_name_gives_the_very_sheet_back(options: SheetOptions) -> None:
    made = solved(options)
    assume(made is not None)
    assert made is not None

    again = sheet.named(made.layout_name)

    assert again == made


@settings(max_examples=150, deadline=None)
@given(st.lists(OPTIONS, min_size=2, max_size=8))
def test_names_are_equal_exactly_where_the_geometry_is(asked: list[SheetOptions]) -> None:
    made = [one for options in asked if (one := solved(options))]

    names, shapes = {one.layout_name for one in made}, {shape(one) for one in made}

    assert len({(one.layout_name, shape(one)) for one in made}) == len(names) == len(shapes)


@settings(max_examples=200, deadline=None)
@given(OPTIONS)
def test_a_name_is_safe_in_a_files_name(options: SheetOptions) -> None:
    made = solved(options)

    assert made is None or re.fullmatch(r"[a-z0-9][a-z0-9._-]{4,90}", made.layout_name)


def test_every_preset_and_specialty_sheet_comes_back_from_its_name() -> None:
    wanted: list[Mapping[str, object]] = [*PRESETS, *({"specialty": name} for name in geometry.SPECIALTIES)]
    made = []
    for each in wanted:
        with suppress(LayoutError):
            made.append(sheet_from(each))

    again = [sheet.named(one.layout_name) for one in made]

    assert again == made
    assert len({one.layout_name for one in made}) == len(made) > 200


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"corner_radius": "2.5mm"}, "cm1-letter-standard-r2.5"),
        ({"corner_radius": "0mm"}, "cm1-letter-standard-r0"),
        ({"marks": "four"}, "cm1-letter-standard-four"),
        ({"marks": "none", "thickness": "0.5mm", "mark_length": "5mm"}, "cm1-letter-standard-nomarks"),
        ({"inset": "0.625in"}, "cm1-letter-standard-i15.875"),
        ({"thickness": "0.5mm"}, "cm1-letter-standard-t0.5"),
        ({"mark_length": "12mm"}, "cm1-letter-standard-l12"),
        ({"registration_orientation": "portrait"}, "cm1-letter-standard-portrait"),
        (
            {"paper": "tabloid", "marks": "four", "registration_orientation": "landscape", "inset": "11mm"},
            "cm1-tabloid-standard-four-i11-landscape",
        ),
        ({"variant": "borderless", "thickness": "0.5mm"}, "cm1-letter-standard-borderless-t0.5"),
        ({"paper": "200mmx300mm", "card": "70mmx120mm"}, "cm1-300x200-70x120"),
        ({"paper": "300.1234mmx200mm", "card": "26mm_circle"}, "cm1-300.1234x200-c26"),
        ({"card": "25mm_circle"}, "cm1-letter-25mm_circle"),
        ({"specialty": "letter-commander"}, "cm1-letter-commander"),
        ({"specialty": "a4-commander", "corner_radius": "1mm"}, "cm1-a4-commander-r1"),
    ],
)
def test_an_own_name_says_what_differs(asked: Mapping[str, object], name: str) -> None:
    assert sheet_from(asked).layout_name == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"card": "63mmx88mm", "corner_radius": "2mm"}, {"corner_radius": "2mm"}),
        ({"card": "japanese", "corner_radius": "3mm"}, {"card": "59mmx86mm"}),
        ({"mark_length": "8.075mm"}, {}),
        ({"paper": "8.5inx11in", "marks": "four"}, {"marks": "four"}),
        ({"card": "40mmx40mm", "corner_radius": "20mm"}, {"card": "40mm_circle"}),
        ({"card": "16.86mmx23.54mm", "corner_radius": "0.8mm"}, {"specialty": "letter-commander"}),
        ({"marks": "none", "registration_orientation": "portrait"}, {"marks": "none"}),
        ({"corner_radius": "2.50004mm"}, {"corner_radius": "2.5mm"}),
    ],
)
def test_one_geometry_is_one_sheet_however_it_was_asked_for(
    one: Mapping[str, object], other: Mapping[str, object]
) -> None:
    assert sheet_from(one) == sheet_from(other)


def test_an_id_is_read_without_regard_to_case_and_blanks() -> None:
    assert sheet.named(" CM1-Letter-Standard-R2.50 ") == sheet_from({"corner_radius": "2.5mm"})


def test_a_published_geometry_is_also_found_by_an_own_name() -> None:
    assert sheet.named("cm1-letter-standard").layout_name == "letter-standard-v6"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", r'layout "" is no layout id; copy it from'),
        ("letter", "is no layout id"),
        ("cm-letter-standard-1a2b3c4d", "is no layout id"),
        ("cm1-letter", "is no layout id"),
        ("cm1-letter-standard-x9", "is no layout id"),
        ("cm1-letter-standard-r2.5-i11", "is no layout id"),
        ("cm1-letter-70.12345x120", r'names a card that we do not know, "70\.12345x120"'),
        ("cm1-foolscap-standard", 'names a paper that we do not know, "foolscap"'),
        ("cm2-letter-standard-r2.5", "comes from rules 2, and this version knows 1 alone"),
        ("letter-standard-v5", "is not the current version, v6, and the geometry of others is not known"),
        ("letter-standard-v7", "is not the current version, v6"),
        ("a3-standard-borderless-v2", "is no published template that we know"),
        ("letter-magic-v1", "is no published template that we know"),
        ("cm1-letter-commander-borderless", "is a specialty sheet, which has no borderless variant"),
        ("cm1-letter-standard-r40", "corner radius: 40 mm is out of range; it goes from 0 to 31.5 mm"),
        ("cm1-letter-standard-i9", "mark inset: 9 mm is out of range"),
        ("cm1-letter-c26-r2", "a circle has no corner radius"),
        ("cm1-letter-900x900", "900 x 900 mm card .* does not fit letter"),
        ("cm1-10x10-standard", "paper: 10 mm is out of range"),
        ("x\n" * 300, "is no layout id"),
    ],
)
def test_an_id_that_stands_for_no_sheet_is_refused_with_the_reason(name: str, says: str) -> None:
    with pytest.raises(LayoutError, match=says) as refused:
        sheet.named(name)

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


def test_a_radius_is_not_rounded_up_beyond_half_the_card() -> None:
    options = SheetOptions(Paper("", 279.4, 215.9), CardSize("", 31.75011, 60, 3), corner_radius_mm=15.87505)

    made = sheet.solve(options)

    assert made.corner_radius_mm <= made.card.width_mm / 2
    assert sheet.named(made.layout_name) == made


def test_a_radius_beyond_half_the_card_is_refused() -> None:
    with pytest.raises(SettingError, match=r"corner radius: 31\.6 mm is out of range; it goes from 0 to 31\.5 mm"):
        sheet_from({"corner_radius": "31.6mm"})
