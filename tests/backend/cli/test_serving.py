"""Serving as one process or as several: orders, signals, errors."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from backend.cli.main import app
from backend.cli.serving import ServeOrder, ending_with_signals, refuse_invalid
from backend.configuration import Configuration
from backend.core.errors import InvalidSettings
from backend.http.modes import GatewayMode
from runtime.folders import Folders
from runtime.logs import logging_to
from tests.backend.cli.test_main_modes import logged
from tests.backend.gateway_process import gateway_process, start_gateway
from tests.helpers.waiting import wait_until


def folders_in(home: Path) -> Folders:
    return Folders(*(home / name for name in ("config", "data", "cache", "logs", "run")))


def test_certificate_is_refused_where_it_would_not_be_used(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "gateway.toml").write_text('certificate = "for-another-mode.pem"\n')
    with logging_to("test", home / "logs", terminal=False):
        assert ServeOrder(Configuration(), "k", None).settings(folders_in(home)).certificate is None
    lines = (home / "logs" / "test.jsonl").read_text()
    assert "gateway.certificate_unused" in lines and "for-another-mode.pem" in lines and "--mode shared" in lines
    for mode in (None, GatewayMode.LOCAL):
        order = ServeOrder(Configuration(mode=mode, certificate="mine.pem"), "k", None)
        with pytest.raises(InvalidSettings, match="say --mode shared or --mode server"):
            order.settings(folders_in(home))


def test_variable_that_is_no_setting_is_named_in_the_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_GATEWAY_HISTROY", "on")
    with logging_to("test", home / "logs", terminal=False):
        ServeOrder(Configuration(), "k", None).settings(folders_in(home))
    lines = (home / "logs" / "test.jsonl").read_text()
    assert "gateway.variable_unknown" in lines and "KIKIPOUNAMU_GATEWAY_HISTROY: no setting" in lines


def test_key_is_used_as_clients_send_it(home: Path) -> None:
    assert ServeOrder(Configuration(), " a key\n", None).settings(folders_in(home)).key == "a key"
    own = ServeOrder(Configuration(), "\n", None).settings(folders_in(home)).key
    assert own == ServeOrder(Configuration(), "", None).settings(folders_in(home)).key != ""


@pytest.mark.parametrize("key", ["two\nlines", "a\x00", "k" * 4_097])
def test_key_that_no_client_can_send_is_refused_by_serve_and_check(home: Path, key: str) -> None:
    with pytest.raises(InvalidSettings, match="KIKIPOUNAMU_KEY, or --key, is one line") as refused:
        ServeOrder(Configuration(), key, None).settings(folders_in(home))
    assert key not in str(refused.value)
    with pytest.raises(InvalidSettings, match="KIKIPOUNAMU_KEY, or --key, is one line"):
        refuse_invalid(ServeOrder(Configuration(), key, None), folders_in(home))


def test_encoded_order_gives_the_same_settings_in_another_process(home: Path) -> None:
    order = ServeOrder(Configuration(mode=GatewayMode.SERVER, processes=3, origins=("https://a",)), "k", None)
    assert ServeOrder.decoded(order.encoded()) == order
    named = ServeOrder(Configuration(), "", home / "a.toml")
    assert ServeOrder.decoded(named.encoded()) == named
    settings = order.settings(folders_in(home))
    assert (settings.processes, settings.key) == (3, "k")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_a_gateway_on_a_loop_that_takes_no_signals(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Loops of Windows refuse signal handlers."""

    def refuse(*_: object) -> None:
        raise NotImplementedError

    stopping, before = asyncio.Event(), {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", refuse)
    try:
        ending_with_signals(stopping, stopping.clear)
        signal.raise_signal(number)
        await asyncio.wait_for(stopping.wait(), 10)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


async def test_several_processes_stop_together_and_only_one_gateway_has_a_home(home: Path) -> None:
    async with gateway_process(home, "--processes", "2") as gateway:
        second = start_gateway(home, "--processes", "2")
        assert await asyncio.to_thread(second.wait, 60) == 1
        assert "KIKIPOUNAMU_HOME" in logged(home, "gateway.cannot_run")["reason"]
        restart = CliRunner().invoke(app, ["restart"], env={"KIKIPOUNAMU_HOME": str(home)})
        assert restart.exit_code == 0 and str(gateway.process.pid) in restart.output
        await asyncio.to_thread(logged, home, "processes.restarted")
        assert gateway.end(signal.SIGTERM) == 0
    assert not (home / "run" / "gateway.json").exists()


async def test_restart_of_a_single_process_changes_nothing(home: Path) -> None:
    async with gateway_process(home) as gateway:
        restart = CliRunner().invoke(app, ["restart"], env={"KIKIPOUNAMU_HOME": str(home)})
        assert restart.exit_code == 1 and "restart the service" in restart.output
        gateway.process.send_signal(signal.SIGHUP)
        await asyncio.to_thread(logged, home, "processes.not_restarted")
        assert gateway.process.poll() is None
        assert gateway.end(signal.SIGTERM) == 0


async def test_restart_that_is_asked_for_while_the_gateway_starts_follows(home: Path) -> None:
    """A renewed certificate may ask for it at any time; SIGHUP would end the service for good."""
    process = start_gateway(home, "--processes", "2")
    try:
        lock = home / "run" / "processes.lock"
        await wait_until(lambda: lock.exists() and lock.read_text().strip(), "its lock names it")
        os.kill(int(lock.read_text()), signal.SIGHUP)
        await asyncio.to_thread(logged, home, "processes.restarted")
        process.terminate()
        assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        process.kill()
        process.wait()


async def test_processes_end_with_their_killed_supervisor(home: Path) -> None:
    async with gateway_process(home, "--processes", "2") as gateway:
        children = psutil.Process(gateway.process.pid).children()
        assert len(children) >= 2
        gateway.process.kill()
        gateway.process.wait()
        await wait_until(lambda: not any(child.is_running() for child in children), "all have ended")
