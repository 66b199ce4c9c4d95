"""Cost of voice activity detection: CPU time per second of audio, by stage, compared with other detectors.

    python -m benchmarks.vad [--model FOLDER] [--audio FOLDER] [--json FILE]

All are measured in the same run, in chunks of 60 and 100 ms, as from a microphone. The reference is FunASR's torch
model (one thread, its own streaming call, the same chunks) if it is installed, else WebRTC's detector.
"""

import contextlib
import io
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import arguments, describe, table, write_json
from protocol.audio import SAMPLE_RATE, samples_to_seconds
from runtime.folders import folders
from speech.audio_file import read_audio
from speech.endpointing import EndpointDetector, FrameClock, rules_for
from speech.features import FRAME_SHIFT, LATENCY, FeatureStream, load_cmvn
from speech.fsmn_vad import FsmnNetwork, FsmnVad
from speech.vad import Vad
from speech.webrtc_vad import WebRtcVad
from tests.helpers.recordings import SYNTHETIC

_CHUNKS_MS: Final = (60, 100)
_ENDPOINT_SILENCE_MS: Final = 800
_ROUNDS: Final = 5
_SECONDS: Final = 30

Samples = NDArray[np.int16]
Chunks = Sequence[Samples]


@dataclass(frozen=True)
class Cost:
    """Milliseconds of CPU time per second of audio."""

    detector: str
    chunk_ms: int
    total: float
    features: float = float("nan")
    network: float = float("nan")
    rules: float = float("nan")


def main() -> None:
    """Measure, print and save the figures."""
    logging.disable(logging.WARNING)  # funasr logs a lot
    options = arguments(__doc__, model=str(folders().models / "fsmn-vad"), audio=str(SYNTHETIC))
    model = Path(options.model)
    samples = _audio(Path(options.audio))
    rows: list[dict[str, object]] = []
    for chunk_ms in _CHUNKS_MS:
        size = chunk_ms * SAMPLE_RATE // 1000
        chunks = [samples[at : at + size] for at in range(0, len(samples), size)]
        costs = [_fsmn(model, chunks, chunk_ms), _webrtc(chunks, chunk_ms)]
        reference = _funasr(model, chunks, chunk_ms) or costs[-1]
        costs += [reference] if reference not in costs else []
        rows += [_row(cost, reference) for cost in costs]
    title = f"VAD, CPU ms per second of audio ({samples_to_seconds(len(samples)):.0f} s, best of {_ROUNDS})"
    table(title, rows)
    print("\nOn " + ", ".join(f"{name} {value}" for name, value in describe().items()))
    write_json(options.json, title, rows)


def _row(cost: Cost, reference: Cost) -> dict[str, object]:
    stages = {name: getattr(cost, name) for name in ("features", "network", "rules")}
    return {
        "detector": cost.detector,
        "chunk_ms": cost.chunk_ms,
        **{f"{name}_ms": "" if np.isnan(value) else value for name, value in stages.items()},
        "total_ms": cost.total,
        "share_of_a_core": f"{cost.total / 10:.2f} %",
        f"ratio_to_{reference.detector}": cost.total / reference.total,
    }


def _audio(folder: Path) -> Samples:
    blocks = [block for path in sorted(folder.glob("*.flac")) for block in read_audio(path)]
    return np.concatenate(blocks)[: _SECONDS * SAMPLE_RATE]


def _fsmn(folder: Path, chunks: Chunks, chunk_ms: int) -> Cost:
    cmvn, network = load_cmvn(folder / "am.mvn"), FsmnNetwork(folder / "model.onnx")
    clock, rules = FrameClock(FRAME_SHIFT, LATENCY), rules_for(_ENDPOINT_SILENCE_MS)
    stream = FeatureStream(cmvn)
    features = [stream.accept(chunk) for chunk in chunks]
    speech = [network.speech(part) >= 0.8 for part in features]

    def extract() -> None:
        stream = FeatureStream(cmvn)
        for chunk in chunks:
            stream.accept(chunk)

    def infer() -> None:
        network.reset()
        for part in features:
            network.speech(part)

    def decide() -> None:
        detector = EndpointDetector(rules, clock)
        for part in speech:
            detector.accept(part)

    seconds = _seconds(chunks)
    stages = [_cpu_ms(stage) / seconds for stage in (extract, infer, decide)]
    total = _whole(FsmnVad(folder, _ENDPOINT_SILENCE_MS), chunks)
    return Cost("fsmn-vad", chunk_ms, total, *stages)


def _webrtc(chunks: Chunks, chunk_ms: int) -> Cost:
    return Cost("webrtc-vad", chunk_ms, _whole(WebRtcVad(_ENDPOINT_SILENCE_MS), chunks))


def _whole(vad: Vad, chunks: Chunks) -> float:
    def run() -> None:
        vad.reset()
        for chunk in chunks:
            vad.accept(chunk)
        vad.finish()

    return _cpu_ms(run) / _seconds(chunks)


def _funasr(folder: Path, chunks: Chunks, chunk_ms: int) -> Cost | None:
    """Measure FunASR's own streaming; return ``None`` if it is not installed.

    Its prints are kept out of our output.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from funasr import AutoModel

            options = {"device": "cpu", "ncpu": 1, "disable_update": True, "disable_pbar": True}
            model: Any = AutoModel(model=str(folder), **options)
    except ImportError:
        return None
    floats = [chunk.astype(np.float32) / 32768 for chunk in chunks]
    fixed = {"chunk_size": chunk_ms, "max_end_silence_time": _ENDPOINT_SILENCE_MS, "speech_noise_thres": 0.6}

    def run() -> None:
        cache: dict[str, Any] = {}
        for number, chunk in enumerate(floats, 1):
            model.generate(input=chunk, cache=cache, is_final=number == len(floats), **fixed)

    return Cost("funasr-torch", chunk_ms, _cpu_ms(run, rounds=1) / _seconds(chunks))


def _seconds(chunks: Chunks) -> float:
    return samples_to_seconds(sum(len(chunk) for chunk in chunks))


def _cpu_ms(run: Callable[[], None], rounds: int = _ROUNDS) -> float:
    """Return the CPU time of this process in the best round, with all threads.

    The best round counts, because other processes share the machine.
    """
    times = []
    for _ in range(rounds):
        before = time.process_time()
        run()
        times.append(time.process_time() - before)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
