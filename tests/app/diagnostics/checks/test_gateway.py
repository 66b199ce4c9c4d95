"""Gateway of this computer: none, dead, silent, without worker or broker, of another version, and fine."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.core.sentences import LANGUAGES, Sentences
from app.diagnostics.checks.finding import Finding
from app.diagnostics.checks.gateway import Expected, broker_folder_findings, gateway, lock_holder, why
from backend.core.refusal import RefusalReason
from protocol.endpoint import Endpoint
from tests.app.diagnostics.checks import gateways
from tests.app.diagnostics.checks.found import keys
from tests.app.diagnostics.checks.gateways import BROKER, KEY, READY

OURS = Expected("1.0")


async def found(ready: Mapping[str, Any], version: str = "1.0", expected: Expected = OURS) -> list[Finding]:
    async with gateways.gateway(ready, version) as url:
        return await gateway(Endpoint(url, KEY, os.getpid()), Path("/broker"), expected)


def unready(**said: object) -> dict[str, Any]:
    return {**READY, "ready": False, **said}


async def test_gateway_check_is_ok_when_no_gateway_runs(tmp_path: Path) -> None:
    assert keys(await gateway(None, tmp_path / "none", OURS)) == ["ok gateway-none"]


async def test_gateway_check_notices_killed_gateway(tmp_path: Path) -> None:
    left = Endpoint("http://127.0.0.1:9", KEY, 4_000_000)
    assert keys(await gateway(left, tmp_path, OURS, lambda pid: False)) == ["advice gateway-ended"]


async def test_gateway_check_notices_silent_gateway(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        left = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY, os.getpid())
        assert keys(await gateway(left, tmp_path, Expected("1.0", answer_s=0.2))) == ["problem gateway-silent"]


async def test_gateway_check_is_ok_when_gateway_is_ready() -> None:
    well = await found(READY)
    assert keys(well) == ["ok gateway-ready", "ok broker-embedded"]
    assert well[0].values["models"] == "whisper-base" and well[1].values["version"] == "valkey 9.1.2"
    assert keys(await found({**READY, "embedded": False}))[1] == "ok broker-elsewhere"


async def test_gateway_check_accepts_sparse_reply_of_old_gateway() -> None:
    assert keys(await found({"ready": True})) == ["ok gateway-ready"]


async def test_gateway_check_notices_other_version() -> None:
    assert keys(await found(READY, "0.9"))[1] == "advice gateway-version"


async def test_gateway_check_notices_wrong_key() -> None:
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
async def test_gateway_check_says_why_gateway_is_not_ready(ready: dict[str, Any], told: str) -> None:
    assert keys(await found(ready))[0] == told


async def test_missing_worker_is_advice_when_recognition_is_remote() -> None:
    assert keys(await found(unready(workers=0), expected=Expected("1.0", worker=False)))[0] == (
        "advice gateway-no-worker"
    )


@pytest.mark.parametrize(("code", "note"), [("load", "gateway-much-waits"), ("what comes later", "plain")])
async def test_gateway_that_refuses_sessions_is_unhealthy_and_says_why(code: str, note: str) -> None:
    full = {**READY, "accepting": False, "reasons": [{"code": code, "message": "40 s wait"}]}
    result = await found(full)
    assert keys(result) == ["problem gateway-not-accepting", "ok broker-embedded"]
    assert result[0].values["why"] == "40 s wait" and result[0].reason is not None
    assert result[0].reason.key == note


def test_every_reason_of_a_gateway_is_worded_in_each_language() -> None:
    about_a_client = {RefusalReason.KEY, RefusalReason.KEY_REQUESTS, RefusalReason.KEY_STREAMS}
    about_a_request = {RefusalReason.MODEL, RefusalReason.MESSAGE}
    for code in set(RefusalReason) - about_a_client - about_a_request:
        reason = why({"reasons": [{"code": code, "message": "English"}]})
        assert (
            all(Sentences(language).has(f"note.{reason.key}") for language in LANGUAGES) and reason.key != "plain"
        )


async def test_gateway_check_reports_problems_of_history() -> None:
    well = {"up": True, "waiting": 3, "left_out": 9, "left_out_since_start": 0, "recorded": 5, "refused": 0}
    assert keys(await found({**READY, "history": well})) == ["ok gateway-ready", "ok broker-embedded"]
    away = await found({**READY, "history": {**well, "up": False}})
    assert keys(away)[1] == "problem gateway-history-away" and away[1].values["count"] == "3"
    lacking = await found({**READY, "history": {**well, "left_out_since_start": 4, "refused": 2}})
    assert keys(lacking)[1:3] == ["advice gateway-history-left-out", "advice gateway-history-refused"]
    assert [one.values["count"] for one in lacking[1:3]] == ["4", "2"]
    assert keys(await found({**READY, "history": {"refused": "nonsense"}}))[1] == "ok broker-embedded"


async def test_gateway_check_reports_problems_of_broker() -> None:
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
        ("replicas", False, "problem broker-replicas"),
        ("denied", False, "problem broker-denied"),
        ("what comes later", True, "problem broker-down"),
    ],
)
async def test_gateway_check_names_trouble_of_broker(trouble: str, embedded: bool, told: str) -> None:
    said = {**BROKER, "up": False, "trouble": trouble}
    assert keys(await found(unready(broker=said, embedded=embedded))) == ["problem gateway-without-broker", told]


async def test_full_broker_is_noticed_when_old_gateway_names_no_trouble() -> None:
    said = {**BROKER, "up": False, "memory": 1.02}
    assert keys(await found(unready(broker=said)))[1] == "problem broker-full"


def test_inaccessible_folder_of_the_broker_is_named(tmp_path: Path) -> None:
    (denied,) = broker_folder_findings(tmp_path, lambda place, mode: False)
    assert denied.key == "broker-not-allowed" and denied.values["folder"] == str(tmp_path)
    assert [*broker_folder_findings(tmp_path / "not there yet", lambda place, mode: False)] == []


@pytest.mark.parametrize(
    ("session", "told"), [(True, "problem broker-held"), (False, "advice broker-held-in-session")]
)
async def test_gateway_check_names_process_that_holds_broker_folder(
    tmp_path: Path, session: bool, told: str
) -> None:
    import fcntl

    assert lock_holder(tmp_path) is None
    lock = tmp_path / "broker.lock"
    lock.write_text("4711\n")
    assert lock_holder(tmp_path) is None
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = await gateway(None, tmp_path, Expected("1.0", session=session))
    assert keys(result) == ["ok gateway-none", told] and result[1].values["process"] == "4711"
