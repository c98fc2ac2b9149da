"""
Deliver: bring the mail to the door, and say truly what became of each.

Takes   an outbox of claimed Deliveries or Notices, a letter writer, and a Courier with its relays and its journal.
Gives   a DeliverReport; each mail's own state is settled in the database as it goes.
Touches the relays, the journal, and through its outbox the database.
"""

from digest.deliver.stage import deliver

__all__ = ["deliver"]
