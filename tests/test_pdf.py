"""The document's structure, read back by pikepdf: boxes, preferences, what stands there once, what never does."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Name

from tests import art

ROOT = Path(__file__).parent.parent
PT = 72 / 25.4


@contextmanager
def opened(document: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(document)) as pdf:
        yield pdf
        assert pdf.check_pdf_syntax() == []


def duplex(count: int = 3, **settings: object) -> bytes:
    artwork = art.deck_of([art.solid((i, 90, 160)) for i in range(count)], back=art.solid(art.RED))
    return art.pdf(art.request(artwork, **settings), artwork)


def operations(page: pikepdf.Page) -> list[tuple[list[pikepdf.Object], str]]:
    """Operands and operator of each instruction."""
    found = []
    for instruction in pikepdf.parse_content_stream(page):
        assert isinstance(instruction, pikepdf.ContentStreamInstruction)
        found.append((list(instruction.operands), str(instruction.operator)))
    return found


@pytest.mark.parametrize(
    ("settings", "width_mm", "height_mm"),
    [
        ({"paper": "a4"}, 297, 210),
        ({"paper": "letter"}, 279.4, 215.9),
        ({"paper": "tabloid"}, 279.4, 431.8),
        ({"paper": "a4", "variant": "borderless"}, 210, 297),
        ({"paper": "301.5mmx200mm"}, 301.5, 200),
    ],
)
def test_the_boxes_are_the_sheet_to_a_hundredth_of_a_point(
    settings: dict[str, object], width_mm: float, height_mm: float
) -> None:
    with opened(duplex(3, **settings)) as pdf:
        boxes = [[float(v) for v in box] for page in pdf.pages for box in (page.mediabox, page.trimbox)]

    assert len(boxes) == 4
    for box in boxes:
        assert box == pytest.approx([0, 0, width_mm * PT, height_mm * PT], abs=0.005)


def test_an_a4_page_is_84189_by_59528_points() -> None:
    with opened(duplex(paper="a4")) as pdf:
        assert [round(float(v), 2) for v in pdf.pages[0].mediabox] == [0, 0, 841.89, 595.28]


def test_no_page_is_turned_or_scaled_by_an_entry_of_its_own() -> None:
    with opened(duplex()) as pdf:
        for page in pdf.pages:
            assert not {"/Rotate", "/UserUnit", "/CropBox", "/BleedBox", "/ArtBox"} & page.obj.keys() - {"/Rotate"}
            assert int(page.obj.get("/Rotate", 0)) == 0


@pytest.mark.parametrize(
    ("flip", "has_back", "expected"),
    [
        ("long", True, "/DuplexFlipLongEdge"),
        ("short", True, "/DuplexFlipShortEdge"),
        ("long", False, "/Simplex"),
        ("short", False, "/Simplex"),
    ],
)
def test_viewers_are_told_to_print_at_actual_size_and_on_which_sides(flip: str, has_back: bool, expected: str) -> None:
    document = duplex(flip=flip) if has_back else art.printed([art.solid(art.RED)], flip=flip)

    with opened(document) as pdf:
        wishes = pdf.Root.ViewerPreferences

        assert wishes.PrintScaling == Name("/None")
        assert wishes.Duplex == Name(expected)
        assert wishes.PickTrayByPDFSize == True  # noqa: E712 - pikepdf's own kind of object


def test_the_output_intent_is_srgb() -> None:
    with opened(duplex()) as pdf:
        (intent,) = pdf.Root.OutputIntents
        profile = intent.DestOutputProfile

        assert Name("/GTS_PDFA1") == intent.S
        assert "sRGB" in str(intent.OutputConditionIdentifier)
        assert profile.N == 3
        assert profile.read_bytes() == (ROOT / "cardmaker" / "srgb.icc").read_bytes()


@pytest.mark.parametrize("title", ["Mon été (final)", "デッキ \N{DRAGON}", "a" * 200])
def test_the_title_takes_any_unicode(title: str) -> None:
    with opened(duplex(title=title)) as pdf:
        assert str(pdf.docinfo.Title) == title


def test_a_title_is_one_line() -> None:
    with opened(duplex(title="tab\tand\nline \ud800")) as pdf:
        assert str(pdf.docinfo.Title) == "tab and line"


def test_a_document_says_nothing_of_when_where_and_by_whom_it_was_made() -> None:
    with opened(duplex()) as pdf:
        info = {key: str(value) for key, value in pdf.docinfo.items()}

    assert info["/CreationDate"] == info["/ModDate"]
    assert info["/CreationDate"].startswith("D:2000")
    assert info["/Author"] == info["/Subject"] == info["/Keywords"] == ""


def test_the_only_font_is_embedded_as_a_subset() -> None:
    with opened(duplex(label="Ünïcödé λ Ж")) as pdf:
        fonts = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"]
        programs = [font.FontDescriptor.FontFile2.read_bytes() for font in fonts]
        known = [set(page.resources.get("/Font", {}).keys()) for page in pdf.pages]
        used = [{str(operands[0]) for operands, operator in operations(page) if operator == "Tf"} for page in pdf.pages]

        assert fonts
        assert all(re.match(r"/[A-Z]{6}\+", str(font.BaseFont)) for font in fonts)
        assert all(0 < len(program) < 100_000 for program in programs)
        assert all(programs)
    assert b"Helvetica" not in duplex(label="words")
    assert used[0]
    assert used[0] <= known[0]
    assert used[1] == set()  # a back says nothing


def test_without_a_label_there_is_no_font_at_all() -> None:
    with opened(duplex(no_label=True)) as pdf:
        assert not [e for e in pdf.objects if isinstance(e, pikepdf.Dictionary) and e.get("/Type") == "/Font"]


def test_marks_labels_and_outlines_are_vectors_in_device_grey_zero() -> None:
    with opened(duplex(outline=True)) as pdf:
        for page in pdf.pages:
            steps = operations(page)
            # What is painted after the last image is drawn around the cards.
            last_image = max(i for i, (_, operator) in enumerate(steps) if operator == "Do")
            drawn = steps[last_image + 1 :]
            greys = [float(str(operands[0])) for operands, operator in drawn if operator in ("g", "G")]
            used = {operator for _, operator in drawn}

            assert greys
            assert set(greys) == {0.0}
            assert not used & {"rg", "RG", "k", "K", "cs", "CS", "sc", "scn", "SC", "SCN", "Do", "gs", "sh", "BI"}
            assert {"S", "re"} <= used


def test_a_common_back_and_equal_fronts_stand_in_the_file_once() -> None:
    card, back = art.jpeg(art.corners()), art.jpeg(art.dark((126, 176)))
    artwork = art.deck_of([card] * 11, back=back)

    document = art.pdf(art.request(artwork), artwork)

    assert document.count(card) == document.count(back) == 1
    with opened(document) as pdf:
        placed = [operator for page in pdf.pages for operands, operator in operations(page) if operator == "Do"]
        names = [set(page.resources.XObject.keys()) for page in pdf.pages]
    assert len(placed) == 22 * 5  # the image and four strips
    assert [len(each) for each in names] == [5] * 4
    assert names[0] == names[2] != names[1] == names[3]


def test_a_card_that_is_its_own_back_stands_there_once() -> None:
    card = art.jpeg(art.corners())
    artwork = art.deck_of([card], backs={0: card})

    assert art.pdf(art.request(artwork), artwork).count(card) == 1


def test_nothing_is_transparent() -> None:
    see_through = art.corners().convert("RGBA")
    see_through.putalpha(120)
    artwork = art.deck_of([see_through, art.encoded(see_through, "WEBP")], back=see_through.quantize(9))

    with opened(art.pdf(art.request(artwork), artwork)) as pdf:
        for each in pdf.objects:
            if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
                assert not {"/SMask", "/Mask", "/ca", "/CA", "/BM", "/Group"} & each.keys()
                assert each.get("/Filter") != "/JPXDecode"


def test_every_offset_in_the_cross_reference_table_is_right() -> None:
    document = duplex(5)

    start = int(document.rsplit(b"startxref\n", 1)[1].split()[0])
    head, *rows = document[start:].split(b"trailer")[0].splitlines()[1:]
    assert document[start : start + 4] == b"xref"
    assert int(head.split()[1]) == len(rows) > 10
    for number, row in enumerate(rows[1:], start=1):
        offset = int(row.split()[0])
        assert document[offset : offset + 40].startswith(b"%d 0 obj" % number)


def test_every_stream_is_as_long_as_it_says() -> None:
    document = duplex(5)

    lengths = [(m.end(), int(m[1])) for m in re.finditer(rb"/Length (\d+)[^>]*?>>\s*stream\r?\n", document)]

    assert len(lengths) == document.count(b"endstream") > 10
    for start, length in lengths:
        assert document[start + length :].lstrip(b"\r\n").startswith(b"endstream")


# -- determinism --


def test_two_runs_give_equal_bytes() -> None:
    assert duplex(title="x") == duplex(title="x")


@pytest.mark.slow
def test_two_processes_with_other_hash_seeds_clocks_and_locales_give_equal_bytes() -> None:
    script = """
import hashlib
from tests import art
artwork = art.deck_of([art.edged((90, 120)), art.jpeg(art.photo((90, 120))), art.corners().convert("LA")],
                      back=art.encoded(art.photo((90, 120)), "WEBP"))
print(hashlib.sha256(art.pdf(art.request(artwork, skip=[5, 2], label="x", outline=True), artwork)).hexdigest())
"""
    digests = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"), ("77", "America/New_York")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        digests.append(done.stdout)

    assert len(digests[0]) == 65
    assert len(set(digests)) == 1


def test_different_requests_have_different_ids() -> None:
    ids = []
    variants: list[dict[str, object]] = [
        {},
        {"title": "x"},
        {"skip": [1]},
        {"flip": "short"},
        {"bleed": "0.1mm"},
        {"paper": "a4"},
    ]
    for settings in variants:
        with opened(duplex(3, **settings)) as pdf:
            ids.append(bytes(pdf.trailer.ID[0]))
            assert bytes(pdf.trailer.ID[0]) == bytes(pdf.trailer.ID[1])

    assert len(set(ids)) == len(ids)


def test_file_names_do_not_shape_the_bytes() -> None:
    card = art.encoded(art.corners())
    decks = [art.deck_of([art.source(stem, card)]) for stem in ("one", "two")]

    first, second = (art.pdf(art.request(deck), deck) for deck in decks)

    assert first == second


# -- pages --


def test_pages_come_front_then_back_sheet_by_sheet() -> None:
    document = duplex(11)

    says = art.texts(document)

    assert len(says) == 4
    assert "sheet 1/2" in says[0]
    assert "sheet 2/2" in says[2]
    assert says[1] == says[3] == ""
