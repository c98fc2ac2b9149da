import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from subscribers import tokens
from subscribers.errors import BadToken
from subscribers.model import random_id
from subscribers.tokens import LIFETIMES, Claim, Keys, Purpose

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
OLD, NEW = b"an older signing key of tests...", b"the newest signing key of tests."
KEYS = Keys((NEW, OLD))

purposes = st.sampled_from(Purpose)
names = st.from_regex(r"[a-z2-7]{13}", fullmatch=True)


def made(purpose: Purpose, public_id: str, keys: Keys = KEYS, issued: datetime = NOW) -> str:
    if purpose in LIFETIMES:
        return tokens.sign(purpose, Claim(public_id, "n0nce"), keys, issued=issued)
    return tokens.sign(purpose, Claim(public_id), keys)


@given(purposes, names)
def test_a_token_opens_to_what_it_was_made_of(purpose: Purpose, public_id: str) -> None:
    token = made(purpose, public_id)

    claim = tokens.open(purpose, token, KEYS, now=NOW)

    assert claim == Claim(public_id, "n0nce" if purpose in LIFETIMES else "")
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)


@given(purposes, names, st.binary(min_size=16, max_size=64))
def test_a_token_is_what_itsdangerous_signs(purpose: Purpose, public_id: str, secret: bytes) -> None:
    token = made(purpose, public_id, Keys((secret,)))

    signer = Signer(secret, salt=f"subscribers.{purpose}", digest_method=sha256, key_derivation="hmac")
    payload = token.rpartition(".")[0]
    assert token == signer.sign(payload).decode()
    assert signer.unsign(token).decode() == payload


@given(purposes, purposes, names)
def test_a_token_never_opens_for_another_purpose(purpose: Purpose, other: Purpose, public_id: str) -> None:
    token = made(purpose, public_id)

    if purpose is not other:
        with pytest.raises(BadToken):
            tokens.open(other, token, KEYS, now=NOW)


@given(purposes, names, st.data())
def test_a_token_with_any_character_altered_never_opens(purpose: Purpose, public_id: str, data: st.DataObject) -> None:
    token = made(purpose, public_id)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters().filter(lambda c: c != token[place]))
    altered = token[:place] + letter + token[place + 1 :]

    with pytest.raises(BadToken):
        tokens.open(purpose, altered, KEYS, now=NOW)


@given(purposes, names, st.integers(0, 100), st.integers(0, 100))
def test_a_part_of_a_token_never_opens(purpose: Purpose, public_id: str, start: int, end: int) -> None:
    token = made(purpose, public_id)
    part = token[start:end]

    if part != token:
        with pytest.raises(BadToken):
            tokens.open(purpose, part, KEYS, now=NOW)


@given(purposes, st.text() | st.from_regex(r"[a-z2-7]{13}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_a_forged_token_never_opens(purpose: Purpose, forged: str) -> None:
    with pytest.raises(BadToken):
        tokens.open(purpose, forged, KEYS, now=NOW)


@given(purposes, names, names)
def test_the_signature_of_one_token_does_not_fit_another(purpose: Purpose, one: str, other: str) -> None:
    spliced = made(purpose, one).rpartition(".")[0] + "." + made(purpose, other).rpartition(".")[2]

    if one != other:
        with pytest.raises(BadToken):
            tokens.open(purpose, spliced, KEYS, now=NOW)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_retired_key_still_opens_and_a_removed_one_does_not(purpose: Purpose) -> None:
    token = made(purpose, "abcdefghijklm", Keys((OLD,)))

    assert tokens.open(purpose, token, KEYS, now=NOW).public_id == "abcdefghijklm"
    with pytest.raises(BadToken):
        tokens.open(purpose, token, Keys((NEW,)), now=NOW)


def test_the_newest_key_signs() -> None:
    assert made(Purpose.VIEW, "abcdefghijklm", KEYS) == made(Purpose.VIEW, "abcdefghijklm", Keys((NEW,)))


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.VIEW, Purpose.PREFERENCES])
def test_the_links_of_old_mails_open_for_ever(purpose: Purpose) -> None:
    token = made(purpose, "abcdefghijklm")

    assert tokens.open(purpose, token, KEYS, now=NOW + timedelta(days=20_000)).public_id == "abcdefghijklm"


def test_a_confirmation_opens_for_seven_days_and_not_a_second_longer() -> None:
    token = made(Purpose.CONFIRM, "abcdefghijklm")

    assert tokens.open(Purpose.CONFIRM, token, KEYS, now=NOW + timedelta(days=7)).nonce == "n0nce"
    with pytest.raises(BadToken, match="expired"):
        tokens.open(Purpose.CONFIRM, token, KEYS, now=NOW + timedelta(days=7, seconds=1))


def test_what_does_not_fit_a_purpose_is_not_signed() -> None:
    with pytest.raises(ValueError, match="lifetime"):
        tokens.sign(Purpose.CONFIRM, Claim("abcdefghijklm"), KEYS)
    with pytest.raises(ValueError, match="lifetime"):
        tokens.sign(Purpose.CONFIRM, Claim("abcdefghijklm"), KEYS, issued=NOW)
    with pytest.raises(ValueError, match="lifetime"):
        tokens.sign(Purpose.VIEW, Claim("abcdefghijklm", "n0nce"), KEYS)
    with pytest.raises(ValueError, match="letters"):
        tokens.sign(Purpose.VIEW, Claim("ana@reader.example"), KEYS)


@pytest.mark.parametrize("secrets", [(), (b"short",), (NEW, b"short")])
def test_missing_and_short_keys_are_refused(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="random"):
        Keys(secrets)


def test_printed_keys_show_nothing() -> None:
    assert "signing" not in repr(KEYS)


def test_a_public_id_is_thirteen_characters_that_survive_folding_of_case() -> None:
    ids = {random_id() for _ in range(500)}

    assert len(ids) == 500
    assert all(re.fullmatch(r"[a-z2-7]{13}", public_id) for public_id in ids)
