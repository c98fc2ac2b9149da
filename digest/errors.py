"""What can go wrong, named by who must act."""

from collections.abc import Sequence


class DigestError(Exception):
    """The root of everything this package raises on purpose."""


class SettingsError(DigestError):
    """The operator must change the settings. Holds every fault found, each naming place, value and remedy."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class DatabaseNotReady(DigestError):
    """The operator must create or upgrade the database, or make room for it."""


class TemplateError(DigestError):
    """The author of a template must mend it; the message names file, line and remedy."""


class UnknownNewsletter(DigestError):
    """The caller named a newsletter that config.toml does not define."""


class UnknownEdition(DigestError):
    """The caller named an Edition that does not exist."""


class WrongState(DigestError):
    """The caller asked for a move that the thing's present state does not allow."""


class UnfitToSend(WrongState):
    """An editor, or the author of a template, must mend an Edition's mail; the message says what is wrong with it."""


class UnreadableInput(DigestError):
    """A file, feed or page could not be read as what it claims to be."""


class FetchFailed(DigestError):
    """A Source did not answer with something usable; the message is fit to show to its operator."""


class RelayHalted(DigestError):
    """The relay refuses us as a whole: authentication, TLS, size or policy. No recipient is at fault."""


class SpamCheckFailed(DigestError):
    """The operator must mend SpamAssassin: it is installed and gave no score."""
