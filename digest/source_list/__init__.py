"""
Source list: the acts of editors and operators on Sources, which the pages and the commands both call.

Takes   Services, who acts, and what is asked for.
Gives   what there is to read, how each Source is doing, and what an act has come to.
Touches the database through ``store``, each act in a transaction of its own with its line in the audit trail; and the
        web through the guarded client, to look before something is added.
"""

from digest.source_list.acts import Wanted, add, change, pause, remove, resume
from digest.source_list.exchange import Imported, as_opml, export_opml, import_opml
from digest.source_list.listing import Listed, listing
from digest.source_list.looking import Preview, found_at, preview
from digest.source_list.overview import Coverage, Opened, Overview, SourceRow, opened, overview
from digest.source_list.plans import HEAVIEST, LONGEST_NAME, SourceRefused, section_of
from digest.source_list.uses import Use

__all__ = [
    "HEAVIEST",
    "LONGEST_NAME",
    "Coverage",
    "Imported",
    "Listed",
    "Opened",
    "Overview",
    "Preview",
    "SourceRefused",
    "SourceRow",
    "Use",
    "Wanted",
    "add",
    "as_opml",
    "change",
    "export_opml",
    "found_at",
    "import_opml",
    "listing",
    "opened",
    "overview",
    "pause",
    "preview",
    "remove",
    "resume",
    "section_of",
]
