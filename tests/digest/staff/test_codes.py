import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.staff import codes

# RFC 6238, appendix B: the secret of its tests, and what is shown at some moments (the last six of eight digits).
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924")]
MOMENTS = st.integers(min_value=codes.STEP_SECONDS * 10, max_value=2**32)


def at(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def shown(seconds: int, secret: str = RFC_SECRET) -> str:
    return pyotp.TOTP(secret).at(at(seconds))


@pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert codes.step_of(code, RFC_SECRET, at(seconds), after=0) == seconds // 30


@given(now=MOMENTS, drift=st.integers(-200, 200))
def test_a_code_is_taken_within_one_step_and_never_outside(now: int, drift: int) -> None:
    code = shown(now + drift)
    distance = (now + drift) // 30 - now // 30
    near = {shown(now + 30 * step) for step in (-1, 0, 1)}

    step = codes.step_of(code, RFC_SECRET, at(now), after=0)

    assert (step is not None) == (abs(distance) <= 1 or code in near)  # a chance likeness is a code as any other


@given(now=MOMENTS, later=st.integers(0, 400))
def test_a_step_that_was_taken_never_comes_again_nor_does_one_before(now: int, later: int) -> None:
    taken = codes.step_of(shown(now), RFC_SECRET, at(now), after=0)
    assert taken is not None

    for earlier in (shown(now), shown(now - 30)):
        again = codes.step_of(earlier, RFC_SECRET, at(now + later), after=taken)
        assert again is None or again > taken


@given(text=st.text(max_size=20))
def test_rubbish_is_no_code(text: str) -> None:
    known = {shown(59 + 30 * step) for step in (-1, 0, 1)}

    found = codes.step_of(text, RFC_SECRET, at(59), after=0)

    assert found is None or "".join(text.split()) in known


@pytest.mark.parametrize("typed", ["287 082", " 287082 ", "287082\n"])
def test_blanks_are_let_pass(typed: str) -> None:
    assert codes.step_of(typed, RFC_SECRET, at(59), after=0) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870820", "\uff12\uff18\uff17\uff10\uff18\uff12", "-87082", "287082x"])
def test_anything_but_six_digits_of_ascii_is_refused(typed: str) -> None:
    assert codes.step_of(typed, RFC_SECRET, at(59), after=0) is None


def test_the_enrolment_names_the_account_and_who_asks() -> None:
    address = urlsplit(codes.enrolment(RFC_SECRET, email="eve+desk@desk.example", issuer="The desk of news.example"))

    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [RFC_SECRET], "issuer": ["The desk of news.example"]}


def test_codes_for_paper_differ_and_are_known_however_they_are_typed() -> None:
    fresh = codes.recovery_codes()

    assert len(set(fresh)) == codes.RECOVERY_CODES == 10
    assert {len(code) for code in fresh} == {19}
    for typed in (fresh[0].upper(), fresh[0].replace("-", " "), f" {fresh[0].replace('-', '')} "):
        assert codes.recovery_hash(typed) == codes.recovery_hash(fresh[0])
    assert len({codes.recovery_hash(code) for code in (*fresh, "", "\ud800")}) == 11
