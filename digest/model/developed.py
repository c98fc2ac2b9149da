"""A picture on its way from its publisher to our pages: PictureCheck (what we ask), PictureRead (what it came to)."""

from collections.abc import Mapping
from dataclasses import dataclass

from digest.model.draft import PictureCopy
from digest.model.entry import Failed
from digest.model.look import PictureSize, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCheck:
    """One picture to be fetched from its publisher's *url*, and how large it is shown in the places that want it."""

    url: str
    sizes: Mapping[Place, PictureSize]


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A copy of a picture, with the bytes that it is kept as."""

    copy: PictureCopy
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Developed:
    """
    The picture was there and could be read: a Print for each place that it has pixels enough for.

    *faults* holds one sentence for each of the other places.
    """

    prints: tuple[Print, ...]
    faults: Mapping[Place, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRead:
    """What one PictureCheck came to."""

    url: str
    outcome: Developed | Failed
