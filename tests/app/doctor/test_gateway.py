"""The gateway of this computer: none, dead, silent, without worker or broker, of another version, and well."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.doctor.finding import Finding
from app.doctor.gateway import Expected, gateway, lock_holder, unattended
from protocol.endpoint import Endpoint
from tests.app.doctor import gateways
from tests.app.doctor.found import keys
from tests.app.doctor.gateways import BROKER, KEY, READY

OURS = Expected("1.0")


async def found(ready: Mapping[str, Any], version: str = "1.0", expected: Expected = OURS) -> list[Finding]:
    async with gateways.gateway(ready, version) as url:
        return await gateway(Endpoint(url, KEY, os.getpid()), Path("/broker"), expected)


def unready(**said: object) -> dict[str, Any]:
    return {**READY, "ready": False, **said}


async def test_none_runs(tmp_path: Path) -> None:
    assert keys(await gateway(None, tmp_path / "none", OURS)) == ["ok gateway-none"]


async def test_one_that_was_killed(tmp_path: Path) -> None:
    left = Endpoint("http://127.0.0.1:9", KEY, 4_000_000)
    assert keys(await gateway(left, tmp_path, OURS, lambda pid: False)) == ["advice gateway-ended"]


async def test_one_that_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        left = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY, os.getpid())
        assert keys(await gateway(left, tmp_path, Expected("1.0", answer_s=0.2))) == ["problem gateway-silent"]


async def test_one_that_is_well() -> None:
    well = await found(READY)
    assert keys(well) == ["ok gateway-ready", "ok broker-embedded"]
    assert well[0].values["models"] == "whisper-base" and well[1].values["version"] == "valkey 9.1.2"
    assert keys(await found({**READY, "embedded": False}))[1] == "ok broker-elsewhere"


async def test_an_old_one_that_says_little() -> None:
    assert keys(await found({"ready": True})) == ["ok gateway-ready"]


async def test_one_of_another_version() -> None:
    assert keys(await found(READY, "0.9"))[1] == "advice gateway-version"


async def test_one_with_another_key() -> None:
    async with gateways.gateway(READY, key="other") as url:
        refused = await gateway(Endpoint(url, KEY, os.getpid()), Path("/broker"), OURS)
    assert keys(refused) == ["problem gateway-refuses"]


@pytest.mark.parametrize(
    ("ready", "told"),
    [
        (unready(draining=True), "advice gateway-leaving"),
        (unready(workers=0), "problem gateway-no-worker"),
        (unready(reasons=[{"code": "x", "message": "it sulks"}]), "problem gateway-unready"),
        (unready(reasons="nonsense"), "problem gateway-unready"),
    ],
)
async def test_one_that_is_not_ready(ready: dict[str, Any], told: str) -> None:
    assert keys(await found(ready))[0] == told


async def test_who_does_not_recognise_here_needs_no_worker() -> None:
    assert keys(await found(unready(workers=0), expected=Expected("1.0", worker=False)))[0] == (
        "advice gateway-no-worker"
    )


async def test_one_that_takes_nobody_in_says_why() -> None:
    full = {**READY, "accepting": False, "reasons": [{"code": "busy", "message": "40 s wait"}]}
    told = await found(full)
    assert keys(told)[1] == "problem gateway-not-accepting" and told[1].values["why"] == "40 s wait"


async def test_a_history_that_is_away_or_lacks_something() -> None:
    well = {"up": True, "waiting": 3, "left_out": 9, "left_out_since_start": 0, "recorded": 5, "refused": 0}
    assert keys(await found({**READY, "history": well})) == ["ok gateway-ready", "ok broker-embedded"]
    away = await found({**READY, "history": {**well, "up": False}})
    assert keys(away)[1] == "problem gateway-history-away" and away[1].values["count"] == "3"
    lacking = await found({**READY, "history": {**well, "left_out_since_start": 4, "refused": 2}})
    assert keys(lacking)[1:3] == ["advice gateway-history-left-out", "advice gateway-history-refused"]
    assert [one.values["count"] for one in lacking[1:3]] == ["4", "2"]
    assert keys(await found({**READY, "history": {"refused": "nonsense"}}))[1] == "ok broker-embedded"


async def test_brokers_that_are_away_full_or_forget() -> None:
    down = {**BROKER, "up": False}
    assert keys(await found(unready(broker=down))) == ["problem gateway-without-broker", "problem broker-down"]
    assert keys(await found(unready(broker=down, embedded=False)))[1] == "problem broker-away"
    poor = {**BROKER, "durable": False, "memory": 0.7}
    assert keys(await found({**READY, "broker": poor}))[2:] == ["advice broker-not-durable", "problem broker-full"]


@pytest.mark.parametrize(
    ("trouble", "embedded", "told"),
    [
        ("full", True, "problem broker-full"),
        ("full", False, "problem broker-full"),
        ("loading", True, "advice broker-loading"),
        ("disk", True, "problem broker-disk"),
        ("disk", False, "problem broker-disk-elsewhere"),
        ("replica", False, "problem broker-replica"),
        ("denied", False, "problem broker-denied"),
        ("what comes later", True, "problem broker-down"),
    ],
)
async def test_doctor_tells_why_a_broker_takes_nothing(trouble: str, embedded: bool, told: str) -> None:
    said = {**BROKER, "up": False, "trouble": trouble}
    assert keys(await found(unready(broker=said, embedded=embedded))) == ["problem gateway-without-broker", told]


async def test_doctor_says_of_a_full_broker_of_an_older_gateway_that_it_is_full() -> None:
    said = {**BROKER, "up": False, "memory": 1.02}
    assert keys(await found(unready(broker=said)))[1] == "problem broker-full"


def test_doctor_names_a_folder_that_may_not_be_used(tmp_path: Path) -> None:
    (denied,) = unattended(tmp_path, lambda place, mode: False)
    assert denied.key == "broker-not-allowed" and denied.values["folder"] == str(tmp_path)
    assert [*unattended(tmp_path / "not there yet", lambda place, mode: False)] == []


async def test_a_broker_that_was_left_behind(tmp_path: Path) -> None:
    import fcntl

    assert lock_holder(tmp_path) is None
    lock = tmp_path / "broker.lock"
    lock.write_text("4711\n")
    assert lock_holder(tmp_path) is None
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        told = await gateway(None, tmp_path, OURS)
    assert keys(told) == ["ok gateway-none", "problem broker-held"] and told[1].values["process"] == "4711"
