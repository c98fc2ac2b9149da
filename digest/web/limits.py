"""Limits: how often one network may ask for something."""

import datetime as dt
from collections import OrderedDict, deque
from threading import Lock

from digest.staff.sessions import household
from digest.web.network import is_loopback


class Limit:
    """
    At most *most* times within *window* for each network, counted in this process.

    A network is an IPv4 address, or a /64 of IPv6: whoever has one address there usually has them all.
    This machine itself is never limited: behind a proxy that does not say whom it speaks for, it stands for everybody.
    It forgets the network that has been silent longest rather than grow beyond *remembered*.
    """

    def __init__(self, most: int, window: dt.timedelta, *, remembered: int = 10_000) -> None:
        self.most, self.window, self.remembered = most, window, remembered
        self._asked: OrderedDict[str, deque[dt.datetime]] = OrderedDict()
        self._lock = Lock()

    def allows(self, network: str, now: dt.datetime) -> bool:
        """Count one more from *network* and return whether it is within the limit; what is refused does not count."""
        if is_loopback(network):
            return True
        with self._lock:
            times = self._asked.setdefault(household(network), deque())
            self._asked.move_to_end(household(network))
            while times and times[0] <= now - self.window:
                times.popleft()
            while len(self._asked) > self.remembered:
                self._asked.popitem(last=False)
            if len(times) >= self.most:
                return False
            times.append(now)
            return True
