"""The mails that golden files are kept of: three themes and a right-to-left one, in every dress that readers see."""

import dataclasses
import io
import re
from dataclasses import dataclass
from typing import Any

from lxml import html as lxml_html
from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Browser, Route

from digest.model.draft import Draft, Section, Story
from digest.model.look import Look, Theme
from digest.model.newsletter import Newsletter, SectionPlan, Sender
from digest.model.rendered import FilledDigest
from digest.render import render
from tests.digest.render.conftest import VALUES, make_draft, make_picture, make_press, sample_sections

MAILS = {
    "classic": (Theme.CLASSIC, "en"),
    "compact": (Theme.COMPACT, "en"),
    "magazine": (Theme.MAGAZINE, "en"),
    "classic-ar": (Theme.CLASSIC, "ar"),
}
#: Width, colour scheme, and whether pictures are shown.
DRESSES = {
    "600-light": (600, "light", True),
    "600-dark": (600, "dark", True),
    "375-light": (375, "light", True),
    "375-dark": (375, "dark", True),
    "600-off": (600, "light", False),
}


def newsletter(name: str) -> Newsletter:
    """Return the newsletter that the mail called *name* is from."""
    theme, language = MAILS[name]
    return Newsletter(
        slug="auto-daily",
        title="Auto Daily" if language == "en" else "السيارة اليومية",
        sender=Sender(
            name="Auto Daily",
            address="paper@digest.example",
            postal_address="Invented Press, 1 Mill Lane, 99999 Nowhere",
        ),
        sections=tuple(SectionPlan(slug=s.slug, title=s.title) for s in sample_sections()),
        sources=(),
        language=language,
        look=Look(theme=theme),
    )


def mail(name: str) -> FilledDigest:
    """Return the mail called *name* as a reader of everything gets it."""
    return render(_draft(MAILS[name][0]), newsletter(name), make_press(*MAILS[name])).fill(None, VALUES)


def _draft(theme: Theme) -> Draft:
    """Return three sections of three stories: a lead, mediums with and without picture, lines, an update, a note."""

    def story(number: int, each: Story) -> Story:
        return dataclasses.replace(each, picture=make_picture(number, theme) if each.picture else None)

    return make_draft(
        [
            Section(slug=s.slug, title=s.title, stories=tuple(story(n, each) for n, each in enumerate(s.stories[:3])))
            for s in sample_sections()[:3]
        ]
    )


def readable(html: str) -> str:
    """Return *html* with a line for each tag, so that a change can be read."""
    return re.sub(r">\s*<", ">\n<", html) + "\n"


@dataclass(frozen=True, slots=True)
class Node:
    """An element as a browser keeps it, without the blanks between tags."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str
    tail: str


def dom(html: str) -> list[Node]:
    """Return the elements and comments of *html* in their order."""

    def words(text: str | None) -> str:
        return re.sub(r">\s+<", "><", " ".join((text or "").split()))

    root: Any = lxml_html.document_fromstring(html)
    return [Node(str(e.tag), tuple(sorted(e.attrib.items())), words(e.text), words(e.tail)) for e in root.iter()]


def screenshot(browser: Browser, html: str, dress: str) -> Image.Image:
    """Return the whole page of *html* as a browser shows it; every picture is one and the same."""
    width, scheme, has_pictures = DRESSES[dress]
    address = "https://digest.example/mail"

    def answer(route: Route) -> None:
        if route.request.url == address:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif has_pictures and route.request.resource_type == "image":
            route.fulfill(body=_picture(), content_type="image/png")
        else:
            route.abort()

    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-US",
    )
    try:
        page = context.new_page()
        page.route("**/*", answer)
        page.goto(address, wait_until="load")
        return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    finally:
        context.close()


def difference(one: Image.Image, other: Image.Image) -> float:
    """
    Return the share of places (0 to 1) at which the pictures differ to the eye; 1 when one is much taller.

    They are compared at a quarter of their size, since browsers differ in how they smooth letters.
    """
    if one.width != other.width or abs(one.height - other.height) > 0.01 * max(one.height, other.height):
        return 1.0
    height = min(one.height, other.height)
    small = [
        picture.crop((0, 0, picture.width, height)).resize((picture.width // 4, height // 4), Image.Resampling.BOX)
        for picture in (one, other)
    ]
    changed = ImageChops.difference(*small).convert("L").point(lambda value: 255 if value > 24 else 0)
    return sum(changed.histogram()[128:]) / (changed.width * changed.height)


def _picture() -> bytes:
    """Return a picture with an inside and an outside, to be seen wherever it is cut and pulled."""
    drawn = Image.new("RGB", (240, 160), "#6c8ea4")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, 100, 240, 160), fill="#2f4858")
    pen.ellipse((90, 30, 150, 90), fill="#d9a441")
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()
