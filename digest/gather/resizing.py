"""
Make small JPEGs of the pictures that publishers send; it runs in a reader process, for decoders are large and old.

Of what comes in only the pixels go out: cut to the shape of their place, upright, in sRGB, without any metadata.
"""

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO

from PIL import (
    AvifImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from digest.errors import UnreadableInput
from digest.model.developed import Developed, Print
from digest.model.draft import PictureCopy
from digest.model.look import DENSITY, PictureSize, Place

#: What the web shows. Pillow knows many formats more, whose decoders have seen less use.
FORMATS = (
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    GifImagePlugin.GifImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    AvifImagePlugin.AvifImageFile.format,
)
#: As many as any camera of the press takes. At four bytes each, two of that size fit into a reader.
MOST_PIXELS = 50_000_000
#: Longer and thinner ones are banners and rulers; too little of one is left when it is cut.
MOST_STRETCHED = 4
#: Pixels that a copy has, at the least, for each CSS pixel of its place. A lead is looked at: it is never enlarged. An
#: enlargement by a third beside a text is not noticed, and many feeds name pictures of 75 to 100 pixels; by more, it
#: looks like a fault of ours.
LEAST_DENSITY: Mapping[Place, float] = {Place.LEAD: 1.0, Place.MEDIUM: 0.75}
#: How each place is called in a sentence.
CALLED: Mapping[Place, str] = {Place.LEAD: "the top of the mail", Place.MEDIUM: "a place beside a story"}
#: Of the height that is cut off, this share is cut off above: faces and skylines stand in the upper half.
ABOVE = 1 / 3
#: A coarse reduction leaves so many pixels for each that is wanted, so that the fine one has enough to choose from.
GAP = 2
#: The first is as good as the eye asks for; the next are for pictures that do not fit into MOST_BYTES.
QUALITIES = (80, 74, 68, 62, 56)
MOST_BYTES = 150_000
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = frozenset({5, 6, 7, 8})


def develop(content: bytes, sizes: Mapping[Place, PictureSize]) -> Developed:
    """
    Return a copy of the picture *content* for each place of *sizes*; the same bytes always give the same bytes.

    A copy has up to DENSITY pixels for each CSS pixel of its place and is never enlarged. UnreadableInput says in one
    sentence why there is nothing to be had.
    """
    with _decoding():
        image: Image.Image = Image.open(BytesIO(content), formats=FORMATS)
        _check(*image.size)
        orientation = _orientation(image)
        width, height = image.size[::-1] if orientation in _LYING else image.size
        cuts = {place: _Cut.of(place, size, width, height) for place, size in sizes.items()}
        wanted = {place: cut for place, cut in cuts.items() if cut is not None}
        if wanted:
            image = _upright(_reduced(image, min(cut.reduction for cut in wanted.values())), orientation)
    return Developed(
        prints=tuple(_print(place, image, cut.scaled(image.width / width)) for place, cut in wanted.items()),
        faults={
            place: f"It has only {width} by {height} pixels, too few for {CALLED[place]}."
            for place in sizes
            if place not in wanted
        },
    )


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is cut out of a picture, *box* in its pixels, and the *size* in pixels that this gets."""

    box: tuple[float, float, float, float]
    size: tuple[int, int]

    @classmethod
    def of(cls, place: Place, size: PictureSize, width: int, height: int) -> "_Cut | None":
        """Return the largest cut in the shape of *size*; None where it has too few pixels for *place*."""
        wide = min(width, height * size.width / size.height)
        high = min(height, width * size.height / size.width)
        if wide < size.width * LEAST_DENSITY[place]:
            return None
        left, top = (width - wide) / 2, (height - high) * ABOVE
        pixels = min(DENSITY * size.width, int(wide))
        return cls((left, top, left + wide, top + high), (pixels, size.height_at(pixels)))

    @property
    def reduction(self) -> float:
        """Return how many pixels of the picture become one, in each direction."""
        return (self.box[2] - self.box[0]) / self.size[0]

    def scaled(self, by: float) -> "_Cut":
        """Return the same cut of a picture that has been reduced *by* this factor."""
        left, top, right, bottom = self.box
        return _Cut((left * by, top * by, right * by, bottom * by), self.size)


@contextmanager
def _decoding() -> Iterator[None]:
    """Turn whatever a decoder says of its input into UnreadableInput with one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow warns of is checked here, or does no harm
            yield
    except (UnreadableInput, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise UnreadableInput(f"It has more than {MOST_PIXELS / 1e6:g} million pixels.") from None
    except Exception as error:  # decoders raise what they like
        raise UnreadableInput("It is no picture that can be read.") from error


def _check(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnreadableInput(f"It has more than {MOST_PIXELS / 1e6:g} million pixels.")
    if max(width, height) > MOST_STRETCHED * min(width, height):
        raise UnreadableInput(f"Its {width} by {height} pixels are too long a strip to be cut.")


def _orientation(image: Image.Image) -> int:
    """Return how the camera was held, as EXIF counts; 1 (upright) where nothing usable says so."""
    with suppress(UnreadableInput), _decoding():
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def _reduced(image: Image.Image, reduction: float) -> Image.Image:
    """Return *image* in RGB, with GAP pixels or a little more for each one that is wanted after *reduction*."""
    profile = image.info.get("icc_profile")
    width, height = image.size
    image.draft(None, (int(width * GAP / reduction) + 1, int(height * GAP / reduction) + 1))  # only JPEG knows how
    image.load()
    factor = int(reduction * image.width / width / GAP)
    image = _in_levels(image)
    if factor > 1:
        image = image.reduce(factor)
    return _in_srgb(_on_white(image), profile)


def _in_levels(image: Image.Image) -> Image.Image:
    """Return *image* in a mode whose pixels have a mean: no palette, no transparent colour, eight bits a channel."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    mode = "RGBA" if image.has_transparency_data else image.mode if image.mode in {"L", "CMYK"} else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _on_white(image: Image.Image) -> Image.Image:
    """Return *image* with white behind what is transparent: the paper of the mail, by day."""
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return *image* in the colours of the web; a *profile* that does not fit it is left aside."""
    if profile:
        with suppress(ImageCms.PyCMSError):
            turned = ImageCms.profileToProfile(
                image, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            assert turned is not None
            return turned
    return image.convert("RGB")


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _print(place: Place, image: Image.Image, cut: _Cut) -> Print:
    right, bottom = min(cut.box[2], image.width), min(cut.box[3], image.height)  # after rounding
    small = image.resize(cut.size, Image.Resampling.LANCZOS, (*cut.box[:2], right, bottom), reducing_gap=GAP)
    small.info.clear()  # comments would be written out again
    content = _encoded(small)
    sha256 = hashlib.sha256(content).hexdigest()
    return Print(copy=PictureCopy(place=place, sha256=sha256, width=small.width, height=small.height), content=content)


def _encoded(image: Image.Image) -> bytes:
    """Return *image* as a progressive JPEG, in the best of QUALITIES that fits into MOST_BYTES, else in the last."""
    content = b""
    for quality in QUALITIES:
        file = BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling="4:2:0", progressive=True, optimize=True)
        content = file.getvalue()
        if len(content) <= MOST_BYTES:
            break
    return content
