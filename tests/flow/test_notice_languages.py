"""Single mails speak the reader's language, and a welcome brings the latest Edition along."""

from email.message import EmailMessage
from typing import Any

import pytest
from lxml import html as lxml_html
from sqlalchemy import select

from digest import notices, sending
from digest.demo.inbox import Inbox
from digest.model.notice import Notice
from digest.readers import own, signing_up
from digest.readers.signing_up import SignUp
from digest.services import Services
from subscribers import tokens
from subscribers.consent import Evidence
from subscribers.model import RequestKind, Subscription
from subscribers.tokens import Claim, Purpose
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import approved, drop_news, mails


def sign_up(services: Services, language: str, *, sections: tuple[str, ...] | None = None) -> None:
    wish = SignUp(newsletter="morning", address="ana@reader.example", name="Ana", language=language, sections=sections)
    signing_up.sign_up(services, wish, Evidence(wording="Send it to me", source="sign-up page"))
    signing_up.take_up(services)


def confirm(services: Services) -> str:
    """Press the button in the confirmation, and return the preferences token of the new reader."""
    with services.reading() as session:
        asked = session.scalars(select(Notice).where(Notice.kind == "confirm")).one()
        values = notices.opened(services, asked.wish)
        public_id = session.scalars(select(Subscription.public_id)).one()
    signing_up.confirm(services, str(values["confirm_url"]).rpartition("/")[2], network="")
    return tokens.sign(Purpose.PREFERENCES, Claim(public_id), services.keys.tokens)


def sent(services: Services, inbox: Inbox) -> EmailMessage:
    """Send what waits and return the last kind of it: a welcome rather than a confirmation."""
    notices.send(services)
    return max(mails(inbox), key=lambda mail: str(mail["Subject"]).startswith("W"))


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def spoken(mail: EmailMessage) -> tuple[str, str, str]:
    """Return the language of the mail and of its page, and the direction of the page."""
    root: Any = lxml_html.document_fromstring(part(mail, "html"))
    return str(mail["Content-Language"]), root.get("lang"), root.get("dir")


@pytest.mark.parametrize(
    ("language", "tag", "direction", "subject"),
    [
        ("de", "de", "ltr", "Bitte bestätigen Sie Ihr Abonnement von The Morning"),
        ("de-AT", "de-AT", "ltr", "Bitte bestätigen Sie Ihr Abonnement von The Morning"),
        ("ar", "ar", "rtl", "يرجى تأكيد اشتراكك في The Morning"),
        ("en-GB", "en-GB", "ltr", "Please confirm your subscription to The Morning"),
        ("fi", "en", "ltr", "Please confirm your subscription to The Morning"),
        ("de-1", "de", "ltr", "Bitte bestätigen Sie Ihr Abonnement von The Morning"),
    ],
)
def test_a_reader_of_an_english_newsletter_is_written_to_in_their_own_language(
    language: str,
    tag: str,
    direction: str,
    subject: str,
    make_services: MakeServices,
    sqlite_url: str,
    inbox: Inbox,
) -> None:
    services = make_services(sqlite_url, smtp_port=inbox.port)
    sign_up(services, language)

    mail = sent(services, inbox)

    assert mail["Subject"] == subject
    assert spoken(mail) == (tag, tag, direction)


def test_a_reader_of_a_german_newsletter_whose_language_we_have_not_gets_german(
    make_services: MakeServices, sqlite_url: str, inbox: Inbox
) -> None:
    services = make_services(sqlite_url, smtp_port=inbox.port, more='language = "de"')
    sign_up(services, "fi")

    mail = sent(services, inbox)

    assert spoken(mail) == ("de", "de", "ltr")
    assert "Somebody, probably you" not in part(mail, "plain")


def test_staff_is_written_to_in_the_newsletters_language(
    make_services: MakeServices, sqlite_url: str, inbox: Inbox
) -> None:
    services = make_services(sqlite_url, smtp_port=inbox.port, more='language = "de"')

    notices.send_test(services, services.newsletter("morning"), "otto@desk.example")

    assert spoken(mails(inbox)[-1]) == ("de", "de", "ltr")


def test_every_mail_about_what_is_ones_own_speaks_the_readers_language(
    make_services: MakeServices, sqlite_url: str, inbox: Inbox
) -> None:
    services = make_services(sqlite_url, smtp_port=inbox.port)
    sign_up(services, "de")
    preferences = confirm(services)
    own.ask_address(services, preferences, "ana@new.example")
    for kind in (RequestKind.EXPORT, RequestKind.ERASURE):
        own.ask(services, preferences, kind)
    with services.reading() as session:
        asked = session.scalars(select(Notice).where(Notice.kind == "address")).one()
        values = notices.opened(services, asked.wish)
    own.confirm_address(services, str(values["confirm_url"]).rpartition("/")[2], network="")

    notices.send(services)

    written = {(str(mail["To"]).rpartition(" ")[2].strip("<>"), str(mail["Subject"])) for mail in mails(inbox)}
    assert written >= {
        ("ana@new.example", "Bitte bestätigen Sie Ihre neue Adresse für The Morning"),
        ("ana@reader.example", "Ihre Daten bei The Morning"),
        ("ana@reader.example", "Bitte bestätigen Sie, dass The Morning Ihre Daten löschen soll"),
        ("ana@reader.example", "The Morning geht jetzt an eine andere Adresse"),
    }
    assert {spoken(mail)[0] for mail in mails(inbox)} == {"de"}
    (moved,) = [mail for mail in mails(inbox) if "andere Adresse" in str(mail["Subject"])]
    for each in ("plain", "html"):
        assert "a***@n***" in part(moved, each)
        assert "morning@news.example.org" in part(moved, each)
        assert "ana@new.example" not in part(moved, each)


# -- welcome -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def published(make_services: MakeServices, sqlite_url: str, inbox: Inbox, clock: FixedClock) -> Services:
    """Give services whose newsletter has sent an Edition with three stories."""
    services = make_services(sqlite_url, smtp_port=inbox.port)
    drop_news(services.settings.state.parent / "news", "aldmere", "brackwater", "corvane", at=clock.at)
    sending.send_edition(services, approved(services))
    return services


def test_a_welcome_shows_the_headlines_of_the_latest_edition(published: Services, inbox: Inbox) -> None:
    sign_up(published, "en")
    confirm(published)

    mail = sent(published, inbox)

    root: Any = lxml_html.document_fromstring(part(mail, "html"))
    titles = (
        "Quarry council settles stone dispute",
        "Ferries resume after harbour strike",
        "Orchestra finds lost violin",
    )
    assert str(mail["Subject"]) == "Welcome to The Morning"
    for title in titles:
        (link,) = root.xpath("//a[contains(., $title)]", title=title)
        assert "/v/1/" in link.get("href")
        assert title in part(mail, "plain")
    assert not root.xpath("//*[@lang][not(self::html or self::body or self::div)]")


def test_a_welcome_in_another_language_says_which_one_the_headlines_are_in(published: Services, inbox: Inbox) -> None:
    sign_up(published, "de")
    confirm(published)

    mail = sent(published, inbox)

    root: Any = lxml_html.document_fromstring(part(mail, "html"))
    (line,) = root.xpath("//p[a[contains(., 'Quarry council')]]")
    assert (line.get("lang"), line.get("dir")) == ("en", "auto")
    assert "Willkommen" in part(mail, "plain")


def test_a_welcome_of_before_the_headlines_still_goes_out(published: Services, inbox: Inbox) -> None:
    sign_up(published, "en")
    confirm(published)
    with published.session() as session:
        notice = session.scalars(select(Notice).where(Notice.kind == "welcome")).one()
        values = notices.opened(published, notice.wish)
        kept = {name: value for name, value in values.items() if not name.startswith("latest_")}
        notice.values = kept | {"latest_url": values["latest_url"]}

    mail = sent(published, inbox)

    assert str(mail["Subject"]) == "Welcome to The Morning"
    assert "Quarry" not in part(mail, "plain")
