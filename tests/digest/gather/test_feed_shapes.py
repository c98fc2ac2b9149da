"""Feeds whose items stand elsewhere than their format says."""

from datetime import UTC, datetime

import pytest

from digest.errors import UnreadableInput
from digest.gather.feeds.feed import read

FETCHED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, TWO = "<item><title>One</title></item>", "<item><title>Two</title></item>"
ATOM = "http://www.w3.org/2005/Atom"


@pytest.mark.parametrize(
    "body",
    [
        f"<rss><channel>{ONE}{TWO}</channel></rss>",
        f"<rss><channel>{ONE}</channel><channel>{TWO}</channel></rss>",
        f"<rss><channel>{ONE}</channel>{TWO}</rss>",
        f"<rss><channel><items>{ONE}{TWO}</items></channel></rss>",
        f"<rss>{ONE}{TWO}</rss>",
        f"<channel>{ONE}{TWO}</channel>",
        f"<RSS><CHANNEL>{ONE.upper()}{TWO.upper()}</CHANNEL></RSS>",
        f"<feed xmlns='{ATOM}'><feed>{ONE}{TWO}</feed></feed>".replace("item", "entry"),
    ],
    ids=["usual", "two-channels", "beside", "wrapped", "without-channel", "bare-channel", "capitals", "feed-in-feed"],
)
def test_no_item_is_lost_wherever_it_stands(body: str) -> None:
    feed = read(body.encode(), url="https://origin.example/", fetched_at=FETCHED_AT)

    assert sorted(entry.title.title() for entry in feed.entries) == ["One", "Two"]


def test_a_feed_of_two_channels_is_known_by_the_first_one_and_keeps_its_order() -> None:
    first = f"<channel><title>Oster Echo</title><link>https://echo.example/</link>{ONE}</channel>"
    second = f"<channel><title>Wester Echo</title><link>https://wester.example/</link>{TWO}</channel>"

    feed = read(f"<rss>{first}{second}</rss>".encode(), url="https://origin.example/", fetched_at=FETCHED_AT)

    assert (feed.title, feed.site) == ("Oster Echo", "https://echo.example/")
    assert [entry.title for entry in feed.entries] == ["One", "Two"]


def test_what_even_the_patient_reader_chokes_on_is_refused_in_words() -> None:
    body = "<rss><channel><item><title>One</title><category>x</item></category></channel>"

    with pytest.raises(UnreadableInput, match="is not well-formed and cannot be read"):
        read(body.encode(), url="https://origin.example/", fetched_at=FETCHED_AT)
