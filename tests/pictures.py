"""Pictures for tests, made by Pillow: four quarters, each of a colour that tells which one it is."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

RED, GREEN, BLUE, YELLOW = (204, 30, 30), (30, 160, 60), (30, 60, 190), (230, 210, 40)
WHITE = (255, 255, 255)
Colour = tuple[int, int, int]


def quarters(width: int = 1600, height: int = 1000) -> Image.Image:
    """Return a picture that is red and green above, blue and yellow below."""
    image = Image.new("RGB", (2, 2))
    for place, colour in zip([(0, 0), (1, 0), (0, 1), (1, 1)], (RED, GREEN, BLUE, YELLOW), strict=True):
        image.putpixel(place, colour)
    return image.resize((width, height), Image.Resampling.NEAREST)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(width: int = 1600, height: int = 1000, kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    """Return the file of ``quarters``."""
    return encoded(quarters(width, height).convert(mode), kind, **options)


def decoded(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def is_like(one: Colour, other: Colour, *, tolerance: int = 14) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def colours(content: bytes) -> list[Colour]:
    """Return the colours in the middle of the four quarters of the file *content*, as ``quarters`` names them."""
    image = decoded(content).convert("RGB")
    across, down = (image.width // 4, image.width * 3 // 4), (image.height // 4, image.height * 3 // 4)
    return [pixel(image, x, y) for y in down for x in across]


def pixel(image: Image.Image, x: int, y: int) -> Colour:
    found = image.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    red, green, blue = found
    return int(red), int(green), int(blue)


def png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG of 60 bytes whose head claims to be of any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
