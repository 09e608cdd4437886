import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardmaker.errors import SettingError
from cardmaker.units import format_number, mm_to_pt, mm_to_px, parse_length, parse_size, pt_to_mm


@pytest.mark.parametrize(
    ("text", "expected_mm"),
    [
        ("3mm", 3.0),
        ("0.125in", 3.175),
        ("1.2 cm", 12.0),
        ("72pt", 25.4),
        ('2.5"', 63.5),
        ("1inch", 25.4),
        ("  3 MM ", 3.0),
        (".5in", 12.7),
        ("3.mm", 3.0),
        ("-1mm", -1.0),
        ("+1mm", 1.0),
        ("0mm", 0.0),
    ],
)
def test_a_length_is_read_as_millimetres(text: str, expected_mm: float) -> None:
    assert parse_length(text) == pytest.approx(expected_mm, abs=1e-12)


@pytest.mark.parametrize("text", ["3", "3.5", " 3 ", "0", "-2", ".5"])
def test_a_length_without_a_unit_is_refused_with_both_ways_to_write_it(text: str) -> None:
    with pytest.raises(SettingError) as refused:
        parse_length(text, "crop")

    number = text.strip()
    assert str(refused.value) == f'crop "{number}" has no unit; write {number}mm or {number}in'


@pytest.mark.parametrize(
    "text",
    ["", "mm", "three mm", "3m", "3px", "3%", "1e3mm", "nanmm", "infmm", "3mm2", "3mm 4mm", "3,5mm", "٣"],
)
def test_what_is_no_length_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingError, match=r"^bleed "):
        parse_length(text, "bleed")


def test_a_length_too_long_to_be_a_number_is_refused() -> None:
    with pytest.raises(SettingError, match="is not a length"):
        parse_length("9" * 400 + "mm")


def test_a_refusal_stays_on_one_line() -> None:
    with pytest.raises(SettingError) as refused:
        parse_length("3\nmm\x1b[2J", "crop")

    assert str(refused.value).isprintable()


@pytest.mark.parametrize("text", ["300mmx200mm", "300mm x 200mm", "30cmX20cm", "300mm×200mm", " 300 mm x 20cm"])
def test_a_size_is_read_as_width_and_height(text: str) -> None:
    assert parse_size(text) == (300.0, 200.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("300x200mm", "paper: width"),
        ("300mmx200", "paper: height"),
        ("300mm", "WIDTHxHEIGHT"),
        ("1mmx2mmx3mm", "WIDTHxHEIGHT"),
        ("x", "paper: width"),
    ],
)
def test_a_size_that_lacks_something_is_refused_by_the_part_that_lacks_it(text: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        parse_size(text, "paper")


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (3.0, 2, "3"),
        (3.10, 2, "3.1"),
        (86.36, 2, "86.36"),
        (1.005e-3, 2, "0"),
        (-0.001, 2, "0"),
        (-1.5, 2, "-1.5"),
        (100.0, 2, "100"),
        (100.0, 0, "100"),
        (0.625, 3, "0.625"),
    ],
)
def test_a_number_is_shown_without_idle_digits(value: float, digits: int, shown: str) -> None:
    assert format_number(value, digits) == shown


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 5000), st.sampled_from(["mm", "cm", "in", "pt"]))
def test_a_length_means_the_same_in_every_unit(value_mm: float, unit: str) -> None:
    per_unit = {"mm": 1, "cm": 10, "in": 25.4, "pt": 25.4 / 72}[unit]

    read = parse_length(f"{value_mm / per_unit:.9f}{unit}")

    assert math.isclose(read, value_mm, abs_tol=1e-7)


@settings(max_examples=100, deadline=None)
@given(st.floats(-5000, 5000))
def test_points_and_millimetres_are_each_others_inverse(value_mm: float) -> None:
    assert math.isclose(pt_to_mm(mm_to_pt(value_mm)), value_mm, abs_tol=1e-9)


def test_an_inch_is_72_points_and_dpi_pixels() -> None:
    assert mm_to_pt(25.4) == pytest.approx(72)
    assert mm_to_px(25.4, 300) == pytest.approx(300)


def test_pixels_are_not_rounded() -> None:
    assert mm_to_px(63, 300) == pytest.approx(744.0945, abs=1e-4)


@pytest.mark.parametrize("text", ["٣mm", "\N{FULLWIDTH DIGIT NINE}mm"])
def test_digits_of_other_scripts_are_no_length(text: str) -> None:
    with pytest.raises(SettingError, match="is not a length"):
        parse_length(text)


def test_an_endless_length_is_not_repeated_in_full() -> None:
    with pytest.raises(SettingError) as caught:
        parse_length("9" * 5000)

    assert len(str(caught.value)) < 300
