"""An Edition whose mail has faults reaches nobody: it is held, with the reason, until somebody mends it."""

import dataclasses
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from digest import jobs, pipeline, sending
from digest.demo.inbox import Inbox
from digest.desk import proofs, releasing
from digest.errors import UnfitToSend
from digest.model.edition import EditionState
from digest.model.ids import EditionId
from digest.pipeline import Held, Prepared
from digest.services import Services
from digest.settings import load
from digest.store import editions
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import drop_news, mails, prepare, recipients, subscribe

DUE = datetime(2026, 11, 23, 6, tzinfo=UTC)  # 07:00 in Berlin
REVIEW = DUE - timedelta(minutes=60)
#: A picture without words for those who do not see it, and one that nobody sees at all.
FAULTY = '<p><img src="https://news.example.org/i.gif" width="1" height="1" /></p>'
SOUND = "<p>Printed on recycled electrons.</p>"
OWN = 'templates = "own"\neditors = ["anna@example.org"]'


@pytest.fixture
def footer(tmp_path: Path) -> Path:
    """Give the newsletter a footer of its own, with nothing wrong in it yet."""
    path = tmp_path / "own" / "digest" / "body.mjml"
    path.parent.mkdir(parents=True)
    write(path, SOUND)
    return path


def write(path: Path, footer: str) -> None:
    path.write_text(
        '{% extends "packaged/digest/body.mjml" %}{% block footer %}{{ super() }}' + footer + "{% endblock %}",
        encoding="utf-8",
    )


@pytest.fixture
def services(
    make_services: MakeServices, sqlite_url: str, inbox: Inbox, footer: Path, clock: FixedClock, tmp_path: Path
) -> Services:
    clock.set(REVIEW)
    services = make_services(sqlite_url, smtp_port=inbox.port, more=OWN)
    subscribe(services, "ben")
    drop_news(tmp_path / "news", "aldmere", "brackwater", at=clock.now())
    return services


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def edition(services: Services, edition_id: EditionId) -> tuple[EditionState, str]:
    with services.reading() as session:
        found = editions.get(session, edition_id)
        return found.state, found.reason


def test_a_draft_whose_mail_has_faults_is_held_with_each_of_them(services: Services, footer: Path) -> None:
    write(footer, FAULTY)

    made = prepare(services)

    assert isinstance(made, Held)
    assert made.reason.startswith("the lint found ")
    assert "alt" in made.reason
    assert "too small to be seen" in made.reason


def test_it_is_refused_by_hand_too_until_it_is_mended(services: Services, footer: Path, inbox: Inbox) -> None:
    write(footer, FAULTY)
    made = prepare(services)

    with pytest.raises(UnfitToSend, match="the lint found"):
        releasing.approve(services, made.edition_id, by="anna@example.org")
    refused = edition(services, made.edition_id)[0]
    write(footer, SOUND)
    releasing.approve(services, made.edition_id, by="anna@example.org")
    sending.send_edition(services, made.edition_id, every_wave=True)

    assert refused is EditionState.HELD
    assert recipients(inbox) == {"ben": 1}
    assert "Printed on recycled electrons." in content(mails(inbox)[0], "html")


def test_a_fault_that_comes_after_the_draft_holds_it_at_its_hour_and_tells_the_editors(
    services: Services, footer: Path, clock: FixedClock, inbox: Inbox
) -> None:
    jobs.tick(services)
    write(footer, FAULTY)

    clock.set(DUE)
    counts = jobs.tick(services)
    again = jobs.tick(services)

    told = [str(mail["Subject"]) for mail in mails(inbox)]
    assert counts["approve"] == {"faults": 0}
    assert again["approve"] == {"faults": 0}
    assert recipients(inbox) == {"anna": 2}
    assert all("is on the desk" in subject for subject in told)
    assert "It is held: the lint found" in content(mails(inbox)[1], "plain").replace("\n", " ")


def test_editors_are_told_again_when_what_they_released_is_held_for_another_reason(
    services: Services, footer: Path, clock: FixedClock, inbox: Inbox
) -> None:
    write(footer, FAULTY)
    jobs.tick(services)
    with services.reading() as session:
        (held,) = editions.in_states(session, EditionState.HELD)
    releasing.release(services, held.id, by="ben@example.org")
    write(footer, '<p><img src="https://news.example.org/i.gif" width="600" height="10" /></p>')

    clock.set(DUE)
    jobs.tick(services)
    jobs.tick(services)

    told = [" ".join(content(mail, "plain").split()) for mail in mails(inbox)]
    assert len(told) == 2
    assert "too small to be seen" in told[0]
    assert "too small to be seen" not in told[1]
    assert "It is held: the lint found" in told[1]
    assert recipients(inbox) == {"anna": 2}


def test_editors_are_told_of_a_draft_whose_maker_was_stopped_before_it_could_tell(
    services: Services, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "illustrate", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            jobs.tick(services)
    before = len(mails(inbox))

    jobs.tick(services)
    jobs.tick(services)

    assert before == 0
    assert recipients(inbox) == {"anna": 1}


def test_settings_that_have_become_unfit_hold_it_too(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    newsletter = dataclasses.replace(services.newsletter("morning"), language="xx")
    monkeypatch.setattr(Services, "newsletter", lambda *_: newsletter)

    made = prepare(services)

    assert isinstance(made, Held)
    assert made.reason.startswith('the settings are at fault: language is "xx"')


def test_a_template_that_cannot_be_filled_holds_it_too(services: Services, footer: Path) -> None:
    footer.write_text("{{ nonsense }}", encoding="utf-8")

    made = prepare(services)

    assert isinstance(made, Held)
    assert made.reason.startswith("a template is at fault: own/digest/body.mjml, line 1: 'nonsense' is undefined")


def test_warnings_hold_nothing_and_are_shown(services: Services, footer: Path) -> None:
    write(footer, '<p style="background-image:none">Two columns.</p>')

    made = prepare(services)

    assert isinstance(made, Prepared)
    (finding,) = proofs.checks(services, made.edition_id).findings
    assert "css-background-image" in finding.message


def test_a_lead_that_only_some_readers_get_is_looked_at_too(services: Services, tmp_path: Path) -> None:
    own = tmp_path / "own" / "digest" / "stories.mjml"
    text = (Path(__file__).parents[2] / "templates" / "email" / "digest" / "stories.mjml").read_text(encoding="utf-8")
    broken = '{% if lead.index == 1 %}<a href="https://news.example.org/"></a>{% endif %}{{ label(lead) }}'
    own.write_text(text.replace("{{ label(lead) }}", broken), encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(
        config.read_text(encoding="utf-8") + '\n[[newsletter.source]]\nfolder = "sport"\nsection = "Sport"\n',
        encoding="utf-8",
    )
    drop_news(tmp_path / "sport", "corvane", at=services.clock.now())
    two = Services.start(load(config), services.clock)

    made = prepare(two)

    two.close()
    assert isinstance(made, Held)
    assert "link" in made.reason
