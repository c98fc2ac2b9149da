"""What walks through the flow share: news dropped into the source folder, readers, and a look into the inbox."""

from collections import Counter
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from digest import calendar, pipeline
from digest.demo.inbox import Inbox
from digest.errors import DigestError
from digest.model.ids import EditionId
from digest.services import Services
from subscribers import address, signup
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.signup import Begun, SignupWish

#: Headline and summary of one story from each town; no two have a telling word in common.
STORIES = {
    "aldmere": ("Quarry council settles stone dispute", "Masons may cut granite again from next spring."),
    "brackwater": ("Ferries resume after harbour strike", "Sailors accepted nine percent higher wages."),
    "corvane": ("Orchestra finds lost violin in attic", "A cleaner came upon the instrument behind old curtains."),
    "dunmoor": ("Vaccine trial shows early promise", "Most volunteers developed antibodies within days."),
}
_ITEM = """<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{stamp}</pubDate>
<description>{summary}</description></item>"""


def drop_news(folder: Path, *places: str, at: datetime, name: str = "a.xml") -> None:
    """Put a feed with the story of each of *places*, two hours old *at* that instant, into *folder*."""
    stamp = format_datetime(at - timedelta(hours=2))
    items = [
        _ITEM.format(title=title, summary=summary, link=f"https://{place}.example/story", stamp=stamp)
        for place, (title, summary) in STORIES.items()
        if place in places
    ]
    folder.mkdir(exist_ok=True)
    feed = f'<rss version="2.0"><channel><title>Wire</title>{"".join(items)}</channel></rss>'
    (folder / name).write_text(feed, encoding="utf-8")


def subscribe(
    services: Services,
    name: str,
    *,
    newsletter: str = "morning",
    cadence: Cadence = Cadence.DAILY,
    zone: str = "Europe/Berlin",
) -> str:
    """Add the reader *name* and return the public id of their Subscription."""
    wish = SignupWish(
        newsletter=newsletter,
        address=address.parse(f"{name}@reader.example", allow_special=True),
        language="en",
        time_zone=zone,
        cadence=cadence,
    )
    evidence = Evidence(wording="asked in person", source="test")
    with services.session() as session:
        outcome = signup.add(
            session, wish, evidence, fingerprint_key=services.keys.fingerprint, now=services.clock.now()
        )
        assert isinstance(outcome, Begun)
        return outcome.subscription.public_id


def prepare(
    services: Services, cadence: Cadence = Cadence.DAILY
) -> pipeline.Prepared | pipeline.Skipped | pipeline.Held:
    """Ask the sources of the first newsletter and make today's Edition."""
    newsletter = services.settings.newsletters[0]
    pipeline.gather_afresh(services, [newsletter])
    today = calendar.local_date(services.clock.now(), newsletter.schedule.zone)
    return pipeline.prepare_edition(services, newsletter, cadence, today)


def approved(services: Services, cadence: Cadence = Cadence.DAILY) -> EditionId:
    """Make today's Edition, approve it and return its id."""
    made = prepare(services, cadence)
    if not isinstance(made, pipeline.Prepared):
        raise DigestError(f"no edition to approve: {made.reason}")
    pipeline.approve(services, made.edition_id, by="anna@example.org")
    return made.edition_id


def mails(inbox: Inbox) -> list[EmailMessage]:
    """Return the mails in the inbox, the oldest first."""
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in inbox.files()]


def recipients(inbox: Inbox) -> Counter[str]:
    """Return how many mails each reader has got, by the name before the @."""
    return Counter(str(mail["To"]).partition("@")[0].rpartition("<")[2] for mail in mails(inbox))
