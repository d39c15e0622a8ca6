"""A shop's logo: from a picture file to dots."""

from __future__ import annotations

import os

import pytest
from PIL import Image as Picture
from PIL import ImageDraw

from agent.core.faults import InputFault
from drivers.printers.logo import ROWS_MAX, load_logo


def saved(folder, name="logo.png", *, size=(40, 20), mode="L", box=None, **how):
    picture = Picture.new(mode, size, how.pop("paper", 255))
    if box:
        ImageDraw.Draw(picture).rectangle(box, fill=how.pop("ink", 0))
    path = folder / name
    picture.save(path, **how)
    return path


def dots(image):
    stride = (image.width + 7) // 8
    rows = [image.data[at : at + stride] for at in range(0, len(image.data), stride)]
    return [
        "".join("#" if row[x // 8] >> (7 - x % 8) & 1 else "." for x in range(image.width))
        for row in rows
    ]


@pytest.mark.parametrize("name", ["logo.png", "logo.bmp", "logo.gif", "logo.jpeg"])
def test_every_kind_of_picture_is_read(tmp_path, name):
    """IT would have to convert what the agency sent."""
    image = load_logo(saved(tmp_path, name, box=(8, 4, 31, 15)), alt="Shop")
    assert (24, "Shop") == (image.width, image.alt)
    assert ["#" * 24] * 12 == dots(image)


def test_white_edges_are_cut_off(tmp_path):
    """Paper would be fed for nothing, at every customer."""
    image = load_logo(saved(tmp_path, size=(300, 300), box=(100, 200, 109, 201)))
    assert ["#" * 10] * 2 == dots(image)


def test_a_wide_logo_is_fitted_to_the_paper(tmp_path):
    """A printer would print the left half of it, or garbage."""
    image = load_logo(saved(tmp_path, size=(1200, 301), box=(0, 0, 1199, 300)), width=384)
    assert 384 == image.width
    assert 384 // 8 * 96 == len(image.data)


def test_what_is_transparent_is_paper(tmp_path):
    """A logo on nothing would come out as a black block."""
    path = saved(tmp_path, mode="RGBA", paper=(0, 0, 0, 0), box=(0, 0, 3, 3), ink=(0, 0, 0, 255))
    assert ["####"] * 4 == dots(load_logo(path))


def test_grey_is_dithered_or_cut(tmp_path):
    """A photograph would be a black block, or line art have a fringe of dots."""
    path = saved(tmp_path, size=(64, 64), paper=128, box=(0, 0, 0, 0), ink=128)
    shown = "".join(dots(load_logo(path)))
    assert 0.4 < shown.count("#") / len(shown) < 0.6
    assert {"#"} == set("".join(dots(load_logo(path, dither=False, threshold=200))))
    assert {"."} == set("".join(dots(load_logo(path, dither=False, threshold=100))))


def _text(folder):
    path = folder / "logo.png"
    path.write_text("no picture")
    return path


def _cut(folder):
    path = saved(folder, size=(400, 400), box=(0, 0, 300, 300))
    path.write_bytes(path.read_bytes()[:60])
    return path


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda folder: folder / "nix.png", "No such file"),
        (lambda folder: folder, "directory"),
        (_text, "is no picture"),
        (_cut, "cannot be read"),
        (saved, "is white all over"),
        (lambda folder: saved(folder, size=(8, ROWS_MAX + 2), paper=0), "dots high"),
    ],
)
def test_a_bad_logo_is_named_with_what_to_do(tmp_path, made, said):
    """IT would find a receipt without a logo and no word why."""
    path = made(tmp_path)
    with pytest.raises(InputFault) as fault:
        load_logo(path)
    assert "bad-logo" == fault.value.name
    assert str(path) in fault.value.detail
    assert said in fault.value.detail
    assert fault.value.remedy


def test_an_enormous_logo_does_not_fill_the_memory(tmp_path):
    """A poster of the agency would stop a till of a small machine."""
    with pytest.raises(InputFault) as fault:
        load_logo(saved(tmp_path, size=(9000, 9000), mode="1", box=(0, 0, 9, 9)))
    assert "9000 × 9000" in fault.value.detail
    heavy = tmp_path / "heavy.png"
    heavy.touch()
    os.truncate(heavy, 11 * 1024 * 1024)
    with pytest.raises(InputFault) as fault:
        load_logo(heavy)
    assert "bytes" in fault.value.detail
