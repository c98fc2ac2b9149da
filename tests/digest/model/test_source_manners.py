"""A Source is asked politely: at its own pace, ever more rarely while it fails, and not at all when it is gone."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import WrongState
from digest.model.entry import Failed, Fetched, Gathered, Unchanged
from digest.model.ids import SourceId
from digest.model.newsletter import SourceKind
from digest.model.source import Source, SourceState

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
KEY = "https://wire.example/feed.xml"
HOUR = timedelta(hours=1)


def source(state: SourceState = SourceState.ACTIVE, failures: int = 0) -> Source:
    return Source(
        id=SourceId(1),
        key=KEY,
        kind=SourceKind.FEED,
        address=KEY,
        state=state,
        failures=failures,
        last_fault="",
        next_check_at=NOW,
        added_at=NOW,
    )


def answer(given: Source, outcome: Fetched | Unchanged | Failed, at: datetime = NOW) -> None:
    given.settle(Gathered(source_id=given.id, outcome=outcome, at=at))


def test_failures_double_the_wait_up_to_a_day() -> None:
    given = source()

    waits = []
    for _ in range(8):
        answer(given, Failed(reason="It did not answer."))
        waits.append((given.next_check_at - NOW) / HOUR)

    assert waits == [1, 2, 4, 8, 16, 24, 24, 24]


def test_the_third_failure_in_a_row_makes_it_failing_and_one_answer_makes_it_well() -> None:
    given = source()

    states = []
    for _ in range(3):
        answer(given, Failed(reason="It did not answer."))
        states.append(given.state)
    answer(given, Fetched(entries=()))

    assert states == [SourceState.ACTIVE, SourceState.ACTIVE, SourceState.FAILING]
    assert (given.state, given.failures, given.last_fault) == (SourceState.ACTIVE, 0, "")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (None, timedelta(minutes=60)),
        (timedelta(seconds=1), timedelta(minutes=15)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=365), timedelta(hours=24)),
    ],
    ids=["nothing asked", "a second", "three hours", "a year"],
)
def test_a_publisher_chooses_the_pace_between_a_quarter_of_an_hour_and_a_day(
    asked: timedelta | None, kept: timedelta
) -> None:
    given = source()

    answer(given, Unchanged(wait=asked))

    assert given.next_check_at == NOW + kept


def test_a_failing_server_that_asks_for_patience_gets_the_longer_wait() -> None:
    given = source()

    answer(given, Failed(reason="It is busy.", wait=timedelta(hours=5)))

    assert given.next_check_at == NOW + timedelta(hours=5)


def test_nothing_new_keeps_what_is_remembered_of_the_last_answer() -> None:
    given = source()
    answer(given, Fetched(entries=(), etag='"7"', last_modified="Mon", body_hash="abc", faults=("a.xml: damaged",)))

    answer(given, Unchanged(), at=NOW + HOUR)

    check = given.check()
    assert (check.etag, check.last_modified, check.body_hash) == ('"7"', "Mon", "abc")
    assert given.last_fault == "a.xml: damaged"
    assert given.last_answered_at == NOW + HOUR


def test_a_source_that_moved_is_asked_at_its_new_address_and_keeps_its_key() -> None:
    given = source()

    answer(given, Fetched(entries=(), moved_to="https://wire.example/new.xml"))

    assert given.check().address == "https://wire.example/new.xml"
    assert given.key == KEY


def test_the_question_names_the_language_that_the_operator_knows() -> None:
    assert source().check("nl").language == "nl"


def test_a_source_that_is_gone_says_so_until_somebody_resumes_it() -> None:
    given = source()
    answer(given, Failed(reason="It is gone.", gone=True))
    gone = given.state

    given.resume(NOW + HOUR)

    assert gone is SourceState.GONE
    assert (given.state, given.failures, given.next_check_at) == (SourceState.ACTIVE, 0, NOW + HOUR)


@pytest.mark.parametrize(
    "outcome", [Fetched(entries=()), Unchanged(), Failed(reason="no")], ids=lambda o: type(o).__name__
)
def test_a_paused_source_stays_paused_whatever_a_late_answer_says(outcome: Fetched | Unchanged | Failed) -> None:
    given = source()
    given.pause()

    for _ in range(4):
        answer(given, outcome)

    assert given.state is SourceState.PAUSED


def test_a_gone_source_cannot_be_paused() -> None:
    with pytest.raises(WrongState, match="is gone; only one that answers can be paused"):
        source(SourceState.GONE).pause()


def test_an_active_source_cannot_be_resumed() -> None:
    with pytest.raises(WrongState, match="is active; only a paused, failing or gone one can be resumed"):
        source().resume(NOW)


@pytest.mark.parametrize("outcome", [Failed(reason="x" * 2000), Fetched(entries=(), faults=("y" * 800, "z" * 800))])
def test_words_of_any_length_fit_their_column(outcome: Fetched | Failed) -> None:
    given = source()

    answer(given, outcome)

    assert len(given.last_fault) == 500


def test_a_password_in_an_address_is_not_shown() -> None:
    secret = Source(key="https://user:s3cret@feeds.example:8443/rss?x=1", kind=SourceKind.FEED, address="")
    plain = Source(key="https://feeds.example/@ana/rss", kind=SourceKind.FEED, address="")

    assert secret.shown == "https://feeds.example:8443/rss?x=1"
    assert plain.shown == plain.key
