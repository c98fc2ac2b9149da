"""What mailboxes take out or take for an attack."""

import re
from collections.abc import Iterator

from digest.render.lint.finding import Finding, Rule, Severity, excerpt, told
from digest.render.lint.page import Page
from digest.render.lint.vocabulary import REFUSED

#: Schemes that act instead of leading somewhere.
ACTING = ("javascript", "data", "vbscript")
_SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z\d+.-]*):", re.IGNORECASE)


def scheme_of(url: str) -> str:
    """Return the scheme of *url* in lower case as browsers find it, empty when there is none."""
    match = _SCHEME.match(url.replace("\t", "").replace("\n", "").replace("\r", ""))
    return match[1].lower() if match else ""


def refused(page: Page) -> Iterator[Finding]:
    """Tell of elements, attributes and addresses that mailboxes refuse."""
    for tag in dict.fromkeys(str(element.tag) for element in page.named(*REFUSED)):
        yield Finding(Severity.ERROR, Rule.REFUSED, f"<{tag}> is refused by mailboxes; take it out")
    if any(meta.get("http-equiv", "").lower() == "refresh" for meta in page.named("meta")):
        message = 'a <meta http-equiv="refresh"> is refused by mailboxes; take it out'
        yield Finding(Severity.ERROR, Rule.REFUSED, message)
    handlers = [
        f"{name!s} of <{element.tag!s}>"
        for element in page.elements
        for name in element.attrib
        if str(name).startswith("on")
    ]
    if handlers:
        one, many = "the attribute {example} runs a script", "{count} attributes run scripts, such as {example}"
        message = told(handlers, one, many)
        yield Finding(Severity.ERROR, Rule.REFUSED, f"{message}; mailboxes refuse that: take it out")
    acting = [
        excerpt(url, 40) for element in page.named("a", "area") if scheme_of(url := element.get("href", "")) in ACTING
    ]
    if acting:
        one, many = "a link acts instead of leading somewhere: {example!r}", "{count} links act, such as {example!r}"
        yield Finding(Severity.ERROR, Rule.REFUSED, f"{told(acting, one, many)}; lead to an https address")
