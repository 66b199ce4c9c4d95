"""Tests that the first signal requests shutdown and later ones force it."""

import os
import signal
from functools import partial

import pytest

from app.core.interrupts import Interrupts
from tests.helpers.waiting import wait_until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupts_distinguish_first_signal_from_later_ones(number: signal.Signals) -> None:
    heard: list[str] = []
    interrupts = Interrupts(lambda: heard.append("at first"), lambda: heard.append("again"))
    interrupts.first = lambda: heard.append("first")
    with interrupts.taken():
        for count in (1, 2, 3):
            os.kill(os.getpid(), number)
            await wait_until(partial(lambda count: len(heard) == count, count), "the signal is heard")
    assert heard == ["first", "again", "again"]
    assert interrupts.last is number
    assert signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL)
