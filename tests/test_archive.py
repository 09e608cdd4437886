import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress

import pytest

from cardmaker.archive import is_archive, unpack
from cardmaker.errors import ImageError
from cardmaker.limits import DEFAULT, Limits
from cardmaker.source import BytesSource, read_bytes
from tests.images import encoded

CARD = encoded(1)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def names_in(data: bytes, limits: Limits = DEFAULT) -> list[str]:
    return [image.name for image in unpack(BytesSource("deck.zip", data), limits)]


def refusal(data: bytes, limits: Limits = DEFAULT) -> str:
    with pytest.raises(ImageError) as refused:
        unpack(BytesSource("deck.zip", data), limits)
    assert refused.value.card == "deck.zip"
    assert "\n" not in refused.value.reason
    return refused.value.reason


def test_a_zip_gives_its_images_whole_and_named_by_their_path() -> None:
    data = zipped({"deck/": b"", "deck/elf.png": CARD, "deck/more/orc.png": encoded(2)})

    images = unpack(BytesSource("deck.zip", data))

    assert [image.name for image in images] == ["deck/elf.png", "deck/more/orc.png"]
    assert [read_bytes(image) for image in images] == [CARD, encoded(2)]


def test_zips_and_comic_books_are_known_by_their_names() -> None:
    assert is_archive("Deck.ZIP")
    assert is_archive("deck.cbz")
    assert not is_archive("deck.zip.png")


def test_what_systems_leave_in_folders_is_left_out() -> None:
    data = zipped({"elf.png": CARD, "__MACOSX/._elf.png": b"x", "a/.DS_Store": b"x", "Thumbs.db": b"x"})

    assert names_in(data) == ["elf.png"]


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("../../etc/passwd.png", "etc/passwd.png"),
        ("/absolute/elf.png", "absolute/elf.png"),
        ("C:\\cards\\elf.png", "cards/elf.png"),
        ("..\\..\\elf.png", "elf.png"),
        ("a/./b/../elf.png", "a/b/elf.png"),
    ],
)
def test_no_path_leads_out(inside: str, shown: str) -> None:
    assert names_in(zipped({inside: CARD})) == [shown]


def test_names_in_any_script_arrive_as_they_were_written() -> None:
    assert names_in(zipped({"éléments/日本 🃏.png": CARD})) == ["éléments/日本 🃏.png"]


def test_names_in_utf8_that_do_not_say_so_are_read_as_such() -> None:
    name = "日本.png".encode()
    plain = zipped({"x" * len(name): CARD})

    assert names_in(plain.replace(b"x" * len(name), name)) == ["日本.png"]


def test_a_locked_zip_asks_for_the_images() -> None:
    data = bytearray(zipped({"elf.png": CARD}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1

    assert "locked with a password" in refusal(bytes(data))


def test_a_zip_in_a_zip_is_named() -> None:
    assert 'holds another ZIP, "inner.zip"' in refusal(zipped({"elf.png": CARD, "inner.zip": zipped({"a.png": CARD})}))


def test_a_link_is_named_and_not_followed() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        link = zipfile.ZipInfo("elf.png")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")

    assert 'holds a link, "elf.png"' in refusal(stream.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_cannot_be_held_in_check_is_refused(method: int) -> None:
    assert "unusual way" in refusal(zipped({"elf.png": CARD}, method))


def test_an_empty_zip_says_so() -> None:
    assert refusal(zipped({})) == "holds no images"
    assert refusal(zipped({"a/": b"", ".hidden": b""})) == "holds no images"
    assert "empty" in refusal(b"")


def test_a_cut_off_zip_is_damaged() -> None:
    data = zipped({"elf.png": CARD, "orc.png": encoded(2)})

    for end in (1, 21, len(data) // 2, len(data) - 1):
        assert "damaged" in refusal(data[:end])


def test_a_changed_byte_is_damage_in_the_file_it_lies_in() -> None:
    data = bytearray(zipped({"elf.png": bytes(5000)}, zipfile.ZIP_STORED))
    data[2000] ^= 1

    assert '"elf.png" in it cannot be read' in refusal(bytes(data))


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_damage_anywhere_is_one_clear_error_or_none(at: int) -> None:
    data = bytearray(zipped({"elf.png": CARD, "orc.png": b"orc" * 20}))
    data[-at - 1] ^= 0xFF

    with suppress(ImageError):
        unpack(BytesSource("deck.zip", bytes(data)))


def test_a_zip_of_too_many_entries_is_refused_before_they_are_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}.png", b"")

    assert "2,000 entries" in refusal(stream.getvalue(), Limits(archive_entries=1999))
    assert "more files than the 100" in refusal(stream.getvalue(), Limits(archive_entries=100))
    assert "2,000 images; at most 1,200" in refusal(stream.getvalue())


def test_a_hundred_thousand_entries_are_refused_by_the_size_of_their_list() -> None:
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<HHHHHII", 8, 0, 0, 0, 0, 0, 0) + b"card.png"
    directory = entry * 100_000
    for count in (0xFFFF, 1):  # whatever it says
        end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), 0, 0)

        assert "holds" in refusal(directory + end)


def test_a_list_that_hides_its_size_in_the_large_form_is_refused() -> None:
    directory = bytes(40_000_000)
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(directory), 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(directory), 1)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)

    assert "more files" in refusal(directory + large + locator + end)


def test_what_unpacks_to_more_than_the_limit_is_refused_unseen() -> None:
    data = zipped({"a.bmp": bytes(600_000), "b.bmp": bytes(600_000)})

    assert "unpacks to 1 MB, more than the limit of 1 MB" in refusal(data, Limits(archive_bytes=1_000_000))
    assert "an image may have 0 MB" in refusal(data, Limits(bytes_per_image=500_000))


def test_a_bomb_is_known_by_its_ratio() -> None:
    data = zipped({"a.bmp": bytes(70 << 20)})

    assert "times its size" in refusal(data)
    assert len(unpack(BytesSource("deck.zip", data), Limits(archive_ratio=2000))) == 1


def test_an_entry_that_lies_about_its_size_stops_where_it_says() -> None:
    data = bytearray(zipped({"a.bmp": bytes(30 << 20)}))
    for start, at in ((0, 22), (data.index(b"PK\x01\x02"), 24)):
        struct.pack_into("<I", data, start + at, 10)

    assert "cannot be read" in refusal(bytes(data))

    for start, at in ((0, 14), (data.index(b"PK\x01\x02"), 16)):  # with a checksum that agrees
        struct.pack_into("<I", data, start + at, zlib.crc32(bytes(10)))
    assert [image.size for image in unpack(BytesSource("deck.zip", bytes(data)))] == [10]


def test_many_entries_on_the_same_bytes_count_each() -> None:
    one = zipped({"a.bmp": bytes(1 << 20)})
    at = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    directory = one[at:end] * 300
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 300, 300, len(directory), at, 0)

    assert refusal(one[:at] + directory + tail, Limits(archive_bytes=200 << 20))
