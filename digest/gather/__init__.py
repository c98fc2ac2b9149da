"""
Gather: ask the sources what is new.

Takes   Checks (an address and what we remember of its last answer), the guarded client, and the time.
Gives   for each Check one Gathered: Fetched with cleaned Entries, Unchanged, or Failed with a sentence.
Touches the network through the client, the folders that are sources, and reader processes of its own. No database, no
        clock.
"""

from digest.gather.stage import gather

__all__ = ["gather"]
