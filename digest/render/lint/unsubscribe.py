"""Whether readers find the way out: near the top, where mail is judged, and in the footer, where it is looked for."""

from collections.abc import Iterator

from digest.render.lint.finding import Finding, Rule, Severity
from digest.render.lint.page import Element, Page

#: The first link stands within this share of the text, the last within as much of its end.
_NEAR = 0.2
_REMEDY = "the packaged template shows it beside the date and in the footer"


def unsubscribe(page: Page) -> Iterator[Finding]:
    """Tell of a mail that cannot be left, or not easily; says nothing where there is nothing to leave."""
    wanted = page.yardstick.unsubscribe_url
    if not wanted:
        return
    links = [link for link in page.named("a") if link.get("href", "").strip().partition("#")[0] == wanted]
    if not links:
        message = f"no link leads to {wanted}, by which the reader leaves; add it: {_REMEDY}"
        yield Finding(Severity.ERROR, Rule.UNSUBSCRIBE, message)
        return
    places = _places(page)
    at_top = min(places[link] for link in links)
    if at_top > _NEAR and not _is_before_sections(page, links[0]):
        message = "no link to unsubscribe stands near the top; readers who look for it report spam instead"
        yield Finding(Severity.WARNING, Rule.UNSUBSCRIBE, f"{message}: {_REMEDY}")
    if max(places[link] for link in links) < 1 - _NEAR:
        message = "no link to unsubscribe stands in the footer, where readers look for it"
        yield Finding(Severity.WARNING, Rule.UNSUBSCRIBE, f"{message}: {_REMEDY}")


def _places(page: Page) -> dict[Element, float]:
    """Return where each element begins, as the share of the text that stands before it."""
    shown: dict[Element, int] = {}
    for element, text in page.texts:
        shown[element] = shown.get(element, 0) + len(text.strip())
    total = sum(shown.values()) or 1
    places: dict[Element, float] = {}
    before = 0
    for element in page.elements:
        places[element] = before / total
        before += shown.get(element, 0)
    return places


def _is_before_sections(page: Page, link: Element) -> bool:
    return next(element for element in page.elements if element is link or element.tag == "h2") is link
