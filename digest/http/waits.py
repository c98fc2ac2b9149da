"""How long a server asks us to stay away, as its headers say."""

import re
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(hours=24)


def wait_of(headers: Mapping[str, str]) -> timedelta | None:
    """Return the longest wait that *headers* ask for (RFC 9110 §10.2.3, RFC 9111 §5.2.2.1), at most 24 hours."""
    waits = [_retry_after(headers), _max_age(headers.get("Cache-Control", ""))]
    longest = max((wait for wait in waits if wait is not None), default=timedelta(0))
    return min(longest, LONGEST_WAIT) or None


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return _seconds(text)
    try:
        # Both times are the server's, so its clock may be wrong.
        return max(parsedate_to_datetime(text) - parsedate_to_datetime(headers["Date"]), timedelta(0))
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _max_age(text: str) -> timedelta | None:
    if re.search(r"\bno-(cache|store)\b", text, re.IGNORECASE):
        return None
    found = re.search(r"\bmax-age\s*=\s*\"?(\d+)", text, re.IGNORECASE | re.ASCII)
    return _seconds(found[1]) if found else None


def _seconds(digits: str) -> timedelta:
    return timedelta(seconds=int(digits)) if len(digits) < 9 else LONGEST_WAIT
