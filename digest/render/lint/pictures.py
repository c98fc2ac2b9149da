"""Pictures: what is told to those who do not see them, how large they are, and where they come from."""

import re
from collections.abc import Iterator

from digest.render.lint.finding import Finding, Rule, Severity, excerpt, told
from digest.render.lint.links import in_the_open, is_unsaid
from digest.render.lint.page import Element, Page, text_of
from digest.render.lint.refused import scheme_of

#: From the web, or from a part of the mail itself.
_SHOWN = ("https", "http", "cid")
_NEEDED = ("alt", "width", "height")
_PIXELS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*", re.IGNORECASE)


def pictures(page: Page) -> Iterator[Finding]:
    """Tell of pictures that some readers cannot see or hear, and of those that see the reader."""
    images = list(page.named("img"))
    yield from _incomplete(images)
    if silent := [image.get("src", "") for image in images if _is_silent_link(image)]:
        one = "the picture {example} is all that its link has, and has no words; give it an alt"
        many = "{count} pictures are all that their links have, and have no words, such as {example}; give each an alt"
        yield Finding(Severity.ERROR, Rule.PICTURE, told(map(excerpt, silent), one, many), silent[0])
    if pixels := [image.get("src", "") for image in images if _is_pixel(page, image)]:
        one = "the picture {example} is too small to be seen; it can only tell who reads: take it out"
        many = (
            "{count} pictures are too small to be seen, such as {example}; they can only tell who reads: take them out"
        )
        yield Finding(Severity.ERROR, Rule.TRACKING, told(map(excerpt, pixels), one, many), pixels[0])
    yield from _sources(page, [image.get("src", "") for image in images])


def _incomplete(images: list[Element]) -> Iterator[Finding]:
    lacking: dict[tuple[str, ...], list[str]] = {}
    for image in images:
        if missing := tuple(name for name in _NEEDED if name not in image.attrib):
            lacking.setdefault(missing, []).append(image.get("src", ""))
    for names, sources in lacking.items():
        lack = " and no ".join(names)
        one = f"the picture {{example}} has no {lack}; give {'it' if names == names[:1] else 'them'}"
        many = f"{{count}} pictures have no {lack}, such as {{example}}; give them"
        yield Finding(Severity.ERROR, Rule.PICTURE, told(map(excerpt, sources), one, many), sources[0])


def _is_silent_link(image: Element) -> bool:
    link = next(image.iterancestors("a"), None)
    if link is None or image.get("alt") is None or link.get("aria-label") or is_unsaid(link):
        return False
    words = [text_of(link), *(str(other.get("alt", "")) for other in link.iter("img"))]
    return not "".join(words).strip()


def _is_pixel(page: Page, image: Element) -> bool:
    styles = {declaration.name: declaration.value for declaration in page.styles.get(image, ())}
    sizes = [_pixels(styles.get(name, "") or image.get(name, "")) for name in ("width", "height")]
    return 0 in sizes or all(size is not None and size <= 1 for size in sizes)


def _pixels(text: str) -> float | None:
    match = _PIXELS.fullmatch(text)
    return float(match[1]) if match else None


def _sources(page: Page, sources: list[str]) -> Iterator[Finding]:
    open_ones = [source for source in sources if in_the_open(source, page.yardstick)]
    lost = [source for source in sources if scheme_of(source) not in _SHOWN]
    if open_ones:
        one = "the picture {example} does not come by https; many readers will not see it"
        many = "{count} pictures do not come by https; many readers will not see them, such as {example}"
        yield Finding(Severity.WARNING, Rule.PICTURE, told(map(excerpt, open_ones), one, many), open_ones[0])
    if lost:
        one = "the picture {example!r} has no web address, so no reader will see it; give it an https address"
        many = (
            "{count} pictures have no web address, such as {example!r}, and will not be seen; give them https addresses"
        )
        yield Finding(Severity.ERROR, Rule.PICTURE, told(map(excerpt, lost), one, many), lost[0])
