"""What every walk through the flow needs: a real inbox to send to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.demo.inbox import Inbox


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "inbox", port=0) as started:
        yield started
