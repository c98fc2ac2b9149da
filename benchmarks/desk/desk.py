"""
How long an editor waits: the desk page of an Edition, and from an edit to the renewed preview, over HTTP.

One browser with one connection, and the server as `digest run` has it, on one machine.
"""

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.desk.browser import Browser
from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.readers.serving import Way, served
from benchmarks.render import reference, sample
from benchmarks.render.sheets import Sheet
from benchmarks.render.timing import medians
from benchmarks.send import peers
from benchmarks.send.installation import SLUG, Installation, Orders
from digest.model.article import Article
from digest.model.draft import Draft
from digest.model.ids import EditionId
from digest.model.look import Look
from digest.model.newsletter import SourceKind
from digest.model.source import Source
from digest.model.staff import Role
from digest.render.markup import compile_markup
from digest.render.stage import MJML
from digest.services import Services
from digest.staff import accounts
from digest.store import editions
from subscribers.cadence import Cadence

SIZES = ((25, 5), (60, 7), (200, 10))
NORMAL = SIZES[0][0]
ROUNDS = 20
#: What is promised, in milliseconds: the renewed preview of a normal and of a large Edition, the page of a large one.
RENEWED, RENEWED_LARGE, SHOWN = 120.0, 300.0, 80.0
#: And in kilobytes, with all that the page loads: as it is, and over the line.
LOADED, CARRIED = 300.0, 150.0
_EMAIL, _PASSWORD = "eve@news.example.org", "correct horse battery"
#: What was asked, and the milliseconds of the POST, of the GET and of both.
Wait = tuple[str, float | None, float, float | None]
_VERSION = re.compile(r'data-version="(\d+)"')


def measure(arguments: Arguments) -> Report:
    """Time pages and edits with each size of Edition, and what they are to be compared with."""
    rounds = ROUNDS * arguments.runs
    pages: list[list[Any]] = []
    edits: list[list[Any]] = []
    floors: list[Floor] = []
    for stories, sections in SIZES:
        draft = sample.draft(stories, sections, Look())
        keys = [story.key for story in draft.stories]
        with _desk(draft) as (browser, page):
            pages.append([stories, *_shown(browser, page, rounds)])
            rows = list(_waits(browser, page, keys, rounds))
        beside = [[name, None, taken, None] for name, taken in _beside(stories, sections, rounds)]
        edits += [[stories, *row] for row in [*rows, *beside]]
        if bound := {NORMAL: RENEWED, SIZES[-1][0]: RENEWED_LARGE}.get(stories):
            floors += [
                Floor(
                    claim=f"{name} and its renewed preview, {stories} stories, ms",
                    value=whole,
                    bound=bound,
                    at_most=True,
                    spec=".0f",
                )
                for name, _, _, whole in rows
                if whole is not None
            ]
    _, took, _, _, loaded, carried, _ = pages[-1]
    largest = f"desk page, {SIZES[-1][0]} stories"
    floors += [
        Floor(claim=f"{largest}, ms", value=took, bound=SHOWN, at_most=True, spec=".0f"),
        Floor(claim=f"{largest}, with all that it loads, KB", value=loaded, bound=LOADED, at_most=True, spec=",.0f"),
        Floor(claim=f"{largest}, all of it packed, KB", value=carried, bound=CARRIED, at_most=True, spec=",.0f"),
    ]
    return Report(tables=_tables(pages, edits), floors=floors)


def _tables(pages: list[list[Any]], edits: list[list[Any]]) -> list[Table]:
    size = {"HTML, KB": ".0f", "with CSS and JS, KB": ".0f", "packed, KB": ".0f", "files": ","}
    wait = {"POST, ms": ".1f", "GET, ms": ".1f", "together, ms": ".1f"}
    return [
        Table(
            title="The desk page of an Edition",
            columns={"stories": ",", "ms": ".1f", "sign-in page, ms": ".1f", **size},
            rows=pages,
            note="Packed: with gzip, as browsers ask for it. The sign-in page is the smallest of the same server.",
        ),
        Table(
            title="From an edit to the renewed preview",
            columns={"stories": ",", "": "", **wait},
            rows=edits,
            note="MJML: what a compiler alone takes for the same page, in its own process, without HTTP.",
        ),
    ]


def _shown(browser: Browser, page: str, rounds: int) -> list[float]:
    """Return what the page takes beside a trivial one, its kilobytes, those of all that it loads, and the files."""
    shown = _median(partial(_asked, browser, page), rounds)
    trivial = _median(partial(_asked, browser, "/desk/sign-in"), rounds)
    loaded = browser.loaded_by(page)
    plain, packed = (sum(each) / 1024 for each in zip(*loaded.values(), strict=True))
    return [shown, trivial, loaded[page][0] / 1024, plain, packed, len(loaded)]


def _waits(browser: Browser, page: str, keys: Sequence[str], rounds: int) -> Iterator[Wait]:
    """Give for each edit what posting it takes, what the preview after it takes, and both; then what is only asked."""
    for name, act in _acts(keys).items():
        times = [_edited(browser, page, act) for _ in range(rounds)]
        posted, renewed = (median(each) for each in zip(*times, strict=True))
        yield name, posted, renewed, median(sum(each) for each in times)
    for name, path in (("preview of the same in other colours", "preview?scheme=dark"), ("checks", "checks")):
        yield name, None, _median(partial(_asked, browser, f"{page}/{path}"), rounds), None


def _asked(browser: Browser, path: str) -> float:
    return browser.get(path).milliseconds


def _median(ask: Callable[[], float], rounds: int) -> float:
    ask()
    return median(ask() for _ in range(rounds))


def _acts(keys: Sequence[str]) -> dict[str, Callable[[], dict[str, str]]]:
    """Return by name what makes the fields of one more edit: each changes the Draft."""
    turns = _turns()

    def retitled() -> dict[str, str]:
        return {"do": "rewrite", "key": keys[2], "headline": f"A headline that was thought over {next(turns)} times"}

    def moved() -> dict[str, str]:
        return {"do": f"{'up' if next(turns) % 2 else 'down'} {keys[1]}"}

    return {"retitle": retitled, "move": moved}


def _turns() -> Iterator[int]:
    turn = 0
    while True:
        turn += 1
        yield turn


def _edited(browser: Browser, page: str, act: Callable[[], dict[str, str]]) -> tuple[float, float]:
    """Do one edit and ask for the preview after it; return the milliseconds of each."""
    found = _VERSION.search(browser.get(page).body.decode())
    assert found is not None
    posted = browser.post(f"{page}/edit", version=found[1], **act())
    renewed = browser.get(f"{page}/preview")
    return posted.milliseconds, renewed.milliseconds


def _beside(stories: int, sections: int, rounds: int) -> Iterator[tuple[str, float]]:
    sheet = Sheet.of(stories, sections)
    source, environment = sheet.markup(), sheet.press.environment
    name = "MJML (mrml) and inlining, markup already filled"
    yield name, 1000 * medians({name: lambda: compile_markup(MJML, source, environment)}, rounds)[name]
    if script := reference.milliseconds(source):
        yield "MJML (JavaScript), warm, no inlining", script


@contextmanager
def _desk(draft: Draft) -> Iterator[tuple[Browser, str]]:
    """Serve the desk with one Edition, of *draft*; give a browser that has signed in, and the page."""
    with tempfile.TemporaryDirectory(prefix="desk") as folder:
        home = Path(folder)
        made = Installation(home=home, database_url=f"sqlite:///{home / 'digest.db'}")
        made.write(Orders(port=peers.free_port()))
        services = made.start()
        try:
            edition_id = _drafted(services, draft)
            with services.session() as session:
                accounts.add(session, _EMAIL, "Eve", Role.EDITOR, _PASSWORD, services.clock.now())
        finally:
            services.close()
        with served(made.config, Way.OURS) as port:
            browser = Browser(port)
            browser.sign_in(_EMAIL, _PASSWORD)
            yield browser, f"/desk/edition/{edition_id}"


def _drafted(services: Services, draft: Draft) -> EditionId:
    """Store *draft* as the Edition of its date, with the articles that it is made of."""
    now = services.clock.now()
    with services.session() as session:
        wire = "https://wire.example/rss"
        source = Source(key=wire, kind=SourceKind.FEED, address=wire, next_check_at=now, added_at=now)
        session.add(source)
        session.flush()
        ids = dict.fromkeys(article_id for story in draft.stories for article_id in story.article_ids)
        session.add_all(
            Article(
                id=article_id,
                source_id=source.id,
                guid=str(article_id),
                url=f"https://wire.example/{article_id}",
                url_key=str(article_id),
                title=f"Article {article_id}",
                published_at=now,
                first_seen_at=now,
                updated_at=now,
            )
            for article_id in ids
        )
        edition = editions.open_for(session, SLUG, Cadence.DAILY, draft.date, due_at=now + dt.timedelta(hours=2))
        edition.save(draft, period=(now - dt.timedelta(days=1), now), coverage=(40, 40))
        return edition.id


PROGRAM = Program(
    name="desk",
    about=__doc__.strip().partition("\n")[0],
    measure=measure,
    peers=("uvicorn", "fastapi", "jinja2", "sqlalchemy", "mjml-python"),
    topic="desk",
    makes_its_data=True,
)

if __name__ == "__main__":
    PROGRAM.run()
