"""The one client that speaks to strangers: it looks at each address before connecting, and bounds time and size."""

from digest.http.addresses import Network, is_public
from digest.http.client import GuardedClient, Limits, Response
from digest.http.faults import UnwelcomeStatus

__all__ = ["GuardedClient", "Limits", "Network", "Response", "UnwelcomeStatus", "is_public"]
