"""Worker doctor: description of the system, a decode in its own process, and the command."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from protocol.engine import DecodeRequest, EngineInfo, EngineSettings, Transcript
from tests.helpers.command_line import called
from worker.cli import cli
from worker.supervision.doctor import (
    DecodeMeasurement,
    DoctorFinding,
    GraphicsCard,
    ask,
    cards,
    decode,
    decode_findings,
    examine,
    json_line,
    line,
    sound,
    surroundings,
)

BLACKWELL = "NVIDIA GeForce RTX 5060 Ti, 570.86.10, 12.0, 16311, 512\n"
HOPPER = "NVIDIA H100 80GB HBM3, 570.86.10, 9.0, 81559, 1024\n"


class System:
    """Fake system with given answers of ``nvidia-smi`` and of the libraries."""

    def __init__(self, smi: str = "", library: str = "") -> None:
        self.smi, self.library = smi, library

    def __call__(self, command: Sequence[str]) -> str:
        return self.smi if command[0] == "nvidia-smi" else self.library


def torch(built_for: str, devices: int = 1) -> str:
    return f'{{"version": "2.9.0", "cuda": "12.8", "built_for": [{built_for}], "devices": {devices}}}'


def verdicts(engine: str, system: System) -> dict[str, tuple[bool | None, str]]:
    return {finding.what: (finding.good, finding.says) for finding in surroundings(engine, system)}


def test_doctor_reports_gpus_with_capability_and_memory() -> None:
    assert cards(System(BLACKWELL + "nonsense\n" + HOPPER)) == (
        GraphicsCard("NVIDIA GeForce RTX 5060 Ti", "570.86.10", "12.0", 16_311, 512),
        GraphicsCard("NVIDIA H100 80GB HBM3", "570.86.10", "9.0", 81_559, 1_024),
    )
    said = verdicts("checksum", System(BLACKWELL))
    assert said["card 0"] == (
        True,
        "NVIDIA GeForce RTX 5060 Ti, capability 12.0 (sm_120), 0.5 of 15.9 GiB in use",
    )
    assert verdicts("checksum", System())["driver"][0] is None, "a processor is enough"


@pytest.mark.parametrize(
    ("built_for", "smi", "good"),
    [
        ('"sm_90", "sm_120"', BLACKWELL, True),
        ('"sm_80", "sm_90"', BLACKWELL, False),
        ('"sm_80", "compute_90"', BLACKWELL, True),
        ('"sm_80", "sm_90"', HOPPER, True),
        ('"sm_90a"', HOPPER, True),
        ('"sm_100"', HOPPER, False),
        ('"sm_80"', "NVIDIA GeForce RTX 3060, 570.86.10, 8.6, 12288, 0\n", True),
    ],
)
def test_doctor_detects_torch_not_built_for_the_gpu(built_for: str, smi: str, good: bool) -> None:
    verdict, says = verdicts("funasr", System(smi, torch(built_for)))["torch"]
    assert verdict is good and ("kikipounamu gpu setup" in says) is not good


def test_doctor_detects_missing_library_or_invisible_gpu() -> None:
    assert verdicts("funasr", System(HOPPER, torch('"sm_90"', devices=0)))["torch"][0] is False
    assert verdicts("funasr", System(HOPPER, ""))["torch"][0] is False
    blind, says = verdicts("sensevoice-onnx", System(HOPPER, '{"version": "1.32", "devices": 0}'))["onnxruntime"]
    assert blind is False and "onnxruntime-gpu in place of onnxruntime" in says
    assert verdicts("whisper", System("", '{"version": "4.6", "devices": 0}'))["ctranslate2"] == (
        True,
        "4.6, for the processor",
    )


def test_ask_returns_empty_output_for_failed_commands() -> None:
    assert ask([sys.executable, "-c", "print('here')"]) == "here\n"
    assert ask(["/nowhere/nvidia-smi"]) == "" and ask([sys.executable, "-c", "raise SystemExit(1)"]) == ""


def test_doctor_describes_decoding_speed() -> None:
    info = EngineInfo("whisper", "whisper-base", "cpu")
    fast = list(decode_findings(DecodeMeasurement(info, 1.0, 10.0, 0.5, "hello"), spoken=True))
    says = "10 s of sound in 0.50 s: RTF 0.050, 20 times as fast as speech"
    assert fast[1] == DoctorFinding("decode", says, True, "speed", {"sound": "10", "seconds": "0.50"})
    assert fast[2] == DoctorFinding("text", "hello", True)
    slow = list(decode_findings(DecodeMeasurement(info, 1.0, 10.0, 20.0, ""), spoken=False))
    assert slow[1].good is False and len(slow) == 2
    near = list(decode_findings(DecodeMeasurement(info, 1.0, 10.0, 7.26, ""), spoken=False))
    assert near[1].says == "10 s of sound in 7.26 s: RTF 0.726, 1.4 times as fast as speech"
    assert line(fast[2]).startswith("ok") and line(slow[1]).startswith("SLOW  decode")
    assert line(DoctorFinding("decode", "it fails", False)).startswith("NO    decode"), "of one width"
    assert json.loads(json_line(fast[2])) == {
        "what": "text",
        "says": "hello",
        "good": True,
        "key": "",
        "values": {},
    }


def test_doctor_decodes_for_real_and_reports_errors(tmp_path: Path) -> None:
    findings: list[DoctorFinding] = []
    assert examine(EngineSettings("checksum"), "", findings.append) == 0
    assert [finding.what for finding in findings] == ["engine", "decode"]
    assert examine(EngineSettings("no-such-engine"), "", findings.append) == 3 and findings[-1].good is False
    assert examine(EngineSettings("checksum"), str(tmp_path / "none.wav"), findings.append) == 1
    assert len(sound()) == 2 * 160_000


class CountingEngine:
    """Fake engine process that counts its decodes."""

    def __init__(self, device: str) -> None:
        self.info, self.decodes, self.closed = EngineInfo("e", "m", device), 0, False

    async def start(self, settings: EngineSettings, deadline_s: float) -> Any:
        return self

    async def decode(self, requests: Sequence[DecodeRequest], deadline_s: float) -> list[Transcript]:
        self.decodes += 1
        return [Transcript(str(self.decodes))]

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("device", "text"), [("cpu", "1"), ("cuda:0", "2")])
async def test_doctor_decodes_twice_only_where_kernels_are_loaded(device: str, text: str) -> None:
    engine = CountingEngine(device)
    measured = await decode(EngineSettings("e"), bytes(32_000), engine.start)
    assert (measured.text, measured.sound_s, engine.closed) == (text, 1.0, True)


def test_sound_returns_the_samples_of_a_recording(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).normal(0, 3000, 11 * 16_000).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    assert sound(str(tmp_path / "a.wav")) == samples[:160_000].tobytes()


def test_doctor_command_prints_findings_and_sets_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    good = called(cli, "doctor", "--engine", "checksum", environment={})
    assert good.returncode == 0 and "RTF" in good.stdout
    findings = called(cli, "doctor", "--json", "--engine", "checksum", environment={})
    assert {"engine", "decode"} <= {json.loads(line)["what"] for line in findings.stdout.splitlines()}
    bad = called(cli, "doctor", environment={})
    assert bad.returncode == 3 and "kikipounamu models get whisper-base" in bad.stdout
