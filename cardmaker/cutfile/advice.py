"""What to type and to do beside the sheet: in the machine's software, at the cut, at the printer.

Values for the settings card and for the page alike, in words for people; lengths in mm and inches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from cardmaker import clearance, imposition
from cardmaker.sheet import DEFAULT_INSET_MM, MarkKind, Sheet, Variant
from cardmaker.spec import Flip, MarksOn, PrintSettings, RenderRequest, check_skip
from cardmaker.units import MM_PER_INCH, format_number

_KINDS = {
    MarkKind.THREE: "Type 1: a square and two Ls",
    MarkKind.FOUR: "Four Ls (Cameo 5 Alpha, Cameo Pro MK-II)",
}
_MOST_RUNS = 40
_DECIMALS = 4  # as many as a layout's name has


class Topic(StrEnum):
    SHEET = "Sheet"
    PAGE = "Silhouette Studio: page setup"
    MARKS = "Silhouette Studio: registration marks"
    CUT = "Cut"
    PRINT = "Print"
    MIND = "Mind"


@dataclass(frozen=True, slots=True)
class Fact:
    """`code` is the stable name that programs read; `title`, `value` and `note` are for people."""

    code: str
    topic: Topic
    title: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CutRequest:
    """A sheet, what is printed around its cards, and whether the cut file leaves skipped slots out. `sheets` and
    `pages` are None as long as no deck is known. Raises LayoutError for a slot that is not there."""

    sheet: Sheet
    printing: PrintSettings = field(default_factory=PrintSettings)
    leave_out: bool = False
    sheets: int | None = None
    pages: int | None = None

    def __post_init__(self) -> None:
        check_skip(self.sheet, self.printing.skip)

    @classmethod
    def of(cls, request: RenderRequest, *, leave_out: bool = False) -> CutRequest:
        """That of a document."""
        sheets, pages, _ = imposition.count(request)
        return cls(request.sheet, request.printing, leave_out, sheets, pages)

    @property
    def has_backs(self) -> bool | None:
        return None if self.pages is None else self.pages != self.sheets


def advice(request: CutRequest) -> tuple[Fact, ...]:
    """All there is to know for printing and cutting that sheet, in the order of the work."""
    return (
        *_about_sheet(request),
        *_about_print(request),
        *_about_page(request),
        *_about_marks(request),
        *_about_cut(request),
        *_about_risks(request),
    )


def _about_sheet(request: CutRequest) -> Iterator[Fact]:
    sheet, topic = request.sheet, Topic.SHEET
    yield Fact("layout", topic, "Layout", sheet.layout_name, "stands on the label and in the cut file as well")
    yield Fact("cards", topic, "Cards", f"{sheet.columns} across, {sheet.rows} down", _card_words(sheet))
    if sheet.is_published:
        yield Fact("template", topic, "Template", f"{sheet.layout_name}.studio3", "published; or use the cut file")
    else:
        yield Fact("template", topic, "Template", "none is published", "use the cut file")


def _about_print(request: CutRequest) -> Iterator[Fact]:
    sheet, topic, printing = request.sheet, Topic.PRINT, request.printing
    paper = f"{sheet.paper.name}, {sheet.orientation}"
    yield Fact("paper", topic, "Paper", paper, _size(sheet.width_mm, sheet.height_mm))
    yield Fact("scale", topic, "Size", "actual size, 100 %", "never 'fit to page'")
    yield Fact("pages", topic, "Pages", _page_words(request))
    if request.has_backs is False:
        return
    condition = " if you print backs" if request.has_backs is None else ""
    yield Fact("flip", topic, "Both sides", f"flip on the {_edge(printing.flip)} edge{condition}")


def _about_page(request: CutRequest) -> Iterator[Fact]:
    sheet, topic = request.sheet, Topic.PAGE
    width, height = sheet.media_in_machine_mm
    more = width + height - sheet.width_mm - sheet.height_mm
    trick = more > 0.001 and sheet.marks.kind is not MarkKind.NONE
    note = f"{format_number(more / 2)} mm more than the paper: the borderless trick" if trick else ""
    yield Fact("media-width", topic, "Media width", length_words(width), note)
    yield Fact("media-height", topic, "Media height", length_words(height), note)
    yield Fact("orientation", topic, "Orientation", sheet.marks.orientation.value, _turn_words(request))


def _about_marks(request: CutRequest) -> Iterator[Fact]:
    marks, topic = request.sheet.marks, Topic.MARKS
    if marks.kind is MarkKind.NONE:
        yield Fact("marks", topic, "Marks", "off", "none are printed: the machine cannot find the cards")
        return
    yield Fact("marks", topic, "Marks", _KINDS[marks.kind])
    yield Fact("length", topic, "Length", length_words(marks.length_mm))
    yield Fact("thickness", topic, "Thickness", length_words(marks.thickness_mm))
    if request.sheet.variant is Variant.BORDERLESS:
        note = f"of the larger media; {length_words(marks.inset_mm)} on paper"
        yield Fact("inset", topic, "Inset", length_words(DEFAULT_INSET_MM), note)
    else:
        yield Fact("inset", topic, "Inset", length_words(marks.inset_mm))


def _about_cut(request: CutRequest) -> Iterator[Fact]:
    topic, printing = Topic.CUT, request.printing
    yield Fact("import", topic, "Cut file", "open it as it is", "no scaling; ungrouping is not needed")
    if request.sheet.is_turned:
        yield Fact("turn", topic, "Turn", "rotate it a quarter clockwise", "as the paper lies in the machine")
    if mirror := _mirror_words(request):
        yield Fact("mirror", topic, "Mirror", mirror, "the back shows the empty slots mirrored")
    yield Fact("centre", topic, "Place", "select all, then 'Center to Page'")
    if printing.marks_on is MarksOn.BACK:
        yield Fact("side", topic, "Side up", "the back", "it alone carries the marks")
    else:
        yield Fact("side", topic, "Side up", "the front", "the side with the label, where there is one")
    yield Fact("skipped", topic, "Skipped slots", *_skip_words(request))


def _about_risks(request: CutRequest) -> Iterator[Fact]:
    for finding in clearance.findings(request.sheet, request.printing):
        yield Fact(finding.code, Topic.MIND, "Mind", finding.message)
    if request.sheet.marks.drawn and request.printing.marks_on is MarksOn.BACK and request.has_backs is False:
        yield Fact(
            "no-marks", Topic.MIND, "Mind", "the marks are set on backs alone, and the deck has none: print them"
        )


def _skip_words(request: CutRequest) -> tuple[str, str]:
    skip = request.printing.skip
    if not skip:
        return "none", ""
    note = "not in the cut file" if request.leave_out else "empty on paper; the machine cuts there all the same"
    return _runs(skip), note


def _runs(slots: frozenset[int]) -> str:
    """`0, 4 to 7`; only the first runs of very many."""
    runs: list[list[int]] = []
    for slot in sorted(slots):
        if runs and slot == runs[-1][-1] + 1:
            runs[-1][1:] = [slot]
        else:
            runs.append([slot])
    words = [" to ".join(map(str, run)) for run in runs[:_MOST_RUNS]]
    return ", ".join(words) + (f" ... {len(slots)} in all" if len(runs) > _MOST_RUNS else "")


def _page_words(request: CutRequest) -> str:
    if request.pages is None or request.sheets is None:
        return "all pages of the PDF"
    sheets = f"{request.sheets} sheet{'s' if request.sheets > 1 else ''}"
    if request.has_backs:
        return f"1 to {request.pages}: {sheets}, each a front and its back"
    return f"{f'1 to {request.pages}' if request.pages > 1 else 'page 1'}: {sheets}, fronts only"


def _mirror_words(request: CutRequest) -> str:
    """A back up shows the fronts' slots mirrored; that matters only where the cut file lacks some."""
    printing, sheet = request.printing, request.sheet
    if printing.marks_on is not MarksOn.BACK or not (request.leave_out and printing.skip):
        return ""
    _, upside_down = imposition.back_slot(sheet, sheet.slots[0], printing.flip)
    over_top = upside_down != request.sheet.is_turned
    return "flip it top to bottom" if over_top else "flip it left to right"


def _turn_words(request: CutRequest) -> str:
    if not request.sheet.is_turned:
        return "as printed"
    return "turn the printed sheet a quarter clockwise to load it"


def _edge(flip: Flip) -> str:
    return "long" if flip is Flip.LONG else "short"


def _card_words(sheet: Sheet) -> str:
    if sheet.card.circle:
        return f"circles of {length_words(sheet.card.width_mm)}"
    corner = format_number(sheet.corner_radius_mm, _DECIMALS)
    return f"{_size(sheet.card.width_mm, sheet.card.height_mm)}, corners {corner} mm"


def _size(width_mm: float, height_mm: float) -> str:
    inches = f"{_inches(width_mm)} x {_inches(height_mm)} in"
    return f"{format_number(width_mm, _DECIMALS)} x {format_number(height_mm, _DECIMALS)} mm ({inches})"


def length_words(mm: float) -> str:
    """`10 mm (0.394 in)`."""
    return f"{format_number(mm, _DECIMALS)} mm ({_inches(mm)} in)"


def _inches(mm: float) -> str:
    return format_number(mm / MM_PER_INCH, 3)
