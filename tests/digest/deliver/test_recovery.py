"""Recovery: what a killed sender left behind is settled once, as its journal tells, on both databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from digest.database import Database
from digest.deliver.journal import Journal
from digest.deliver.outbox import EditionOutbox, NoticeOutbox
from digest.deliver.recovery import replay
from digest.model.delivery import Account, Attempt, Claimed, Delivery, DeliveryState, Lease, Reason, Settlement
from digest.model.ids import EditionId
from digest.model.notice import Notice, NoticeWish
from digest.store import deliveries, notices
from subscribers.model import Suppression, SuppressionReason
from tests.digest.deliver.planned import NOW, planned

LEASE = Lease(owner="gone", until=NOW + timedelta(minutes=30))
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def edition_id(database: Database) -> EditionId:
    with database.session() as session:
        return planned(session, 6)


@pytest.fixture
def outbox(database: Database) -> EditionOutbox:
    return EditionOutbox(database=database, edition_id=None)


def fate(claimed: Claimed[Any, Any], state: DeliveryState, **traits: Any) -> Settlement[Any]:
    usual = {"is_attempt": True, "relay": "main"}
    return Settlement(key=claimed.key, lease_no=claimed.lease_no, state=state, **{**usual, **traits})


def killed(outbox: Any, folder: Path, fates: list[tuple[DeliveryState, dict[str, Any]] | str | None]) -> list[Any]:
    """Claim mails, write a journal about each in turn (``"begun"``: its S alone; None: nothing), and vanish."""
    claims = sorted(outbox.claim(NOW, LEASE, 100), key=lambda claimed: claimed.key)
    journal = Journal(folder, LEASE.owner, outbox.kind)
    for claimed, word in zip(claims, fates, strict=False):
        if word is not None:
            journal.began(outbox.written(claimed.key), claimed.lease_no)
        if isinstance(word, tuple):
            journal.ended(outbox.written(claimed.key), fate(claimed, word[0], **word[1]))
    journal.close(is_settled=False)
    return claims


EVERY: list[tuple[DeliveryState, dict[str, Any]] | str | None] = [
    (DeliveryState.SENT, {"code": 250, "reply": "2.0.0 queued"}),
    (DeliveryState.DEFERRED, {"code": 450, "reply": "4.2.0 later", "next_at": LATER}),
    (DeliveryState.FAILED, {"code": 550, "reply": "5.1.1 nobody", "reason": Reason.REJECTED}),
    "begun",
    (DeliveryState.PLANNED, {"next_at": LATER, "is_attempt": False}),
    None,
]


def rows(database: Database) -> list[Delivery]:
    with database.reading() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.subscriber_id)))


def attempts(database: Database) -> list[tuple[str, int | None]]:
    with database.reading() as session:
        return [(attempt.outcome, attempt.code) for attempt in session.scalars(select(Attempt).order_by(Attempt.id))]


def test_each_mail_comes_to_the_state_that_its_journal_tells(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path
) -> None:
    killed(outbox, tmp_path, EVERY)

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts == {"sent": 1, "deferred": 1, "failed": 1, "in_doubt": 1, "planned": 1, "put_back": 1}
    found = rows(database)
    assert [row.state for row in found] == ["sent", "deferred", "failed", "in_doubt", "planned", "planned"]
    assert [row.reason for row in found] == [None, None, "rejected", "no reply", None, None]
    assert [row.attempts for row in found] == [1, 1, 1, 1, 0, 0]
    assert [row.next_at for row in found][1::3] == [LATER, LATER]
    assert [(row.last_relay, row.last_code, row.last_status) for row in found][:3] == [
        ("main", 250, "2.0.0"),
        ("main", 450, "4.2.0"),
        ("main", 550, "5.1.1"),
    ]
    assert {(row.lease_owner, row.lease_until) for row in found} == {(None, None)}
    assert sorted(attempts(database), key=str) == [("deferred", 450), ("failed", 550), ("in_doubt", None)]
    assert list(tmp_path.glob("*.journal")) == []


@pytest.mark.parametrize("is_lost", [False, True], ids=["a kill", "a power cut"])
def test_a_journal_that_is_replayed_twice_changes_nothing_the_second_time(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path, is_lost: bool
) -> None:
    killed(outbox, tmp_path, EVERY)
    if is_lost:
        lose_the_claims(database)
    (path,) = tmp_path.glob("*.journal")
    kept = path.read_bytes()
    replay(tmp_path, [outbox], LATER, resends=False)
    once, tries = [_all_of(row) for row in rows(database)], attempts(database)
    path.write_bytes(kept)

    counts = replay(tmp_path, [outbox], LATER + timedelta(hours=1), resends=False)

    assert counts.total() == 0
    assert [_all_of(row) for row in rows(database)] == once
    assert attempts(database) == tries


def _all_of(row: Delivery) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in Delivery.__table__.columns}


def lose_the_claims(database: Database) -> None:
    """Bring the rows back to where they stood before they were claimed, as a power cut does."""
    with database.session() as session:
        session.execute(
            update(Delivery).values(state=DeliveryState.PLANNED, lease_no=0, lease_owner=None, lease_until=None)
        )


def test_mails_whose_claim_the_database_has_lost_are_settled_all_the_same(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path
) -> None:
    killed(outbox, tmp_path, EVERY)
    lose_the_claims(database)

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts["put_back"] == 0
    assert [row.state for row in rows(database)] == ["sent", "deferred", "failed", "in_doubt", "planned", "planned"]


def test_of_two_claims_of_one_mail_in_a_journal_the_later_one_counts(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path
) -> None:
    first, second, *_ = sorted(outbox.claim(NOW, LEASE, 100), key=lambda claimed: claimed.key)
    journal = Journal(tmp_path, LEASE.owner, outbox.kind)
    journal.ended(outbox.written(first.key), fate(first, DeliveryState.SENT, code=250))
    journal.ended(outbox.written(second.key), fate(second, DeliveryState.DEFERRED, next_at=LATER))
    again = Settlement(key=second.key, lease_no=2, state=DeliveryState.SENT, is_attempt=True, code=250)
    journal.ended(outbox.written(second.key), again)
    journal.close(is_settled=False)
    lose_the_claims(database)

    replay(tmp_path, [outbox], LATER, resends=False)

    assert [row.state for row in rows(database)][:2] == ["sent", "sent"]


def test_what_another_sender_has_claimed_since_stays_with_it(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path
) -> None:
    killed(outbox, tmp_path, EVERY)
    with database.session() as session:
        session.execute(update(Delivery).values(lease_owner="alive", lease_no=Delivery.lease_no + 1))

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts.total() == 0
    assert {(row.state, row.lease_owner) for row in rows(database)} == {("claimed", "alive")}


def test_what_has_come_to_its_end_since_stays_so(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path
) -> None:
    killed(outbox, tmp_path, ["begun"] * 6)
    with database.session() as session:
        deliveries.expire_leases(session, LEASE.until + timedelta(minutes=1))
        deliveries.resolve(session, edition_id, to=DeliveryState.SENT, now=LATER)

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts.total() == 0
    assert {row.state for row in rows(database)} == {"sent"}


def test_mails_in_doubt_are_sent_again_where_the_operator_says_so(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path
) -> None:
    killed(outbox, tmp_path, ["begun"] * 2)

    counts = replay(tmp_path, [outbox], LATER, resends=True)

    assert counts == {"deferred": 2, "put_back": 4}
    assert [(row.state, row.reason, row.next_at) for row in rows(database)][:2] == [
        ("deferred", "no reply", LATER + timedelta(minutes=1))
    ] * 2
    with database.reading() as session:
        assert deliveries.account(session, edition_id) == Account(intended=6, deferred=2, waiting=4)


def test_more_mails_than_one_statement_takes_are_settled(
    database: Database, outbox: EditionOutbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.store.leases.RECOVERED_AT_ONCE", 2)
    with database.session() as session:
        planned(session, 7)
    killed(outbox, tmp_path, [(DeliveryState.SENT, {"code": 250})] * 7)

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts == {"sent": 7}


def test_notices_are_recovered_too(database: Database, tmp_path: Path) -> None:
    outbox = NoticeOutbox(database=database, fingerprint_key=bytes(16))
    with database.session() as session:
        for number in range(6):
            wish = NoticeWish(kind="confirm", newsletter="morning", address=f"new{number}@mail.example", values={})
            notices.enqueue(session, wish, NOW)
    killed(outbox, tmp_path, EVERY)

    counts = replay(tmp_path, [EditionOutbox(database=database, edition_id=None), outbox], LATER, resends=False)

    assert counts == {"sent": 1, "deferred": 1, "failed": 1, "in_doubt": 1, "planned": 1, "put_back": 1}
    with database.reading() as session:
        states = list(session.scalars(select(Notice.state).order_by(Notice.id)))
    assert states == ["sent", "deferred", "failed", "in_doubt", "planned", "planned"]
    assert sorted(attempts(database), key=str) == [("deferred", 450), ("failed", 550), ("in_doubt", None)]


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"digest-journal 1 pigeons one\nS 1.7 1\n", b"\xff\xfe"], ids=ascii
)
def test_a_journal_that_cannot_be_read_stays_and_is_told(
    database: Database,
    edition_id: EditionId,
    outbox: EditionOutbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
) -> None:
    strange = tmp_path / "a.journal"
    strange.write_bytes(content)
    killed(outbox, tmp_path, EVERY)

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts["sent"] == 1
    assert strange.read_bytes() == content
    assert [path.name for path in tmp_path.glob("*.journal")] == ["a.journal"]
    assert "a journal cannot be read" in "".join(capsys.readouterr())


@pytest.mark.parametrize("key", ["7", "1.2.3", "x.y", "", "1.", "-1.5"])
def test_a_key_that_names_no_mail_is_passed_over(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path, key: str
) -> None:
    claims = outbox.claim(NOW, LEASE, 1)
    journal = Journal(tmp_path, LEASE.owner, outbox.kind)
    journal.began(key, 1)
    journal.began(outbox.written(claims[0].key), 1)
    journal.close(is_settled=False)

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts == {"in_doubt": 1}


def test_a_replay_that_the_database_does_not_take_leaves_the_journal_for_the_next_time(
    database: Database, edition_id: EditionId, outbox: EditionOutbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(outbox, tmp_path, EVERY)
    with monkeypatch.context() as patch:

        def fails(*_: object, **__: object) -> None:
            raise RuntimeError("no database today")

        patch.setattr("digest.store.leases.put_back_of", fails)
        with pytest.raises(RuntimeError, match="no database today"):
            replay(tmp_path, [outbox], LATER, resends=False)
    assert {row.state for row in rows(database)} == {"claimed"}

    counts = replay(tmp_path, [outbox], LATER, resends=False)

    assert counts["sent"] == counts["in_doubt"] == 1


def test_what_a_relay_refused_before_the_kill_counts_against_the_address(
    tmp_path: Path, database: Database, outbox: EditionOutbox, edition_id: EditionId
) -> None:
    with database.session() as session:
        claimed = deliveries.claim(session, edition_id, NOW, lease=LEASE, limit=6)[0]
    refused = fate(
        claimed, DeliveryState.FAILED, reason=Reason.REJECTED, code=550, reply="5.1.1 nobody here", at_dot=False
    )
    journal = Journal(tmp_path, "gone", "deliveries")
    journal.ended(outbox.written(claimed.key), refused)
    journal.close(is_settled=False)

    replay(tmp_path, [outbox], NOW, resends=False)

    with database.reading() as session:
        assert session.scalars(select(Suppression.reason)).one() is SuppressionReason.HARD_BOUNCE
