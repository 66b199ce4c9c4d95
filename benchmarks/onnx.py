"""Time of the int8 and float32 graphs of SenseVoiceSmall at full size, with random weights, in the same run.

    python -m benchmarks.onnx [--threads 2] [--rounds 5] [--json FILE]

Both engines decode the same 5 s of sound in turns; the median of each counts. The weights are random, so only the
times have a meaning. The benchmark writes 2.2 GB of temporary files, and needs the extra funasr.
"""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.report import arguments, report
from protocol.engine import DecodeRequest, EngineSettings
from tests.helpers.sensevoice import write_full_size
from worker.engines.batch_engine import BatchEngine
from worker.engines.onnx_export import export, quantise
from worker.engines.onnx_session import FILES
from worker.engines.sensevoice_onnx import create
from worker.supervision.doctor import sound

SECONDS = 5
PRECISIONS = ("fp32", "int8")


def times(engines: Mapping[str, BatchEngine], rounds: int) -> dict[str, float]:
    """Return the median decoding time of each engine in seconds; they take turns, after a first decode each."""
    request = DecodeRequest(sound()[: SECONDS * 32_000])
    spent: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds + 1):
        for name, engine in engines.items():
            begun = time.perf_counter()
            engine.decode([request])
            spent[name].append(time.perf_counter() - begun)
    return {name: median(each[1:]) for name, each in spent.items()}


def main() -> None:
    """Measure both precisions, print them, and save them if asked to."""
    options = arguments(__doc__, threads=2, rounds=5)
    with tempfile.TemporaryDirectory(prefix="kikipounamu-") as temporary:
        model, graphs = write_full_size(Path(temporary) / "model"), Path(temporary) / "graphs"
        quantise(export(model, graphs, "fp32"), graphs / FILES["int8"])
        engines = {}
        for name in PRECISIONS:
            extra = {"precision": name}
            settings = EngineSettings("sensevoice-onnx", name, str(graphs), "cpu", options.threads, extra)
            engines[name] = create(settings)
        measured = times(engines, options.rounds)
        sizes = {name: (graphs / FILES[name]).stat().st_size for name in PRECISIONS}
    rows = [
        {
            "precision": name,
            "MB": sizes[name] / 1e6,
            "ms": 1000 * measured[name],
            "RTF": measured[name] / SECONDS,
            "of_fp32": measured[name] / measured["fp32"],
        }
        for name in PRECISIONS
    ]
    report("SenseVoiceSmall as ONNX", rows, options.json, "onnx")


if __name__ == "__main__":
    main()
