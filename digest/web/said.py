"""What the public pages say of a value that cannot be, in the reader's language."""

from babel.support import NullTranslations

from digest.web.wishes import NotOffered
from digest.web.words import phrase
from subscribers.errors import BadAddress, BadWish

#: Every sentence of a BadAddress, so that the catalogues have them.
SENTENCES = frozenset(
    {
        phrase("Addresses at %(domain)s are not taken here; give another."),
        phrase("No mail server takes mail for %(domain)s; check what stands behind the @-sign."),
        phrase("The address cannot be used. Check it for typing errors."),
        phrase("The address ends with a dot; leave that out."),
        phrase("The address has a blank in it; take it out."),
        phrase("The address has a comment in parentheses; leave that out."),
        phrase("The address has a number in place of a domain; give one with a name behind the @-sign."),
        phrase("The address has angle brackets round it; give what stands between them, and no name."),
        phrase("The address has more than one @-sign; give one address alone."),
        phrase("The address has no @-sign; give it whole, such as name@mail.example."),
        phrase("The address has quotation marks, with which much mail gets lost; give one that needs none."),
        phrase("The address holds a character that cannot be seen; type it anew rather than paste it."),
        phrase("The address is missing; give one such as name@mail.example."),
        phrase("The address is too long; give one of at most %(most)s characters."),
        phrase("The address takes %(octets)s bytes, and mail carries at most %(most)s; give a shorter one."),
        phrase("The part before the @-sign takes %(octets)s bytes, and mail carries at most %(most)s; shorten it."),
    }
)
#: By the field of a BadWish.
_WISHES = {
    "name": phrase("The name is too long: give at most 200 characters."),
    "sections": phrase("Choose at least one section."),
}
_UNKNOWN_VALUE = phrase("One of the values is none that we know: choose it anew.")


def said(phrases: NullTranslations, fault: BadAddress | BadWish) -> str:
    """Return what to tell whoever typed the value that *fault* is about; where *phrases* lack it, in English."""
    if isinstance(fault, NotOffered):
        return phrases.gettext(_UNKNOWN_VALUE)
    if isinstance(fault, BadWish):
        return phrases.gettext(_WISHES.get(fault.field, _UNKNOWN_VALUE))
    told = phrases.gettext(fault.sentence)
    return str(fault) if told == fault.sentence else told % fault.values
