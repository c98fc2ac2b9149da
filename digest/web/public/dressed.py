"""Dressed: the mail of a past Edition as a page of the web, with what belongs into its head and a strip above it."""

import re
from typing import Any

from babel.core import get_global

from digest.archive import EditionPage, LeadPicture
from digest.links import Links
from digest.model.newsletter import Newsletter
from digest.model.text import printable
from digest.web.pages import Pages
from digest.web.public import brand, card

_END_OF_HEAD = re.compile(r"</head\b", re.IGNORECASE)
_BODY = re.compile(r"<body\b", re.IGNORECASE)
_SEAM = re.compile(r"(</head\s*>\s*<body\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>)", re.IGNORECASE)


def dressed(found: EditionPage, newsletter: Newsletter, site: Links, pages: Pages) -> str:
    """Return the mail of *found* as a page of its own; *site* makes the absolute addresses."""
    edition = found.edition
    url = site.edition(newsletter.slug, edition.cadence, edition.date)
    values: dict[str, Any] = {
        "language": newsletter.language,
        "newsletter": newsletter,
        "edition": edition,
        "url": url,
        "description": edition.preheader or printable(newsletter.description),
        "territory": territory(newsletter.language),
        "picture": found.picture or _card(found, newsletter, site),
        "older": found.older,
        "newer": found.newer,
        "brand": brand.written(newsletter.look),
    }
    head = pages.fill("public/_edition_head.html", **values)
    return sewn(found.html, head=head, strip=pages.fill("public/_edition_strip.html", **values))


def sewn(mail: str, *, head: str, strip: str) -> str:
    """
    Return the HTML of *mail* with *head* at the end of its head and *strip* at the start of its body.

    Nothing is guessed: a *mail* without exactly one place where its head ends and its body begins stays as it is.
    """
    parts = _SEAM.split(mail)
    if len(parts) != 3 or len(_END_OF_HEAD.findall(mail)) != 1 or len(_BODY.findall(mail)) != 1:
        return mail
    before, seam, after = parts
    return f"{before}{head}{seam}{strip}{after}"


def territory(language: str) -> str:
    """Return a newsletter's *language* as OpenGraph wants it, with the land where most speak it: "en_US", "de_AT"."""
    tongue, _, land = language.partition("-")
    if not land:
        land = get_global("likely_subtags").get(tongue, "").rpartition("_")[2]
    return f"{tongue}_{land}" if land else tongue


def _card(found: EditionPage, newsletter: Newsletter, site: Links) -> LeadPicture:
    edition = found.edition
    return LeadPicture(
        url=site.edition_card(newsletter.slug, edition.cadence, edition.date),
        alt=f"{newsletter.title}, No. {edition.number}: {edition.subject}",
        width=card.WIDTH,
        height=card.HEIGHT,
    )
