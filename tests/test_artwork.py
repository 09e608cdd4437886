"""A plain JPEG or PNG goes into the document as it is, and nothing else of its file does."""

import io
import zlib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageCms

import cardmaker
from tests import art, files, icc

SECRETS = [f"SECRET-{kind}" for kind in ("comment", "exif", "gps", "xmp", "icc", "photoshop", "after", "thumbnail")]


def only_image(document: bytes, size: tuple[int, int]) -> art.Embedded:
    """The one image XObject of those dimensions; the others are strips of edges."""
    (found,) = [image for image in art.images_in(document) if image.size == size]
    return found


def everything_in(document: bytes) -> bytes:
    """The file, and each of its streams unpacked where its filter allows."""
    with pikepdf.open(io.BytesIO(document)) as opened:
        streams = [each for each in opened.objects if isinstance(each, pikepdf.Stream)]
        unpacked = [s.read_bytes() for s in streams if s.get("/Filter") != "/DCTDecode"]
    return b"\n".join([document, *unpacked])


def exif_with(orientation: int | None = None) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-exif"
    exif.get_ifd(0x8825)[0x001D] = "SECRET-gps"
    if orientation:
        exif[0x0112] = orientation
    return exif.tobytes()


def with_segments(plain: bytes, *more: tuple[int, bytes]) -> bytes:
    first, *rest = files.split_jpeg(plain)
    return files.join_jpeg([first, *more, *rest])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(art.jpeg(art.corners()), id="baseline"),
        pytest.param(art.jpeg(art.corners(), progressive=True), id="progressive"),
        pytest.param(art.jpeg(art.corners(), subsampling=2), id="subsampled"),
        pytest.param(art.jpeg(art.corners().convert("L")), id="grey"),
        pytest.param(art.jpeg(art.corners(), restart_marker_blocks=2), id="restarts"),
        pytest.param(art.jpeg(art.corners(), optimize=True, quality=30), id="optimised"),
    ],
)
def test_a_plain_jpeg_is_in_the_document_byte_for_byte(content: bytes) -> None:
    document = art.printed([content])

    assert document.count(content) == 1
    assert only_image(document, (126, 176)).filter == "/DCTDecode"


def test_a_jpeg_keeps_its_bytes_whatever_fit_crop_and_bleed_it_is_given() -> None:
    content = art.jpeg(art.corners())

    for knobs in ({"fit": "cover"}, {"fit": "contain"}, {"crop": "2mm"}, {"source_bleed": "3mm"}, {"bleed": "0mm"}):
        assert content in art.printed([content], card="70mm_square", **knobs)


@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO:UserWarning")
def test_metadata_of_a_jpeg_stays_out_while_its_image_data_does_not_change() -> None:
    plain = art.jpeg(art.corners(), progressive=True)
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET-xmp</x:xmpmeta>"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + b"SECRET-icc"
    dirty = with_segments(
        plain,
        (0xE1, exif_with()),
        (0xE1, xmp),
        (0xE2, b"ICC_PROFILE\0\x01\x01" + profile),
        (0xE2, b"MPF\0SECRET-thumbnail"),
        (0xED, b"Photoshop 3.0\0SECRET-photoshop"),
        (0xFE, b"SECRET-comment"),
    )
    dirty += b"SECRET-after" + plain

    document = art.printed([dirty])

    assert dirty.count(b"SECRET") == len(SECRETS)
    assert only_image(document, (126, 176)).data == plain
    assert b"SECRET" not in everything_in(document)


@pytest.mark.parametrize("where", ["JFIF", "JFXX", "EXIF"])
def test_a_jpegs_thumbnail_stays_out(where: str) -> None:
    plain = art.jpeg(art.corners())
    (_, jfif), *rest = files.split_jpeg(plain)
    tiny = b"SECRET-thumbnail" * 3  # 4 x 4 pixels of RGB
    content = {
        "JFIF": files.join_jpeg([(0xE0, jfif[:12] + b"\x04\x04" + tiny), *rest]),
        "JFXX": with_segments(plain, (0xE0, b"JFXX\0\x13\x04\x04" + tiny)),
        "EXIF": with_segments(plain, (0xE1, exif_with() + tiny)),
    }[where]

    document = art.printed([content])

    kept = only_image(document, (126, 176)).data
    assert files.split_jpeg(kept)[-len(rest) :] == rest
    assert b"SECRET" not in everything_in(document)


def test_a_jpeg_without_jfif_keeps_its_colours() -> None:
    bare = files.join_jpeg(files.split_jpeg(art.jpeg(art.corners()))[1:])
    artwork = art.deck_of([bare])
    wanted = art.request(artwork)

    document = art.pdf(wanted, artwork)

    assert bare in document
    for seen, drawn in zip(art.colours_of(document, wanted), art.FOUR, strict=True):
        assert art.distance(seen, drawn) <= 4


def test_a_jpeg_that_loses_its_jfif_thumbnail_keeps_its_colours() -> None:
    # JFIF says YCbCr; without it readers go by the components' ids, and these spell RGB.
    (_, jfif), *rest = files.split_jpeg(art.jpeg(art.corners()))
    parts = [(0xE0, jfif[:12] + b"\x01\x01\0\0\0"), *rest]
    artwork = art.deck_of([files.join_jpeg([(marker, files.spell_rgb(marker, data)) for marker, data in parts])])
    wanted = art.request(artwork)

    seen = art.colours_of(art.pdf(wanted, artwork), wanted)

    for colour, drawn in zip(seen, art.FOUR, strict=True):
        assert art.distance(colour, drawn) <= 4


PLAIN_PNGS = {
    "rgb": (8, 2, lambda x, y: (x, y, 90)),
    "grey-8": (8, 0, lambda x, y: (x + y,)),
    "grey-4": (4, 0, lambda x, y: ((x + y) % 16,)),
    "grey-2": (2, 0, lambda x, _: (x // 9 % 4,)),
    "grey-1": (1, 0, lambda x, _: (x // 9 % 2,)),
    "palette-8": (8, 3, lambda x, _: (x // 18,)),
    "palette-4": (4, 3, lambda x, _: (x // 18,)),
    "palette-1": (1, 3, lambda x, _: (x // 18 % 2,)),
}
PALETTE = bytes(v for colour in (*art.FOUR, *art.FOUR) for v in colour)


@pytest.mark.parametrize("kind", PLAIN_PNGS)
@pytest.mark.parametrize("idats", [1, 4])
def test_a_plain_pngs_data_is_in_the_document_byte_for_byte_and_shows_the_same_pixels(kind: str, idats: int) -> None:
    bits, colour, sample = PLAIN_PNGS[kind]
    chunks = [(b"PLTE", PALETTE[: 3 << bits])] if colour == 3 else []
    content = files.png((126, 88), bits, colour, sample, idats=idats, chunks=chunks)

    document = art.printed([content])

    image = only_image(document, (126, 88))
    assert image.data == files.idat(content)
    with Image.open(io.BytesIO(content)) as expected:
        assert image.pixels.convert("RGB").tobytes() == expected.convert("RGB").tobytes()


@pytest.mark.parametrize("kind", PLAIN_PNGS)
def test_a_plain_png_is_rendered_in_its_colours(kind: str) -> None:
    bits, colour, _ = PLAIN_PNGS[kind]
    top = min((1 << bits) - 1, 7 if colour == 3 else 255)
    values = [0, top // 3, top // 2, top]
    content = files.png(
        (64, 64),
        bits,
        colour,
        lambda x, y: [values[x // 32 + y // 32 * 2]] * (3 if colour == 2 else 1),
        chunks=[(b"PLTE", PALETTE[: 3 << bits])] if colour == 3 else [],
    )
    artwork = art.deck_of([content])
    wanted = art.request(artwork)

    seen = art.colours_of(art.pdf(wanted, artwork), wanted)

    for at, value in enumerate(values):
        expected = tuple(PALETTE[3 * value : 3 * value + 3]) if colour == 3 else (round(value * 255 / top),) * 3
        assert art.distance(seen[at], expected) <= 1


def test_metadata_of_a_png_stays_out() -> None:
    content = files.png(
        (126, 176),
        8,
        2,
        lambda x, y: (x, y, 90),
        chunks=[
            (b"tEXt", b"Author\0SECRET-comment"),
            (b"zTXt", b"Comment\0\0" + zlib.compress(b"SECRET-comment")),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0SECRET-xmp"),
            (b"eXIf", exif_with()[6:]),
            (b"sRGB", b"\0"),
        ],
    )

    document = art.printed([content + b"SECRET-after"])

    assert only_image(document, (126, 176)).data == files.idat(content)
    assert b"SECRET" not in everything_in(document)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_metadata_stays_out_of_decoded_images_too(kind: str) -> None:
    wide = icc.rgb_profile(icc.P3, 2.2)
    content = art.encoded(
        art.corners(), kind, exif=exif_with()[6:] if kind == "TIFF" else exif_with(), icc_profile=wide
    )

    document = art.printed([content])

    assert b"SECRET" in content
    assert b"SECRET" not in everything_in(document)


SRGB_PROFILES = {
    "ours": (Path(cardmaker.__file__).parent / "srgb.icc").read_bytes(),
    "littlecms": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "broken": b"no profile at all" * 20,
    "of a press": icc.black_only_cmyk_profile(),
}


@pytest.mark.parametrize("profile", SRGB_PROFILES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_image_with_a_profile_that_changes_nothing_stays_untouched(profile: str, kind: str) -> None:
    plain = art.encoded(art.corners(), kind)
    content = art.encoded(art.corners(), kind, icc_profile=SRGB_PROFILES[profile])

    document = art.printed([content])

    assert len(content) > len(plain)
    assert only_image(document, (126, 176)).data == (plain if kind == "JPEG" else files.idat(plain))


STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # Pillow turns counter-clockwise; a reader turns it back clockwise
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", STORED_AS)
def test_an_image_stands_upright_whatever_its_exif_orientation(kind: str, orientation: int) -> None:
    turn = STORED_AS[orientation]
    stored = art.corners() if turn is None else art.corners().transpose(turn)
    options = {"exif": exif_with(orientation)} if kind != "TIFF" else {"tiffinfo": {0x0112: orientation}}
    content = art.encoded(stored, kind, quality=95, **options)
    artwork = art.deck_of([content])
    wanted = art.request(artwork, fit="cover")

    document = art.pdf(wanted, artwork)

    for seen, drawn in zip(art.colours_of(document, wanted), art.FOUR, strict=True):
        assert art.distance(seen, drawn) <= 8  # lossy at quality 95
    if kind == "JPEG":
        assert only_image(document, stored.size).data == art.encoded(stored, "JPEG", quality=95)
    if kind == "PNG":
        assert only_image(document, stored.size).data == files.idat(art.encoded(stored))


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_the_bleed_of_a_turned_jpeg_continues_its_upright_edges(orientation: int) -> None:
    turn = STORED_AS[orientation]
    stored = art.corners() if turn is None else art.corners().transpose(turn)
    content = art.jpeg(stored, exif=exif_with(orientation))
    artwork = art.deck_of([content])
    wanted = art.request(artwork)

    raster = art.by_pdfium(art.pdf(wanted, artwork), dpi=300)

    trim, out = wanted.sheet.slots[0].trim, 0.3
    for (x, y), colour in zip(((0, 0), (1, 0), (0, 1), (1, 1)), art.FOUR, strict=True):
        corner_x, corner_y = trim.x_mm + x * trim.width_mm, trim.y_mm + y * trim.height_mm
        away_x, away_y = out * (2 * x - 1), out * (2 * y - 1)
        for dx, dy in ((away_x, away_y), (away_x, -10 * away_y), (-10 * away_x, away_y)):
            assert art.distance(art.colour_at(raster, 300, corner_x + dx, corner_y + dy), colour) <= 6


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("RGBA", "PNG"), ("RGB", "WEBP"), ("RGB", "GIF"), ("RGB", "TIFF")]
)
def test_what_is_encoded_again_carries_no_words_over(mode: str, kind: str) -> None:
    words = {"JPEG": {"comment": b"SECRET"}, "GIF": {"comment": b"SECRET"}, "WEBP": {"xmp": b"SECRET"}}
    picture = Image.new(mode, (126, 176), 0)
    if kind == "PNG":
        picture.putalpha(100)

    document = art.printed([art.encoded(picture, kind, **words.get(kind, {}))])

    assert b"SECRET" not in document


def test_an_orientation_that_only_xmp_knows_is_ignored_in_every_kind_of_image() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    xmp += b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    plain = art.jpeg(art.corners(), xmp=xmp)
    cmyk = art.jpeg(art.corners().convert("CMYK"), xmp=xmp)

    sizes = [image.size for image in art.images_in(art.printed([plain, cmyk], bleed="0mm"))]

    assert sizes == [(126, 176)] * 2
