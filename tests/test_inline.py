"""Values that show themselves in a notebook, by the methods that it asks for."""

import base64
import io
import re
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree

import pytest
from PIL import Image

from cardmaker import catalog, sheet
from cardmaker.artwork import thumbnail
from cardmaker.cache import Stats, Tier
from cardmaker.deck import Artwork, assemble
from cardmaker.errors import ImageError
from cardmaker.finding import Finding, Findings, Severity
from cardmaker.sheet import MarkKind, Sheet, SheetOptions
from cardmaker.source import BytesSource
from cardmaker.workbench import Workbench
from tests.benches import Bench

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<script>alert("x")</script>&"'


def a_sheet(marks: MarkKind = MarkKind.THREE, card: str = "poker") -> Sheet:
    return sheet.solve(SheetOptions(catalog.papers()["a4"], catalog.cards()[card], marks=marks))


def shapes(of: Sheet, kind: str) -> list[ElementTree.Element]:
    return [each for each in ElementTree.fromstring(of._repr_svg_()).iter() if each.get("class") == kind]


def pictures(html: str) -> list[Image.Image]:
    return [
        Image.open(io.BytesIO(base64.b64decode(data)))
        for data in re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    ]


def png(name: str, colour: str) -> BytesSource:
    stream = io.BytesIO()
    Image.new("RGB", (126, 176), colour).save(stream, "PNG")
    return BytesSource(name, stream.getvalue())


def test_a_sheet_shows_every_slot_where_it_lies() -> None:
    shown = a_sheet()

    drawn = [
        tuple(float(each.get(name, "")) for name in ("x", "y", "width", "height")) for each in shapes(shown, "slot")
    ]

    trims = [slot.trim for slot in shown.slots]
    assert drawn == [pytest.approx((t.x_mm, t.y_mm, t.width_mm, t.height_mm), abs=0.001) for t in trims]


@pytest.mark.parametrize(("kind", "count"), [(MarkKind.THREE, 3), (MarkKind.FOUR, 4), (MarkKind.NONE, 0)])
def test_a_sheet_shows_its_marks_and_the_quiet_zone_of_each(kind: MarkKind, count: int) -> None:
    shown = a_sheet(kind)

    assert len(shapes(shown, "mark")) == len(shapes(shown, "quiet")) == count


def test_a_sheet_of_circles_shows_circles() -> None:
    shown = shapes(a_sheet(card=circle()), "slot")

    assert all(float(each.get("rx", "")) == pytest.approx(float(each.get("width", "")) / 2) for each in shown)


def circle() -> str:
    return next(name for name, card in catalog.cards().items() if card.circle)


def test_a_sheet_says_its_name_and_its_grid() -> None:
    shown = a_sheet()

    title = ElementTree.fromstring(shown._repr_svg_()).findtext(f"{SVG}title", "")

    assert shown.layout_name in title
    assert f"{shown.columns} × {shown.rows} poker" in title


def test_a_deck_shows_a_picture_of_each_card_and_of_the_back(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = bench.deck([png("red.png", "red"), png("lime.png", "lime")], png("back.png", "blue"))

    shown = artwork._repr_html_() or ""

    centres = [picture.convert("RGB").getpixel((5, 5)) for picture in pictures(shown)]
    assert [max(range(3), key=lambda i, c=c: c[i]) for c in centres] == [0, 1, 2]  # type: ignore[misc]
    assert "red.png" in shown
    assert "2 cards" in shown


def test_a_card_that_cannot_be_printed_shows_why_and_the_others_show() -> None:
    broken = BytesSource("broken.png", b"no image")
    artwork = assemble([png("red.png", "red"), broken])
    with pytest.raises(ImageError) as refused:
        thumbnail(broken, 100)

    shown = artwork._repr_html_() or ""

    assert len(pictures(shown)) == 1
    assert "broken.png" in shown
    assert escape(refused.value.reason) in shown


def test_copies_are_counted_and_a_long_deck_is_not_shown_whole() -> None:
    fronts = [png(f"{i}.png", f"#0000{i:02x}") for i in range(70)]

    shown = assemble(fronts, quantities={"3": 4})._repr_html_() or ""

    assert len(pictures(shown)) == 60
    assert "4 × 3.png" in shown
    assert "73 cards" in shown
    assert "the first 60 are shown" in shown


def test_what_came_from_outside_is_text_and_never_markup(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = bench.deck([png(f"{NASTY}.png", "red")])
    request = bench.request(artwork, {"title": NASTY})
    findings = Findings([Finding(NASTY, NASTY, NASTY)])
    stats = Stats(Tier.MEMORY, NASTY, 0, 0, 0, {NASTY: 1})

    shown = [artwork._repr_html_(), bench.proof(request, artwork)._repr_html_(), findings._repr_html_()]
    shown.append(stats._repr_html_())

    for html in shown:
        assert html
        assert "script" in html
        assert "<script" not in html
        assert 'alert("' not in html


def test_a_price_in_a_name_is_never_set_as_a_formula(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    name = "from $5 to $9"
    artwork = bench.deck([png(f"{name}.png", "red"), BytesSource(f"{name}.gif", b"no image")])
    printed = bench.deck([png(f"{name}.png", "red")])
    proof = bench.proof(bench.request(printed, {"title": name}), printed)
    findings = Findings([Finding(name, name, name)])
    stats = Stats(Tier.MEMORY, name, 0, 0, 0, {name: 1})

    for shown in (artwork, proof, findings, stats):
        texts = ElementTree.fromstring(f"<all>{_closed(shown._repr_html_() or '')}</all>")

        told = [text for text, kept in _texts(texts, kept=False) if name in text and not kept]
        assert told == []


def _closed(html: str) -> str:
    """As XML: an image has no end tag in HTML."""
    return re.sub(r"(<img [^>]*)>", r"\1/>", html)


def _texts(element: ElementTree.Element, *, kept: bool) -> Iterator[tuple[str, bool]]:
    """Each text, and whether what sets formulas keeps off it."""
    kept = kept or {"tex2jax_ignore", "mathjax_ignore"} <= set(element.get("class", "").split())
    yield element.text or "", kept
    for child in element:
        yield from _texts(child, kept=kept)
        yield child.tail or "", kept


def test_a_proof_shows_the_pages_as_they_are_printed(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = bench.deck([png("red.png", "red")], png("back.png", "blue"))
    request = bench.request(artwork, {"paper": "a4", "title": "Elves"})

    proof = bench.proof(request, artwork)

    front, back = (picture.convert("RGB") for picture in pictures(proof._repr_html_()))
    assert front.width / front.height == pytest.approx(297 / 210, abs=0.01)
    assert {colour for _, colour in front.getcolors(1 << 20) or []} >= {(255, 255, 255), (0, 0, 0)}
    assert is_seen(front, (255, 0, 0))
    assert is_seen(back, (0, 0, 255))
    assert proof.pdf.startswith(b"%PDF")
    assert "Elves · 1 card · 1 sheet of paper, 2 pages · a4-standard" in " · ".join(proof.facts())


def is_seen(page: Image.Image, colour: tuple[int, int, int]) -> bool:
    counted = {found: count for count, found in page.getcolors(1 << 20) or []}
    return counted.get(colour, 0) > 1000


def test_a_proof_tells_a_document_that_was_made_from_one_that_was_there(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = bench.deck([png("red.png", "red")])
    request = bench.request(artwork, {})

    first, second = bench.proof(request, artwork), bench.proof(request, artwork)

    assert first.facts()[-1].startswith("made in")
    assert second.facts()[-1].startswith("it was there, in memory")


def test_a_proof_of_a_long_deck_shows_its_first_pages_and_counts_the_others(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = sixty(bench)
    request = bench.request(artwork, {"paper": "letter"})

    shown = bench.proof(request, artwork)._repr_html_()

    _, pages, _ = bench.counts(request)
    assert len(pictures(shown)) == 4
    assert f"{pages - 4} more pages" in shown


def sixty(bench: Workbench) -> Artwork:
    return bench.deck([png(f"{i}.png", f"#00{i:02x}00") for i in range(60)])


def test_findings_show_as_a_table_and_none_say_so() -> None:
    findings = Findings(
        [
            Finding("coarse", "123 ppi", "elf.png", severity=Severity.WARNING),
            Finding("broken", "is broken", "orc.png", severity=Severity.ERROR),
        ]
    )

    shown = findings._repr_html_()

    cells = re.findall(r"<td[^>]*>([^<]*)</td>", shown)
    assert cells == ["warning", "elf.png", "123 ppi", "coarse", "error", "orc.png", "is broken", "broken"]
    assert "no findings" in Findings()._repr_html_()


def test_preflight_gives_findings_that_show_themselves(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = bench.deck([png("red.png", "red")])

    found = bench.preflight(bench.request(artwork, {}), artwork)

    assert any(finding.card == "red.png" for finding in found)
    assert "red.png" in found._repr_html_()


def test_statistics_of_the_cache_show_its_counts(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = bench.deck([png("red.png", "red")])
    request = bench.request(artwork, {})
    for _ in range(2):
        bench.document(request, artwork)

    shown = bench.cache.stats()._repr_html_()

    cells = re.findall(r"<td[^>]*>([^<]*)</td>", shown)
    told = dict(zip(cells[::2], cells[1::2], strict=True))
    assert (told["miss"], told["hit memory"], told["hit rate"]) == ("2", "1", "33.3%")
    assert told["in memory"].startswith("2 entries")


def test_a_picture_of_a_page_shows_as_the_jpeg_that_it_is(bench_with: Bench) -> None:
    bench: Workbench = bench_with()
    artwork = bench.deck([png("red.png", "red")])
    picture = bench.picture(bench.request(artwork, {}), artwork, 0, 40)

    content, size = picture._repr_jpeg_()

    shown = Image.open(io.BytesIO(content))
    assert (shown.format, shown.width, shown.height) == ("JPEG", size["width"], size["height"])
