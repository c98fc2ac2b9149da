"""A Source is asked politely: at its own pace, ever more rarely while it fails, and not at all when it is gone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as some

from digest.errors import WrongState
from digest.model.entry import Failed, Fetched, Gathered, Manners, Unchanged
from digest.model.ids import SourceId
from digest.model.newsletter import Selectors, SourceKind, SourcePlan
from digest.model.source import Source, SourceState

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
KEY = "https://wire.example/feed.xml"
NEW = "https://wire.example/new.xml"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Outcome = Fetched | Unchanged | Failed


def source(
    state: SourceState = SourceState.ACTIVE, failures: int = 0, number: int = 1, kind: SourceKind = SourceKind.FEED
) -> Source:
    return Source(
        id=SourceId(number),
        key=KEY,
        kind=kind,
        address=KEY,
        state=state,
        sightings=0,
        skip_hours=[],
        skip_days=[],
        failures=failures,
        last_fault="",
        next_check_at=NOW,
        added_at=NOW,
    )


def answer(given: Source, outcome: Outcome, at: datetime = NOW, rhythm: timedelta | None = None) -> timedelta:
    """Settle *outcome* and return after how long the Source is asked again."""
    given.settle(Gathered(source_id=given.id, outcome=outcome, at=at), rhythm=rhythm)
    return given.next_check_at - at


def about(wait: timedelta, of: timedelta) -> bool:
    """Return whether *wait* is *of*, give or take the tenth by which checks are spread."""
    return 0.9 * of <= wait <= 1.1 * of


def test_failures_double_the_wait_up_to_a_day() -> None:
    given = source()

    waits = [answer(given, Failed(reason="It did not answer.")) for _ in range(8)]

    assert all(about(wait, of * HOUR) for wait, of in zip(waits, (2, 4, 8, 16, 24, 24, 24, 24), strict=True))
    assert max(waits) <= DAY


def test_a_quick_source_that_fails_is_asked_sooner_than_a_slow_one() -> None:
    quick, slow = source(), source()

    waits = [answer(given, Failed(reason="no"), rhythm=rhythm) for given, rhythm in ((quick, MINUTE), (slow, 5 * HOUR))]

    assert about(waits[0], 30 * MINUTE)
    assert about(waits[1], 10 * HOUR)


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
    ("rhythm", "pace"),
    [(None, HOUR), (timedelta(seconds=20), 15 * MINUTE), (3 * HOUR, 3 * HOUR), (7 * DAY, DAY)],
    ids=["not known yet", "a live ticker", "a paper", "silent for a week"],
)
@pytest.mark.parametrize("outcome", [Fetched(entries=()), Unchanged()], ids=["news", "nothing new"])
def test_a_source_is_asked_as_often_as_it_has_news_between_a_quarter_of_an_hour_and_a_day(
    rhythm: timedelta | None, pace: timedelta, outcome: Outcome
) -> None:
    wait = answer(source(), outcome, rhythm=rhythm)

    assert about(wait, pace)
    assert 15 * MINUTE <= wait <= DAY


def test_checks_are_spread_always_in_the_same_way() -> None:
    waits = [answer(source(number=number), Unchanged()) for number in range(50)]

    again = [answer(source(number=number), Unchanged()) for number in range(50)]

    assert waits == again
    assert len(set(waits)) == 50
    assert min(waits) < 57 * MINUTE
    assert max(waits) > 63 * MINUTE


def test_a_folder_is_nobodys_server_and_looked_at_every_hour() -> None:
    assert about(answer(source(kind=SourceKind.FOLDER), Unchanged(), rhythm=7 * DAY), HOUR)


@pytest.mark.parametrize("outcome", [Fetched(entries=(), wait=3 * HOUR), Unchanged(wait=3 * HOUR),
                                     Failed(reason="busy", wait=3 * HOUR)])  # fmt: skip
def test_a_publisher_that_asks_for_patience_is_never_asked_sooner(outcome: Outcome) -> None:
    assert all(answer(source(number=number), outcome) >= 3 * HOUR for number in range(20))


def test_no_wish_is_heeded_for_longer_than_a_day() -> None:
    wishes = (Unchanged(wait=365 * DAY), Fetched(entries=(), manners=Manners(ttl=30 * DAY)))

    assert [answer(source(), wish) for wish in wishes] == [DAY, DAY]


def test_the_manners_that_a_feed_asks_for_hold_while_it_is_unchanged_and_until_it_asks_for_others() -> None:
    given = source()

    first = answer(given, Fetched(entries=(), manners=Manners(ttl=5 * HOUR)))
    unchanged = answer(given, Unchanged())
    failed = answer(given, Failed(reason="no"))
    taken_back = answer(given, Fetched(entries=()))

    assert (first, unchanged, failed) == (5 * HOUR, 5 * HOUR, 5 * HOUR)
    assert about(taken_back, HOUR)


def test_hours_that_a_feed_wants_to_be_left_alone_are_passed_over() -> None:
    night = Manners(skip_hours=(22, 23, 0, 1, 2, 3, 4, 5))
    given = source()

    answer(given, Fetched(entries=(), manners=night), at=NOW.replace(hour=21, minute=30))

    assert given.next_check_at.replace(minute=0, second=0, microsecond=0) == NOW.replace(day=24, hour=6)


def test_days_that_a_feed_wants_to_be_left_alone_are_passed_over_by_a_day_at_most() -> None:
    saturday = datetime(2026, 11, 28, 23, 50, tzinfo=UTC)
    no_sunday, no_weekend = source(), source()

    answer(no_sunday, Fetched(entries=(), manners=Manners(skip_days=(7,))), at=saturday)
    answer(no_weekend, Fetched(entries=(), manners=Manners(skip_days=(6, 7))), at=saturday - DAY)

    assert no_sunday.next_check_at.isoweekday() == 1
    assert no_weekend.next_check_at - saturday < DAY + 70 * MINUTE


def test_a_feed_that_forbids_every_hour_is_asked_once_more_after_a_day() -> None:
    never = Manners(skip_hours=tuple(range(24)))

    assert DAY < answer(source(), Fetched(entries=(), manners=never)) < DAY + 67 * MINUTE


@for_all(
    outcomes=some.lists(
        some.one_of(
            some.builds(
                Fetched,
                entries=some.just(()),
                wait=some.none() | some.timedeltas(timedelta(0), 3 * DAY),
                manners=some.builds(
                    Manners,
                    ttl=some.none() | some.timedeltas(timedelta(0), 3 * DAY),
                    skip_hours=some.lists(some.integers(0, 23)).map(tuple),
                    skip_days=some.lists(some.integers(1, 7)).map(tuple),
                ),
            ),
            some.builds(Unchanged),
            some.builds(Failed, reason=some.just("no"), wait=some.none() | some.timedeltas(timedelta(0), 3 * DAY)),
        ),
        max_size=40,
    ),
    rhythm=some.none() | some.timedeltas(timedelta(microseconds=1), 30 * DAY),
)
def test_whatever_happens_the_next_check_is_between_a_quarter_of_an_hour_and_two_days_ahead(
    outcomes: list[Outcome], rhythm: timedelta | None
) -> None:
    given = source()

    waits = [answer(given, outcome, rhythm=rhythm) for outcome in outcomes]

    assert all(15 * MINUTE <= wait <= 2 * DAY for wait in waits)


def test_nothing_new_keeps_what_is_remembered_of_the_last_answer() -> None:
    given = source()
    answer(given, Fetched(entries=(), etag='"7"', last_modified="Mon", body_hash="abc", faults=("a.xml: damaged",)))

    answer(given, Unchanged(), at=NOW + HOUR)

    check = given.check()
    assert (check.etag, check.last_modified, check.body_hash) == ('"7"', "Mon", "abc")
    assert given.last_fault == "a.xml: damaged"
    assert given.last_answered_at == NOW + HOUR


def test_a_source_that_answers_again_with_nothing_new_is_no_longer_in_trouble() -> None:
    given = source()
    answer(given, Failed(reason="It is an HTML page, not a feed."))

    answer(given, Unchanged(), at=NOW + HOUR)

    assert (given.failures, given.last_fault) == (0, "")


@pytest.mark.parametrize("again", [Fetched(entries=(), etag='"new"', moved_to=NEW), Unchanged(moved_to=NEW)],
                         ids=["news", "nothing new"])  # fmt: skip
def test_a_source_moves_with_the_third_answer_in_a_row_that_says_so_and_keeps_its_key(again: Outcome) -> None:
    given = source()

    addresses = []
    for outcome in (Fetched(entries=(), etag='"old"', body_hash="abc", moved_to=NEW), again, again):
        answer(given, outcome)
        addresses.append(given.check().address)

    assert addresses == [KEY, KEY, NEW]
    assert given.key == KEY
    assert (given.etag, given.last_modified, given.moving_to, given.sightings) == (None, None, None, 0)


@pytest.mark.parametrize(
    "slip", [Fetched(entries=()), Unchanged(), Unchanged(moved_to="https://wire.example/other.xml")]
)
def test_a_source_that_once_did_not_say_so_has_not_moved(slip: Outcome) -> None:
    given = source()

    for outcome in (Unchanged(moved_to=NEW), Unchanged(moved_to=NEW), slip, Unchanged(moved_to=NEW)):
        answer(given, outcome)

    assert given.check().address == KEY


def test_a_failure_in_between_neither_counts_nor_takes_a_sighting_back() -> None:
    given = source()

    for outcome in (Unchanged(moved_to=NEW), Unchanged(moved_to=NEW), Failed(reason="no"), Unchanged(moved_to=NEW)):
        answer(given, outcome)

    assert given.check().address == NEW


def test_an_address_longer_than_its_column_is_not_moved_to() -> None:
    given = source()

    for _ in range(3):
        answer(given, Unchanged(moved_to="https://wire.example/" + "x" * 2000))

    assert given.check().address == KEY


@pytest.mark.parametrize(
    "failures", [[Failed(reason="no")] * 3, [Failed(reason="It is gone.", gone=True)]], ids=["silent", "gone"]
)
def test_a_source_whose_new_address_no_longer_answers_is_asked_at_the_one_that_its_operator_knows(
    failures: list[Failed],
) -> None:
    given = source()
    for _ in range(3):
        answer(given, Unchanged(moved_to=NEW))
    moved = given.check().address

    for failure in failures:
        answer(given, failure)

    assert (moved, given.check().address) == (NEW, KEY)
    assert given.state is not SourceState.GONE


def test_the_question_holds_what_the_operator_knows_of_the_source() -> None:
    plan = SourcePlan(address=KEY, section="world", language="nl", selectors=Selectors(links="h2 a"))

    check = source().check(plan)

    assert (check.language, check.selectors) == ("nl", Selectors(links="h2 a"))


def test_thirty_failures_in_a_row_pause_it_with_the_reason_until_somebody_resumes_it() -> None:
    given = source()

    states = []
    for _ in range(30):
        answer(given, Failed(reason="wire.example refused the connection."))
        states.append(given.state)
    fault = given.last_fault
    given.resume(NOW + HOUR)

    assert states[-2:] == [SourceState.FAILING, SourceState.PAUSED]
    assert fault == "Paused after 30 failures in a row: wire.example refused the connection."
    assert (given.state, given.failures, given.next_check_at) == (SourceState.ACTIVE, 0, NOW + HOUR)
    assert not given.last_fault


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

    for _ in range(31):
        answer(given, outcome)

    assert given.state is SourceState.PAUSED
    assert "in a row" not in given.last_fault


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
