"""Segments: the database lets the same readers through as a plain reading of the rules, on both databases."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from digest.database import Database, Session
from subscribers import audience, export_csv, segments
from subscribers.cadence import WISHES, Cadence
from subscribers.errors import BadWish
from subscribers.model import Subscriber, Subscription, SubscriptionState
from subscribers.segments import EVERYBODY, Segment, Trait

#: Each is part of another, or differs from it by the case of a letter alone.
SECTIONS = ("art", "arts", "art-news", "Art", "a", "art_news")
LANGUAGES = ("de", "de-AT", "DE-ch", "den", "en", "pt-BR")
ZONES = ("Europe/Paris", "Europe/Berlin", "America/New_York", "America/North_Dakota/Center", "America/Noronha", "UTC")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
READERS = 300

days = st.dates(date(2025, 12, 30), date(2026, 2, 15))
found: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    sections=st.lists(st.sampled_from(SECTIONS), max_size=2),
    languages=st.lists(st.sampled_from(["de", "DE-at", "en", "pt", "fr"]), max_size=2),
    time_zones=st.lists(
        st.sampled_from(["europe/", "America/", "America/North_Dakota/", "utc", "Europe/Paris"]), max_size=2
    ),
    cadences=st.lists(st.sampled_from(WISHES), max_size=2),
    joined_since=st.none() | days,
    joined_before=st.none() | days,
)


def made(values: dict[str, Any]) -> Segment:
    since, before = values["joined_since"], values["joined_before"]
    if since and before and since >= before:
        values = values | {"joined_before": since + timedelta(days=1)}
    return Segment(**values)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """Give a database of readers of every kind, the same in each run."""
    database, chance = Database(database_url), random.Random(7)
    with database.session() as opened:
        for number in range(READERS):
            some = tuple(chance.sample(SECTIONS, chance.randint(1, 3)))
            reader = Subscriber(
                address=f"r{number}@reader.example",
                address_key=f"r{number}@reader.example",
                fingerprint=f"{number}",
                language=chance.choice(LANGUAGES),
                time_zone=chance.choice(ZONES),
                created_at=FIRST,
            )
            joined = FIRST + timedelta(hours=chance.randint(0, 40) * 24 + chance.choice((0, -1, 5)))
            state = chance.choice([SubscriptionState.PENDING, *[SubscriptionState.ACTIVE] * 4])
            opened.add(
                Subscription(
                    subscriber=reader,
                    newsletter="morning",
                    state=state,
                    sections=chance.choice((None, some, some)),
                    cadence=chance.choice(WISHES),
                    created_at=FIRST,
                    confirmed_at=None if state is SubscriptionState.PENDING else joined,
                )
            )
        opened.flush()
        yield opened
    database.close()


def lets_through(segment: Segment, one: Subscription) -> bool:
    """Say by plain reading whether *segment* lets *one* through."""
    language, zone = one.subscriber.language.lower(), one.subscriber.time_zone
    tests = [
        not segment.sections or one.sections is None or bool(set(segment.sections) & set(one.sections)),
        not segment.languages or any(language == tag or language.startswith(f"{tag}-") for tag in segment.languages),
        not segment.time_zones
        or any(zone.startswith(name) if name.endswith("/") else zone == name for name in segment.time_zones),
        not segment.cadences or one.cadence in segment.cadences,
    ]
    if segment.joined_since or segment.joined_before:
        day = one.confirmed_at.date() if one.confirmed_at else None
        tests += [day is not None and (segment.joined_since or day) <= day < (segment.joined_before or date.max)]
    return all(tests)


def test_a_segment_counts_exports_and_sends_to_the_readers_whom_the_rules_name(session: Session) -> None:
    everybody = session.scalars(select(Subscription).join(Subscription.subscriber).order_by(Subscription.id)).all()
    active = SubscriptionState.ACTIVE
    seen: set[int] = set()

    @settings(max_examples=60, deadline=None, database=None)
    @given(found.map(made))
    def compare(segment: Segment) -> None:
        chosen = {one.id: one for one in everybody if lets_through(segment, one)}
        seen.add(len(chosen))

        found = session.scalars(select(Subscription.id).join(Subscription.subscriber).where(*segment.clauses()))
        counted = dict(segments.tally(session, Trait.STATE, newsletter="morning", segment=segment))
        exported = [cells[0] for cells in export_csv.rows(session, "morning", state=active, where=segment.clauses())]
        planned = session.execute(audience.readers("morning", WISHES, date(2026, 11, 23), segment=segment)).all()

        reading = {one.id for one in chosen.values() if one.state is active}
        assert set(found) == chosen.keys()
        assert {row.subscription_id for row in planned} == reading
        assert exported == [one.subscriber.address for one in everybody if one.id in reading]
        assert sum(counted.values()) == len(chosen)
        assert counted.get("active", 0) == len(planned) == len(exported)

    compare()
    assert len(seen) > 10  # or they were all alike


@pytest.mark.parametrize("slug", SECTIONS)
def test_a_section_is_never_taken_for_another_with_a_like_name(session: Session, slug: str) -> None:
    query = select(Subscription).join(Subscription.subscriber).where(*Segment(sections=(slug,)).clauses())

    chosen = session.scalars(query).all()

    assert {one.sections is None for one in chosen} == {True, False}
    assert all(slug in one.sections for one in chosen if one.sections is not None)


def test_the_audience_counts_and_times_and_lists_within_the_segment(session: Session) -> None:
    segment = Segment(time_zones=("Europe/",), languages=("de",))
    active = session.scalars(select(Subscription).where(Subscription.state == SubscriptionState.ACTIVE)).all()
    wanted = {one.id for one in active if lets_through(segment, one)}

    rows = session.execute(audience.readers("morning", WISHES, date(2026, 11, 23), segment=segment)).all()
    waves = audience.wave_keys(session, "morning", WISHES, date(2026, 11, 23), segment=segment)
    listed = audience.listing(session, state=SubscriptionState.ACTIVE, limit=READERS, segment=segment)

    assert {row.subscription_id for row in rows} == wanted
    assert {one.subscription_id for one in listed} == wanted
    assert audience.count(session, "morning", WISHES, date(2026, 11, 23), segment=segment) == len(wanted)
    assert sum(wave.readers for wave in waves) == len(wanted)
    assert {wave.time_zone for wave in waves} == {"Europe/Paris", "Europe/Berlin"}


def test_readers_are_counted_by_what_tells_them_apart_the_most_first(session: Session) -> None:
    daily = Segment(cadences=(Cadence.DAILY,))

    counts = {by: segments.tally(session, by, segment=daily) for by in Trait}
    pending = segments.tally(session, Trait.CADENCE, state=SubscriptionState.PENDING)

    assert len({sum(number for _, number in rows) for rows in counts.values()}) == 1
    assert [word for word, _ in counts[Trait.CADENCE]] == ["daily"]
    assert [word for word, _ in counts[Trait.NEWSLETTER]] == ["morning"]
    assert {word for word, _ in counts[Trait.ZONE]} == set(ZONES)
    numbers = [number for _, number in counts[Trait.LANGUAGE]]
    assert numbers == sorted(numbers, reverse=True)
    assert {word for word, _ in pending} == set(WISHES)
    assert segments.tally(session, Trait.STATE, newsletter="evening") == []


@given(found.map(made))
def test_a_segment_comes_back_from_its_json_as_it_was(segment: Segment) -> None:
    again = Segment.from_json(segment.to_json())

    assert again == segment
    assert again.is_everybody == (segment == EVERYBODY)
    assert str(again) == str(segment)


def test_a_segment_of_another_form_is_refused() -> None:
    with pytest.raises(BadWish, match="segment has the form 2, not 1"):
        Segment.from_json({"version": 2})


def test_values_are_brought_into_one_form_and_order() -> None:
    one = Segment(sections=("world", "art", "world"), languages=("de-AT",), time_zones=("europe/", "EUROPE/paris"))

    assert one == Segment(sections=("art", "world"), languages=("DE-at",), time_zones=("Europe/Paris", "Europe/"))
    assert one.time_zones == ("Europe/", "Europe/Paris")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"time_zones": ("Europe/Atlantis",)}, 'time zone "Europe/Atlantis" is unknown'),
        ({"time_zones": ("europe/Pariss",)}, 'time zone "europe/Pariss" is unknown; did you mean Europe/Paris?'),
        ({"time_zones": ("Atlantis/",)}, 'time zone "Atlantis/" begins no time zone'),
        ({"time_zones": ("/",)}, 'time zone "/" begins no time zone'),
        ({"languages": ("german!",)}, 'language "german!" is no language tag'),
        ({"cadences": ("hourly",)}, 'cadence "hourly" is no wish of readers; give daily, weekdays or weekly'),
        ({"cadences": (Cadence.SPECIAL,)}, 'cadence "special" is no wish'),
        ({"sections": ('wor"ld',)}, "is no slug"),
        ({"joined_since": date(2026, 2, 1), "joined_before": date(2026, 2, 1)}, "2026-02-01 lets nobody through"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(values: dict[str, Any], told: str) -> None:
    with pytest.raises(BadWish, match=told):
        Segment(**values)


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        (EVERYBODY, "every reader"),
        (
            Segment(
                time_zones=("Europe/",),
                sections=("world",),
                cadences=(Cadence.WEEKLY,),
                joined_since=date(2026, 1, 1),
            ),
            "readers in Europe/ who get world weekly, joined since 2026-01-01",
        ),
        (
            Segment(languages=("de", "fr", "it"), joined_since=date(2026, 1, 1), joined_before=date(2026, 3, 1)),
            "readers with the language de, fr or it, joined since 2026-01-01 and before 2026-03-01",
        ),
        (Segment(cadences=(Cadence.DAILY, Cadence.WEEKDAYS)), "readers who get it daily or weekdays"),
        (Segment(sections=("art", "world")), "readers who get art or world"),
        (Segment(joined_before=date(2026, 3, 1)), "readers, joined before 2026-03-01"),
    ],
)
def test_a_segment_says_in_words_whom_it_means(segment: Segment, words: str) -> None:
    assert str(segment) == words
