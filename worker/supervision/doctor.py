"""``kikipounamu-worker doctor``: report the engines that this computer can run, and decode once.

``nvidia-smi`` and the libraries are queried in processes of their own, each with a deadline. So a hanging driver
is detected and does not block the command.
"""

import asyncio
import json
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, samples_to_seconds
from protocol.engine import DecodeFailure, DecodeRequest, EngineInfo, EngineSettings, EngineUnavailable
from runtime.installing import extra_command
from runtime.programs import module_command
from speech.audio_file import AvailableAudio
from speech.errors import SpeechError
from worker.core.errors import EngineFault
from worker.supervision.engine_process import EngineProcess

SAMPLE_S: Final = 10
_ASK_S: Final = 60.0
_LOAD_S: Final = 300.0
_DECODE_S: Final = 300.0
_FIELDS: Final = "name,driver_version,compute_cap,memory.total,memory.used"
_MEBI: Final = 1024
_BEHIND: Final = "behind"
_TENTH: Final = 0.1
_SEE_TORCH: Final = "`kikipounamu gpu setup` installs the torch for this card"

_LIBRARIES: Final = {  # each is queried in a process of its own; nothing of it is imported here
    "funasr": "torch",
    "parakeet": "onnxruntime",
    "paraformer-onnx": "onnxruntime",
    "sensevoice-onnx": "onnxruntime",
    "whisper": "ctranslate2",
}
_ADVICE: Final = {"onnxruntime": "for one, install onnxruntime-gpu in place of onnxruntime, never both"}

StartEngine = Callable[[EngineSettings, float], Awaitable[EngineProcess]]
Ask = Callable[[Sequence[str]], str]
"""Runs a command and returns its output; empty if it is missing, fails or times out."""


class DoctorFinding(NamedTuple):
    """Reported line. ``good`` is ``None`` for neutral information.

    With ``key`` and ``values`` a program shows it in its user's language; without a key it is shown as it is.
    """

    what: str
    says: str
    good: bool | None = None
    key: str = ""
    values: Mapping[str, str] = {}


class GraphicsCard(NamedTuple):
    """GPU as its driver describes it. ``capability`` is a version such as 12.0."""

    name: str
    driver: str
    capability: str
    memory_mib: int
    used_mib: int

    @property
    def architecture(self) -> str:
        """Name of the architecture for compilers, such as sm_120."""
        return "sm_" + self.capability.replace(".", "")


@dataclass(frozen=True)
class DecodeMeasurement:
    """Measured decode of ``sound_s`` seconds of audio."""

    info: EngineInfo
    load_s: float
    sound_s: float
    decode_s: float
    text: str


def ask(command: Sequence[str]) -> str:
    """Run a command on this computer; return its output, or an empty string if it fails or times out."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def cards(run: Ask = ask) -> tuple[GraphicsCard, ...]:
    """Return the GPUs that NVIDIA's driver reports."""
    output = run(["nvidia-smi", f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"])
    lines = ([part.strip() for part in line.split(",")] for line in output.splitlines())
    return tuple(
        GraphicsCard(name, driver, capability, int(total), int(used))
        for name, driver, capability, total, used in (
            parts for parts in lines if len(parts) == _FIELDS.count(",") + 1
        )
        if total.isdecimal() and used.isdecimal()
    )


def surroundings(engine: str, run: Ask = ask) -> Iterator[DoctorFinding]:
    """Yield findings about the driver, the GPUs and the engine library's support for them."""
    found = cards(run)
    if not found:
        says = "no NVIDIA driver answers: this worker would use the processor"
        yield DoctorFinding("driver", says, key="no-card")
    else:
        version = found[0].driver
        yield DoctorFinding("driver", f"NVIDIA {version}", True, "driver", {"version": version})
    for number, card in enumerate(found):
        used, total = f"{card.used_mib / _MEBI:.1f}", f"{card.memory_mib / _MEBI:.1f}"
        kind = f"capability {card.capability} ({card.architecture})"
        says = f"{card.name}, {kind}, {used} of {total} GiB in use"
        values = {"card": card.name, "used": used, "total": total}
        yield DoctorFinding(f"card {number}", says, True, "card", values)
    if engine in _LIBRARIES:
        yield _library(engine, found, run)


def _library(engine: str, found: Sequence[GraphicsCard], run: Ask) -> DoctorFinding:
    name = _LIBRARIES[engine]
    try:
        report = json.loads(run([*module_command("worker.engines.library_report"), name]))
    except ValueError:
        install = extra_command(engine)
        return DoctorFinding(
            name, f"it cannot be loaded: run {install}", False, "library-missing", {"install": install}
        )
    version = f"{report['version']}, CUDA {report['cuda']}" if report.get("cuda") else str(report["version"])
    built = report.get("built_for", [])
    foreign = [card for card in found if built and not _runs(card, built)]
    if foreign:
        says = f"{version} was not built for {foreign[0].architecture} ({foreign[0].name}): {_SEE_TORCH}"
        return DoctorFinding(name, says, False, "library-unfit", {"version": version, "card": foreign[0].name})
    if found and not report["devices"]:
        says = f"{version} sees no card: {_ADVICE.get(name, _SEE_TORCH)}"
        return DoctorFinding(name, says, False, "library-blind", {"version": version})
    if not report["devices"]:
        return DoctorFinding(name, f"{version}, for the processor", True, "library", {"version": version})
    values = {"version": version, "cards": str(report["devices"])}
    return DoctorFinding(name, f"{version}, it sees {values['cards']} card(s)", True, "library-cards", values)


def _runs(card: GraphicsCard, built: Sequence[str]) -> bool:
    """Return whether the library supports this GPU: built for it, for an older one of its kind, or as PTX."""
    own = int(card.architecture.removeprefix("sm_"))
    for name in built:
        kind, _, digits = name.partition("_")
        number = int("".join(sign for sign in digits if sign.isdecimal()) or 0)
        if kind == "sm" and number // 10 == own // 10 and number <= own:
            return True
        if kind == "compute" and number <= own:
            return True
    return False


def sound(file: str = "") -> bytes:
    """Return the audio to decode: ten seconds of a recording, or a synthetic sound. Raises ``SpeechError``."""
    if file:
        return _beginning(Path(file))
    # syllables without words: only the decoding time matters
    time_s = np.arange(SAMPLE_RATE * SAMPLE_S) / SAMPLE_RATE
    voice = sum(np.sin(2 * np.pi * 120 * harmonic * time_s) / harmonic for harmonic in range(1, 20))
    heard = 0.1 * voice * (np.sin(2 * np.pi * 2 * time_s) > 0)
    pcm: bytes = (np.clip(heard, -1, 1) * 32767).astype("<i2").tobytes()
    return pcm


def _beginning(file: Path) -> bytes:
    blocks, samples = [], 0
    for block in AvailableAudio(file):
        blocks.append(block)
        samples += len(block)
        if samples >= SAMPLE_RATE * SAMPLE_S:
            break
    return np.concatenate(blocks)[: SAMPLE_RATE * SAMPLE_S].astype("<i2").tobytes()


async def decode(
    settings: EngineSettings, pcm: bytes, start: StartEngine = EngineProcess.start
) -> DecodeMeasurement:
    """Load the engine in a process of its own and measure a decode; on a graphics card, the second one.

    Raises ``EngineUnavailable`` or ``EngineFault``.
    """
    begun = time.perf_counter()
    engine = await start(settings, _LOAD_S)
    try:
        load_s = time.perf_counter() - begun
        if engine.info.device != "cpu":  # the first decode still loads kernels
            await engine.decode([DecodeRequest(pcm)], _DECODE_S)
        begun = time.perf_counter()
        (outcome,) = await engine.decode([DecodeRequest(pcm)], _DECODE_S)
        decode_s = time.perf_counter() - begun
        if isinstance(outcome, DecodeFailure):
            raise EngineFault(outcome.message)
        sound_s = samples_to_seconds(len(pcm) // BYTES_PER_SAMPLE)
        return DecodeMeasurement(engine.info, load_s, sound_s, decode_s, outcome.text)
    finally:
        await engine.close()


def decode_findings(one: DecodeMeasurement, *, spoken: bool) -> Iterator[DoctorFinding]:
    """Yield the findings of a decode. ``spoken``: the audio was a recording, so its text is reported."""
    model = f"{one.info.engine} with {one.info.model}" if one.info.model else one.info.engine
    key, loaded = "engine" if one.info.model else "", f"{one.load_s:.1f}"
    values = {"engine": one.info.engine, "model": one.info.model, "device": one.info.device, "seconds": loaded}
    yield DoctorFinding("engine", f"{model} on {one.info.device}, loaded in {loaded} s", True, key, values)
    rtf = one.decode_s / one.sound_s if one.sound_s else 0.0
    times_real = f"{1 / rtf:.{0 if rtf < _TENTH else 1}f}" if rtf else ""
    fast = f"{times_real} times as fast as speech" if 0 < rtf < 1 else "slower than speech: texts will lag behind"
    times = {"sound": f"{one.sound_s:.0f}", "seconds": f"{one.decode_s:.2f}"}
    says = f"{times['sound']} s of sound in {times['seconds']} s: RTF {rtf:.3f}, {fast}"
    yield DoctorFinding("decode", says, rtf < 1, "speed" if rtf < 1 else _BEHIND, times)
    if spoken:
        yield DoctorFinding("text", one.text or "nothing was understood", bool(one.text))


def examine(settings: EngineSettings, file: str, say: Callable[[DoctorFinding], None]) -> int:
    """Report findings as they are made; return the exit status.

    0: works, however slowly, which is enough for `kikipounamu gpu setup`; 1: decoding fails; 3: no engine.
    """
    try:
        pcm = sound(file)
        one = asyncio.run(decode(settings, pcm))
    except EngineUnavailable as error:
        say(DoctorFinding("engine", str(error), False))
        return 3
    except (EngineFault, SpeechError) as error:
        say(DoctorFinding("decode", str(error), False))
        return 1
    for finding in decode_findings(one, spoken=bool(file)):
        say(finding)
    return 0


def line(finding: DoctorFinding) -> str:
    """Format a finding for people."""
    mark = "SLOW" if finding.key == _BEHIND else {True: "ok", False: "NO", None: "--"}[finding.good]
    return f"{mark:4}  {finding.what:12}  {finding.says}"


def json_line(finding: DoctorFinding) -> str:
    """Format a finding as one line of JSON, for programs."""
    return json.dumps(finding._asdict())
