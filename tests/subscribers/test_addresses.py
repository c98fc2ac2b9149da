import pytest
from hypothesis import given
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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ana",
        "ana@",
        "@reader.example",
        "ana@reader@example.org",
        "ana..p@example.org",
        "Ana <ana@example.org>",
        "ana@[192.0.2.7]",
        '"ana p"@example.org',
        "ana@example.org\r\nBcc: ben@example.org",
        "ana\x00@example.org",
        "\ud800@example.org",
        "ana@exam\u200bple.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 1_000_000,
        "ana@localhost",
        "ana@mail.local",
        "ana@reader.test",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse(text)


@pytest.mark.parametrize("text", ["ana@localhost", "ana@mail.local", "ana@reader.test", "ana@example.org"])
def test_special_domains_are_taken_where_they_are_allowed(text: str) -> None:
    assert parse(text, allow_special=True).text == text


@pytest.mark.parametrize("text", ["ana@", "ana@.", "ana@b..test", "ana", "@localhost", "ana@local host"])
def test_allowing_special_domains_allows_no_nonsense(text: str) -> None:
    with pytest.raises(BadAddress):
        parse(text, allow_special=True)


@given(st.text(max_size=400), st.booleans())
def test_any_text_is_an_address_with_a_key_or_a_bad_address(text: str, allow_special: bool) -> None:
    try:
        address = parse(text, allow_special=allow_special)
    except BadAddress:
        return

    assert address.key == address.text.lower()
    assert address.text.isprintable()
    assert parse(address.text, allow_special=allow_special) == address
    assert len(address.key) <= 320


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
