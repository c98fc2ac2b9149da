"""Write the one marked style sheet into style attributes; leave every other sheet and comment as it is."""

import logging
import re

from premailer import Premailer

#: ``<mj-style inline="inline">`` begins with this comment.
MARKER = "/*inline*/"

_COMMENT_OR_STYLE = re.compile(
    r"<!--.*?-->|(?P<open><style\b(?P<attributes>[^>]*))>(?P<text>\s*/\*inline\*/)?", re.DOTALL
)


def inline(html: str) -> str:
    """Return *html* with the rules of its marked style sheet as style attributes. Reads nothing from anywhere."""
    # premailer drops a doctype in lower case, and the mail would be laid out in quirks mode.
    html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
    page: str = Premailer(
        protect(html),
        method="html",
        keep_style_tags=False,
        strip_important=False,
        disable_validation=True,
        allow_network=False,
        allow_loading_external_files=False,
        disable_link_rewrites=True,
        align_floating_images=False,
        disable_basic_attributes=["width", "height", "bgcolor", "align", "valign"],
        remove_unset_properties=False,
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    return page


def protect(html: str) -> str:
    """
    Return *html* with every style sheet but the marked one set to be ignored.

    Sheets with ``media=`` are skipped by premailer before it takes the attribute off again, so they get none.
    """

    def ignore(match: re.Match[str]) -> str:
        if match["open"] is None or match["text"] or "media=" in match["attributes"]:
            return match[0]
        return f'{match["open"]} data-premailer="ignore">'

    return _COMMENT_OR_STYLE.sub(ignore, html)
