"""What an editor can do to a Draft: every act, each a value of its own."""

from typing import Protocol

from digest.compose.edit.grouping import Lead, Merge, Split
from digest.compose.edit.placing import Drop, Move, Pin, Place, Shift, Unpin
from digest.compose.edit.writing import Add, MarkUpdate, Rewrite, Show, Word
from digest.model.draft import Draft
from digest.model.newsletter import Newsletter

__all__ = [
    "Act",
    "Add",
    "Drop",
    "Lead",
    "MarkUpdate",
    "Merge",
    "Move",
    "Pin",
    "Place",
    "Rewrite",
    "Shift",
    "Show",
    "Split",
    "Unpin",
    "Word",
]


class Act(Protocol):
    """One act of an editor."""

    @property
    def about(self) -> str:
        """Return what it is done to: acts of one editor on the same within a minute are undone as one."""
        ...

    def apply(self, draft: Draft, newsletter: Newsletter, /) -> Draft:
        """Return *draft* after it; WrongState, in words for the editor, when it makes no sense any more."""
        ...

    def touches(self, draft: Draft, /) -> object:
        """Return what of *draft* it would overwrite: equal in two Drafts, what was done between is not lost by it."""
        ...

    def told(self, draft: Draft, /) -> str:
        """Return what it does to *draft*, the one before it, in words: "retitled “A” to “B”"."""
        ...
