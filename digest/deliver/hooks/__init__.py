"""
Hooks: read what mail providers call us with, once it is proven that they did.

Takes   the body and headers of a request, and what the settings say proves its sender.
Gives   Told reports in the words of ``deliver.bounce``; Forged or Unreadable when it is not to be believed or read.
Touches nothing; Amazon's certificate is fetched by the function that it is given.
"""

from digest.deliver.hooks.told import Forged, Told, Unreadable

__all__ = ["Forged", "Told", "Unreadable"]
