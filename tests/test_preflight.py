"""What preflight finds, with numbers; the same in a render's result and without making a document."""

import io
from dataclasses import fields

import pytest
from PIL import Image, ImageDraw

from cardmaker import artwork as artwork_module
from cardmaker import preflight
from cardmaker.artwork import Tile
from cardmaker.deck import Artwork
from cardmaker.errors import Cancelled
from cardmaker.finding import Finding, Severity, has_errors, summarised
from cardmaker.preview import picture
from cardmaker.render import render
from cardmaker.source import BytesSource, ImageSource
from cardmaker.spec import TileSpec
from tests import art

# 63 x 88 mm at 300 ppi.
FINE = (744, 1039)


def checked(images: art.Pictures, **settings: object) -> tuple[Finding, ...]:
    artwork = art.deck_of(images)
    return preflight.check(art.request(artwork, **settings), artwork.images)


def rendered(artwork: Artwork, **settings: object) -> tuple[Finding, ...]:
    return render(art.request(artwork, **settings), artwork.images, io.BytesIO()).findings


def found(code: str, image: art.Picture, **settings: object) -> list[Finding]:
    return [finding for finding in checked([image], **settings) if finding.code == code]


def test_a_fine_card_gives_no_finding_of_its_own() -> None:
    assert [f for f in checked([art.photo(FINE)]) if f.card] == []


@pytest.mark.parametrize(
    ("ppi", "severity"), [(72, "warning"), (190, "warning"), (210, "note"), (290, "note"), (298, None), (600, None)]
)
def test_the_resolution_on_paper_is_told_with_its_number(ppi: int, severity: str | None) -> None:
    size = round(63 / 25.4 * ppi), round(88 / 25.4 * ppi)

    told = found("low-ppi", art.solid(art.RED, size))

    assert [finding.severity for finding in told] == ([severity] if severity else [])
    for finding in told:
        assert finding.value == pytest.approx(ppi, abs=1)
        assert f"{finding.value:.0f} ppi" in finding.message


def test_what_is_cut_off_counts_for_the_resolution() -> None:
    image = art.solid(art.RED, (round(69 / 25.4 * 250), round(94 / 25.4 * 250)))

    (told,) = found("low-ppi", image, source_bleed="3mm")

    assert told.value == pytest.approx(250, abs=1.5)


@pytest.mark.parametrize(
    ("size", "percent"), [((744, 1039), None), ((760, 1039), None), ((770, 1039), 3.5), ((1039, 1039), 39.7)]
)
def test_distortion_is_told_with_its_number_and_both_ratios(size: tuple[int, int], percent: float | None) -> None:
    told = found("distortion", art.solid(art.RED, size))

    assert [finding.value for finding in told] == ([pytest.approx(percent, abs=0.1)] if percent else [])
    for finding in told:
        assert f"{size[0] / size[1]:.3f}".rstrip("0").rstrip(".") in finding.message
        assert "0.716" in finding.message
        assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("fit", ["cover", "contain"])
def test_an_image_that_keeps_its_aspect_is_not_distorted(fit: str) -> None:
    assert found("distortion", art.solid(art.RED, (900, 900)), fit=fit) == []


@pytest.mark.parametrize(
    ("card", "size", "count"),
    [
        ("standard", (88, 63), 1),
        ("standard", (63, 88), 0),
        ("business", (63, 88), 1),
        ("70mm_square", (63, 88), 0),
        ("standard", (80, 80), 0),
    ],
)
def test_art_that_lies_the_other_way_is_told(card: str, size: tuple[int, int], count: int) -> None:
    assert len(found("orientation", art.solid(art.RED, size), card=card)) == count


def test_exif_turns_an_image_before_it_is_judged() -> None:
    lying = art.jpeg(art.solid(art.RED, (1039, 744)), exif=art.turned_exif(6))

    assert [f for f in checked([lying]) if f.card] == []


def bordered(sides: dict[str, int], colour: art.Colour = art.WHITE) -> Image.Image:
    card = art.dark(FINE)
    draw, (w, h) = ImageDraw.Draw(card), FINE
    for side, n in sides.items():
        box = {
            "left": (0, 0, n - 1, h),
            "top": (0, 0, w, n - 1),
            "right": (w - n, 0, w, h),
            "bottom": (0, h - n, w, h),
        }[side]
        draw.rectangle(box, fill=colour)
    return card


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
@pytest.mark.parametrize("thickness", [1, 2, 3])
def test_a_thin_line_along_an_edge_is_told_with_its_side(kind: str, side: str, thickness: int) -> None:
    content = art.encoded(bordered({side: thickness}), kind, quality=92)

    (told,) = found("border-line", content)

    assert f"({side})" in told.message
    assert told.value == thickness


def test_neither_a_real_border_nor_art_without_one_has_a_thin_line() -> None:
    every = dict.fromkeys(("left", "top", "right", "bottom"), 30)

    assert found("border-line", bordered(every)) == []
    assert found("border-line", art.photo(FINE)) == []
    assert found("border-line", art.edged(FINE)) == []


def test_a_line_that_crop_takes_off_is_not_told() -> None:
    assert found("border-line", bordered({"top": 2}), crop="1mm") == []


@pytest.mark.parametrize(
    ("image", "settings", "count"),
    [
        (art.dark(FINE), {"bleed": "0mm"}, 1),
        (art.dark(FINE), {}, 0),
        (art.solid(art.WHITE, FINE), {"bleed": "0mm"}, 0),
        (bordered({"left": 40, "top": 40, "right": 40, "bottom": 40}), {"bleed": "0.1mm"}, 0),
    ],
    ids=["dark without bleed", "dark with bleed", "white", "dark inside"],
)
def test_a_dark_edge_wants_bleed(image: Image.Image, settings: dict[str, object], count: int) -> None:
    told = found("no-bleed", image, **settings)

    assert len(told) == count
    assert all(finding.value == 0 and "bleed" in finding.message for finding in told)


def test_transparent_corners_are_told_apart_from_holes() -> None:
    card, hole = art.photo(FINE).convert("RGBA"), art.photo(FINE).convert("RGBA")
    card.putpixel((0, 0), (0, 0, 0, 0))
    hole.putpixel((300, 300), (0, 0, 0, 0))

    assert [f.severity for f in found("transparent-corners", card)] == [Severity.NOTE]
    assert [f.severity for f in found("transparency", hole)] == [Severity.NOTE]
    assert found("transparency", art.photo(FINE).convert("RGBA")) == []


def test_the_same_image_given_twice_is_told_once_unless_the_backs_differ() -> None:
    same = art.encoded(art.photo(FINE))
    different = art.deck_of([same, same], backs={0: art.solid(art.RED), 1: art.solid(art.BLUE)})

    (told,) = [f for f in checked([same, art.photo(FINE, 1), same]) if f.code == "duplicate"]

    assert told.value == 2
    assert '"card-000.img", "card-002.img"' in told.message
    assert not [f for f in rendered(different) if f.code == "duplicate"]


def test_cards_without_a_back_are_told_when_others_have_one() -> None:
    artwork = art.deck_of([art.solid(art.RED), art.solid(art.BLUE)], backs={0: art.solid(art.GREEN)})

    (told,) = [f for f in rendered(artwork) if f.code == "missing-backs"]

    assert (told.value, told.severity) == (1, Severity.WARNING)
    assert '"card-001.img"' in told.message


def test_every_broken_image_is_an_error_and_the_others_are_still_looked_at() -> None:
    told = checked([b"no image", art.solid(art.RED), art.jpeg(art.photo(FINE))[:-100]])

    errors = [f for f in told if f.severity is Severity.ERROR]
    assert has_errors(told)
    assert [f.card for f in errors] == ["card-000.img", "card-002.img"]
    assert all(f.message.startswith(f'"{f.card}": ') for f in errors)
    assert [f.card for f in told if f.code == "low-ppi"] == ["card-001.img"]


def test_a_preview_with_placeholders_tells_what_is_broken_among_its_findings() -> None:
    artwork = art.deck_of([b"no image", art.photo(FINE)])

    result = render(art.request(artwork), artwork.images, io.BytesIO(), placeholders=True)

    assert [f.card for f in result.findings if f.severity is Severity.ERROR] == ["card-000.img"]


def test_a_render_and_a_check_find_the_same() -> None:
    images: list[art.Picture] = [
        bordered({"top": 2}),
        art.jpeg(art.photo((300, 300))),
        art.encoded(art.photo(FINE).convert("CMYK"), "TIFF"),
    ]
    artwork = art.deck_of(images, back=art.solid(art.RED))

    told = rendered(artwork)

    assert told == preflight.check(art.request(artwork), artwork.images)
    assert {f.code for f in told} == {"mark-clearance", "border-line", "low-ppi", "distortion", "converted"}


def test_findings_stand_in_the_decks_order_whichever_is_ready_first() -> None:
    artwork = art.deck_of([art.solid((i, 9, 9), (63 + 50 * (i % 2), 88)) for i in range(12)])
    orders = {preflight.check(art.request(artwork), artwork.images, threads=n) for n in (1, 2, 7)}

    (told,) = orders
    cards = [f.card for f in told if f.code == "low-ppi"]
    assert cards == [f"card-{i:03}.img" for i in range(12)]


def test_what_is_kept_of_an_image_names_no_deck() -> None:
    content = art.encoded(art.photo((126, 176)).convert("RGBA"))
    kept: dict[TileSpec, Tile] = {}

    def prepare(source: ImageSource, spec: TileSpec) -> Tile:
        return kept.setdefault(spec, kept.get(spec) or artwork_module.prepare(source, spec))

    names = []
    for name in ("Sol Ring.png", "secret project.png"):
        artwork = art.deck_of([BytesSource(name, content)])
        result = render(art.request(artwork), artwork.images, io.BytesIO(), prepare=prepare)
        names.append({f.card for f in result.findings if f.card})

    (tile,) = kept.values()
    assert names == [{"Sol Ring.png"}, {"secret project.png"}]
    assert "Sol" not in "".join(repr(getattr(tile, field.name)) for field in fields(tile) if field.name != "image")


def test_a_check_can_be_cancelled_and_tells_how_far_it_is() -> None:
    artwork = art.deck_of([art.solid((i, 9, 9)) for i in range(4)])
    wanted, told = art.request(artwork), list[float]()

    preflight.check(wanted, artwork.images, progress=lambda share, _: told.append(share))

    assert told == [0.25, 0.5, 0.75, 1.0]
    with pytest.raises(Cancelled):
        preflight.check(wanted, artwork.images, cancelled=lambda: True)


def test_many_alike_are_summarised_and_errors_are_not() -> None:
    found = [Finding("low-ppi", f"{i}", f"{i}.png", severity=Severity.NOTE, shared="are coarse") for i in range(5)]
    errors = [Finding("image", f"{i}", f"{i}.png", severity=Severity.ERROR, shared="are broken") for i in range(5)]

    assert summarised(found[:3]) == tuple(found[:3])
    assert [f.message for f in summarised([*found, *errors])] == [
        '5 images are coarse: "0.png", "1.png", "2.png" ...',
        *"01234",
    ]


# -- settings of a card, and what they cure --


def veiled(corner_px: int = 0, hole: bool = False) -> bytes:
    """A fine card with transparent corners of that size, and perhaps a hole."""
    veil = Image.new("L", FINE, 255)
    draw = ImageDraw.Draw(veil)
    for x in (0, FINE[0] - corner_px):
        for y in (0, FINE[1] - corner_px):
            if corner_px:
                draw.rectangle((x, y, x + corner_px - 1, y + corner_px - 1), fill=0)
    if hole:
        draw.rectangle((300, 300, 400, 500), fill=0)
    card = art.photo(FINE)
    card.putalpha(veil)
    return art.encoded(card)


@pytest.mark.parametrize(
    ("image", "settings", "code"),
    [
        (veiled(30), {}, "transparent-corners"),
        (veiled(30), {"fill_corners": "3mm"}, None),
        (veiled(30), {"crop": "3mm"}, None),
        (veiled(70), {"fill_corners": "1mm"}, "transparent-corners"),
        (veiled(30, hole=True), {"fill_corners": "3mm"}, "transparency"),
        (veiled(hole=True), {}, "transparency"),
    ],
    ids=["corners", "filled", "cropped", "filled too little", "filled with a hole", "hole"],
)
def test_what_shows_through_is_told_and_what_is_filled_or_cut_off_is_not(
    image: bytes, settings: dict[str, object], code: str | None
) -> None:
    told = [f.code for f in checked([image], **settings) if f.code.startswith("transparen")]

    assert told == ([code] if code else [])


def test_without_bleed_a_dark_edge_is_told_by_the_render_too() -> None:
    artwork = art.deck_of([art.jpeg(art.dark(FINE)), art.encoded(art.dark(FINE, 1))])

    told = [finding.card for finding in rendered(artwork, bleed="0mm") if finding.code == "no-bleed"]

    assert told == ["card-000.img", "card-001.img"]


def test_a_preview_finds_no_lines_that_the_print_has_not() -> None:
    framed = art.photo((1490, 2080))
    ImageDraw.Draw(framed).rectangle((0, 0, 1489, 2079), outline=art.WHITE, width=8)
    artwork = art.deck_of([framed])

    for dpi in (50, 100):
        codes = {finding.code for finding in picture(art.request(artwork), artwork.images, 0, dpi=dpi).findings}
        assert "border-line" not in codes


def test_a_line_beside_real_bleed_is_not_repeated_and_not_told() -> None:
    card = art.photo((816, 1111))
    ImageDraw.Draw(card).rectangle((36, 36, 779, 1074), outline=art.WHITE, width=2)

    assert found("border-line", card, source_bleed="3.048mm") == []


def test_what_differs_is_not_summed_up_as_one() -> None:
    plain = [art.photo((745, 1040), seed) for seed in range(4)]
    told = summarised(checked([art.photo((822, 1122), 9), *plain], source_bleed="auto"))

    words = [finding.message for finding in told if finding.code == "source-bleed"]

    assert len(words) == 2
    assert "3.048 mm" in words[0]
    assert words[1].startswith("4 images are taken to carry no bleed")


def test_cards_that_print_differently_are_no_duplicates() -> None:
    same = art.encoded(art.photo(FINE))
    artwork = art.deck_of([BytesSource("x", same), BytesSource("y", same)])

    alike = preflight.check(art.request(artwork), artwork.images)
    turned = preflight.check(art.request(artwork, overrides={"y": {"rotate": "180"}}), artwork.images)

    assert "duplicate" in {finding.code for finding in alike}
    assert "duplicate" not in {finding.code for finding in turned}


def test_a_back_with_settings_of_its_own_is_told_from_the_others() -> None:
    artwork = art.deck_of([art.photo(FINE, 1), art.photo(FINE, 2)], back=art.photo((400, 560)))
    wanted = art.request(artwork, overrides={"card-000": {"back_crop": "5mm"}})

    cards = {finding.card for finding in preflight.check(wanted, artwork.images) if finding.code == "low-ppi"}

    assert cards == {"back.img (behind card-000.img)", "back.img"}
