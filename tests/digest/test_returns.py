"""What comes back: only a report that names a mail of ours has an effect, and each has it once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from digest import returns
from digest.deliver import verp
from digest.deliver.bounce import Kind
from digest.model.ids import EditionId, NoticeId, SubscriberId
from digest.model.notice import NoticeWish
from digest.returns import Taken
from digest.services import Services
from digest.store import notices
from subscribers import address, bounces, consent, suppression, tokens
from subscribers.bounces import Effect
from subscribers.model import (
    BounceKind,
    ConsentKind,
    EndReason,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from subscribers.tokens import Claim, Purpose
from tests.digest.deliver.bounce import returned
from tests.digest.deliver.planned import NOW, new_edition, new_readers, plan
from tests.fakes import FixedClock


@dataclass(frozen=True)
class Sent:
    """One Delivery to one reader."""

    token: str
    edition: EditionId
    subscriber: SubscriberId
    public_id: str
    fingerprint: str


@pytest.fixture
def sent(services: Services, clock: FixedClock) -> Sent:
    clock.set(NOW + timedelta(hours=1))
    with services.session() as session:
        (subscription,) = new_readers(session, 1)
        edition_id = new_edition(session)
        plan(session, edition_id)
        key = (edition_id, SubscriberId(subscription.subscriber_id))
        mark, public_id = subscription.subscriber.fingerprint, subscription.public_id
    return Sent(verp.token(key, secret=services.keys.message), *key, public_id, mark)


def take(services: Services, raw: bytes) -> Taken:
    with services.session() as session:
        return returns.record(services, session, returns.read(services, raw).report)


def subscription_of(services: Services, sent: Sent) -> Subscription:
    with services.reading() as session:
        return Subscription.by_public_id(session, sent.public_id)


def reason(services: Services, sent: Sent) -> SuppressionReason | None:
    with services.reading() as session:
        return suppression.reason_for(session, sent.fingerprint)


def kept(services: Services) -> dict[BounceKind, int]:
    with services.reading() as session:
        return dict(bounces.counts(session, services.clock.now() - timedelta(days=1)))


Write = Callable[[str], bytes]


def about(raw: bytes) -> Write:
    return lambda token: raw.replace(returned.TOKEN.encode(), token.encode())


REPORTS: dict[str, tuple[Write, BounceKind, Effect, SuppressionReason | None]] = {
    "hard": (
        about(returned.notification()),
        BounceKind.HARD,
        Effect.SUPPRESSED,
        SuppressionReason.HARD_BOUNCE,
    ),
    "soft": (
        about(returned.notification(returned.block("5.2.2", "smtp; full"))),
        BounceKind.SOFT,
        Effect.COUNTED,
        None,
    ),
    "policy": (
        about(returned.notification(returned.block("5.7.1", "smtp; no"))),
        BounceKind.POLICY,
        Effect.COUNTED,
        None,
    ),
    "complaint": (
        about(returned.complaint()),
        BounceKind.COMPLAINT,
        Effect.SUPPRESSED,
        SuppressionReason.COMPLAINT,
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_about_a_mail_of_ours_has_its_effect_once(services: Services, sent: Sent, name: str) -> None:
    write, kind, effect, suppressed = REPORTS[name]

    first, again = take(services, write(sent.token)), take(services, write(sent.token.upper()))

    assert (first.is_verified, first.effect) == (True, effect)
    assert again.effect is Effect.REPEATED
    assert kept(services) == {kind: 1}
    assert reason(services, sent) is suppressed


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("place", [0, -1], ids=["another Edition", "another hash"])
def test_a_forged_report_changes_nothing(services: Services, sent: Sent, name: str, place: int) -> None:
    write, *_ = REPORTS[name]
    forged = list(sent.token)
    forged[place] = "7" if forged[place] != "7" else "6"

    taken = take(services, write("".join(forged)))

    assert (taken.is_verified, taken.effect, taken.word) == (False, None, "not_ours")
    assert kept(services) == {}
    assert reason(services, sent) is None


@pytest.mark.parametrize("raw", [returned.vacation(), returned.complaint("not-spam"), b"\n"])
def test_what_is_no_report_changes_nothing(services: Services, sent: Sent, raw: bytes) -> None:
    assert take(services, raw).effect is None
    assert kept(services) == {}


def test_of_several_tokens_the_one_that_is_ours_counts(services: Services, sent: Sent) -> None:
    raw = b"To: b+1.1.aaaaaaaaaa@bounce.example.org\n" + about(returned.notification())(sent.token)

    assert take(services, raw).token == sent.token


def leave_by_delivery(services: Services, sent: Sent) -> str:
    return sent.token


def leave_by_folded_token(services: Services, sent: Sent) -> str:
    return verp.leave_token(sent.public_id, secret=services.keys.message).upper()


def leave_by_link_token(services: Services, sent: Sent) -> str:
    return tokens.sign(Purpose.UNSUBSCRIBE, Claim(sent.public_id), services.keys.tokens)


LEAVING = [leave_by_delivery, leave_by_folded_token, leave_by_link_token]


@pytest.mark.parametrize("token", LEAVING)
def test_a_mail_to_leave_ends_the_subscription(
    services: Services, sent: Sent, token: Callable[[Services, Sent], str]
) -> None:
    raw = returned.wish_to_leave(token(services, sent))

    first, again = take(services, raw), take(services, raw)

    assert (first.effect, again.effect) == (Effect.ENDED, Effect.COUNTED)
    ended = subscription_of(services, sent)
    assert (ended.state, ended.end_reason) == (SubscriptionState.ENDED, EndReason.MAILTO)
    assert kept(services) == {BounceKind.UNSUBSCRIBE: 1}
    assert reason(services, sent) is None


@pytest.mark.parametrize("token", LEAVING)
def test_a_forged_mail_to_leave_ends_nothing(
    services: Services, sent: Sent, token: Callable[[Services, Sent], str]
) -> None:
    ours = token(services, sent)
    forged = ours[:-1] + ("7" if ours[-1] != "7" else "6")

    assert take(services, returned.wish_to_leave(forged)).word == "not_ours"
    assert subscription_of(services, sent).state is SubscriptionState.ACTIVE


def test_a_link_of_another_purpose_ends_nothing(services: Services, sent: Sent) -> None:
    view = tokens.sign(Purpose.VIEW, Claim(sent.public_id), services.keys.tokens)

    assert take(services, returned.wish_to_leave(view)).effect is None


def test_a_bounce_of_the_address_for_leaving_is_about_no_mail(services: Services, sent: Sent) -> None:
    token = verp.leave_token(sent.public_id, secret=services.keys.message)

    taken = take(services, returned.notification(to=f"unsub+{token}@news.example.org", original="Subject: x\n"))

    assert (taken.report.kind, taken.effect) == (Kind.HARD, None)


def test_a_complaint_enters_the_ledger(services: Services, sent: Sent) -> None:
    take(services, about(returned.complaint())(sent.token))

    with services.reading() as session:
        assert [event.kind for event in consent.history(session, sent.fingerprint)] == [ConsentKind.COMPLAINED]


def test_a_report_about_an_erased_reader_only_counts(services: Services, sent: Sent) -> None:
    with services.session() as session:
        session.delete(session.get_one(Subscriber, sent.subscriber))

    taken = take(services, about(returned.notification())(sent.token))

    assert taken.effect is Effect.UNKNOWN_READER
    assert kept(services) == {BounceKind.HARD: 1}


def test_a_bounced_notice_suppresses_the_address_that_it_was_written_to(services: Services) -> None:
    wish = NoticeWish(kind="confirm", newsletter="morning", address="Eva@Reader.example")
    with services.session() as session:
        number = notices.enqueue(session, wish, services.clock.now())
    token = verp.token(NoticeId(number), secret=services.keys.message)

    taken = take(services, about(returned.notification())(token))

    assert taken.effect is Effect.SUPPRESSED
    mark = address.fingerprint("eva@reader.example", services.keys.fingerprint)
    with services.reading() as session:
        assert suppression.is_suppressed(session, mark)


def test_what_servers_say_is_kept_without_addresses(services: Services, sent: Sent) -> None:
    words = "smtp; 550 5.1.1 <ana@reader.example> is unknown"

    take(services, about(returned.notification(returned.block("5.1.1", words)))(sent.token))

    with services.reading() as session:
        (bounce,) = bounces.of_mail(session, bounces.of_delivery(sent.edition, sent.subscriber))
    assert "reader.example" not in bounce.diagnostic
    assert "is unknown" in bounce.diagnostic
