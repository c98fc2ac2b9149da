"""What others say of the mails: axe-core of each theme by day and by night, SpamAssassin of a mail of the demo."""

import tempfile
from collections import Counter
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route, sync_playwright

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.render import sample
from benchmarks.render.sheets import Sheet
from digest import logs, spam
from digest.clock import SystemClock
from digest.demo.day import Day
from digest.model.look import Theme

CHROMIUM = "/usr/bin/chromium"
BAD = ("serious", "critical")
LANGUAGES = ("en", "ar")


def measure(_: Arguments) -> Report:
    """Ask axe-core and SpamAssassin."""
    rows, worst = [], 0
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for theme in Theme:
            for language in LANGUAGES:
                html = Sheet.of(20, 4, theme, language).rendered().fill(None, sample.VALUES | {"name": "Ana"}).html
                for scheme in ("light", "dark"):
                    found = _axe(browser, html, scheme)
                    bad = sum(found[impact] for impact in BAD)
                    worst = max(worst, bad)
                    rows.append([str(theme), language, scheme, bad, found["moderate"] + found["minor"]])
        browser.close()
    score = spam.check(_mail_of_the_demo())
    tables = [
        Table(
            title="axe-core: findings in a mail of 20 stories",
            columns={"theme": "", "language": "", "scheme": "", "serious or critical": "d", "less": "d"},
            rows=rows,
            note="The lesser ones ask a mail for a main landmark, which mail programs put around it.",
        )
    ]
    floors = [
        Floor(claim="axe-core: serious or critical findings", value=worst, bound=0, at_most=True, spec=".0f"),
    ]
    if score is None:
        tables.append(Table(title="SpamAssassin", columns={"": ""}, rows=[["is not installed"]]))
    else:
        tables.append(
            Table(
                title="SpamAssassin, local rules: a mail of the demo, as it lies in the inbox",
                columns={"rule": "", "points": ".3f"},
                rows=[["**all**", score.score], *([rule, points] for rule, points in score.rules)],
            )
        )
        floors.append(Floor(claim="SpamAssassin, points", value=score.score, bound=1, at_most=True, spec=".1f"))
    return Report(tables=tables, floors=floors)


def _axe(browser: Browser, html: str, scheme: str) -> Counter[str]:
    def answer(route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.route("**/*", answer)
    page.goto("https://news.example.org/mail")
    found = Counter(each["impact"] for each in Axe().run(page).response["violations"])
    context.close()
    return found


def _mail_of_the_demo() -> bytes:
    """Live a day of the sample newspaper and return the mail of a reader of everything."""
    logs.configure("error")
    with tempfile.TemporaryDirectory() as folder, Day(Path(folder), SystemClock()).open() as day:
        day.sign_up_readers(lambda _: None)
        before = {path.name for path in day.inbox.files()}
        day.gather(lambda *_: None)
        edition_id = day.prepare()
        day.approve(edition_id)
        day.send(edition_id, lambda _: None)
        return next(path.read_bytes() for path in day.inbox.files() if path.name not in before)


if __name__ == "__main__":
    Program(
        name="mail_checks", about=__doc__ or "", measure=measure, topic="render", makes_its_data=True,
        peers=("axe-playwright-python",),
    ).run()  # fmt: skip
