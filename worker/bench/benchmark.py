"""``kikipounamu-worker bench``: how fast a model recognises on a device of this computer, as a table or JSON.

Every figure is measured with the engine in a process of its own, as the worker runs it. The fastest of several
equal calls counts, because other programs can only slow a call down.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from protocol.audio import BYTES_PER_SAMPLE, samples_to_seconds
from protocol.engine import DecodeFailure, DecodeRequest, EngineSettings, EngineUnavailable
from runtime.terminal import say
from speech.errors import SpeechError
from worker.core.errors import EngineFault
from worker.supervision.doctor import Ask, ask, cards, sound
from worker.supervision.engine_process import EngineProcess
from worker.supervision.gpu import Gpu

_LOAD_S: Final = 300.0
_CALL_S: Final = 600.0
_MEGABYTE: Final = 1e6
_PROCESSOR: Final = "cpu"
_MOST_DIGITS: Final = 5
_SHOWN: Final = 16  # digits of the hash in the table; all in JSON


@dataclass(frozen=True)
class BenchPlan:
    """Plan of measurements: calls of ``batches`` recordings, each size ``rounds`` times."""

    pcm: bytes
    batches: tuple[int, ...] = (1, 4, 16)
    rounds: int = 3

    @property
    def audio_s(self) -> float:
        """Length of the recording."""
        return samples_to_seconds(len(self.pcm) // BYTES_PER_SAMPLE)


class BatchSpeed(msgspec.Struct, frozen=True):
    """Speed of calls with ``batch`` recordings. ``streams``: number of people who can speak at the same time."""

    batch: int
    call_s: float
    rtf: float
    streams: int


class BenchResult(msgspec.Struct, frozen=True):
    """Results of one run; memory in bytes. ``text_equal``: to the processor's text; ``None`` on a processor."""

    engine: str
    model: str
    model_sha256: str
    device: str
    audio_s: float
    load_s: float
    speeds: tuple[BatchSpeed, ...]
    memory_bytes: int
    gpu_memory_bytes: int | None = None
    driver: str = ""
    card: str = ""
    text_equal: bool | None = None


def speed_of(batch: int, calls_s: Sequence[float], audio_s: float) -> BatchSpeed:
    """Return the speed by the fastest call. Pure."""
    call_s = max(min(calls_s), 1e-6)
    rtf = call_s / (batch * audio_s)
    return BatchSpeed(batch, round(call_s, 4), round(rtf, 5), int(1 / rtf))


def sha256_of(folder: str) -> str:
    """Return one SHA-256 of the paths and contents of all files of a model; empty without a folder."""
    if not folder:
        return ""
    whole = hashlib.sha256()
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()} {digest}\n".encode())
    return whole.hexdigest()


async def measure(settings: EngineSettings, plan: BenchPlan, run: Ask = ask) -> BenchResult:
    """Measure, and compare the text with the processor's. Raises ``EngineUnavailable`` or ``EngineFault``."""
    result, text = await _measure_device(settings, plan)
    if result.device == _PROCESSOR:
        return result
    found, number = cards(run), int(result.device.partition(":")[2] or 0)
    if number < len(found):
        result = replace(result, driver=found[number].driver, card=found[number].name)
    _, expected = await _measure_device(replace(settings, device=_PROCESSOR), BenchPlan(plan.pcm, (), 0))
    return replace(result, text_equal=text == expected)


async def _measure_device(settings: EngineSettings, plan: BenchPlan) -> tuple[BenchResult, str]:
    """Return the measurements of one device, and the text that it recognised."""
    begun = time.perf_counter()
    engine = await EngineProcess.start(settings, _LOAD_S)
    try:
        load_s, info = time.perf_counter() - begun, engine.info
        (text,) = await _texts(engine, plan, 1)  # the first call still loads kernels
        speeds, memory = [], engine.memory_bytes()
        for batch in plan.batches:
            calls_s = [await _decode_time(engine, plan, batch) for _ in range(plan.rounds)]
            speeds.append(speed_of(batch, calls_s, plan.audio_s))
            memory = max(memory, engine.memory_bytes())
        own = Gpu().memory_of(info.device, engine.pid)
    finally:
        await engine.close()
    digest = sha256_of(settings.model_folder)
    audio_s, load_s = round(plan.audio_s, 3), round(load_s, 3)
    result = BenchResult(info.engine, info.model, digest, info.device, audio_s, load_s, tuple(speeds), memory, own)
    return result, text


async def _decode_time(engine: EngineProcess, plan: BenchPlan, batch: int) -> float:
    begun = time.perf_counter()
    await _texts(engine, plan, batch)
    return time.perf_counter() - begun


async def _texts(engine: EngineProcess, plan: BenchPlan, batch: int) -> list[str]:
    outcomes = await engine.decode([DecodeRequest(plan.pcm)] * batch, _CALL_S)
    texts = []
    for outcome in outcomes:
        if isinstance(outcome, DecodeFailure):
            raise EngineFault(outcome.message)
        texts.append(outcome.text)
    return texts


def table(result: BenchResult) -> Iterator[str]:
    """Yield the lines of a result for people. Pure."""
    model = f"{result.engine} with {result.model}" if result.model else result.engine
    yield f"engine   {model} on {result.device}, loaded in {result.load_s:.1f} s"
    if result.model_sha256:
        yield f"model    SHA-256 {result.model_sha256[:_SHOWN]}..."
    if result.card:
        yield f"card     {result.card}, driver {result.driver}"
    yield f"audio    {result.audio_s:.1f} s per recording"
    yield f"{'batch':>5} {'call s':>9} {'RTF':>8} {'streams':>8}"
    for one in result.speeds:
        yield f"{one.batch:5} {one.call_s:9.3f} {one.rtf:8.4f} {one.streams:8}"
    gpu = "" if result.gpu_memory_bytes is None else f", {result.gpu_memory_bytes / _MEGABYTE:.0f} MB of the card"
    yield f"memory   {result.memory_bytes / _MEGABYTE:.0f} MB{gpu}"
    if result.text_equal is not None:
        yield f"text     {'equal to' if result.text_equal else 'DIFFERS from'} the processor's"


def run(settings: EngineSettings, file: str, plan: BenchPlan, *, as_json: bool) -> int:
    """Measure and print; return the exit status. 0: measured; 1: decoding fails; 3: no engine."""
    try:
        plan = BenchPlan(sound(file), plan.batches, plan.rounds)
        result = asyncio.run(measure(settings, plan))
    except EngineUnavailable as error:
        say(str(error), err=True)
        return 3
    except (EngineFault, SpeechError) as error:
        say(str(error), err=True)
        return 1
    for line in (msgspec.json.encode(result).decode(),) if as_json else table(result):
        say(line)
    return 0


def read_batches(text: str) -> tuple[int, ...]:
    """Return the sizes of ``1,4,16``. Raises ``ValueError``."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < _MOST_DIGITS and int(part) for part in parts):
        raise ValueError(f"{text!r} is not a list of sizes such as 1,4,16")
    return tuple(map(int, parts))
