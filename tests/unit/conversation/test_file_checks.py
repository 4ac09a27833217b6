"""What is taken of what somebody sends, and what is kept of it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tenin.conversation.file_checks import (
    KINDS,
    LONGEST_NAME,
    LONGEST_SIDE,
    CheckedFile,
    FileRefused,
    check_file,
    clean_name,
)
from tests.sent_files import HTML, PDF, SCRIPT, SECRET, SVG, bomb, colours, picture

LARGEST = 10_000_000
ALL = tuple(KINDS)


def checked(data: bytes, name: str = "photo", kinds: tuple[str, ...] = ALL) -> CheckedFile:
    return check_file(data, name, kinds, LARGEST)


def refused(data: bytes, name: str = "photo", largest: int = LARGEST) -> str:
    with pytest.raises(FileRefused) as caught:
        check_file(data, name, ALL, largest)
    return caught.value.code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_kept_as_it_looks(kind: str) -> None:
    found = checked(picture(kind))
    assert found.media_type == f"image/{kind.lower()}"
    assert (found.width, found.height) == (64, 48)
    assert colours(found.data)[:2] == ["red", "blue"]
    with Image.open(io.BytesIO(found.data)) as opened:
        assert opened.format == kind


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_nothing_is_kept_of_a_picture_but_what_is_seen(kind: str) -> None:
    sent = picture(kind, exif=True) + SCRIPT + b"PK\x03\x04 and a whole archive"
    assert SECRET in sent
    found = checked(sent)
    assert SECRET not in found.data
    assert SCRIPT not in found.data
    assert b"PK\x03\x04" not in found.data
    with Image.open(io.BytesIO(found.data)) as opened:
        assert not opened.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(opened.info)


def test_a_photo_that_lies_on_its_side_is_put_upright() -> None:
    found = checked(picture(exif=True))
    assert (found.width, found.height) == (48, 64)
    assert colours(found.data)[2:] == ["red", "blue"]


def test_a_large_photo_becomes_smaller() -> None:
    found = checked(picture(size=(6000, 3000)))
    assert (found.width, found.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16", "1"])
def test_a_png_of_any_kind_of_colours_is_taken(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (20, 10)).save(out, "PNG")
    found = checked(out.getvalue())
    with Image.open(io.BytesIO(found.data)) as opened:
        assert opened.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


def test_only_the_first_picture_of_a_moving_one_is_kept() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    found = checked(out.getvalue())
    assert colours(found.data) == ["red"] * 4
    with Image.open(io.BytesIO(found.data)) as opened:
        assert getattr(opened, "n_frames", 1) == 1


def test_a_pdf_and_a_text_are_kept_as_they_came() -> None:
    found = checked(PDF, "invoice.pdf")
    assert (found.media_type, found.data, found.width) == ("application/pdf", PDF, None)
    text = "一行目\nsecond line\n".encode()
    found = checked(text, "notes.txt")
    assert (found.media_type, found.data, found.name) == ("text/plain", text, "notes.txt")


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        pytest.param(b"", "empty.png", "file_empty", id="empty"),
        pytest.param(HTML, "photo.png", "file_type", id="html named png"),
        pytest.param(HTML, "notes.txt", "file_type", id="html named txt"),
        pytest.param(SVG, "logo.svg", "file_type", id="svg"),
        pytest.param(SVG, "logo.png", "file_type", id="svg named png"),
        pytest.param(b"\xef\xbb\xbf \n" + SVG, "a.txt", "file_type", id="svg after blanks"),
        pytest.param(b"MZ\x90\0\x03\0\0\0", "photo.jpg", "file_type", id="program named jpg"),
        pytest.param(b"MZ\x90\0\x03\0\0\0", "notes.txt", "file_type", id="program named txt"),
        pytest.param(b"PK\x03\x04" + b"\0" * 99, "notes.pdf", "file_type", id="archive named pdf"),
        pytest.param(b"plain words", "photo", "file_type", id="text without a name for it"),
        pytest.param("später".encode("latin-1"), "a.txt", "file_type", id="text not in utf-8"),
        pytest.param(b" " + PDF, "a.pdf", "file_type", id="pdf that begins late"),
        pytest.param(PDF[:-10], "a.pdf", "file_damaged", id="pdf cut off"),
        pytest.param(picture("PNG")[:-30], "a.png", "file_damaged", id="png cut off"),
        pytest.param(picture()[:300], "a.jpg", "file_damaged", id="jpeg cut off"),
        pytest.param(b"\xff\xd8\xff" + HTML, "a.jpg", "file_damaged", id="html as jpeg"),
        pytest.param(b"RIFF\0\0\0\0WEBP" + HTML, "a.webp", "file_damaged", id="html as webp"),
        pytest.param(
            picture() + b"\xff\xda" * 400, "a.jpg", "file_damaged", id="jpeg of endless scans"
        ),
        pytest.param(bomb(), "a.png", "image_too_large", id="bomb"),
        pytest.param(bomb(9000, 9000), "a.png", "image_too_large", id="bomb below pillow's limit"),
        pytest.param(bomb(3000, 3000), "a.png", "file_damaged", id="png without its pixels"),
    ],
)
def test_what_is_not_taken(data: bytes, name: str, code: str) -> None:
    assert refused(data, name) == code


def test_what_is_kept_must_fit_too() -> None:
    assert refused(picture("PNG"), "a.png", largest=50) == "file_too_large"
    assert refused(PDF, "a.pdf", largest=len(PDF) - 1) == "file_too_large"


def test_only_the_kinds_that_the_shop_allows_are_taken() -> None:
    with pytest.raises(FileRefused, match="file_type"):
        checked(PDF, "a.pdf", kinds=("png", "jpeg"))
    assert checked(picture(), kinds=("jpeg",)).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("photo.JPG", "jpeg", "photo.JPG"),
        ("broken zip.png", "png", "broken zip.png"),
        ("傷んだ箱.png", "png", "傷んだ箱.png"),
        ("cafe\u0301.pdf", "pdf", "café.pdf"),
        ("../../etc/passwd", "txt", "passwd.txt"),
        ("C:\\Users\\me\\slip.pdf", "pdf", "slip.pdf"),
        ("invoice.exe", "png", "invoice.exe.png"),
        ("photo.html", "jpeg", "photo.html.jpg"),
        ("gpj.\u202eexe.png", "png", "gpj.exe.png"),
        ("a\u200bb\x00c\r\nd.png", "png", "abc d.png"),
        ("a\u2028b.png", "png", "a b.png"),
        ('<img src="x">.png', "png", "_img src=_x__.png"),
        ("...", "png", "file.png"),
        ("", "pdf", "file.pdf"),
        (".png", "png", "png.png"),
        ("CON.txt", "txt", "_CON.txt"),
        ("x" * 300 + ".png", "png", "x" * (LONGEST_NAME - 4) + ".png"),
    ],
    ids=range(17),
)
def test_a_name_is_made_safe(name: str, kind: str, kept: str) -> None:
    assert clean_name(name, kind) == kept
    assert len(kept) <= LONGEST_NAME
