"""Live text from a streaming worker: its cost by the length of an utterance, its delay, and the cost of a kill.

    python -m benchmarks.streaming [--sessions 10] [--rounds 3] [--json FILE]

Everything is real but the models: gateway, Valkey, workers, and sherpa-onnx on a tiny transducer of random weights
(`stub`), whose cost is that of features, states and transport. The engine `ruler` writes a word per second of
audio, so that the delay of each word is known; a word cannot come before its second is over. Hypotheses of an
ordinary worker are measured beside it. Processor time is that of a process and its children, per second of speech.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

from benchmarks.programs import cpu_seconds
from benchmarks.report import Row, arguments, table, write_json
from loadtest.measurement.figures import percentile
from tests.conftest import ROOT
from tests.helpers.chain import Chain, Program, running_chain
from tests.helpers.live_speaker import LiveSpeaker, sound, streamers_known
from tests.helpers.ruler_engine import ENGINE, measured
from tests.helpers.streaming_engine import STREAMING_ENGINE
from tests.helpers.valkey import running_broker
from tests.helpers.waiting import wait_until

T = TypeVar("T")

LENGTHS_S: Final = (5, 25)
CROWDS: Final = (1, 50)
_STUB: Final = ("--engine", "sherpa-onnx", "--set", f"folder={ROOT / 'tests' / 'data' / 'stub-transducer'}")
_RULER: Final = ("--engine", STREAMING_ENGINE)
_WORKER: Final = "kikipounamu-worker"


def streamer(chain: Chain, engine: Sequence[str], name: str = "live") -> Program:
    """Start a streaming worker."""
    return chain.start(name, _WORKER, "stream", "--redis", str(chain.redis), *engine, home=name)


def cpu_s(program: Program) -> float:
    """Return the processor time of a program and its children."""
    return cpu_seconds(program.popen.pid, descendants=True)


async def speak(url: str, sessions: int, seconds: float, pace: float = 1.0) -> list[LiveSpeaker]:
    """Let this many speakers say an utterance at the same time."""
    speakers = [LiveSpeaker(url, sound(seconds, seed), pace) for seed in range(sessions)]
    await asyncio.gather(*(speaker.speak() for speaker in speakers))
    assert all(speaker.final == measured(speaker.pcm) for speaker in speakers), "a final is wrong"
    return speakers


async def cost(root: Path, redis: str, engine: Sequence[str], sessions: int, rounds: int) -> list[Row]:
    """Return the processor time per second of speech, of short and of long utterances in turn."""
    used: dict[int, list[tuple[float, float]]] = {seconds: [] for seconds in LENGTHS_S}
    with running_chain(root, redis, quiet=True) as chain:
        gateway, endpoint = chain.gateway()
        other = chain.worker("--engine", ENGINE)
        worker = streamer(chain, engine) if engine else other
        if engine:
            await streamers_known(endpoint.url)
        await speak(endpoint.url, sessions, 2)
        for _ in range(rounds):
            for seconds in LENGTHS_S:
                before = cpu_s(worker), cpu_s(gateway)
                speech_s = 0.0
                for _ in range(max(LENGTHS_S) // seconds):  # as much speech of each length
                    await speak(endpoint.url, sessions, seconds)
                    speech_s += seconds * sessions
                after = cpu_s(worker), cpu_s(gateway)
                used[seconds].append(((after[0] - before[0]) / speech_s, (after[1] - before[1]) / speech_s))
    return [
        {
            "live_text_from": engine[1] if engine else "hypotheses",
            "utterance_s": seconds,
            "worker_cpu_ms_per_s": 1000 * median(one for one, _ in found),
            "gateway_cpu_ms_per_s": 1000 * median(two for _, two in found),
        }
        for seconds, found in used.items()
    ]


async def delay(root: Path, redis: str, sessions: int) -> Row:
    """Return how long after its second a word is shown."""
    with running_chain(root, redis, quiet=True) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", ENGINE)
        worker = streamer(chain, _RULER)
        await streamers_known(endpoint.url)
        before = cpu_s(worker)
        speakers = await speak(endpoint.url, sessions, 10)
        used = (cpu_s(worker) - before) / (10 * sessions)
    lags = [sent - len(partial.text.split()) for one in speakers for sent, partial in one.partials if partial.text]
    shown = sum(len(one.partials) for one in speakers)
    return {
        "sessions": sessions,
        "partials": shown,
        "delay_p50_s": percentile(lags, 0.5),
        "delay_p95_s": percentile(lags, 0.95),
        "worker_cpu_ms_per_s": 1000 * used,
    }


async def after_a_kill(root: Path, redis: str) -> float:
    """Kill the worker that makes the live text; return the seconds of speech until the next partial."""
    with running_chain(root, redis, quiet=True) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", ENGINE)
        logs = [root / f"{name}.pieces" for name in ("first", "second")]
        workers = [streamer(chain, (*_RULER, "--set", f"log={log}"), log.stem) for log in logs]
        await streamers_known(endpoint.url, 2)
        speaker = LiveSpeaker(endpoint.url, sound(10, 1))
        speaking = asyncio.create_task(speaker.speak())
        await wait_until(lambda: len(speaker.partials) >= 4, "live text came")
        workers[0 if logs[0].exists() else 1].kill()
        killed_s, before = speaker.sent_s, len(speaker.partials)
        await speaking
    assert speaker.final == measured(speaker.pcm), "the final changed"
    return speaker.partials[before][0] - killed_s


def _alone(measured: Callable[..., Coroutine[Any, Any, T]], *arguments: object) -> T:
    """Measure with a broker and a folder of its own."""
    with running_broker() as broker, tempfile.TemporaryDirectory() as root:
        return asyncio.run(measured(Path(root), broker.url, *arguments))


def measure(sessions: int, rounds: int) -> tuple[list[Row], list[Row], list[Row]]:
    """Measure cost, delay, and kills, each with a chain of its own."""
    os.environ["PYTHONPATH"] = str(ROOT)
    costs = [row for engine in (_STUB, ()) for row in _alone(cost, engine, sessions, rounds)]
    delays = [_alone(delay, crowd) for crowd in CROWDS]
    gaps = [_alone(after_a_kill) for _ in range(rounds)]
    return costs, delays, [{"kills": rounds, "gap_p50_s": median(gaps), "gap_max_s": max(gaps)}]


def main() -> None:
    """Measure, and print three tables."""
    options = arguments(__doc__, sessions=10, rounds=3)
    costs, delays, kills = measure(options.sessions, options.rounds)
    table("cost by the length of an utterance", costs)
    table("delay of a word", delays)
    table("kill -9 in mid-utterance", kills)
    write_json(options.json, "streaming", [*costs, *delays, *kills])


if __name__ == "__main__":
    main()
