"""Wording: the very words that stand on a form, for the evidence of what somebody has agreed to by it."""

from html import unescape

from digest.model.newsletter import Newsletter
from digest.web.pages import Pages


def wording(pages: Pages, template: str, newsletter: Newsletter, language: str) -> str:
    """Return the words that *template* shows of *newsletter* in *language*, and the language that they are in."""
    own, english = (
        unescape(pages.fill(template, language=tag, newsletter=newsletter)).strip() for tag in (language, "en")
    )
    return f"{own} [{'en' if own == english else language}]"
