"""How a Newsletter looks: its theme, where its pictures come from, its colours, logo and fonts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Theme(StrEnum):
    """The layout of the mail."""

    #: One column, a large lead, small pictures at the side.
    CLASSIC = "classic"
    #: As many headlines as fit, no pictures.
    COMPACT = "compact"
    #: A wide picture at the top, larger type and pictures.
    MAGAZINE = "magazine"


class Images(StrEnum):
    """Where a mail's pictures are loaded from."""

    #: Fetched once, resized, and served from the product's own address: no stranger learns who reads.
    PROXY = "proxy"
    #: From the publishers' addresses.
    LINK = "link"
    #: There are none.
    NONE = "none"


class Place(StrEnum):
    """Where in a page a picture stands."""

    #: Above the lead of the Edition.
    LEAD = "lead"
    #: Beside one of the first Stories of a Section.
    MEDIUM = "medium"


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Width and height of a place in CSS pixels."""

    width: int
    height: int

    def height_at(self, width: int) -> int:
        """Return how high a picture of the same shape is when it is *width* wide."""
        return round(width * self.height / self.width)


#: A stored picture has so many pixels for each CSS pixel of its place, for sharp screens.
DENSITY = 2

PLACES: Mapping[Theme, Mapping[Place, PictureSize]] = {
    Theme.CLASSIC: {Place.LEAD: PictureSize(552, 310), Place.MEDIUM: PictureSize(88, 88)},
    Theme.COMPACT: {},
    Theme.MAGAZINE: {Place.LEAD: PictureSize(600, 338), Place.MEDIUM: PictureSize(144, 96)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture at *url*, *width* by *height* CSS pixels; with *is_title* it stands in place of the title's words."""

    url: str
    width: int = 40
    height: int = 40
    is_title: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    The newsletter's own look; everything else is the theme's.

    Colours are six hexadecimal digits behind a #, each with its twin for the night. An empty font list is the theme's.
    """

    theme: Theme = Theme.CLASSIC
    images: Images = Images.PROXY
    accent: str = "#a4262c"
    accent_dark: str = "#ff9a8f"
    link: str = "#1f4e79"
    link_dark: str = "#9cc7f2"
    canvas: str = "#f4f2ee"
    canvas_dark: str = "#121211"
    logo: Logo | None = None
    headline_font: str = ""
    text_font: str = ""

    @property
    def places(self) -> Mapping[Place, PictureSize]:
        """Return the places of pictures in this look; none where it has no pictures."""
        return {} if self.images is Images.NONE else PLACES[self.theme]
