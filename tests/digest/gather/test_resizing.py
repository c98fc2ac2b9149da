"""What becomes of pictures: their pixels, upright, in the right shape, in sRGB, as small JPEGs; and nothing else."""

import random
from collections.abc import Callable, Iterator, Mapping

import pytest
from PIL import ExifTags, Image, ImageCms, JpegImagePlugin

from digest.errors import UnreadableInput
from digest.gather import resizing
from digest.gather.resizing import develop
from digest.model.developed import Developed, Print
from digest.model.look import PLACES, PictureSize, Place, Theme
from tests.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    YELLOW,
    Colour,
    colours,
    decoded,
    encoded,
    is_like,
    picture,
    pixel,
    png_that_claims,
    quarters,
)

CLASSIC, MAGAZINE = PLACES[Theme.CLASSIC], PLACES[Theme.MAGAZINE]
#: In the shape of the picture of the tests, so that nothing is cut off.
WHOLE = {Place.MEDIUM: PictureSize(160, 100)}
FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "AVIF"]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
#: In its colours red is what others call blue.
SWAPPED = SRGB.replace(b"rXYZ", b"!XYZ").replace(b"bXYZ", b"rXYZ").replace(b"!XYZ", b"bXYZ")


def prints(content: bytes, sizes: Mapping[Place, PictureSize] = CLASSIC) -> dict[Place, Print]:
    return {print_.copy.place: print_ for print_ in develop(content, sizes).prints}


def sizes_of(developed: Developed) -> dict[Place, tuple[int, int]]:
    return {print_.copy.place: (print_.copy.width, print_.copy.height) for print_ in developed.prints}


def shows(content: bytes, *expected: Colour) -> bool:
    """Return whether the copy of the whole of *content* has the *expected* colours in its quarters."""
    found = colours(prints(content, WHOLE)[Place.MEDIUM].content)
    return all(is_like(one, other) for one, other in zip(found, expected, strict=True))


def oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


# -- what is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_of_the_web_becomes_a_progressive_jpeg_for_each_place(kind: str) -> None:
    made = prints(picture(kind=kind))

    assert list(made) == [Place.LEAD, Place.MEDIUM]
    for print_, size in ((made[Place.LEAD], (1104, 620)), (made[Place.MEDIUM], (176, 176))):
        copy = decoded(print_.content)
        assert isinstance(copy, JpegImagePlugin.JpegImageFile)
        assert copy.size == (print_.copy.width, print_.copy.height) == size
        assert copy.mode == "RGB"
        assert copy.info["progressive"]
        assert JpegImagePlugin.get_sampling(copy) == 2  # 4:2:0
    assert shows(picture(kind=kind), RED, GREEN, BLUE, YELLOW)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "CMYK"), ("PNG", "P"), ("PNG", "RGBA"), ("GIF", "P"), ("WEBP", "RGBA"), ("AVIF", "RGBA"),
    ],
)  # fmt: skip
def test_every_way_to_keep_colours_is_understood(kind: str, mode: str) -> None:
    assert shows(picture(kind=kind, mode=mode), RED, GREEN, BLUE, YELLOW)


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "L"), ("PNG", "L"), ("PNG", "LA"), ("PNG", "I;16")])
def test_pictures_without_colours_keep_their_greys(kind: str, mode: str) -> None:
    grey = quarters().convert("L")
    levels = [pixel(grey, x, y) for y in (1, 999) for x in (1, 1599)]
    wide = grey.convert("I").point(lambda level: level * 257).convert("I;16") if mode == "I;16" else grey.convert(mode)

    assert len(set(levels)) == 4
    assert shows(encoded(wide, kind), *levels)


def test_a_picture_of_black_and_white_dots_becomes_grey_when_it_is_made_smaller() -> None:
    dots = Image.new("1", (2, 2))
    dots.putpixel((0, 0), 1)
    dots.putpixel((1, 1), 1)
    board = Image.new("1", (1600, 1000))
    for x in range(0, 1600, 2):
        for y in range(0, 1000, 2):
            board.paste(dots, (x, y))

    assert shows(encoded(board, "PNG"), *[(128, 128, 128)] * 4)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA"), ("AVIF", "RGBA"), ("PNG", "P"), ("GIF", "RGBA")],
)
def test_what_is_transparent_is_white(kind: str, mode: str) -> None:
    image = quarters().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 800, 500))
    below = (BLUE, YELLOW)
    if mode == "LA":
        image = image.convert("LA")
        grey = image.convert("L")
        below = (pixel(grey, 1, 999), pixel(grey, 1599, 999))
    if mode == "P":
        image = image.quantize(16)

    found = colours(prints(encoded(image, kind), WHOLE)[Place.MEDIUM].content)

    assert is_like(found[0], WHITE)
    assert [is_like(one, other) for one, other in zip(found[2:], below, strict=True)] == [True, True]


def test_one_colour_that_a_png_calls_transparent_is_white() -> None:
    assert shows(picture(kind="PNG", transparency=RED), WHITE, GREEN, BLUE, YELLOW)


def test_what_is_half_transparent_lets_the_paper_through() -> None:
    image = quarters().convert("RGBA")
    image.putalpha(128)

    assert shows(encoded(image, "PNG"), *((c[0] // 2 + 127, c[1] // 2 + 127, c[2] // 2 + 127)
                                          for c in (RED, GREEN, BLUE, YELLOW)))  # fmt: skip


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "MPO"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    later = [Image.new("RGB", (1600, 1000), colour) for colour in (GREEN, BLUE)]

    moving = picture(kind=kind, save_all=True, append_images=later)

    assert shows(moving, RED, GREEN, BLUE, YELLOW)


# -- upright and in sRGB -----------------------------------------------------------------------------------------------

#: How a picture lies in the file that says so; as EXIF counts.
LIES = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", list(LIES))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_however_the_camera_was_held_the_copy_stands_upright(kind: str, orientation: int) -> None:
    turn = LIES[orientation]
    lying = quarters() if turn is None else quarters().transpose(turn)

    content = encoded(lying, kind, exif=oriented(orientation))

    assert shows(content, RED, GREEN, BLUE, YELLOW)
    assert sizes_of(develop(content, CLASSIC))[Place.LEAD] == (1104, 620)


@pytest.mark.parametrize("exif", [b"", b"MM\x00*\xff\xff\xff\xff", b"II*\x00\x08\x00\x00\x00\xff\xff", b"what?"])
def test_exif_that_cannot_be_read_costs_nothing(exif: bytes) -> None:
    assert shows(picture(exif=b"Exif\x00\x00" + exif), RED, GREEN, BLUE, YELLOW)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_colours_are_turned_into_those_of_the_web(kind: str) -> None:
    swapped = Image.merge("RGB", quarters().split()[::-1])

    content = encoded(swapped, kind, icc_profile=SWAPPED)

    assert shows(content, RED, GREEN, BLUE, YELLOW)


@pytest.mark.parametrize(
    ("mode", "profile"), [("RGB", b"no profile at all"), ("RGB", SRGB[:200]), ("CMYK", SRGB), ("RGB", b"\x00" * 4000)]
)
def test_a_profile_that_does_not_fit_is_left_aside(mode: str, profile: bytes) -> None:
    assert shows(picture(mode=mode, icc_profile=profile), RED, GREEN, BLUE, YELLOW)


# -- shape and size ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", [CLASSIC, MAGAZINE])
@pytest.mark.parametrize("size", [(1600, 1000), (1000, 1600), (1200, 1200), (3000, 1000), (1000, 3000), (1104, 620)])
def test_every_copy_has_the_shape_of_its_place(places: Mapping[Place, PictureSize], size: tuple[int, int]) -> None:
    for place, (width, height) in sizes_of(develop(picture(*size), places)).items():
        assert height == round(width * places[place].height / places[place].width)
        assert width <= places[place].width * 2


@pytest.mark.parametrize(
    ("size", "lead", "medium"),
    [
        ((2400, 1600), (1104, 620), (176, 176)),
        ((800, 600), (800, 449), (176, 176)),
        ((552, 310), (552, 310), (176, 176)),
        ((1000, 310), (552, 310), (176, 176)),
        ((551, 310), None, (176, 176)),
        ((552, 309), None, (176, 176)),
        ((120, 90), None, (90, 90)),
        ((100, 66), None, (66, 66)),
        ((100, 65), None, None),
        ((1, 1), None, None),
    ],
)
def test_a_copy_is_never_larger_than_its_picture_and_too_small_a_one_is_refused(
    size: tuple[int, int], lead: tuple[int, int] | None, medium: tuple[int, int] | None
) -> None:
    developed = develop(picture(*size, kind="PNG"), CLASSIC)

    assert sizes_of(developed) == {
        place: made for place, made in ((Place.LEAD, lead), (Place.MEDIUM, medium)) if made is not None
    }
    assert set(developed.faults) == set(Place) - set(sizes_of(developed))


def test_a_refused_place_is_told_with_the_size_as_it_stands_upright() -> None:
    developed = develop(picture(90, 60, exif=oriented(6)), CLASSIC)

    assert developed.faults == {
        Place.LEAD: "It has only 60 by 90 pixels, too few for the top of the mail.",
        Place.MEDIUM: "It has only 60 by 90 pixels, too few for a place beside a story.",
    }


def bands(width: int, height: int, *, upright: bool) -> bytes:
    """Return a picture of three bands, red, green and blue, beside each other or, *upright*, on top of each other."""
    image = Image.new("RGB", (1, 3) if upright else (3, 1))
    for number, colour in enumerate((RED, GREEN, BLUE)):
        image.putpixel((0, number) if upright else (number, 0), colour)
    return encoded(image.resize((width, height), Image.Resampling.NEAREST), "PNG")


def test_a_high_picture_is_cut_a_little_above_its_middle() -> None:
    copy = decoded(prints(bands(1104, 1860, upright=True))[Place.LEAD].content)

    # 413 of the 620 pixels of red are cut off, and of blue there is nothing left.
    assert [is_like(pixel(copy, 500, y), RED) for y in (5, 195, 220)] == [True, True, False]
    assert [is_like(pixel(copy, 500, y), GREEN) for y in (220, 610)] == [True, True]


def test_a_wide_picture_is_cut_on_both_sides_alike() -> None:
    copy = decoded(prints(bands(2208, 620, upright=False))[Place.LEAD].content)

    # 552 of the 736 pixels of red are cut off, and as many of blue.
    assert [is_like(pixel(copy, x, 300), RED) for x in (5, 175)] == [True, True]
    assert [is_like(pixel(copy, x, 300), GREEN) for x in (195, 550, 905)] == [True, True, True]
    assert [is_like(pixel(copy, x, 300), BLUE) for x in (930, 1095)] == [True, True]


@pytest.mark.parametrize("size", [(4100, 1000), (1000, 4100), (728, 90)])
def test_a_strip_is_no_picture_of_a_story(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadableInput, match=f"^Its {size[0]} by {size[1]} pixels are too long a strip to be cut.$"):
        develop(picture(*size, kind="PNG"), CLASSIC)


def test_what_asks_for_nothing_gets_nothing() -> None:
    assert develop(picture(), {}) == Developed(prints=(), faults={})


# -- what goes out -----------------------------------------------------------------------------------------------------


def markers(jpeg: bytes) -> Iterator[int]:
    """Give the kinds of the segments of a JPEG up to its first scan."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        yield jpeg[at + 1]
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")


def test_nothing_but_pixels_is_left() -> None:
    exif = oriented(1)
    exif[ExifTags.Base.Make] = "Secret Camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    told = picture(
        exif=exif, comment=b"taken by Secret", xmp=b"<x:xmpmeta>Secret</x:xmpmeta>", icc_profile=SRGB, dpi=(300, 300)
    )

    for print_ in prints(told).values():
        assert b"Secret" not in print_.content
        # JFIF, tables of numbers, and the head of a progressive picture.
        assert set(markers(print_.content)) == {0xE0, 0xDB, 0xC2, 0xC4}
        assert set(decoded(print_.content).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density",
                                                     "progressive", "progression"}  # fmt: skip


def test_what_hangs_on_a_picture_does_not_come_along() -> None:
    clean = picture()

    polyglot = clean[:2] + b"\xff\xfe\x00\x14*/<script>alert(" + clean[2:] + b"<script>alert(1)</script>PK\x03\x04"

    assert develop(polyglot, CLASSIC) == develop(clean, CLASSIC)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_bytes_give_the_same_bytes(kind: str) -> None:
    content = picture(kind=kind)

    assert develop(content, CLASSIC) == develop(bytes(bytearray(content)), CLASSIC)


def test_a_picture_that_does_not_fit_is_kept_in_a_lower_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, calm = encoded(Image.effect_noise((1104, 620), 100)), picture()

    light = [prints(content)[Place.LEAD].content for content in (busy, calm)]
    monkeypatch.setattr(resizing, "MOST_BYTES", 10_000_000)
    heavy = [prints(content)[Place.LEAD].content for content in (busy, calm)]

    assert len(light[0]) < len(heavy[0])
    assert light[1] == heavy[1]
    assert len(light[1]) < 150_000


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"<!doctype html><html><body><img src=x></body></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="600"><script>alert(1)</script></svg>',
        b'{"error": "hotlinking is not allowed"}',
        random.Random(1).randbytes(5000),
        b"\xff\xd8\xff\xe0" + random.Random(2).randbytes(5000),
        b"GIF89a/*" + b"\xff" * 400 + b"*/=1;alert(1)",
        b"RIFF\x00\x01\x00\x00WEBPVP8X" + b"\x00" * 300,
        b"\x00\x00\x00 ftypavif" + b"\x00" * 300,
        *(encoded(quarters(), kind) for kind in ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "JPEG2000", "EPS", "PDF")),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_picture_of_the_web_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableInput, match=r"^It is no picture that can be read\.$"):
        develop(content, CLASSIC)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_picture_that_breaks_off_is_refused(kind: str, share: float) -> None:
    content = encoded(Image.effect_noise((900, 600), 80).convert("RGB"), kind)

    with pytest.raises(UnreadableInput, match=r"^It is no picture that can be read\.$"):
        develop(content[: int(len(content) * share)], CLASSIC)


def gif_that_claims(width: int, height: int) -> bytes:
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"GIF89a" + size + b"\x00\x00\x00," + b"\x00" * 4 + size + b"\x00\x08\x00;"


@pytest.mark.parametrize(
    ("claim", "size"),
    [
        (png_that_claims, (60_000, 60_000)),  # Pillow raises an error
        (png_that_claims, (10_000, 10_000)),  # Pillow warns
        (png_that_claims, (8_000, 7_000)),  # Pillow sees nothing in it
        (gif_that_claims, (65_535, 65_535)),
    ],
)
def test_a_picture_that_claims_to_be_huge_is_not_even_begun(
    claim: Callable[[int, int], bytes], size: tuple[int, int]
) -> None:
    with pytest.raises(UnreadableInput, match=r"^It has more than 50 million pixels\.$"):
        develop(claim(*size), CLASSIC)


def test_damage_of_any_kind_is_told_in_one_of_our_sentences() -> None:
    chance = random.Random(7)
    noise = Image.effect_noise((700, 500), 60)
    rich = {"icc_profile": SRGB, "exif": oriented(6)}
    seeds = [encoded(noise.convert("RGB"), kind, **rich) for kind in ("JPEG", "PNG", "WEBP", "AVIF")]
    seeds += [encoded(noise, "GIF"), encoded(noise.convert("CMYK")), encoded(noise.convert("RGBA"), "PNG")]
    refused = 0

    for _ in range(300):
        damaged = bytearray(chance.choice(seeds))
        for _ in range(chance.choice([1, 2, 5, 20])):
            damaged[chance.randrange(chance.choice([64, 600, len(damaged)]))] = chance.randrange(256)
        try:
            develop(bytes(damaged), CLASSIC)
        except UnreadableInput:
            refused += 1

    assert 50 < refused < 290
