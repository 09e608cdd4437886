"""The label at the sheet's edge: found on the page as what differs from the same page without it."""

import io

import pikepdf
import pytest
from PIL import ImageChops

from cardmaker.render import Result, render
from cardmaker.sheet import Rect, Sheet
from cardmaker.spec import RenderRequest
from tests import art

DPI = 200
LONG = "the quick brown fox jumps over the lazy dog " * 4
# Ink is found to a pixel of 0.13 mm; letters differ in their ascenders and descenders by 0.6 mm.
PIXEL_MM, LINE_MM = 0.13, 0.7


def made(**settings: object) -> tuple[RenderRequest, bytes, Result]:
    artwork = art.deck_of([art.solid((i, 90, 160)) for i in range(9)], back=art.solid(art.RED))
    wanted, sink = art.request(artwork, **settings), io.BytesIO()
    result = render(wanted, artwork.images, sink)
    return wanted, sink.getvalue(), result


def label_ink(page: int, /, **settings: object) -> Rect | None:
    """Where the label's ink is, in mm; None where there is none."""
    with_label = art.by_pdfium(made(**settings)[1], page, DPI)
    without = art.by_pdfium(made(**{**settings, "label": None, "no_label": True})[1], page, DPI)
    box = ImageChops.difference(with_label, without).getbbox()
    if box is None:
        return None
    left, top, right, bottom = (side / DPI * 25.4 for side in box)
    return Rect(left, top, right - left, bottom - top)


def size_pt(document: bytes) -> float:
    with pikepdf.open(io.BytesIO(document)) as pdf:
        (size,) = [
            float(str(instruction.operands[1]))
            for instruction in pikepdf.parse_content_stream(pdf.pages[0])
            if str(instruction.operator) == "Tf"
        ]
    return size


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x_mm < other.right_mm
        and other.x_mm < one.right_mm
        and one.y_mm < other.bottom_mm
        and other.y_mm < one.bottom_mm
    )


def obstacles(sheet: Sheet, bleed_mm: float = 0.625) -> list[Rect]:
    """The cards with their bleed, the quiet zones, and both arms of every mark."""
    marks, found = sheet.marks, []
    for slot in sheet.slots:
        t = slot.trim
        found.append(Rect(t.x_mm - bleed_mm, t.y_mm - bleed_mm, t.width_mm + 2 * bleed_mm, t.height_mm + 2 * bleed_mm))
    for mark in marks.drawn:
        zone = sheet.quiet_zone(mark.corner)
        half, long = marks.thickness_mm / 2, marks.length_mm
        x = zone.x_mm - half if mark.corner.is_left else zone.right_mm - long
        y = zone.y_mm - half if mark.corner.is_top else zone.bottom_mm - long
        line_y = zone.y_mm - half if mark.corner.is_top else zone.bottom_mm - half
        line_x = zone.x_mm - half if mark.corner.is_left else zone.right_mm - half
        found += [zone, Rect(x, line_y, long + half, 2 * half), Rect(line_x, y, 2 * half, long + half)]
    return found


# Where the short side opposite the square is.
SIDES = [
    ({"paper": "letter"}, "right"),
    ({"paper": "a4"}, "right"),
    ({"paper": "tabloid"}, "bottom"),
    ({"paper": "a4", "variant": "borderless"}, "bottom"),
    ({"paper": "a4", "registration_orientation": "portrait"}, "right"),  # the square is bottom-left
    ({"paper": "tabloid", "registration_orientation": "landscape"}, "top"),  # the square is bottom-left
    ({"specialty": "letter-commander"}, "bottom"),
]


@pytest.mark.parametrize(("settings", "side"), SIDES)
@pytest.mark.parametrize("words", ["", LONG])
def test_the_label_is_centred_on_the_short_side_opposite_the_square_8_mm_from_the_edge(
    settings: dict[str, object], side: str, words: str
) -> None:
    wanted, _, _ = made(**settings)
    sheet = wanted.sheet

    ink = label_ink(0, **settings, label=words)

    assert ink is not None
    middle_x, middle_y = ink.x_mm + ink.width_mm / 2, ink.y_mm + ink.height_mm / 2
    along, across = (middle_y, middle_x) if side == "right" else (middle_x, middle_y)
    if side == "right":
        across = sheet.width_mm - across
    if side == "bottom":
        across = sheet.height_mm - across
    assert across == pytest.approx(8, abs=LINE_MM)
    assert along == pytest.approx(min(sheet.width_mm, sheet.height_mm) / 2, abs=LINE_MM)
    assert not [place for place in obstacles(sheet) if overlap(ink, place)]


def test_the_label_gives_sheet_number_layout_and_words() -> None:
    wanted, document, _ = made(label="Möbius λ")

    says = [page.replace("\r\n", " ") for page in art.texts(document)]

    assert says[0] == f"sheet 1/2 · {wanted.sheet.layout_name} · Möbius λ"
    assert says[2] == f"sheet 2/2 · {wanted.sheet.layout_name} · Möbius λ"
    assert says[0].count("letter-standard-v6") == 1


def test_the_label_stands_on_fronts_only() -> None:
    assert label_ink(0) is not None
    assert label_ink(1) is None
    assert label_ink(2) is not None


def test_a_label_is_9_6_points_then_shrinks_then_ends_in_an_ellipsis() -> None:
    short, longer, too_long = (made(label=words) for words in ("x", "word " * 24, "w" * 200))

    assert size_pt(short[1]) == pytest.approx(9.6, abs=0.01)
    assert 6 <= size_pt(longer[1]) < 9.5
    assert "…" not in art.texts(longer[1])[0]
    assert size_pt(too_long[1]) == pytest.approx(6, abs=0.05)
    assert art.texts(too_long[1])[0].endswith("w…")
    assert [f.code for f in too_long[2].findings if f.code.startswith("label")] == ["label-cut"]
    assert not [f for f in longer[2].findings if f.code.startswith("label")]


def test_borderless_letter_has_no_label_but_a_finding() -> None:
    _, document, result = made(variant="borderless", label="words")

    assert art.texts(document)[0] == ""
    assert [f.code for f in result.findings if f.code.startswith("label")] == ["label-no-room"]
    assert not [f for f in made(variant="borderless", no_label=True)[2].findings if f.code.startswith("label")]


@pytest.mark.parametrize(
    ("words", "missing"),
    [("測試", "測試"), ("Dragon \N{DRAGON}", "\N{DRAGON}"), ("\N{HANGUL SYLLABLE GA} ok", "\N{HANGUL SYLLABLE GA}")],
)
def test_characters_that_the_font_lacks_give_a_finding(words: str, missing: str) -> None:
    _, document, result = made(label=words)

    (finding,) = [f for f in result.findings if f.code == "label-glyphs"]
    assert missing in finding.message
    assert "sheet 1/2" in art.texts(document)[0]


@pytest.mark.parametrize(
    "words",
    ["a\x00b", "line\nline", "\x1b[31mred", "\N{RIGHT-TO-LEFT OVERRIDE}abc", "\ud800 lone", "e\u0301", "(\\", "%)"],
)
def test_no_character_in_label_or_title_breaks_the_document(words: str) -> None:
    _, document, _ = made(label=words, title=words)

    with pikepdf.open(io.BytesIO(document)) as pdf:
        assert pdf.check_pdf_syntax() == []
    said = art.texts(document)[0]
    assert said.startswith("sheet 1/2")
    assert all(ord(c) >= 32 for c in said.replace("\r\n", ""))


@pytest.mark.parametrize(
    "settings", [{"paper": p, "card": c} for p in ("letter", "a3", "arch_b") for c in ("micro", "tarot", "40mm_circle")]
)
def test_a_long_label_never_touches_cards_or_marks(settings: dict[str, object]) -> None:
    wanted, _, _ = made(**settings)

    ink = label_ink(0, **settings, label=LONG)

    assert ink is None or not [place for place in obstacles(wanted.sheet) if overlap(ink, place)]


@pytest.mark.slow
@pytest.mark.parametrize("words", ["\N{LATIN CAPITAL LETTER A WITH BREVE AND HOOK ABOVE}" * 3, "gjpqyQ", "\u06b8"])
def test_the_tallest_letters_stay_clear_of_the_cards_where_the_label_just_fits(words: str) -> None:
    narrow = {"card": "70mmx25mm", "label": words}
    fits = [mm / 10 for mm in range(1040, 1090) if label_ink(0, paper=f"150mmx{mm / 10}mm", **narrow)]

    settings: dict[str, object] = {"paper": f"150mmx{fits[0]}mm", **narrow}
    ink = label_ink(0, **settings)

    assert ink is not None
    assert not [place for place in obstacles(made(**settings)[0].sheet, 0.655) if overlap(ink, place)]
