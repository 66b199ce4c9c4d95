"""Speed of whisper-base on this machine, and the delay that the whole chain adds.

    python -m benchmarks.engine [--rounds 2] [--json FILE]

RTF = decoding time / audio time, on the shipped samples cut at 4 s. It is measured in the same run for the
engine called directly in this process, and for the same engine at the end of the chain.
"""

import asyncio
import time
from collections.abc import Sequence
from importlib.resources import as_file, files

import numpy as np

from benchmarks.programs import share_models, temporary_chain, whisper_options, whisper_settings
from benchmarks.report import arguments, report
from benchmarks.speakers import Speaker, Tally, Utterance, connected
from loadtest.measurement.figures import percentile
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint
from protocol.engine import DecodeRequest, Transcript
from protocol.recognition import Options
from speech.audio_file import read_audio
from worker.chinese_text import apply_chinese_style
from worker.engines.whisper.engine import create


def _segments() -> list[bytes]:
    cut = 4 * SAMPLE_RATE
    found: list[bytes] = []
    for sample in sorted((files("app") / "samples").iterdir(), key=lambda entry: entry.name):
        if sample.name.endswith(".flac"):
            with as_file(sample) as path:
                whole = np.concatenate(list(read_audio(path)))
            found += [whole[start : start + cut].tobytes() for start in range(0, len(whole) - cut + 1, cut)]
    return found


def _direct(segments: Sequence[bytes]) -> tuple[list[str], float]:
    engine = create(whisper_settings())
    texts, spent = [], 0.0
    engine.decode([DecodeRequest(segments[0])])  # warms the engine up, as in the chain
    for pcm in segments:
        start = time.perf_counter()
        (outcome,) = engine.decode([DecodeRequest(pcm)])
        spent += time.perf_counter() - start
        outcome = apply_chinese_style(outcome, Options())
        assert isinstance(outcome, Transcript), outcome
        texts.append(outcome.text)
    engine.close()
    return texts, spent


async def _through_the_chain(endpoint: Endpoint, utterances: list[Utterance]) -> Tally:
    tally = Tally()
    async with connected() as http:
        for utterance in utterances:  # one at a time: measures the chain, not the queue
            await Speaker([utterance], pace=0.0, tally=tally).speak(http, endpoint)
    return tally


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, rounds=2)
    segments = _segments() * options.rounds
    texts, spent = _direct(segments)
    utterances = [Utterance(pcm, text) for pcm, text in zip(segments, texts, strict=True)]
    share_models()
    with temporary_chain() as chain:
        _, endpoint = chain.gateway()
        chain.worker(*whisper_options())
        asyncio.run(_through_the_chain(endpoint, utterances[:1]))  # loads the model
        tally = asyncio.run(_through_the_chain(endpoint, utterances))
    row = {
        "segments": len(utterances),
        "audio_s": tally.audio_s,
        "direct_rtf": spent / tally.audio_s,
        "chain_rtf": tally.decode_s / tally.audio_s,
        "beyond_p50_ms": percentile(tally.beyond_ms, 0.5),
        "beyond_p95_ms": percentile(tally.beyond_ms, 0.95),
        "same_text": tally.right,  # segments with the same text from the chain and the direct call
    }
    report("engine", [row], options.json)


if __name__ == "__main__":
    main()
