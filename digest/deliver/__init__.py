"""
Deliver: bring the mail to the door, and say truly what became of each.

Takes   an outbox of claimed Deliveries or Notices, a letter writer, and an open line to the relay.
Gives   a DeliverReport; each mail's own state is settled in the database as it goes.
Touches the relay, and through its outbox the database.
"""

from digest.deliver.stage import deliver

__all__ = ["deliver"]
