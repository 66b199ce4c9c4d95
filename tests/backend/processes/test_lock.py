"""Lock of a gateway with several processes."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from backend.core.errors import ProcessFailed
from backend.processes.lock import LOCK, ask_to_restart, only_one


def test_only_one_gateway_holds_the_lock(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(ProcessFailed, match=str(os.getpid())), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


async def test_restart_signals_the_holder_of_the_lock(tmp_path: Path) -> None:
    restarting = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, restarting.set)
    try:
        with only_one(tmp_path):
            assert ask_to_restart(tmp_path) == os.getpid()
            await asyncio.wait_for(restarting.wait(), 30)
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def test_restart_without_a_holder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="no gateway"):
        ask_to_restart(tmp_path)
    with only_one(tmp_path):
        pass
    with pytest.raises(ProcessFailed, match="no gateway"):
        ask_to_restart(tmp_path)
    with only_one(tmp_path):
        (tmp_path / LOCK).write_text("")
        with pytest.raises(ProcessFailed, match="starting"):
            ask_to_restart(tmp_path)
