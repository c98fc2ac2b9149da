"""Ctrl-C and SIGTERM wait for work to come to a point where it may stop."""

import signal

import pytest

from digest.cli.stopping import stoppable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_nothing_and_is_told_by_the_event(number: signal.Signals) -> None:
    handler = signal.getsignal(number)

    with stoppable() as stop:
        before = stop.is_set()
        signal.raise_signal(number)

        assert (before, stop.is_set()) == (False, True)
    assert signal.getsignal(number) is handler
