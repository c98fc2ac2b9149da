"""What can go wrong with readers, named by who must act."""

from collections.abc import Mapping


class SubscriberError(Exception):
    """The root of everything this package raises on purpose."""


class BadAddress(SubscriberError):
    """
    The reader must give another e-mail address; the message is fit to show and never repeats the address.

    *sentence*, filled with *values*, is what to say in another language; the message is the same in English, or what
    *message* adds to it.
    """

    def __init__(self, sentence: str, values: Mapping[str, object] | None = None, *, message: str = "") -> None:
        self.sentence, self.values = sentence, values or {}
        super().__init__(message or sentence % self.values)


class BadToken(SubscriberError):
    """The reader must ask for a new link: this one is forged, altered, expired, used up or made for something else."""


class BadWish(SubscriberError):
    """The reader must change one value of a wish; *field* names it in words."""

    def __init__(self, field: str, fault: str) -> None:
        self.field = field
        super().__init__(f"{field} {fault}")


class UnknownSubscriber(SubscriberError):
    """The caller named a Subscriber or Subscription that does not exist, or does no longer."""


class WrongState(SubscriberError):
    """The caller asked for a move that the thing's present state does not allow."""


class AddressSuppressed(SubscriberError):
    """The operator must lift the Suppression first, if the person agrees: this address gets no mail."""


class ImportFault(SubscriberError):
    """The operator must mend the file as a whole or the order to read it; a bad row never raises this."""
