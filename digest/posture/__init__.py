"""
Posture: how our mail stands with receivers before any is sent: the line to the relay, and what DNS says of us.

Takes   a Relay, the domains that mail comes from, the keys that sign it, and a Resolver.
Gives   Observations: what was asked, what was found, whether that is well, and what to publish.
Touches DNS and the relay; sends no mail. What DNS says is strangers' text: it is cleaned and cut before it is shown.
"""

from digest.posture.observation import Observation, Verdict
from digest.posture.stage import Domains, look

__all__ = ["Domains", "Observation", "Verdict", "look"]
