"""The acts of readers: sign up, confirm, choose, leave and take it back, read what was sent."""

from datetime import time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from digest import sending
from digest.desk import releasing
from digest.errors import UnknownNewsletter
from digest.model.ids import EditionId
from digest.model.notice import Notice
from digest.notices import opened
from digest.readers import choosing, leaving, reading, signing_up
from digest.readers.opening import Standing
from digest.readers.signing_up import SignUp
from digest.services import Services
from subscribers import tokens
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadAddress, BadWish, WrongState
from subscribers.model import ConsentEvent, Subscription, SubscriptionState
from subscribers.tokens import Claim, Purpose
from subscribers.wishes import Wishes
from tests.conftest import MakeServices
from tests.digest.leaver import leave
from tests.factories import write_feed
from tests.fakes import FixedClock

WISH = SignUp(newsletter="morning", address="ana@reader.example", name="Ana")
SEEN = Evidence(wording="We ask you to confirm. [en]", source="sign-up page", network_address="192.0.2.1")


@pytest.fixture
def services(make_services: MakeServices, sqlite_url: str) -> Services:
    return make_services(sqlite_url)


def subscription(services: Services) -> Subscription:
    with services.reading() as session:
        found = session.scalars(select(Subscription)).one()
        assert found.subscriber.address == "ana@reader.example"
        return found


def token(services: Services, purpose: Purpose) -> str:
    found = subscription(services)
    nonce = found.confirmation_nonce if purpose is Purpose.CONFIRM else ""
    issued = services.clock.now() if purpose is Purpose.CONFIRM else None
    return tokens.sign(purpose, Claim(found.public_id, nonce), services.keys.tokens, issued=issued)


def notices(services: Services) -> list[str]:
    with services.reading() as session:
        return [notice.kind for notice in session.scalars(select(Notice).order_by(Notice.id))]


def signed_up(services: Services, wish: SignUp = WISH) -> None:
    signing_up.sign_up(services, wish, SEEN)
    signing_up.take_up(services)


def joined(services: Services) -> None:
    signed_up(services)
    signing_up.confirm(services, token(services, Purpose.CONFIRM), network="192.0.2.1")


# -- sign up and confirm -----------------------------------------------------------------------------------------------


def test_a_sign_up_is_a_wish_until_its_owner_confirms(services: Services) -> None:
    signed_up(services)
    before = subscription(services).state

    view = signing_up.confirm(services, token(services, Purpose.CONFIRM), network="192.0.2.1")

    assert before is SubscriptionState.PENDING
    assert subscription(services).state is SubscriptionState.ACTIVE
    assert (view.state, view.newsletter) == (Standing.DONE, services.newsletter("morning"))
    assert view.masked_address != "ana@reader.example"
    assert notices(services) == ["confirm", "welcome"]


def test_looking_at_a_page_changes_nothing(services: Services) -> None:
    signed_up(services)
    confirming = token(services, Purpose.CONFIRM)

    views = [signing_up.confirm_page(services, confirming) for _ in range(2)]
    pending = subscription(services).state
    signing_up.confirm(services, confirming, network="")
    way_out = leaving.leave_page(services, token(services, Purpose.UNSUBSCRIBE)).link
    wishes = choosing.wishes(services, token(services, Purpose.PREFERENCES))

    assert [view.state for view in views] == [Standing.OPEN, Standing.OPEN]
    assert pending is SubscriptionState.PENDING
    assert way_out.state is Standing.OPEN
    assert wishes is not None
    assert subscription(services).state is SubscriptionState.ACTIVE


def test_a_repeated_confirmation_greets_once(services: Services) -> None:
    signed_up(services)
    confirming = token(services, Purpose.CONFIRM)

    states = [signing_up.confirm(services, confirming, network="").state for _ in range(3)]

    assert states == [Standing.DONE] * 3
    assert notices(services) == ["confirm", "welcome"]
    assert signing_up.confirm_page(services, confirming).state is Standing.DONE


def test_a_second_sign_up_sends_no_second_mail_and_tells_nothing(services: Services) -> None:
    for _ in range(3):
        signed_up(services)
    joined_now = signing_up.confirm(services, token(services, Purpose.CONFIRM), network="")
    signed_up(services)

    assert joined_now.state is Standing.DONE
    assert notices(services) == ["confirm", "welcome"]


def test_an_old_link_has_expired_and_a_strange_one_is_none_of_ours(services: Services, clock: FixedClock) -> None:
    signed_up(services)
    confirming = token(services, Purpose.CONFIRM)
    clock.advance(tokens.LIFETIMES[Purpose.CONFIRM] + timedelta(seconds=1))

    old = [signing_up.confirm_page(services, confirming), signing_up.confirm(services, confirming, network="")]
    strange = [
        signing_up.confirm_page(services, text) for text in ("", "x", confirming[:-1], confirming + "A", "ü" * 99)
    ]

    assert [view.state for view in old] == [Standing.EXPIRED] * 2
    assert [view.state for view in strange] == [Standing.UNKNOWN] * 5
    assert subscription(services).state is SubscriptionState.PENDING


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"sections": ("sports",)}, "sections sports is unknown; choose among world"),
        ({"sections": ()}, "sections"),
        ({"cadence": Cadence.WEEKLY}, "cadence weekly is not offered; choose daily"),
        ({"time_zone": "Europe/Berlinn"}, "time zone"),
        ({"language": "english!"}, "language"),
    ],
)
def test_a_mistyped_wish_is_named_and_keeps_nothing(services: Services, wish: dict[str, object], words: str) -> None:
    mistyped = SignUp(newsletter="morning", address="ana@reader.example", **wish)  # type: ignore[arg-type]

    with pytest.raises(BadWish, match=words):
        signed_up(services, mistyped)

    assert notices(services) == []


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@", "@reader.example", "a b@reader.example", "ana@reader.example\nBcc: x"]
)
def test_a_mistyped_address_is_refused(services: Services, address: str) -> None:
    with pytest.raises(BadAddress):
        signed_up(services, SignUp(newsletter="morning", address=address))


def test_nobody_signs_up_for_what_does_not_exist(services: Services) -> None:
    with pytest.raises(UnknownNewsletter):
        signed_up(services, SignUp(newsletter="evening", address="ana@reader.example"))


def test_all_sections_are_all_those_to_come_too(services: Services) -> None:
    signed_up(services, SignUp(newsletter="morning", address="ana@reader.example", sections=("world",)))

    assert subscription(services).sections is None


# -- leave and choose --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_page", [True, False])
def test_a_reader_leaves_at_once_and_may_take_it_back(services: Services, by_page: bool) -> None:
    joined(services)
    way_out = token(services, Purpose.UNSUBSCRIBE)

    for _ in range(2):
        leave(services, way_out, by_page=by_page)
    ended = subscription(services).state
    page = leaving.leave_page(services, way_out).link.state
    back = leaving.undo_leave(services, way_out, network="").state

    assert (ended, page) == (SubscriptionState.ENDED, Standing.DONE)
    assert back is Standing.OPEN
    assert subscription(services).state is SubscriptionState.ACTIVE


def test_a_departure_of_long_ago_is_taken_back_by_a_new_sign_up_only(services: Services, clock: FixedClock) -> None:
    joined(services)
    way_out = token(services, Purpose.UNSUBSCRIBE)
    leave(services, way_out, by_page=True)
    clock.advance(timedelta(days=8))

    with pytest.raises(WrongState, match="sign up again"):
        leaving.undo_leave(services, way_out, network="")


def test_each_step_leaves_its_evidence(services: Services) -> None:
    joined(services)
    leave(services, token(services, Purpose.UNSUBSCRIBE), by_page=False)

    with services.reading() as session:
        events = session.scalars(select(ConsentEvent).order_by(ConsentEvent.id)).all()
    assert [event.kind.value for event in events] == ["requested", "confirmed", "withdrawn"]
    assert (events[-1].source, events[-1].network_address) == ("one-click unsubscribe (RFC 8058)", "192.0.2.7")


def test_a_link_of_one_purpose_opens_no_other_door(services: Services) -> None:
    joined(services)
    wrong = token(services, Purpose.VIEW)

    assert leaving.wish_to_leave(services, wrong, by_page=False, network="") is None
    assert leaving.undo_leave(services, wrong, network="").state is Standing.UNKNOWN
    assert choosing.wishes(services, wrong) is None
    assert subscription(services).state is SubscriptionState.ACTIVE


def test_a_reader_changes_what_they_asked_for(services: Services) -> None:
    joined(services)
    wanted = Wishes(time_zone="America/New_York", language="de", hour=time(6, 30), cadence=Cadence.WEEKDAYS)

    view = choosing.change_wishes(services, token(services, Purpose.PREFERENCES), wanted, network="")

    assert view is not None
    assert (view.wishes, view.state) == (wanted, SubscriptionState.ACTIVE)
    assert choosing.change_wishes(services, "x", wanted, network="") is None


# -- read --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(make_services: MakeServices, sqlite_url: str, tmp_path: Path) -> tuple[Services, EditionId]:
    """Give services with one reader, and an Edition that is on its way."""
    services = make_services(sqlite_url, smtp_port=1)
    joined(services)
    write_feed(tmp_path / "news", ("Quarry council settles stone dispute", "https://aldmere.example/stone"))
    edition_id = releasing.prepare(services, "morning")
    releasing.approve(services, edition_id, by="anna@example.org")
    sending.send_edition(services, edition_id)
    return services, edition_id


def test_a_reader_reads_on_the_web_what_they_got_by_mail(sent: tuple[Services, EditionId]) -> None:
    services, edition_id = sent

    page = reading.view(services, edition_id, token(services, Purpose.VIEW))

    assert page is not None
    assert "Quarry council" in page.html
    assert services.links.unsubscribe(token(services, Purpose.UNSUBSCRIBE)) in page.html


def test_an_edition_opens_only_to_its_readers(sent: tuple[Services, EditionId]) -> None:
    services, edition_id = sent

    assert reading.view(services, edition_id, token(services, Purpose.PREFERENCES)) is None
    assert reading.view(services, EditionId(4711), token(services, Purpose.VIEW)) is None


def test_a_draft_opens_to_no_reader(services: Services, tmp_path: Path) -> None:
    joined(services)
    write_feed(tmp_path / "news", ("Quarry council settles stone dispute", "https://aldmere.example/stone"))
    edition_id = releasing.prepare(services, "morning")

    assert reading.view(services, edition_id, token(services, Purpose.VIEW)) is None


def test_a_welcome_names_the_latest_edition(sent: tuple[Services, EditionId]) -> None:
    services, edition_id = sent

    signed_up(services, SignUp(newsletter="morning", address="ben@reader.example"))
    with services.reading() as session:
        assert session.scalar(select(func.count(Notice.id)).where(Notice.kind == "confirm")) == 2
        ben = session.scalars(select(Subscription).where(Subscription.state == SubscriptionState.PENDING)).one()
    claim = Claim(ben.public_id, ben.confirmation_nonce)
    confirming = tokens.sign(Purpose.CONFIRM, claim, services.keys.tokens, issued=services.clock.now())
    signing_up.confirm(services, confirming, network="")

    with services.reading() as session:
        newest = session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()
    assert newest.kind == "welcome"
    assert f"/v/{edition_id}/" in opened(services, newest.wish)["latest_url"]
