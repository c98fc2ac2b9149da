"""Forged tokens, more than ten thousand of them: none opens anything."""

import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256, sha512
from random import Random
from urllib.parse import quote

from itsdangerous import Signer, TimestampSigner

from subscribers import tokens
from subscribers.errors import BadToken
from subscribers.tokens import LIFETIMES, Claim, Keys, Purpose

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
KEYS = Keys((b"the newest signing key of tests.", b"an older signing key of tests..."))
STRANGERS = (
    *(Keys((bytes([n]) * 32,)) for n in range(64)),
    Keys((b"the newest signing key of tests",)),  # one byte short
    Keys((b"the newest signing key of tests.\0",)),
    Keys((b"The newest signing key of tests.",)),
)
READERS = ("abcdefghijklm", "zyxwvutsrqpon", "2345672345672", "aaaaaaaaaaaaa")
ALPHABET = string.ascii_letters + string.digits + "_.-"
#: Look like letters and digits of a token, or become them when somebody normalises, folds or strips the text.
LOOKALIKES = {
    "a": "\u0430\uff41",
    "c": "\u0441\uff43",
    "e": "\u0435\uff45",
    "o": "\u043e\u03bf\uff4f",
    "p": "\u0440\uff50",
    "s": "\u017f",
    "k": "\u212a",
    "i": "\u0131\u0456",
    ".": "\u2024\uff0e\u3002",
}
DIGITS = (
    "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669",
    "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",
    "\U0001d7ce\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2\U0001d7d3\U0001d7d4\U0001d7d5\U0001d7d6\U0001d7d7",
    "\u0966\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e\u096f",
)
APPENDED = (
    "\n",
    "\r\n",
    " ",
    "\0",
    "=",
    "==",
    "A",
    ".",
    "..",
    "/",
    "?",
    "#",
    "%",
    "\u200b",
    "\ufeff",
    "&x=1",
    ";x",
    "A" * 9999,
)


def good(purpose: Purpose, reader: str, keys: Keys = KEYS, issued: datetime = NOW) -> str:
    if purpose in LIFETIMES:
        return tokens.sign(purpose, Claim(reader, "n0nce"), keys, issued=issued)
    return tokens.sign(purpose, Claim(reader), keys)


def opens(purpose: Purpose, token: str) -> bool:
    try:
        tokens.open(purpose, token, KEYS, now=NOW)
    except BadToken:
        return False
    return True


def altered(token: str, chance: Random) -> Iterator[str]:
    """Give *token* with each of its characters changed, left out, doubled and exchanged with the next."""
    for place, letter in enumerate(token):
        before, after = token[:place], token[place + 1 :]
        for other in chance.sample(ALPHABET.replace(letter, ""), 3):
            yield before + other + after
        yield before + after
        yield before + letter + token[place:]
        yield before + letter.swapcase() + after
        yield before + after[:1] + letter + after[1:]
        yield f"{before}%{ord(letter):02X}{after}"
        for other in LOOKALIKES.get(letter, ""):
            yield before + other + after
        if letter.isdigit():
            yield from (before + digits[int(letter)] + after for digits in DIGITS)


def cut(token: str) -> Iterator[str]:
    """Give every beginning and every end of *token*."""
    for place in range(1, len(token)):
        yield token[:place]
        yield token[place:]


def dressed(token: str) -> Iterator[str]:
    """Give *token* with something before or behind it, in another encoding, and with its spare bits set."""
    for more in APPENDED:
        yield token + more
        yield more + token
    yield quote(token, safe="").replace("-", "%2D").replace(".", "%2E")
    yield from (token.upper(), token.lower(), token[::-1], token * 2, token.swapcase(), f"{token}.{token}")
    payload, _, signature = token.rpartition(".")
    # 32 bytes leave two bits of the last base64 character over.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    group = last.index(signature[-1]) & ~3
    yield from (f"{payload}.{signature[:-1]}{last[group | bits]}" for bits in range(4))
    yield f"{payload}.{signature.translate(str.maketrans('-_', '+/'))}="
    raw = urlsafe_b64decode(f"{signature}=")
    yield from (f"{payload}.{raw.hex()}", f"{payload}.{raw[:16].hex()}", f"{payload}.")
    yield f"{payload}.{urlsafe_b64encode(bytes(32)).decode()[:-1]}"


def signed_by_others(purpose: Purpose, reader: str) -> Iterator[str]:
    """Give what strangers sign: with keys of their own, and with ours in ways that are not ours."""
    yield from (good(purpose, reader, keys) for keys in STRANGERS)
    payload = good(purpose, reader).rpartition(".")[0]
    for secret in KEYS.secrets:
        for digest in (sha1, sha256, sha512):
            for derivation in ("hmac", "concat", "django-concat", "none"):
                for salt in ("itsdangerous.Signer", f"subscribers.{purpose.upper()}", str(purpose), "subscribers."):
                    signer = Signer(secret, salt=salt, digest_method=digest, key_derivation=derivation)
                    yield signer.sign(payload).decode()
        yield TimestampSigner(secret, salt=f"subscribers.{purpose}").sign(payload).decode()


def moved(purpose: Purpose, reader: str) -> Iterator[str]:
    """Give tokens of other purposes, and those whose reader, nonce or time has been exchanged behind the signature."""
    yield from (good(other, reader) for other in Purpose if other is not purpose)
    payload, _, signature = good(purpose, reader).rpartition(".")
    for other in READERS:
        if other != reader:
            yield f"{payload.replace(reader, other)}.{signature}"
            yield f"{payload}.{good(purpose, other).rpartition('.')[2]}"
    for days in range(-8, 9):
        if days:
            later = good(purpose, reader, issued=NOW + timedelta(days=days)).rpartition(".")[0]
            if later != payload:
                yield f"{later}.{signature}"
            yield f"{payload}.{int((NOW + timedelta(days=days)).timestamp())}.{signature}"


def test_of_ten_thousand_forged_tokens_not_one_opens() -> None:
    chance = Random(20261123)
    tried = 0
    opened = []
    for purpose in Purpose:
        for reader in READERS:
            token = good(purpose, reader)
            assert opens(purpose, token), "a good token must open, or the rest proves nothing"
            forged = {
                *altered(token, chance),
                *cut(token),
                *dressed(token),
                *signed_by_others(purpose, reader),
                *moved(purpose, reader),
            } - {token}
            tried += len(forged)
            opened += [(purpose, text) for text in forged if opens(purpose, text)]

    assert opened == []
    assert tried >= 10_000


def test_what_was_never_a_token_opens_nothing() -> None:
    chance = Random(4711)
    letters = ALPHABET + "\u0430\uff42%=+/ \n\0\u00e9\U0001d7ce"
    rubbish = ["".join(chance.choices(letters, k=chance.randrange(400))) for _ in range(2000)]

    assert [text for text in ["", ".", "..", "...", *rubbish] for purpose in Purpose if opens(purpose, text)] == []
