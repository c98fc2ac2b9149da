"""What an Edition is printed with."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import jinja2

from digest.links import Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """
    The templates in the newsletter's language, our own addresses, the time that ages are counted back from.

    *longest* holds a sample of each URL that is spliced per reader, as long as any: the page has to fit with it.
    """

    environment: jinja2.Environment
    links: Links
    now: dt.datetime
    longest: Mapping[str, str]
