"""
Bounce: read what comes back to us.

Takes   one mail as bytes, and the addresses that its envelope named; or the relay's answer to a mail of ours.
Gives   a Report: its kind, the status, whom it is about, and the tokens that may name our mail.
Touches nothing, and believes nothing: whether a token is ours is for its caller to check.
"""

from digest.deliver.bounce.answers import answered
from digest.deliver.bounce.reading import read
from digest.deliver.bounce.report import Failure, Kind, Report

__all__ = ["Failure", "Kind", "Report", "answered", "read"]
