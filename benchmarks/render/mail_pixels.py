"""What readers see: our mail beside that of JavaScript MJML, pixel by pixel, and the widths that Outlook reads."""

import io
import re
from collections import Counter

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Route, sync_playwright

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.render import reference, sample
from benchmarks.render.sheets import Sheet
from digest.model.look import Theme
from digest.render import markup
from digest.render.cut import Stencil
from digest.render.stage import MJML

CHROMIUM = "/usr/bin/chromium"
#: Of 255; less is the smoothing of letters.
SEEN = 8


def measure(_: Arguments) -> Report:
    """Compile the sample by both, and count the pixels that differ at 600 and 375 pixels' width."""
    if not reference.version():
        return Report(tables=[Table(title="Pixels", columns={"": ""}, rows=[["JavaScript MJML is not installed"]])])
    rows, worst = [], 0.0
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for theme in Theme:
            source = markup.hardened(Sheet.of(15, 3, theme).markup())
            ours, theirs = (
                _slots_filled(markup.compile_markup(MJML, source)),
                _slots_filled(reference.html(source) or ""),
            )
            for width in (600, 375):
                for scheme in ("light", "dark"):
                    share = _difference(*(_shot(browser, page, width, scheme) for page in (ours, theirs)))
                    worst = max(worst, share)
                    rows.append([str(theme), width, scheme, 100 * share, len(ours), len(theirs), _widths(ours, theirs)])
        browser.close()
    return Report(
        tables=[
            Table(
                title="Pixels: ours beside JavaScript MJML",
                columns={
                    "theme": "",
                    "width": "d",
                    "scheme": "",
                    "pixels that differ, %": ".3f",
                    "our bytes": ",d",
                    "their bytes": ",d",
                    "Outlook widths": "",
                },
                rows=rows,
                note=f"15 stories, every form of each; a pixel differs when a channel does by more than {SEEN} of 255.",
            )
        ],
        floors=[Floor(claim="pixels that differ, worst, %", value=100 * worst, bound=0.1, at_most=True)],
    )


def _slots_filled(page: str) -> str:
    """Return *page* with words of usual length in its slots."""
    for name, token in Stencil("0123456789ab").slots.items():
        page = page.replace(token, sample.VALUES.get(name, f"the {name} of somebody"))
    return page


def _shot(browser: Browser, html: str, width: int, scheme: str) -> Image.Image:
    def answer(route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif route.request.resource_type == "image":
            route.fulfill(body=_GREY, content_type="image/png")
        else:
            route.abort()

    dark = "dark" if scheme == "dark" else "light"
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=dark)  # type: ignore[arg-type]
    page = context.new_page()
    page.route("**/*", answer)
    page.goto("https://news.example.org/mail", wait_until="load")
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    context.close()
    return shot


def _difference(one: Image.Image, other: Image.Image) -> float:
    width, height = max(one.width, other.width), max(one.height, other.height)
    sheets = []
    for shot in (one, other):
        sheet = Image.new("RGB", (width, height), "#ff00ff")
        sheet.paste(shot)
        sheets.append(sheet)
    channels = ImageChops.difference(*sheets).split()
    strongest = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    return sum(strongest.histogram()[SEEN + 1 :]) / (width * height)


def _widths(ours: str, theirs: str) -> str:
    """Return whether the conditional comments for Outlook name the same widths."""
    found = [
        Counter(
            width for comment in re.findall(r"<!--\[if mso.*?<!\[endif\]-->", page, re.DOTALL)
            for width in re.findall(r"width:(\d+)px", comment)
        )
        for page in (ours, theirs)
    ]  # fmt: skip
    return "the same" if found[0] == found[1] else f"{dict(found[0])} and {dict(found[1])}"


def _grey() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 9), "#808080").save(file, "PNG")
    return file.getvalue()


_GREY = _grey()


if __name__ == "__main__":
    Program(
        name="mail_pixels", about=__doc__ or "", measure=measure, topic="render", makes_its_data=True,
        peers=("mjml-python", "premailer"),
    ).run()  # fmt: skip
