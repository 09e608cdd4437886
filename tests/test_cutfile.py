"""Cut files, read back by ezdxf and by an XML parser, against the sheet that is printed."""

import io
import itertools
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import ezdxf.bbox
import ezdxf.filemanagement
import ezdxf.path
import pytest
from ezdxf.document import Drawing
from ezdxf.entities.circle import Circle
from ezdxf.entities.lwpolyline import LWPolyline
from ezdxf.math import bulge_to_arc
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cardmaker import cutfile
from cardmaker.errors import LayoutError, SettingError
from cardmaker.knobs import sheet_from
from cardmaker.sheet import Sheet
from tests import art, geometry

ROOT = Path(__file__).parent.parent
TOLERANCE_MM = 0.01
SVG = "{http://www.w3.org/2000/svg}"
CUT, ANCHORS = "cut", "anchors-do-not-cut"


@dataclass(frozen=True)
class Cut:
    """A rectangle with round corners, or a circle, from the page's top-left, y down, in mm."""

    x: float
    y: float
    width: float
    height: float
    radius: float

    def numbers(self) -> list[float]:
        return [self.x, self.y, self.width, self.height, self.radius]


# -- DXF --


def document(content: bytes) -> Drawing:
    return ezdxf.filemanagement.read(io.StringIO(content.decode("utf-8")))


def cuts_of_dxf(content: bytes, page_height: float) -> list[Cut]:
    space = document(content).modelspace()
    return [_cut_of(each, page_height) for each in space if each.dxf.layer == CUT]


def _cut_of(entity: object, page_height: float) -> Cut:
    if isinstance(entity, Circle):
        (x, y, _), r = entity.dxf.center, entity.dxf.radius
        return Cut(x - r, page_height - y - r, 2 * r, 2 * r, r)
    assert isinstance(entity, LWPolyline)
    assert entity.closed
    points = [(x, y, bulge) for x, y, bulge in entity.get_points("xyb")]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    box = (min(xs), min(ys), max(xs), max(ys))
    radii = list(_radii(points, box)) or [0.0]
    assert max(radii) - min(radii) < 0.001
    return Cut(box[0], page_height - box[3], box[2] - box[0], box[3] - box[1], radii[0])


def _radii(points: list[tuple[float, float, float]], box: tuple[float, float, float, float]) -> Iterator[float]:
    """Of the four corners, each a quarter circle inside the box, tangent to two of its sides."""
    arcs = 0
    for (x, y, bulge), (x2, y2, _) in itertools.pairwise([*points, points[0]]):
        assert math.hypot(x2 - x, y2 - y) > 0.0005
        if not bulge:
            assert x == pytest.approx(x2, abs=1e-5) or y == pytest.approx(y2, abs=1e-5)
            continue
        assert bulge == pytest.approx(math.tan(math.radians(22.5)), abs=1e-9)
        centre, _, _, radius = bulge_to_arc((x, y), (x2, y2), bulge)
        to_sides = (centre.x - box[0], box[2] - centre.x), (centre.y - box[1], box[3] - centre.y)
        assert [min(pair) for pair in to_sides] == pytest.approx([radius, radius], abs=0.001)
        arcs += 1
        yield radius
    assert arcs in (0, 4)


# -- SVG --


def cuts_of_svg(content: bytes) -> list[Cut]:
    paths = ET.fromstring(content).iter(f"{SVG}path")
    return [_cut_of_path(path.attrib["d"]) for path in paths if path.attrib["class"] == "cut"]


def _cut_of_path(steps: str) -> Cut:
    points, radii = [], set()
    for command, numbers in re.findall(r"([MLAZ])([^MLAZ]*)", steps):
        values = [float(number) for number in numbers.split()]
        if command == "A":
            assert values[0] == values[1]
            # The shorter arc, counter-clockwise as seen: outward on a path that runs that way.
            assert values[2:5] == [0, 0, 0]
            radii.add(values[0])
        points.extend([(values[-2], values[-1])] if values else [])
    assert len(radii) <= 1
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    if len(points) == 3:  # a circle: two halves
        (radius,) = radii
        return Cut(min(xs), ys[0] - radius, max(xs) - min(xs), 2 * radius, radius)
    assert area_above(points) > 0
    return Cut(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys), radii.pop() if radii else 0.0)


def area_above(points: list[tuple[float, float]]) -> float:
    """Positive where the points run counter-clockwise as seen, with y down."""
    pairs = itertools.pairwise([*points, points[0]])
    return sum(x2 * y - x * y2 for (x, y), (x2, y2) in pairs) / 2


# -- both, against the sheet --


def wanted_cuts(sheet: Sheet) -> list[Cut]:
    """By the JSON that scripts read."""
    told = sheet.as_json()
    slots, card = told["slots"], told["card"]
    assert isinstance(slots, list)
    assert isinstance(card, dict)
    radius = card["width_mm"] / 2 if card["circle"] else card["corner_radius_mm"]
    return [Cut(s["x_mm"], s["y_mm"], s["width_mm"], s["height_mm"], radius) for s in slots]


def assert_alike(found: list[Cut], wanted: list[Cut]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one.numbers() == pytest.approx(other.numbers(), abs=TOLERANCE_MM)


def assert_cuts_what_is_printed(sheet: Sheet) -> None:
    wanted = wanted_cuts(sheet)
    assert_alike(cuts_of_dxf(cutfile.dxf(sheet), sheet.height_mm), wanted)
    assert_alike(cuts_of_svg(cutfile.svg(sheet)), wanted)


@pytest.mark.parametrize("variant", geometry.INSETS)
@pytest.mark.parametrize("paper", geometry.PAPERS)
def test_every_presets_cut_files_are_what_the_sheet_says(paper: str, variant: str) -> None:
    made = 0

    for card in geometry.CARDS:
        with suppress(LayoutError):
            assert_cuts_what_is_printed(sheet_from({"paper": paper, "card": card, "variant": variant}))
            made += 1

    assert made >= 20


@pytest.mark.parametrize("name", geometry.SPECIALTIES)
def test_a_specialty_sheets_cut_files_are_what_the_sheet_says(name: str) -> None:
    assert_cuts_what_is_printed(sheet_from({"specialty": name}))


SIDES = st.integers(160, 2000).map(lambda n: n / 10) | st.floats(16, 200)


@settings(max_examples=100, deadline=None)
@given(
    st.tuples(st.floats(90, 350), st.floats(90, 350)),
    st.tuples(SIDES, SIDES),
    st.floats(0, 1) | st.sampled_from([0.0, 1.0]),
    st.sampled_from(["default", "borderless"]),
)
@example((200.0, 280.0), (20.0, 20.0), 0.00001, "default")  # a radius of 0.1 µm is no corner
def test_a_custom_sizes_cut_files_are_what_the_sheet_says(
    paper: tuple[float, float], card: tuple[float, float], roundness: float, variant: str
) -> None:
    radius = math.floor(roundness * min(card) / 2 * 1e4) / 1e4
    wanted = {
        "paper": f"{paper[0]:.4f}mmx{paper[1]:.4f}mm",
        "card": f"{card[0]:.4f}mmx{card[1]:.4f}mm",
        "corner_radius": f"{radius:.4f}mm",
        "variant": variant,
    }
    sheet = None
    with suppress(LayoutError, SettingError):
        sheet = sheet_from(wanted)
    assume(sheet is not None)
    assert sheet is not None

    assert_cuts_what_is_printed(sheet)


@pytest.mark.parametrize(
    "wanted",
    [
        {"card": "40mm_circle"},
        {"card": "26.5mm_circle"},
        {"corner_radius": "0mm"},
        {"corner_radius": "31.5mm"},
        {"card": "88mmx63mm", "corner_radius": "31.5mm"},
        {"card": "70mm_square", "corner_radius": "35mm"},
        {"corner_radius": "31.4999mm"},
    ],
)
def test_cards_round_to_the_last_and_not_at_all_are_cut_as_they_are(wanted: Mapping[str, object]) -> None:
    assert_cuts_what_is_printed(sheet_from(wanted))


# -- the files themselves --


def test_a_dxf_is_r2010_in_millimetres_with_closed_polylines_alone() -> None:
    made = document(cutfile.dxf(sheet_from({})))

    assert (made.dxfversion, made.header["$INSUNITS"], made.header["$MEASUREMENT"]) == ("AC1024", 4, 1)
    assert [(each.dxftype(), each.dxf.layer) for each in made.modelspace()] == [("LWPOLYLINE", CUT)] * 8
    assert made.audit().errors == []


def test_a_dxf_of_round_cards_has_circles_alone() -> None:
    made = document(cutfile.dxf(sheet_from({"card": "40mm_circle"})))

    assert {each.dxftype() for each in made.modelspace()} == {"CIRCLE"}
    assert len(made.modelspace()) == len(sheet_from({"card": "40mm_circle"}).slots)


@pytest.mark.parametrize("wanted", [{}, {"corner_radius": "2.5mm"}, {"paper": "300mmx200mm", "card": "26mm_circle"}])
def test_both_files_carry_the_layout_id(wanted: Mapping[str, object]) -> None:
    sheet = sheet_from(wanted)

    properties = document(cutfile.dxf(sheet)).header.custom_vars.properties
    title = ET.fromstring(cutfile.svg(sheet)).findtext(f"{SVG}title")

    assert properties == [("Cardmaker layout", sheet.layout_name)]
    assert title == sheet.layout_name


@pytest.mark.parametrize(
    ("wanted", "size", "media"),
    [
        ({}, ("279.4mm", "215.9mm", "0 0 279.4 215.9"), None),
        ({"variant": "borderless"}, ("215.9mm", "279.4mm", "0 0 215.9 279.4"), "228.9 x 292.4 mm"),
        ({"paper": "300.1234mmx200mm"}, ("300.1234mm", "200mm", "0 0 300.1234 200"), None),
    ],
)
def test_an_svg_has_the_printed_sheets_size_and_tells_of_a_larger_media(
    wanted: Mapping[str, object], size: tuple[str, str, str], media: str | None
) -> None:
    made = ET.fromstring(cutfile.svg(sheet_from(wanted)))

    assert (made.get("width"), made.get("height"), made.get("viewBox")) == size
    described = made.findtext(f"{SVG}desc") or ""
    assert (media in described) if media else ("media" not in described)


def test_an_svg_has_paths_alone_and_its_anchors_are_never_cut() -> None:
    made = ET.fromstring(cutfile.svg(sheet_from({})))

    drawn = [each for each in made if each.tag not in (f"{SVG}title", f"{SVG}desc")]
    anchors = [each for each in drawn if each.get("class") == "anchor"]
    assert {each.tag for each in drawn} == {f"{SVG}path"}
    assert [(each.get("fill"), each.get("stroke")) for each in anchors] == [("none", "none")] * 2
    assert [each.attrib["d"][: len("M 279.4 215.9")] for each in anchors] == ["M 0 0 l 0.02 ", "M 279.4 215.9"]


def test_the_files_do_not_depend_on_the_process_the_clock_or_the_place(tmp_path: Path) -> None:
    made = []
    # Seeds for which Python goes through the same set in different orders.
    for i, zone in enumerate(("UTC", "Asia/Tokyo", "UTC", "UTC", "UTC", "UTC")):
        home = tmp_path / str(i)
        home.mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TZ": zone,
            "HOME": str(home),
            "PYTHONHASHSEED": str(i * 2),
        }
        for name in ("sheet.dxf", "sheet.svg", "settings.pdf"):
            words = [sys.executable, "-m", "cardmaker", "cutfile", "--quiet", "--skip", "0,4", "--out", name]
            subprocess.run([*words, "--leave-out-skipped"], cwd=home, env=environment, check=True)
        made.append({path.name: path.read_bytes() for path in home.iterdir() if path.is_file()})

    assert set(made[0]) == {"sheet.dxf", "sheet.svg", "settings.pdf"}
    assert all(each == made[0] for each in made)


def test_a_broken_settings_file_of_the_dxf_library_is_named(tmp_path: Path) -> None:
    (tmp_path / "ezdxf.ini").write_text("garbage")
    words = [sys.executable, "-m", "cardmaker", "cutfile", "--out", "sheet.dxf"]

    done = subprocess.run(
        words, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )

    assert done.returncode == 2
    assert "ezdxf.ini" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_layout_gives_another_file() -> None:
    one, other = sheet_from({}), sheet_from({"corner_radius": "2.5mm"})

    assert cutfile.dxf(one) != cutfile.dxf(other)
    assert cutfile.svg(one) != cutfile.svg(other)


# -- skipped slots --


def middle(content: bytes) -> tuple[float, float]:
    """Of all that is in the modelspace: what 'Center to Page' puts into the middle."""
    box = ezdxf.bbox.extents(document(content).modelspace())
    return box.center.x, box.center.y


@pytest.mark.parametrize("skip", [{4}, {0, 4}, {0, 1, 2, 3}])
def test_skipped_slots_are_cut_all_the_same(skip: set[int]) -> None:
    sheet = sheet_from({})

    assert cutfile.dxf(sheet, frozenset(skip)) == cutfile.dxf(sheet)
    assert cutfile.svg(sheet, frozenset(skip)) == cutfile.svg(sheet)


@pytest.mark.parametrize(
    ("skip", "anchored"), [({4}, False), ({1, 6}, False), ({0, 4}, True), ({0, 1, 2, 3}, True), (set(range(7)), True)]
)
def test_left_out_slots_are_not_cut_and_anchors_stand_where_the_extent_shrinks(skip: set[int], anchored: bool) -> None:
    sheet = sheet_from({})
    left = [cut for i, cut in enumerate(wanted_cuts(sheet)) if i not in skip]

    content = cutfile.dxf(sheet, frozenset(skip), leave_out=True)

    assert_alike(cuts_of_dxf(content, sheet.height_mm), left)
    assert_alike(cuts_of_svg(cutfile.svg(sheet, frozenset(skip), leave_out=True)), left)
    others = [each for each in document(content).modelspace() if each.dxf.layer != CUT]
    assert [(each.dxftype(), each.dxf.layer) for each in others] == [("LINE", ANCHORS)] * (2 if anchored else 0)
    assert all(each.dxf.start.distance(each.dxf.end) < 0.05 for each in others)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["letter", "tabloid", "a4"]),
    st.sampled_from(["standard", "40mm_circle", "jumbo"]),
    st.sets(st.integers(0, 40)),
)
def test_the_middle_of_a_file_is_the_middle_of_the_page_whatever_is_left_out(
    paper: str, card: str, skip: set[int]
) -> None:
    sheet = sheet_from({"paper": paper, "card": card})
    there = frozenset(skip) & {slot.index for slot in sheet.slots}
    assume(len(there) < len(sheet.slots))

    for leave_out in (False, True):
        found = middle(cutfile.dxf(sheet, there, leave_out))
        assert found == pytest.approx((sheet.width_mm / 2, sheet.height_mm / 2), abs=0.001)


@pytest.mark.parametrize("make", [cutfile.dxf, cutfile.svg])
@pytest.mark.parametrize("leave_out", [False, True])
@pytest.mark.parametrize(("skip", "says"), [({8}, "has the slots 0 to 7"), (set(range(8)), "all 8 slots are skipped")])
def test_slots_that_are_not_there_and_all_at_once_cannot_be_skipped(
    make: Callable[[Sheet, frozenset[int], bool], bytes], leave_out: bool, skip: set[int], says: str
) -> None:
    with pytest.raises(LayoutError, match=says):
        make(sheet_from({}), frozenset(skip), leave_out)


# -- laid over the print --


def along(content: bytes) -> Iterator[tuple[float, float, float, float]]:
    """Points on the cut lines at most 2 mm apart, y up, with the unit normal outward."""
    for entity in document(content).modelspace():
        points = list(ezdxf.path.make_path(entity).flattening(0.005, segments=16))
        for start, end in itertools.pairwise(points):
            length = start.distance(end)
            if length < 1e-6:
                continue
            steps = math.ceil(length / 2)
            dx, dy = (end.x - start.x) / length, (end.y - start.y) / length
            for i in range(steps):
                x, y = start.x + (end.x - start.x) * i / steps, start.y + (end.y - start.y) * i / steps
                yield x, y, dy, -dx


@pytest.mark.slow
@pytest.mark.parametrize(
    "wanted",
    [
        {"paper": "letter"},
        {"paper": "a4", "variant": "borderless"},
        {"paper": "letter", "card": "39mm_circle"},
        {"paper": "230.7mmx165.3mm", "card": "61.37mmx83.91mm", "corner_radius": "4.2mm"},
    ],
    ids=str,
)
def test_the_cut_line_lies_on_ink_that_reaches_beyond_it_on_both_sides(wanted: Mapping[str, object]) -> None:
    dpi, reach = 600, 0.5
    sheet = sheet_from(wanted)
    cards = [art.dark((745, 1040), seed) for seed in range(len(sheet.slots))]
    page = art.by_pdfium(art.printed(cards, no_label=True, **wanted), 0, dpi)

    samples = list(along(cutfile.dxf(sheet)))

    assert len(samples) > 40 * len(sheet.slots)
    bare = [
        (x, y, off)
        for x, y, outward_x, outward_y in samples
        for off in (-reach, -reach / 2, 0, reach / 2, reach)
        if max(art.colour_at(page, dpi, x + off * outward_x, sheet.height_mm - y - off * outward_y)) > 90
    ]
    assert bare == []


def test_the_overlay_would_see_a_cut_line_that_is_off() -> None:
    sheet = sheet_from({"paper": "230mmx165mm"})
    page = art.by_pdfium(art.printed([art.dark((126, 176))] * len(sheet.slots), paper="230mmx165mm"), 0, 150)

    shifted = [art.colour_at(page, 150, x - 1.2, sheet.height_mm - y) for x, y, _, _ in along(cutfile.dxf(sheet))]

    assert max(max(colour) for colour in shifted) > 250
