"""Findings about one card face: the image's facts beside the card it shall fill."""

from __future__ import annotations

from collections.abc import Iterator

from cardmaker.artwork import Conversion, Transparency, View, source_bleed
from cardmaker.errors import one_line
from cardmaker.finding import Finding, Severity
from cardmaker.spec import TileSpec
from cardmaker.units import format_number

# Below the first a print looks coarse at reading distance, below the second fine text does. A card of 745 pixels on
# 2.5 inches is sold as 300 and has 298.
COARSE_PPI, FINE_PPI = 200, 300
_ROUNDED = 0.99
DISTORTED_PERCENT = 3.0
# Cutters drift by some tenths of a millimetre; with less ink than this beyond the trim the paper shows.
SMALL_BLEED_MM = 0.25
# Of 255: white paper beside anything darker is seen at arm's length.
_DARK_LUMA = 96
_SIDES = ("left", "top", "right", "bottom")
_CONVERTED = {
    Conversion.PROFILE: "has a colour profile of its own and is converted to sRGB",
    Conversion.CMYK_PROFILE: "is in CMYK and is converted to sRGB through its profile",
    Conversion.CMYK: "is in CMYK without a profile; its colours are converted by a plain formula and may be off",
    Conversion.HDR: "is a high dynamic range image; what is brighter than paper is clipped",
}


def about(name: str, spec: TileSpec, view: View) -> Iterator[Finding]:
    """All findings about that face, in a fixed order. `name` is the card's display name."""
    for make in (_source_bleed, _resolution, _shape, _orientation, _bleed, _lines, _transparency, _conversion, _frames):
        yield from make(name, spec, view)


def _finding(
    name: str, code: str, severity: Severity, what: str, remedy: str, value: float | None = None, shared: str = ""
) -> Finding:
    end = f"; {remedy}" if remedy else ""
    return Finding(
        code,
        f'"{one_line(name)}" {what}{end}',
        card=name,
        severity=severity,
        value=value,
        shared=(shared or what.replace("has ", "have ", 1).replace("is ", "are ", 1)) + end,
    )


def _source_bleed(name: str, spec: TileSpec, view: View) -> Iterator[Finding]:
    """What was found out where the settings leave it to us."""
    if spec.settings.source_bleed_mm is None:
        facts = view.facts
        found = source_bleed.detect(facts.width_px, facts.height_px, spec.width_mm, spec.height_mm)
        yield _finding(name, "source-bleed", Severity.NOTE, found.reason, "", value=found.bleed_mm)


def _resolution(name: str, _: TileSpec, view: View) -> Iterator[Finding]:
    facts, area = view.facts, view.area
    ppi = 25.4 * min(facts.width_px / area.width_mm, facts.height_px / area.height_mm)
    if ppi < FINE_PPI * _ROUNDED:
        coarse = ppi < COARSE_PPI * _ROUNDED
        wanted = COARSE_PPI if coarse else FINE_PPI
        yield _finding(
            name,
            "low-ppi",
            Severity.WARNING if coarse else Severity.NOTE,
            f"has {ppi:.0f} ppi at this size, less than {wanted}",
            "give a larger image" if coarse else "fine text may look soft",
            value=round(ppi, 1),
            shared=f"have less than {wanted} ppi at this size",
        )


def _shape(name: str, _: TileSpec, view: View) -> Iterator[Finding]:
    facts, area = view.facts, view.area
    across, down = area.width_mm / facts.width_px, area.height_mm / facts.height_px
    percent = 100 * (max(across, down) / min(across, down) - 1)
    if percent >= DISTORTED_PERCENT:
        # What the image would have to be for its visible part to fill the card.
        has, needs = facts.width_px / facts.height_px, area.width_mm / area.height_mm
        yield _finding(
            name,
            "distortion",
            Severity.WARNING,
            f"is stretched by {percent:.1f} percent: it is {format_number(has, 3)} wide for a height of 1, and the "
            f"card wants {format_number(needs, 3)}",
            "use fit cover or contain, or turn it by rotate",
            value=round(percent, 2),
            shared="are stretched by 3 percent or more",
        )


def _orientation(name: str, spec: TileSpec, view: View) -> Iterator[Finding]:
    image = _lies(view.facts.width_px, view.facts.height_px)
    card = _lies(spec.width_mm, spec.height_mm)
    if image and card and image != card:
        yield _finding(
            name,
            "orientation",
            Severity.WARNING,
            f"is a {image} image on a {card} card",
            "turn it by rotate",
            shared=f"are {image} ones on {card} cards",
        )


def _lies(width: float, height: float) -> str:
    """Empty for what is as good as square."""
    if abs(width - height) <= 0.05 * max(width, height):
        return ""
    return "landscape" if width > height else "portrait"


def _bleed(name: str, spec: TileSpec, view: View) -> Iterator[Finding]:
    bleed_mm, edges = spec.settings.bleed_mm or 0.0, view.facts.edges
    if edges is None or bleed_mm >= SMALL_BLEED_MM:
        return
    if sides := [side for side, luma in zip(_SIDES, edges.luma, strict=True) if luma < _DARK_LUMA]:
        yield _finding(
            name,
            "no-bleed",
            Severity.WARNING,
            f"has a dark edge ({', '.join(sides)}) and {format_number(bleed_mm)} mm of bleed: "
            "where the cutter drifts, white paper shows",
            "leave the bleed at half the gap, or give images with bleed",
            value=bleed_mm,
            shared="have a dark edge and next to no bleed: where the cutter drifts, white paper shows",
        )


def _lines(name: str, _: TileSpec, view: View) -> Iterator[Finding]:
    if view.facts.edges is None:
        return
    lines = view.facts.edges.lines_px
    if any(lines):
        sides = ", ".join(side for side, line in zip(_SIDES, lines, strict=True) if line)
        yield _finding(
            name,
            "border-line",
            Severity.WARNING,
            f"has an odd line of {max(lines)} px along its edge ({sides}), which its bleed repeats",
            "crop a little off its edges, or mend the image",
            value=max(lines),
            shared="have an odd line of a few pixels along an edge, which their bleed repeats",
        )


def _transparency(name: str, _: TileSpec, view: View) -> Iterator[Finding]:
    where = view.facts.transparency
    if where is Transparency.CORNERS:
        yield _finding(
            name,
            "transparent-corners",
            Severity.NOTE,
            "has transparent corners, which are printed white",
            "cut with a corner radius at least as large, or fill them",
        )
    elif where is Transparency.ELSEWHERE:
        yield _finding(name, "transparency", Severity.NOTE, "has transparent parts, which are printed white", "")


def _conversion(name: str, _: TileSpec, view: View) -> Iterator[Finding]:
    if view.facts.conversion:
        yield _finding(name, "converted", Severity.NOTE, _CONVERTED[view.facts.conversion], "")


def _frames(name: str, _: TileSpec, view: View) -> Iterator[Finding]:
    if view.facts.has_more_frames:
        yield _finding(
            name,
            "frames",
            Severity.WARNING,
            "is animated or has several pages",
            "the first one is printed",
        )
