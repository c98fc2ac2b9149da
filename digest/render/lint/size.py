"""Bytes that mailboxes count: those of the whole page, and those of its style sheets."""

import re
from collections.abc import Iterator

from digest.model.layout import BUDGET, CLIPPED_AT
from digest.render.lint.finding import Finding, Rule, Severity, excerpt, told
from digest.render.lint.page import Page

# Gmail drops a <style> that is longer than this, and all that follow once they are so long together.
_SHEET = 8_192
_SHEETS = 16_384
#: Stories give way by themselves; what is left is what the templates put around them.
_REMEDY = "make the templates shorter, or have fewer sections"
_URL = re.compile(r"""url\(\s*["']?\s*([^"')\s]*)""", re.IGNORECASE)


def size(page: Page) -> Iterator[Finding]:
    """Tell of a page that mailboxes clip, or nearly do, although its sections have given way as far as they can."""
    given = page.yardstick.size_bytes
    count = len(page.html.encode("utf-8", "replace")) if given is None else given
    if count >= CLIPPED_AT:
        message = f"the mail has {count:,} bytes; mailboxes clip it at {CLIPPED_AT:,}: {_REMEDY}"
        yield Finding(Severity.ERROR, Rule.SIZE, message)
    elif count > BUDGET:
        message = f"the mail has {count:,} bytes of {BUDGET:,}; {_REMEDY}"
        yield Finding(Severity.WARNING, Rule.SIZE, message)


def styles(page: Page) -> Iterator[Finding]:
    """Tell of style sheets that are too long, or that ask for more from elsewhere."""
    sizes = [len(sheet.text.encode("utf-8", "replace")) for sheet in page.sheets]
    if sizes and max(sizes) > _SHEET:
        message = f"a style sheet has {max(sizes):,} bytes; Gmail drops it from {_SHEET:,} on: write less, or two"
        yield Finding(Severity.WARNING, Rule.STYLE, message)
    if sum(sizes) > _SHEETS:
        message = f"the style sheets have {sum(sizes):,} bytes; Gmail drops what goes beyond {_SHEETS:,}: write less"
        yield Finding(Severity.WARNING, Rule.STYLE, message)
    if any(rule.lower().startswith("@import") for sheet in page.sheets for rule in sheet.at_rules):
        message = "a style sheet has @import, which mailboxes drop; write the rules out"
        yield Finding(Severity.ERROR, Rule.STYLE, message)
    written = [*(sheet.text for sheet in page.sheets), *(element.get("style", "") for element in page.elements)]
    urls = [url for text in written if "url(" in text.lower() for url in _URL.findall(text)]
    if insecure := [excerpt(url) for url in urls if not url.lower().startswith("https:")]:
        one, many = "a style asks for {example!r}", "styles ask for {count} things, such as {example!r},"
        message = f"{told(insecure, one, many)} not by https; many readers will not see it: use an https address"
        yield Finding(Severity.WARNING, Rule.STYLE, message)
