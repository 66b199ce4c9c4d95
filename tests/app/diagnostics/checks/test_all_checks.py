"""Checks follow the setup of this computer."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import UsageMistake
from app.diagnostics.checks.all_checks import AllChecks, CheckOptions, ComputerSetup, app_runs, this_computer
from app.diagnostics.checks.finding import Finding, Topic
from app.diagnostics.checks.runner import DEADLINE_S, examine
from app.gateways.store import PairedGateway
from app.settings.sections import AudioSection, GatewaySection, Settings, WorkerSection
from runtime.folders import folders
from tests.app.capture.sounds import BUILT_IN, FakeSoundSystem
from tests.app.diagnostics.checks.found import keys

AWAY = PairedGateway(("https://127.0.0.1:9",), "a" * 64, "laptop", "a-key")


@pytest.fixture
def computer(home: Path) -> ComputerSetup:
    return ComputerSetup(folders(), Settings(), (), (), "linux", {}, lambda: FakeSoundSystem(BUILT_IN))


def chosen(computer: ComputerSetup, settings: Settings) -> ComputerSetup:
    return replace(computer, settings=settings)


async def found(computer: ComputerSetup, area: Topic, options: CheckOptions | None = None) -> list[Finding]:
    everything = AllChecks(options or CheckOptions(hear_s=0.0), computer)
    examinations = [one for one in everything.examinations() if one.area is area]
    return [finding for one in examinations for finding in await one.work()]


async def test_checks_create_nothing_in_fresh_home(computer: ComputerSetup, home: Path) -> None:
    slow = {Topic.MICROPHONE, Topic.VAD, Topic.WORKER}
    quick = [one for one in AllChecks(CheckOptions(), computer).examinations() if one.area not in slow]
    result = keys([finding for one in quick for finding in await one.work()])
    assert {"ok settings-default", "problem models-missing", "ok recordings-none", "ok gateway-none"} <= set(
        result
    )
    assert not home.exists()  # noqa: ASYNC240 - a test may look


async def test_separate_checks_are_microphone_and_vad(computer: ComputerSetup) -> None:
    missing = chosen(computer, Settings(audio=AudioSection(microphone="webcam")))
    everything = AllChecks(CheckOptions(hear_s=0.0), missing)
    assert keys(await everything.examination(Topic.MICROPHONE).work()) == ["advice microphone-not-there"]
    assert keys(await everything.examination(Topic.VAD).work()) == ["advice vad-fallback", "ok vad-hears"]
    with pytest.raises(UsageMistake):
        everything.examination(Topic.DISK)


def test_all_checks_except_the_workers_have_one_deadline(computer: ComputerSetup) -> None:
    """On a busy computer the program that checks the settings starts slowly, and the check was reported as
    hanging."""
    everything = AllChecks(CheckOptions(hear_s=0.0), computer).examinations()
    assert {one.deadline_s for one in everything if one.area is not Topic.WORKER} == {DEADLINE_S}


async def test_gateway_that_does_not_check_its_settings_is_named_beside_the_other_settings(
    computer: ComputerSetup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "kikipounamu-gateway"
    program.write_text("#!/bin/sh\nexec sleep 20\n")
    program.chmod(0o755)
    monkeypatch.setattr("app.local_services.gateway_settings.find_program", lambda name: str(program))
    set_up = replace(computer, environment={"KIKIPOUNAMU_GATEWAY_PORT": "0"})
    everything = AllChecks(CheckOptions(), set_up).examinations()
    settings = [replace(one, deadline_s=1.0) for one in everything if one.area is Topic.SETTINGS]
    assert keys(await examine(settings, lambda area, findings: None)) == [
        "ok settings-default",
        "problem no-answer",
    ]


def test_separate_process_may_start_late_on_a_busy_computer(computer: ComputerSetup) -> None:
    everything = AllChecks(CheckOptions(), computer)
    whole = {one.area: one.deadline_s for one in everything.examinations()}
    for area in (Topic.MICROPHONE, Topic.VAD):
        assert whole[area] >= everything.examination(area).deadline_s + 40


async def test_models_are_missing_only_when_needed(computer: ComputerSetup) -> None:
    (here,) = await found(computer, Topic.MODELS)
    assert here.values["names"] == "fsmn-vad whisper-base"
    (other,) = await found(computer, Topic.MODELS, CheckOptions("checksum", 0.0))
    assert other.values["names"] == "fsmn-vad"
    off = chosen(computer, Settings(worker=WorkerSection(on=False)))
    assert [one.values["names"] for one in await found(off, Topic.MODELS)] == ["fsmn-vad"]
    elsewhere = chosen(computer, Settings(gateway=GatewaySection(url="https://127.0.0.1:9")))
    assert [one.values["names"] for one in await found(elsewhere, Topic.MODELS)] == ["fsmn-vad"]


async def test_worker_is_unfit_when_model_has_no_engine(computer: ComputerSetup) -> None:
    unfit = chosen(computer, Settings(worker=WorkerSection(model="Fun-ASR-Nano")))
    assert keys(await found(unfit, Topic.WORKER)) == ["problem worker-unfit"]
    off = chosen(computer, Settings(worker=WorkerSection(model="Fun-ASR-Nano", on=False)))
    assert keys(await found(off, Topic.WORKER)) == ["advice worker-unfit"]


@pytest.mark.parametrize(
    ("gateway", "told"),
    [
        (GatewaySection(), ["advice elsewhere-away"]),
        (GatewaySection(chosen=AWAY.id), ["advice elsewhere-away"]),
        (GatewaySection(chosen=AWAY.id, fall_back=False), ["problem elsewhere-away"]),
        (GatewaySection(url="http://127.0.0.1:9"), ["advice elsewhere-away"] * 2),
        (
            GatewaySection(url="http://127.0.0.1:9", fall_back=False),
            ["advice elsewhere-away", "problem elsewhere-away"],
        ),
    ],
)
async def test_remote_gateway_is_a_problem_without_fallback(
    computer: ComputerSetup, gateway: GatewaySection, told: list[str]
) -> None:
    used = chosen(replace(computer, paired=(AWAY,)), Settings(gateway=gateway))
    assert keys(await found(used, Topic.ELSEWHERE)) == told


async def test_unreadable_gateway_list_is_a_problem(computer: ComputerSetup) -> None:
    assert keys(await found(replace(computer, paired=None), Topic.ELSEWHERE)) == ["problem elsewhere-unreadable"]
    assert await found(computer, Topic.ELSEWHERE) == []


async def test_app_runs_is_false_without_app() -> None:
    assert not await app_runs()


def test_this_computer_reads_its_settings(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text("[worker]\non = false\n")
    found = this_computer("linux", {})
    assert found.here and not found.worker_needed and found.paired == ()


async def test_invalid_settings_of_the_gateway_are_a_problem(computer: ComputerSetup) -> None:
    computer.places.config.mkdir(parents=True, exist_ok=True)
    (computer.places.config / "gateway.toml").write_text("port = 99999999\n")
    findings = await found(computer, Topic.SETTINGS)
    assert keys(findings) == ["ok settings-default", "problem gateway-settings-bad"]
    assert "gateway.toml is invalid: port = 99999999" in findings[1].values["error"]
