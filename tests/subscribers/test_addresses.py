import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.address import fingerprint, masked, parse
from subscribers.errors import BadAddress

KEY = b"sixteen bytes or more"


def test_an_address_keeps_its_spelling_and_has_a_key_that_ignores_it() -> None:
    address = parse(" Ana.Perez+News@BÜCHER.Example ")

    assert address.text == "Ana.Perez+News@xn--bcher-kva.example"
    assert address.key == "ana.perez+news@xn--bcher-kva.example"


def test_both_spellings_of_an_international_domain_are_one_reader() -> None:
    assert parse("ana@bücher.example").key == parse("ANA@XN--BCHER-KVA.EXAMPLE").key


LABEL = "b" * 61
LONG = f"{LABEL}.{LABEL}.{LABEL}"  # 185 characters


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("ana@example.org", None),
        ("a@b.co", None),
        ("Ana.Perez@example.org", None),
        ("ana+news@example.org", None),
        ("ana-perez_2@example.org", None),
        ("!#$%&'*+-/=?^_`{|}~@example.org", None),
        ("0@example.org", None),
        ("ana@mail.news.example.org", None),
        ("ana@123.example.org", None),
        ("ana@exam--ple.org", None),
        ("ana@Example.ORG", "ana@example.org"),
        ("  ana@example.org\r\n", "ana@example.org"),
        ("\u00a0ana@example.org\u2003", "ana@example.org"),
        ("josé@example.org", None),
        ("jose\u0301@example.org", "josé@example.org"),  # NFC: RFC 6532 §3.1
        ("用户@example.org", None),
        ("дмитрий@example.org", None),
        ("θσερ@example.org", None),
        ("अजय@example.org", None),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@XN--BCHER-KVA.example", "ana@xn--bcher-kva.example"),
        ("用户@例え.jp", "用户@xn--r8jz45g.jp"),
        ("ana@例え。jp", "ana@xn--r8jz45g.jp"),  # the full stop of Japanese keyboards
        ("ana@\uff45xample.org", "ana@example.org"),
        ("ana@faß.de", "ana@xn--fa-hia.de"),  # not fass.de: IDNA 2008
        (f"{'a' * 64}@{LONG}.org", f"{'a' * 64}@{LONG}.org"),  # 254 octets
        (f"{'é' * 32}@example.org", None),  # 64 octets
    ],
)
def test_an_address_is_taken_in_its_one_spelling(typed: str, text: str | None) -> None:
    assert parse(typed).text == (text or typed)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "is missing; give one"),
        (" \r\n", "is missing; give one"),
        ("ana", "no @-sign; give it whole"),
        ("ana.example.org", "no @-sign; give it whole"),
        ("ana\uff20example.org", "no @-sign"),
        ("@", "cannot be used"),
        ("ana@", "cannot be used"),
        ("@reader.example", "cannot be used"),
        ("ana@reader@example.org", "more than one @-sign; give one"),
        ("ana@example.org,ben@example.org", "more than one @-sign; give one"),
        ("ana..p@example.org", "two periods"),
        (".ana@example.org", "cannot start with a period"),
        ("ana.@example.org", "before the @-sign"),
        ("ana@example.org.", "ends with a dot; leave that out"),
        ("ana@.example.org", "cannot be used"),
        ("ana@example..org", "two periods"),
        ("ana@-example.org", "cannot be used"),
        ("ana@example-.org", "cannot be used"),
        ("ana@exa_mple.org", "invalid characters"),
        ("ana@example.org,", "invalid characters"),
        ("ana@ab--cd.org", "cannot be used"),
        ("ana@xn--zz--zz.org", "cannot be used"),
        ("mailto:ana@example.org", "invalid characters"),
        ("Ana <ana@example.org>", "angle brackets round it; give what stands between"),
        ("<ana@example.org>", "angle brackets"),
        ("ana(work)@example.org", "parentheses; leave that out"),
        ("ana@(work)example.org", "parentheses; leave that out"),
        ('"ana p"@example.org', "quotation marks"),
        ('"ana"@example.org', "quotation marks"),
        ('"a@b"@example.org', "quotation marks"),
        ("ana p@example.org", "a blank in it; take it out"),
        ("ana@exam ple.org", "a blank in it; take it out"),
        ("ana\u00a0p@example.org", "a blank in it; take it out"),
        ("ana@[192.0.2.7]", "a number in place of a domain; give one with a name"),
        ("ana@[IPv6:2001:db8::7]", "a number in place of a domain; give one with a name"),
        ("ana@192.0.2.7", "cannot be used"),
        ("ana@example.org\r\nBcc: ben@example.org", "cannot be seen; type it anew"),
        ("ana\x00@example.org", "cannot be seen; type it anew"),
        ("ana\x7f@example.org", "cannot be seen; type it anew"),
        ("\ud800@example.org", "cannot be seen; type it anew"),
        ("ana@exam\u200bple.org", "cannot be seen; type it anew"),
        ("ana\u202egro@example.org", "cannot be seen; type it anew"),
        ("ana\u2028@example.org", "cannot be seen; type it anew"),
        ("m\ufffdller@example.org", "cannot be seen; type it anew"),
        ("\u0301ana@example.org", "unsafe characters"),
        ("a" * 65 + "@example.org", "before the @-sign"),
        ("é" * 33 + "@example.org", "takes 66 bytes, and mail carries at most 64; shorten it"),
        (f"{'a' * 64}@b{LONG}.org", "too long"),
        (f"a@{'b' * 64}.org", "so many characters"),
        ("a@" + "b" * 1_000_000, "too long; give one of at most 254"),
        ("ana@localhost", "cannot be used"),
        ("ana@mail.local", "cannot be used"),
        ("ana@reader.test", "cannot be used"),
        ("ana@example", "cannot be used"),
    ],
)
def test_what_is_no_address_is_refused_with_its_fault_and_the_remedy(typed: str, told: str) -> None:
    with pytest.raises(BadAddress, match=re.escape(told)) as caught:
        parse(typed)

    assert str(caught.value).startswith("The ")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@example.org", "aNA@EXAMPLE.org"),
        ("JOSÉ@example.org", "jose\u0301@example.org"),
        ("ДМИТРИЙ@example.org", "дмитрий@example.org"),
        ("ΟΔΟΣ@example.org", "οδος@example.org"),
        ("ana@bücher.example", "ANA@XN--BCHER-KVA.EXAMPLE"),
    ],
)
def test_case_and_composition_make_no_second_reader(one: str, other: str) -> None:
    assert parse(one).key == parse(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@example.org", "\u0430na@example.org"),  # a Cyrillic letter
        ("ana@example.org", "\uff41na@example.org"),  # of full width
        ("ana@example.org", "ána@example.org"),
        ("ana@example.org", "ana@\u0435xample.org"),  # a Cyrillic letter
        ("ana@example.org", "ana+news@example.org"),
        ("ana@example.org", "a.na@example.org"),
        ("ana@example.org", "ana@mail.example.org"),
        ("ana@example.org", "ana@example.com"),
    ],
)
def test_what_only_looks_alike_is_another_reader(one: str, other: str) -> None:
    assert parse(one).key != parse(other).key


@pytest.mark.parametrize(
    ("typed", "mailbox"),
    [
        ("Ana@Example.org", "ana@example.org"),
        ("ana+news+daily@example.org", "ana@example.org"),
        ("+ana@example.org", "+ana@example.org"),
        ("an.na@example.org", "an.na@example.org"),
        ("A.N.na+news@gmail.com", "anna@gmail.com"),
        ("an.na@googlemail.com", "anna@gmail.com"),
        ("an.na@mail.gmail.com", "an.na@mail.gmail.com"),
    ],
)
def test_a_mailbox_is_an_address_without_what_anybody_can_put_into_it(typed: str, mailbox: str) -> None:
    assert parse(typed).mailbox == mailbox


@pytest.mark.parametrize("text", ["ana@localhost", "ana@mail.local", "ana@reader.test", "ana@example.org"])
def test_special_domains_are_taken_where_they_are_allowed(text: str) -> None:
    assert parse(text, allow_special=True).text == text


@pytest.mark.parametrize("text", ["ana@", "ana@.", "ana@b..test", "ana", "@localhost", "ana@local host"])
def test_allowing_special_domains_allows_no_nonsense(text: str) -> None:
    with pytest.raises(BadAddress):
        parse(text, allow_special=True)


anything = st.text(max_size=400)
likely = st.builds(
    "{}@{}".format,
    st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs", "Cf"]), max_size=70),
    st.one_of(
        st.text(st.characters(categories=["L", "M", "N", "Pd"]), min_size=1, max_size=20).map("{}.org".format),
        st.from_regex(r"([A-Za-z0-9-]{1,64}\.){1,5}[A-Za-z]{2,10}", fullmatch=True),
    ),
)


@settings(max_examples=500)
@given(st.one_of(anything, likely), st.booleans())
def test_any_text_is_an_address_with_a_key_or_a_bad_address(text: str, allow_special: bool) -> None:
    try:
        address = parse(text, allow_special=allow_special)
    except BadAddress:
        return

    local, _, domain = address.text.rpartition("@")
    assert parse(address.text, allow_special=allow_special) == address
    assert address.text.isprintable()
    assert unicodedata.is_normalized("NFC", address.text)
    assert unicodedata.is_normalized("NFC", address.key)
    assert domain.isascii()
    assert address.key.rpartition("@")[2] == address.domain == domain.lower()
    assert (len(local.encode()) <= 64, len(address.text.encode()) <= 254, len(address.key) <= 320) == (True, True, True)


@settings(max_examples=300)
@given(likely)
def test_the_case_of_letters_makes_no_second_reader(text: str) -> None:
    local, _, domain = text.rpartition("@")
    # The dotless i, ß and a few others have an upper case that belongs to other letters.
    shouted = "".join(c.upper() if c.upper().lower() == c.lower() else c for c in local)
    try:
        one, other = parse(text), parse(f"{shouted}@{domain}")
    except BadAddress:  # a letter may take more bytes in upper case
        return

    assert one.key == other.key


def test_letters_that_only_fold_alike_stay_two_readers() -> None:
    assert parse("straße@mail.example", allow_special=True).key != parse("strasse@mail.example", allow_special=True).key


def test_a_message_about_a_bad_address_does_not_repeat_it() -> None:
    with pytest.raises(BadAddress) as caught:
        parse("secret.person..x@example.org")

    assert "secret" not in str(caught.value)


def test_a_fingerprint_depends_on_the_address_and_on_the_key() -> None:
    mark = fingerprint("ana@example.org", KEY)

    assert len(mark) == 64
    assert mark == fingerprint("ana@example.org", KEY)
    assert mark != fingerprint("ben@example.org", KEY)
    assert mark != fingerprint("ana@example.org", KEY + b"!")


def test_a_short_fingerprint_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        fingerprint("ana@example.org", b"short")


def test_a_masked_address_and_a_printed_one_name_nobody() -> None:
    assert masked("ana.perez@reader.example") == "a***@r***"
    assert repr(parse("ana.perez@reader.example")) == "Address(a***@r***)"
    assert masked("") == "***@***"
