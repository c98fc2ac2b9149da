"""What the tests of the pages work with: a newsletter, its paper of the day, and short ways to look and act."""

import datetime as dt
import re
from typing import Any

from fastapi.testclient import TestClient
from lxml import html

from digest.model.article import Article
from digest.model.candidate import Score, ScorePart
from digest.model.draft import Benched, Draft, Picture, Section, SourceLink, Story
from digest.model.edition import Edition, EditionState
from digest.model.ids import ArticleId, EditionId
from digest.model.newsletter import SourceKind
from digest.model.source import Source
from digest.model.staff import Role
from digest.render import render
from digest.services import Services
from digest.staff import accounts
from digest.store import editions
from subscribers.cadence import Cadence
from subscribers.model import Subscription
from subscribers.tokens import Claim, Purpose, sign
from tests.fakes import FixedClock

BASE = "http://127.0.0.1:8025"
PASSWORD = "correct horse battery"
TODAY = dt.date(2026, 11, 23)
#: What a browser says of a form that the page itself has posted.
OWN = {"Sec-Fetch-Site": "same-origin"}

CONFIG = """
[site]
base_url = "{base}"
state = "state"
{more_site}

[database]
url = "sqlite:///{database}"

[[newsletter]]
slug = "wattage"
title = "The Wattage"
description = "Electric cars, grids and cells, five minutes before work."
sender = "The Wattage <wattage@news.example.org>"
postal_address = "1 Example Street, Exampleton"
zone = "Europe/Berlin"
cadences = ["daily", "weekly"]

[[newsletter.section]]
title = "Electric"

[[newsletter.section]]
title = "Industry"

[[newsletter.section]]
title = "Research"

[[newsletter.source]]
feed = "https://motorpost.example/feed.xml"
name = "Motorpost"
section = "Electric"

[[newsletter.source]]
feed = "https://cellandgrid.example/atom.xml"
section = "Research"

[[newsletter.source]]
feed = "https://axle.example/rss"
name = "The Axle"
section = "Industry"
"""

#: Section, headline, source, other sources, minutes since it was published.
STORIES = (
    (
        "electric",
        "Volmar's sodium battery passes 600 km in its first winter test",
        "Motorpost",
        ("Northern Gazette", "Cell & Grid", "Kvarn Daily", "The Axle", "Fjord Business", "Ampere Weekly"),
        125,
    ),
    (
        "electric",
        "Three motorway operators agree on one plug-and-pay standard",
        "Northern Gazette",
        ("Motorpost", "Cell & Grid"),
        310,
    ),
    ("electric", "Used electric cars now sell faster than diesels in Ostmark", "Kvarn Daily", (), 420),
    ("industry", "Brann recalls 12,000 vans over a loose coolant hose", "The Axle", ("Motorpost",), 660),
    ("industry", "Lindqvist & Daughters buys the idle Hallberg plant", "Fjord Business", (), 95),
    ("research", "A cell that mends its own cracks survives 9,000 charges", "Cell & Grid", ("Ampere Weekly",), 505),
)


def story(number: int, clock: FixedClock, picture: str | None = None) -> Story:
    """Return the *number*th of STORIES, with a picture if its address is given."""
    _, headline, source, others, minutes = STORIES[number]
    published = clock.now() - dt.timedelta(minutes=minutes)
    return Story(
        article_id=ArticleId(number + 1),
        headline=headline,
        url=f"https://news.example/{number}",
        source=source,
        summary=f"{headline}: what is known so far, and what is still to come before the winter ends.",
        published=published,
        score=Score(
            parts=(
                ScorePart(
                    name="coverage",
                    weight=1.0,
                    value=1 + 0.4 * len(others),
                    fact=f"{len(others) + 1} sources" if others else "",
                ),
                ScorePart(name="source", weight=0.5, value=1.0, fact=""),
                ScorePart(
                    name="velocity",
                    weight=0.5,
                    value=0.6 * len(others),
                    fact=f"{len(others)} in the last 3 hours" if others else "",
                ),
                ScorePart(name="title", weight=0.25, value=1.0, fact=""),
            ),
            decay=0.5 ** (minutes / 720),
            age=f"newest {minutes // 60} h ago",
        ),
        also=tuple(
            SourceLink(
                article_id=ArticleId(100 + 10 * number + n), name=name, url=f"https://also.example/{n}", title=headline
            )
            for n, name in enumerate(others, 1)
        ),
        picture=Picture(url=picture) if picture else None,
        is_update=number == 3,
    )


def paper(clock: FixedClock, pictures: tuple[str | None, ...] = (None,) * len(STORIES)) -> Draft:
    """Return a Draft of all STORIES."""
    return Draft(
        newsletter="wattage",
        cadence=Cadence.DAILY,
        date=TODAY,
        number=42,
        subject="Sodium battery passes 600 km in its first winter test",
        preheader="One plug for three motorways · Brann recalls 12,000 vans · A cell that mends itself",
        sections=tuple(
            Section(
                slug=slug,
                title=slug.capitalize(),
                stories=tuple(story(n, clock, pictures[n]) for n in range(len(STORIES)) if STORIES[n][0] == slug),
            )
            for slug in ("electric", "industry", "research")
        ),
        bench=(
            Benched(
                headline="Charging at the lamp post comes to eleven more towns",
                source="Lakeside News",
                section="electric",
                score=0.71,
                reason="section full",
            ),
            Benched(
                headline="Volmar opens a test track on frozen Lake Sorn",
                source="Motorpost",
                section="electric",
                score=0.64,
                reason="already sent in an earlier Edition",
            ),
        ),
    )


def drafted(services: Services, draft: Draft) -> EditionId:
    """Store *draft* as an Edition, and the articles that it is made of."""
    now = services.clock.now()
    with services.session() as session:
        source = Source(
            key="https://wire.example/rss",
            kind=SourceKind.FEED,
            address="https://wire.example/rss",
            next_check_at=now,
            added_at=now,
        )
        session.add(source)
        session.flush()
        session.add_all(
            Article(
                id=article_id,
                source_id=source.id,
                guid=str(article_id),
                url=story.url,
                url_key=str(article_id),
                title=story.headline,
                published_at=story.published,
                first_seen_at=story.published,
                updated_at=story.published,
            )
            for story in draft.stories
            for article_id in story.article_ids
        )
        due_at = dt.datetime(2026, 11, 23, 6, 0, tzinfo=dt.UTC)
        edition = editions.open_for(session, draft.newsletter, draft.cadence, draft.date, due_at=due_at)
        edition.save(draft, period=(now - dt.timedelta(days=1), now), coverage=(37, 40))
        return edition.id


def edition(services: Services, edition_id: EditionId) -> Edition:
    """Return the row of an Edition as it is now."""
    with services.reading() as session:
        return editions.get(session, edition_id)


def token(services: Services, purpose: Purpose, public_id: str) -> str:
    """Return a link's token for a reader."""
    return sign(purpose, Claim(public_id), services.keys.tokens)


def subscription(services: Services, public_id: str) -> Subscription:
    """Return the row of a Subscription as it is now."""
    with services.reading() as session:
        found = Subscription.by_public_id(session, public_id)
        assert found.subscriber.id
        return found


def account(services: Services, email: str, role: Role) -> str:
    """Make an account with PASSWORD."""
    with services.session() as session:
        accounts.add(session, email, "Eve Editor", role, PASSWORD, services.clock.now())
    return email


def sign_in(client: TestClient, email: str) -> None:
    """Sign the browser in."""
    answer = client.post("/desk/sign-in", data={"email": email, "password": PASSWORD}, headers=OWN)
    assert answer.status_code == 303, answer.text


def parsed(page: str) -> Any:
    """Return the tree of a page, for questions in XPath."""
    return html.fromstring(page)


def csrf(client: TestClient) -> str:
    """Return the token that forms of this sign-in carry."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/desk").text)
    assert found
    return found[1]


def gone_out(services: Services, *drafts: Draft, state: EditionState = EditionState.SENT) -> None:
    """Store *drafts* as Editions that were approved at 05:00 UTC of their day and have come to *state*."""
    newsletter = services.newsletter("wattage")
    with services.session() as session:
        for draft in drafts:
            at = dt.datetime.combine(draft.date, dt.time(5), tzinfo=dt.UTC)
            edition = editions.open_for(session, draft.newsletter, draft.cadence, draft.date, due_at=at)
            edition.save(draft, period=(at - dt.timedelta(days=1), at), coverage=(40, 40))
            edition.approve(render(draft, newsletter, services.press(newsletter, edition.id)), by="eve", at=at)
            edition.state = state
