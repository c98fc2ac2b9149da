"""What the preview shows is what is sent, byte for byte, to any reader; neither it nor a test mail opens anything."""

import dataclasses
import re
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from digest import notices, proof, sending
from digest.demo.inbox import Inbox
from digest.desk import mailing_proofs, proofs, releasing
from digest.desk.mailing_proofs import MOST_ADDRESSES, MOST_MAILS, ProofRefused
from digest.errors import TemplateError
from digest.model.audit import AuditEntry
from digest.model.delivery import Delivery, DeliveryState
from digest.model.ids import EditionId
from digest.model.notice import Notice
from digest.proof import NoMail, Viewpoint
from digest.services import INERT_TOKEN, Services
from digest.store import editions
from digest.web.app import create_app
from subscribers import address, suppression
from subscribers.model import Subscription, SuppressionReason
from subscribers.tokens import Claim, Purpose, sign
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.scanner import addresses, open_all, snapshot
from tests.flow.walk import drop_news, mails, prepare, subscribe

SECTIONS = {"world": "aldmere", "science": "dunmoor", "sport": "corvane", "local": "brackwater"}
MORE = "".join(
    f'\n[[newsletter.source]]\nfolder = "{slug}"\nsection = "{slug.capitalize()}"\n'
    for slug in SECTIONS
    if slug != "world"
)
EVE = "eve@desk.example"
NAMES = (
    "",
    "Ana",
    "Björk Guðmundsdóttir",
    '<b>Bobby</b> & "Sons" = 100 %',
    "نجيب محفوظ",
    "夏目漱石",
    "= =20 ==",
    "N" * 200,
    "zq0123456789abn0z",
    "{{ 7 * 7 }}",
)
CHOICES: tuple[tuple[str, ...] | None, ...] = (
    None,
    *[(slug,) for slug in SECTIONS],
    ("world", "science"),
    ("sport", "local", "science"),
    ("local", "world"),
    tuple(SECTIONS),
    ("science", "nowhere"),
)


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str, inbox: Inbox, clock: FixedClock, tmp_path: Path) -> Services:
    for slug, place in SECTIONS.items():
        drop_news(tmp_path / ("news" if slug == "world" else slug), place, at=clock.now())
    return make_services(sqlite_url, smtp_port=inbox.port, more=MORE)


@pytest.fixture
def edition_id(services: Services) -> EditionId:
    return prepare(services).edition_id


@pytest.fixture
def client(services: Services) -> TestClient:
    return TestClient(create_app(services), base_url=services.links.base_url, follow_redirects=False)


def reader(services: Services, number: int, name: str, sections: tuple[str, ...] | None) -> str:
    """Add a reader who is called so and has chosen these sections."""
    public_id = subscribe(services, f"r{number}")
    with services.session() as session:
        subscription = Subscription.by_public_id(session, public_id)
        subscription.sections, subscription.subscriber.name = sections, name
    return public_id


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def masked(text: str, services: Services, public_id: str) -> str:
    """Return *text* with the tokens of the reader's links made inert, each by as many characters as it has."""
    claim, keys = Claim(public_id), services.keys.tokens
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VIEW):
        token = sign(purpose, claim, keys)
        text = text.replace(token, "0" * len(token))
    return text.rstrip("\n")


def to(found: list[EmailMessage], name: str) -> EmailMessage:
    (mail,) = [mail for mail in found if f"{name}@" in str(mail["To"])]
    return mail


def test_every_reader_gets_what_the_preview_shows_for_them_before_and_after_approval(
    services: Services, edition_id: EditionId, inbox: Inbox
) -> None:
    readers = [
        reader(services, number, name, choice)
        for number, (name, choice) in enumerate((name, choice) for name in NAMES for choice in CHOICES)
    ]
    views = [proof.viewpoint_of(services, edition_id, public_id) for public_id in readers]
    before = [proofs.preview(services, edition_id, view) for view in views]

    releasing.approve(services, edition_id, by=EVE)
    after = [proofs.preview(services, edition_id, view) for view in views]
    sending.send_edition(services, edition_id, every_wave=True)

    assert before == after
    found = mails(inbox)
    assert len(found) == len(readers) == len(NAMES) * len(CHOICES)
    for number, shown in enumerate(after):
        mail = to(found, f"r{number}")
        html, text = part(mail, "html"), part(mail, "plain")
        assert len(html.rstrip("\n")) == len(shown.html.rstrip("\n"))
        assert masked(html, services, readers[number]) == shown.html.rstrip("\n")
        assert masked(text, services, readers[number]) == shown.text.rstrip("\n")
        assert readers[number] not in shown.html
        assert mail["Subject"] == shown.subject
        assert html.count(INERT_TOKEN) == 0


def test_each_mail_and_each_test_mail_names_the_edition_and_the_hash_that_was_approved(
    services: Services, edition_id: EditionId, inbox: Inbox
) -> None:
    subscribe(services, "ana")
    mailing_proofs.mail_proof(services, edition_id, Viewpoint(), EVE, by=EVE)
    notices.send(services)
    releasing.approve(services, edition_id, by=EVE)

    mailing_proofs.mail_proof(services, edition_id, Viewpoint(sections=("world",)), EVE, by=EVE)
    notices.send(services)
    sending.send_edition(services, edition_id, every_wave=True)

    with services.reading() as session:
        row = editions.get(session, edition_id)
    assert row.rendered_hash is not None
    named = {" ".join(str(mail["X-Digest-Edition"]).split()) for mail in mails(inbox)}
    assert len(mails(inbox)) == 3
    assert named == {f"morning/daily/{row.date}; sha256={row.rendered_hash}"}


def test_a_test_mail_is_the_mail_under_a_subject_that_tells_and_counts_nowhere(
    services: Services, edition_id: EditionId, inbox: Inbox
) -> None:
    ana = reader(services, 1, "Ana", ("science",))
    view = proof.viewpoint_of(services, edition_id, ana)
    shown = proofs.preview(services, edition_id, view)

    mailing_proofs.mail_proof(services, edition_id, view, f"{EVE}; otto@desk.example", by=EVE)
    notices.send(services)

    found = mails(inbox)
    assert len(found) == 2
    for mail in found:
        assert mail["Subject"] == f"[Test] {shown.subject}"
        assert part(mail, "html").rstrip("\n") == shown.html.rstrip("\n")
        assert part(mail, "plain").rstrip("\n") == shown.text.rstrip("\n")
        assert not [name for name in mail if name.startswith("List-")]
    with services.reading() as session:
        assert session.scalars(select(Delivery)).all() == []
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.act == "test"))
    assert (entry.by, entry.detail) == (EVE, "a test mail to e***@d***, o***@d***")


def test_no_link_of_a_preview_or_a_test_mail_opens_or_changes_anything(
    services: Services, edition_id: EditionId, inbox: Inbox, client: TestClient
) -> None:
    ana = reader(services, 1, "Ana", None)
    view = proof.viewpoint_of(services, edition_id, ana)
    mailing_proofs.mail_proof(services, edition_id, view, EVE, by=EVE)
    notices.send(services)
    (mail,) = mails(inbox)
    shown = proofs.preview(services, edition_id, view)
    like_it = EmailMessage()
    like_it.set_content(shown.text)
    like_it.add_alternative(shown.html, subtype="html")
    urls = addresses([mail, like_it], services.links.base_url)
    before = snapshot(services)

    answers = open_all(client, urls)

    tokens = [url for url in urls if INERT_TOKEN in url]
    assert {url.split("/")[3] for url in tokens} == {"u", "p", "v"}
    # Nobody is told whether a link to leave was ever good; the page that says so asks for nothing.
    assert {url.split("/")[3] for url in tokens if answers[url] != (404, 404)} <= {"u"}
    assert {client.post(url).status_code for url in tokens} <= {200, 403, 404, 405}
    assert not [url for url in tokens if "<form" in client.get(url).text]
    assert snapshot(services) == before


def test_a_test_mail_is_filled_from_the_draft_as_it_is_when_it_goes_out(
    services: Services, edition_id: EditionId, inbox: Inbox
) -> None:
    mailing_proofs.mail_proof(services, edition_id, Viewpoint(), EVE, by=EVE)
    with services.session() as session:
        row = editions.get(session, edition_id, lock=True)
        row.illustrate(dataclasses.replace(row.draft, subject="A better subject"))

    notices.send(services)

    assert [mail["Subject"] for mail in mails(inbox)] == ["[Test] A better subject"]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("", "there is no address"),
        (" ,; ", "there is no address"),
        ("eve", "“eve” cannot be written to"),
        ("a@b.example, nobody@@desk.example", "“nobody@@desk.example” cannot be written to"),
        (", ".join(f"a{n}@desk.example" for n in range(MOST_ADDRESSES + 1)), "11 addresses; a test goes to 10 at most"),
    ],
)
def test_what_is_no_list_of_addresses_is_refused_in_words(
    services: Services, edition_id: EditionId, to: str, words: str
) -> None:
    with pytest.raises(ProofRefused, match=re.escape(words)):
        mailing_proofs.mail_proof(services, edition_id, Viewpoint(), to, by=EVE)

    with services.reading() as session:
        assert session.scalars(select(Notice).where(Notice.kind == notices.PROOF)).all() == []


@pytest.mark.parametrize(
    ("reason", "whom", "is_refused"),
    [
        (SuppressionReason.UNSUBSCRIBED, "ana@reader.example", True),
        (SuppressionReason.ERASED, "ana@reader.example", True),
        (SuppressionReason.HARD_BOUNCE, "ana@reader.example", True),
        (SuppressionReason.UNSUBSCRIBED, EVE, False),
        (SuppressionReason.COMPLAINT, EVE, True),
    ],
)
def test_a_suppressed_stranger_gets_no_test_and_an_editor_who_has_left_does(
    services: Services, edition_id: EditionId, reason: SuppressionReason, whom: str, *, is_refused: bool
) -> None:
    mark = address.fingerprint(whom, services.keys.fingerprint)
    with services.session() as session:
        suppression.suppress(session, mark, reason, at=services.clock.now())

    if is_refused:
        with pytest.raises(ProofRefused, match=f"{whom} gets no mail from here"):
            mailing_proofs.mail_proof(services, edition_id, Viewpoint(), whom, by=EVE)
    else:
        assert len(mailing_proofs.mail_proof(services, edition_id, Viewpoint(), whom, by=EVE)) == 1


def test_an_account_may_send_so_many_test_mails_an_hour(
    services: Services, edition_id: EditionId, clock: FixedClock
) -> None:
    for round_ in range(MOST_MAILS // MOST_ADDRESSES):
        to = ",".join(f"a{round_}{n}@desk.example" for n in range(MOST_ADDRESSES))
        mailing_proofs.mail_proof(services, edition_id, Viewpoint(), to, by=EVE)

    with pytest.raises(ProofRefused, match="within the hour 30 test mails have gone out for you"):
        mailing_proofs.mail_proof(services, edition_id, Viewpoint(), "b@desk.example", by=EVE)

    mailing_proofs.mail_proof(services, edition_id, Viewpoint(), "b@desk.example", by="otto@desk.example")
    clock.set(clock.now() + mailing_proofs.WINDOW)
    mailing_proofs.mail_proof(services, edition_id, Viewpoint(), "b@desk.example", by=EVE)


def test_a_button_pressed_twice_sends_once(services: Services, edition_id: EditionId) -> None:
    first = mailing_proofs.mail_proof(services, edition_id, Viewpoint(), EVE, by=EVE)

    assert mailing_proofs.mail_proof(services, edition_id, Viewpoint(), EVE, by=EVE) == first


def test_to_a_reader_whose_sections_hold_no_news_nothing_can_be_shown_or_sent(
    services: Services, edition_id: EditionId
) -> None:
    ana = reader(services, 1, "Ana", ("nowhere",))
    view = proof.viewpoint_of(services, edition_id, ana)

    with pytest.raises(NoMail, match="hold no news today"):
        proofs.preview(services, edition_id, view)
    with pytest.raises(NoMail, match="hold no news today"):
        mailing_proofs.mail_proof(services, edition_id, view, EVE, by=EVE)


def test_a_test_mail_that_cannot_be_filled_waits_for_the_template_to_be_mended(
    services: Services, edition_id: EditionId, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    (notice_id,) = mailing_proofs.mail_proof(services, edition_id, Viewpoint(), EVE, by=EVE)
    clock.set(clock.now() + mailing_proofs.WINDOW / 2)  # the pages of another minute are made anew

    def broken(*_: object) -> None:
        raise TemplateError("digest/body.mjml, line 7: mend the template")

    with monkeypatch.context() as patch:
        patch.setattr(proof, "render", broken)
        notices.send(services)
    before = mails(inbox)
    clock.set(clock.now() + timedelta(minutes=20))
    notices.send(services)

    assert before == []
    assert len(mails(inbox)) == 1
    with services.reading() as session:
        assert session.get_one(Notice, notice_id).state is DeliveryState.SENT
