import pytest

from digest.sealing import Sealed, Unsealable, seal, unseal
from subscribers.tokens import Keys

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_new_key_in_front_opens_what_the_one_before_has_sealed() -> None:
    sealed = seal(Sealed.SECOND_FACTOR, "JBSWY3DP", Keys((OLD,)))

    assert unseal(Sealed.SECOND_FACTOR, sealed, Keys((NEW, OLD))) == "JBSWY3DP"
    assert "JBSWY3DP" not in sealed
    assert len(sealed) <= 300


@pytest.mark.parametrize("keys", [Keys((NEW,)), Keys((NEW, b"x" * 32))])
def test_without_the_key_nothing_opens(keys: Keys) -> None:
    sealed = seal(Sealed.SECOND_FACTOR, "JBSWY3DP", Keys((OLD,)))

    with pytest.raises(Unsealable, match=r"keys\.json"):
        unseal(Sealed.SECOND_FACTOR, sealed, keys)


@pytest.mark.parametrize("damage", ["", "x", "gAAAAA", "é"])
def test_rubbish_is_told(damage: str) -> None:
    with pytest.raises(Unsealable):
        unseal(Sealed.SECOND_FACTOR, damage, Keys((OLD,)))


def test_what_is_sealed_for_one_purpose_opens_for_no_other() -> None:
    sealed = seal(Sealed.STAFF_LINK, "a secret", Keys((OLD,)))

    with pytest.raises(Unsealable):
        unseal(Sealed.SECOND_FACTOR, sealed, Keys((OLD,)))
