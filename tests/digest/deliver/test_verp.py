"""Tokens of our mails: made, folded, opened, forged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver import envelope, verp
from digest.model.ids import EditionId, NoticeId, SubscriberId

SECRET = b"the secret of message tokens ..."
NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS, NUMBERS)
def test_the_token_of_a_delivery_opens_to_its_key_whatever_becomes_of_its_case(edition: int, subscriber: int) -> None:
    key = (EditionId(edition), SubscriberId(subscriber))

    token = verp.token(key, secret=SECRET)

    assert verp.opened(token, secret=SECRET) == key
    assert verp.opened(token.upper(), secret=SECRET) == key


@given(NUMBERS)
def test_the_token_of_a_notice_opens_to_its_number(number: int) -> None:
    token = verp.token(NoticeId(number), secret=SECRET)

    assert token.startswith(f"n.{number}.")
    assert verp.opened(token, secret=SECRET) == number


@given(NUMBERS, NUMBERS)
def test_a_return_path_fits_a_local_part_and_gives_its_token_back(edition: int, subscriber: int) -> None:
    token = verp.token((EditionId(edition), SubscriberId(subscriber)), secret=SECRET)

    path = verp.return_path(token, "bounce.example.org")

    assert len(path.partition("@")[0]) <= verp.LONGEST_LOCAL_PART
    assert verp.token_in(f"<{path.upper()}>") == token


def test_a_token_with_one_character_changed_opens_to_nothing() -> None:
    token = verp.token((EditionId(42), SubscriberId(7)), secret=SECRET)

    changed = [token[:i] + other + token[i + 1 :] for i in range(len(token)) for other in "7a." if token[i] != other]

    assert all(verp.opened(one, secret=SECRET) is None for one in changed)


@pytest.mark.parametrize(
    "text", ["", ".", "1.2", "1.2.", "01.2.aaaaaaaaaa", "1.2.aaaaaaaaaa ", "1.²3.aaaaaaaaaa", "n.1"]
)
def test_what_is_no_token_opens_to_nothing(text: str) -> None:
    assert verp.opened(text, secret=SECRET) is None
    assert verp.leaving(text, secret=SECRET) is None


def test_a_token_of_another_secret_opens_to_nothing() -> None:
    token = verp.token((EditionId(42), SubscriberId(7)), secret=b"another secret of another house.")

    assert verp.opened(token, secret=SECRET) is None


def test_the_hash_of_a_token_is_not_that_of_the_message_id() -> None:
    token = verp.token((EditionId(42), SubscriberId(7)), secret=SECRET)

    message_id = envelope.message_id(EditionId(42), SubscriberId(7), key=SECRET, domain="news.example.org")

    assert message_id.partition("@")[0].rpartition(".")[2] != token.rpartition(".")[2][:8]


def test_a_token_for_leaving_names_its_subscription_in_any_case_and_no_delivery() -> None:
    token = verp.leave_token("abcdefgh23456", secret=SECRET)

    assert verp.leaving(token.upper(), secret=SECRET) == "abcdefgh23456"
    assert verp.opened(token, secret=SECRET) is None
    assert verp.leaving(verp.token(NoticeId(3), secret=SECRET), secret=SECRET) is None


@pytest.mark.parametrize("address", ["", "morning@news.example.org", "b+1.2.short@bounce.example.org", "b+@x", "+@"])
def test_an_address_without_a_token_gives_none(address: str) -> None:
    assert verp.token_in(address) is None
