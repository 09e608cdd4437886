import hashlib
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardmaker.errors import DeckError, ImageError
from cardmaker.source import (
    BytesSource,
    FileSource,
    from_folder,
    hash_all,
    is_clutter,
    natural_key,
    read_bytes,
)
from tests.images import fill

needs_a_plain_user = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")


def names_in(folder: Path) -> list[str]:
    return [source.name for source in from_folder(folder)]


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    fill(tmp_path, "card10.png", "Card2.png", "card1.png", "card01.png", "Älter.png", "zebra.png")

    assert names_in(tmp_path) == [
        "card01.png",
        "card1.png",
        "Card2.png",
        "card10.png",
        "zebra.png",
        "Älter.png",
    ]


def test_sub_folders_are_read_too_and_named_by_their_path(tmp_path: Path) -> None:
    fill(tmp_path, "b10/1.png", "b2/10.png", "b2/9.png", "a.png", "b2/deep/er/1.png")

    assert names_in(tmp_path) == ["a.png", "b2/9.png", "b2/10.png", "b2/deep/er/1.png", "b10/1.png"]


def test_hidden_files_and_what_systems_leave_behind_are_passed_over(tmp_path: Path) -> None:
    clutter = ("._1.png", ".DS_Store", "Thumbs.db", "THUMBS.DB", "desktop.ini", "__MACOSX/1.png", ".git/1.png")
    fill(tmp_path, "1.png", *clutter)

    assert names_in(tmp_path) == ["1.png"]


def test_a_folder_may_itself_be_hidden(tmp_path: Path) -> None:
    fill(tmp_path / ".cache" / "__MACOSX", "1.png")

    assert names_in(tmp_path / ".cache" / "__MACOSX") == ["1.png"]


@pytest.mark.parametrize("name", ["Sol Ring [LEB].png", "thumbs.db.png", "a.b.png", "*.png", "макс.png", "…png"])
def test_an_unusual_name_is_no_clutter(name: str) -> None:
    assert not is_clutter(name)


@pytest.mark.parametrize("name", ["__MACOSX/._a.png", "deck\\.hidden\\a.png", "deck/Thumbs.db", "a/__macosx/b.png"])
def test_clutter_is_known_in_any_part_of_an_uploads_path(name: str) -> None:
    assert is_clutter(name)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeckError, match=r'no folder ".*missing"'):
        from_folder(tmp_path / "missing")


def test_a_file_given_for_a_folder_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "1.png")

    with pytest.raises(DeckError, match=r'no folder ".*1\.png"'):
        from_folder(tmp_path / "1.png")


def test_a_folder_with_nothing_but_clutter_holds_no_images(tmp_path: Path) -> None:
    fill(tmp_path, ".DS_Store")

    with pytest.raises(DeckError, match="no images in"):
        from_folder(tmp_path)


def test_a_path_too_long_for_the_file_system_is_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeckError):
        from_folder(tmp_path / ("x" * 300))


@needs_a_plain_user
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "1.png", "closed/2.png")
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(DeckError, match=r"closed.* cannot be read \(Permission denied\)"):
            from_folder(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)


@needs_a_plain_user
def test_a_folder_inside_one_that_may_not_be_entered_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "closed/deck/2.png")
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(DeckError, match="deck"):
            from_folder(tmp_path / "closed" / "deck")
    finally:
        (tmp_path / "closed").chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="Windows asks for a privilege to make links")
def test_a_link_that_leads_nowhere_is_an_image_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "1.png").symlink_to(tmp_path / "missing")

    (source,) = from_folder(tmp_path)

    for read in (read_bytes, lambda each: each.digest, lambda each: each.size):
        with pytest.raises(ImageError, match=r'"1\.png": cannot be read \(No such file'):
            read(source)


def test_numbers_sort_by_value_and_equal_ones_by_the_raw_name() -> None:
    names = ["a10", "a9", "a009", "A9", "b1", "a", "10", "9"]

    assert sorted(names, key=natural_key) == ["9", "10", "a", "A9", "a009", "a9", "a10", "b1"]


def test_a_number_of_any_length_can_be_sorted() -> None:
    names = ["1" + "0" * 5000, "9" * 5000]

    assert sorted(names, key=natural_key) == ["9" * 5000, "1" + "0" * 5000]


def test_letters_sort_alike_however_they_are_composed() -> None:
    composed, taken_apart = (unicodedata.normalize(form, "é1") for form in ("NFC", "NFD"))

    assert natural_key(composed)[0] == natural_key(taken_apart)[0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=8), max_size=8))
def test_any_names_have_one_natural_order(names: list[str]) -> None:
    ordered = sorted(names, key=natural_key)

    backwards = list(reversed(names))
    assert sorted(backwards, key=natural_key) == ordered
    assert sorted(ordered) == sorted(names)


def test_a_digest_is_of_the_content_whatever_the_name_and_the_place(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    (tmp_path / "b.jpg").write_bytes(b"picture")
    in_memory = BytesSource("c", b"picture")

    digests = {FileSource(tmp_path / "a.png").digest, FileSource(tmp_path / "b.jpg").digest, in_memory.digest}

    assert digests == {hashlib.sha256(b"picture").hexdigest()}
    assert BytesSource("c", b"pictures").digest not in digests


def test_a_source_knows_its_size_and_opens_anew_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")

    for source in (FileSource(tmp_path / "a.png"), BytesSource("a.png", b"picture")):
        assert (source.name, source.size) == ("a.png", 7)
        assert [read_bytes(source), read_bytes(source)] == [b"picture", b"picture"]


def test_hashing_all_reads_each_file_ahead(tmp_path: Path) -> None:
    sources = from_folder(fill(tmp_path, *(f"{number}.png" for number in range(9))))

    hash_all(sources)

    for source in sources:
        source.path.unlink()
    assert len({source.digest for source in sources}) == 9


def test_hashing_all_tells_of_the_one_that_cannot_be_read(tmp_path: Path) -> None:
    sources = from_folder(fill(tmp_path, "1.png", "2.png"))
    sources[1].path.unlink()

    with pytest.raises(ImageError, match=r'"2\.png": cannot be read'):
        hash_all(sources)


def test_a_linked_folder_is_read_and_one_that_leads_back_is_not_read_again(tmp_path: Path) -> None:
    fill(tmp_path, "deck/1.png", "elsewhere/2.png")
    (tmp_path / "deck" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "deck")

    assert [source.name for source in from_folder(tmp_path / "deck")] == ["1.png", "more/2.png"]
