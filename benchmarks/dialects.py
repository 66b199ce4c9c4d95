"""Cost of other products' protocols: CPU per hour of audio, compared with that of our own protocol.

    python -m benchmarks.dialects [--streams 200] [--seconds 24] [--vad model,simple] [--json FILE]
                                  [--apis own,own-live,funasr,realtime,realtime-24k,earlier]

A real gateway, with its embedded broker and a worker with the checksum engine, receives ``--streams`` at speaking
pace, in blocks of 100 ms. All have the same sentences. Clients of our own protocol detect speech themselves, as
the app does; for the others the gateway detects it, with the VAD model or a simpler detector. ``own-live`` asks
for live text, which FunASR and Realtime always send. Every text is compared with the digests of the segments.
"""

import asyncio
import os
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import aiohttp
import numpy as np
import psutil
import soxr

from app.transcription.pipeline import Samples
from backend.configuration import VAD_MODEL
from benchmarks.programs import broker_of, cpu_seconds, temporary_chain
from benchmarks.report import arguments, report, table
from benchmarks.speakers import PLAIN, Speaker, Tally, Utterance, connected
from loadtest.core.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.endpoint import Endpoint
from protocol.recognition import Options
from protocol.texts import join_texts
from runtime.folders import folders
from speech.audio_file import read_audio
from speech.resampling import Resampler
from speech.segmenter import SegmentAudio, SegmentClosed, Segmenter, SegmenterOptions, SegmentOpened
from speech.vad import open_vad
from tests.app.speech import SPEECH
from tests.helpers.chain import Chain
from worker.core.decoding import amplify

_BLOCK_S: Final = 0.1
_CHUNK_S: Final = 0.5
"""Length of the chunks that clients of the earlier server send."""
_PAUSE_S: Final = 0.8
_ANSWER_S: Final = 120.0
_ENDPOINT_MS: Final = 600


Row = dict[str, Any]
"""Result: CPU seconds of gateway and broker per hour of audio, memory, and counts of texts."""


@dataclass(frozen=True)
class Talk:
    """Audio of every speaker. ``segments``: those that a segmenter finds in it; ``text``: of all segments."""

    samples: Samples
    rate: int
    segments: Sequence[Utterance]
    text: str

    @property
    def seconds(self) -> float:
        """Length of the audio in seconds."""
        return len(self.samples) / self.rate


def make_talk(seconds: float, vad_folder: Path | None, rate: int = SAMPLE_RATE) -> Talk:
    """Return about this many seconds of sentences with pauses; ``rate``: sample rate of the client."""
    pause, parts = np.zeros(int(_PAUSE_S * SAMPLE_RATE), np.int16), list[Samples]()
    known = sorted(SPEECH.glob("*.flac"))
    while sum(map(len, parts)) < seconds * SAMPLE_RATE:
        parts += [*read_audio(known[len(parts) // 2 % len(known)]), pause]
    samples = np.concatenate(parts)
    heard = samples
    if rate != SAMPLE_RATE:
        samples = soxr.resample(samples, SAMPLE_RATE, rate)
        resampler = Resampler(rate)
        floats = samples.astype(np.float32) / np.float32(32_768)
        heard = np.concatenate([resampler.accept(floats), resampler.finish()])
    segments, texts = _segments(heard, vad_folder)
    return Talk(samples, rate, segments, join_texts(texts))


def _segments(samples: Samples, vad_folder: Path | None) -> tuple[list[Utterance], list[str]]:
    """Return our own clients' messages for this audio, and the texts of the segments that the gateway finds."""
    vad, segmenter = open_vad(vad_folder, _ENDPOINT_MS), Segmenter(SegmenterOptions())
    events = vad.accept(samples)
    outputs = list(segmenter.accept(samples, events))
    outputs += [*segmenter.accept(samples[:0], vad.finish()), *segmenter.finish()]
    segments, texts, pieces, gain_db = list[Utterance](), list[str](), bytearray(), 0
    for output in outputs:
        match output:
            case SegmentOpened():
                pieces, gain_db = bytearray(), output.gain_db
            case SegmentAudio():
                pieces += output.pcm
            case SegmentClosed(_, count):
                pcm = bytes(pieces[: count * BYTES_PER_SAMPLE])
                segments.append(Utterance(pcm, checksum(pcm)))
                texts.append(checksum(amplify(pcm, gain_db)))
    return segments, texts


Speak = Callable[[aiohttp.ClientSession, Endpoint, Talk], Coroutine[Any, Any, bool]]
"""Streams the talk at speaking pace; returns whether the text is right."""


async def _own(http: aiohttp.ClientSession, endpoint: Endpoint, talk: Talk, options: Options = PLAIN) -> bool:
    tally = Tally()
    await Speaker(list(talk.segments), 1.0, tally, options=options).speak(http, endpoint)
    return tally.right == len(talk.segments) and not tally.twice


async def _own_live(http: aiohttp.ClientSession, endpoint: Endpoint, talk: Talk) -> bool:
    return await _own(http, endpoint, talk, Options(partials=True))


async def _funasr(http: aiohttp.ClientSession, endpoint: Endpoint, talk: Talk) -> bool:
    texts: list[str] = []
    async with http.ws_connect(f"{endpoint.url}/v1/funasr", headers=_bearer(endpoint)) as socket:
        await socket.send_json({"mode": "2pass", "is_speaking": True})

        async def read() -> None:
            while True:
                message = await socket.receive_json(timeout=_ANSWER_S)
                if message["mode"] == "2pass-offline":
                    texts.append(message["text"])
                if message["is_final"]:
                    return

        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            async for block in _blocks(talk):
                await socket.send_bytes(block)
            await socket.send_json({"is_speaking": False})
    return "".join(texts) == talk.text


async def _realtime(http: aiohttp.ClientSession, endpoint: Endpoint, talk: Talk) -> bool:
    given: dict[str, Any] = {"format": {"type": "audio/pcm", "rate": talk.rate}}
    given["turn_detection"] = {"type": "server_vad", "silence_duration_ms": _ENDPOINT_MS}
    session = {"type": "transcription", "audio": {"input": given}}
    texts, order = dict[str, str](), list[str]()
    async with http.ws_connect(f"{endpoint.url}/v1/realtime", headers=_bearer(endpoint)) as socket:
        await socket.send_json({"type": "session.update", "session": session})

        async def read() -> None:
            updates = 0
            while updates < 2:  # the second one comes after all texts
                event = await socket.receive_json(timeout=_ANSWER_S)
                updates += event["type"] == "session.updated"
                if event["type"] == "input_audio_buffer.committed":
                    order.append(event["item_id"])
                if event["type"].endswith("transcription.completed"):
                    texts[event["item_id"]] = event["transcript"]

        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            async for block in _blocks(talk):
                audio = b64encode(block).decode()
                await socket.send_json({"type": "input_audio_buffer.append", "audio": audio})
            given["transcription"] = {"language": "en"}
            await socket.send_json({"type": "session.update", "session": session})
    return join_texts(texts.get(item, "") for item in order) == talk.text


async def _earlier(http: aiohttp.ClientSession, endpoint: Endpoint, talk: Talk) -> bool:
    async with http.ws_connect(f"{endpoint.url}/ws/asr", headers=_bearer(endpoint)) as socket:
        name = {"session_id": "benchmark"}
        await socket.send_json({"action": "start", **name})

        async def read() -> str:
            while (message := await socket.receive_json(timeout=_ANSWER_S))["type"] not in (
                "final_result",
                "error",
            ):
                pass
            return str(message.get("text", ""))

        async with asyncio.TaskGroup() as group:
            reading, index = group.create_task(read()), 0
            async for block in _blocks(talk, _CHUNK_S):
                audio = b64encode(block).decode()
                await socket.send_json({"action": "chunk", **name, "chunk_index": index, "audio_data": audio})
                index += 1
            await socket.send_json({"action": "finish", **name})
    return reading.result() == talk.text


APIS: Final[dict[str, tuple[Speak, int]]] = {
    "own": (_own, SAMPLE_RATE),
    "own-live": (_own_live, SAMPLE_RATE),
    "funasr": (_funasr, SAMPLE_RATE),
    "realtime": (_realtime, SAMPLE_RATE),
    "realtime-24k": (_realtime, 24_000),
    "earlier": (_earlier, SAMPLE_RATE),
}


async def _blocks(talk: Talk, block_s: float = _BLOCK_S) -> AsyncIterator[bytes]:
    """Yield the audio at speaking pace."""
    size, due = int(talk.rate * block_s), time.monotonic()
    for start in range(0, len(talk.samples), size):
        due += block_s
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield talk.samples[start : start + size].tobytes()


def _bearer(endpoint: Endpoint) -> dict[str, str]:
    return {"Authorization": f"Bearer {endpoint.key}"}


async def _all_speak(speak: Speak, endpoint: Endpoint, talk: Talk, streams: int) -> list[bool]:
    """Run all speakers; their starts are spread over two seconds."""
    async with connected() as http, asyncio.TaskGroup() as group:
        tasks = []
        for _ in range(streams):
            tasks.append(group.create_task(speak(http, endpoint, talk)))
            await asyncio.sleep(2 / streams)
    return [task.result() for task in tasks]


def measure(api: str, vad: str, streams: int, seconds: float) -> Row:
    """Return the cost of one API; its ``ratio`` is filled in later."""
    speak, rate = APIS[api]
    model = folders().models / VAD_MODEL if vad == "model" else None
    talk = make_talk(seconds, model, rate)
    with (
        tempfile.TemporaryDirectory() as empty,
        patch.dict(os.environ, {"KIKIPOUNAMU_MODELS": str(model.parent if model else empty)}),
        temporary_chain() as chain,
    ):
        return {"api": api, "vad": vad, "streams": streams} | _measured(chain, streams, talk, speak)


def _measured(chain: Chain, streams: int, talk: Talk, speak: Speak) -> Row:
    settings = chain.root / "home" / "config" / "gateway.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("earlier_protocol = true\n")
    program, endpoint = chain.gateway()
    chain.worker("--engine", "checksum", "--set", "slots=8")
    pids = program.popen.pid, broker_of(program.popen.pid)
    asyncio.run(_all_speak(speak, endpoint, talk, 1))  # waits for the worker, and warms the code up
    before = [cpu_seconds(pid) for pid in pids]
    right = asyncio.run(_all_speak(speak, endpoint, talk, streams))
    hours = streams * talk.seconds / 3600
    gateway_cpu, broker_cpu = ((cpu_seconds(pid) - then) / hours for pid, then in zip(pids, before, strict=True))
    return {
        "gateway_cpu": gateway_cpu,
        "broker_cpu": broker_cpu,
        "ratio": 0.0,  # of the gateway's cost, to that with our own protocol
        "peak_mb": psutil.Process(pids[0]).memory_info().rss / 2**20,
        "right": sum(right),
        "wrong": right.count(False),
    }


def compared(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the ratio of each gateway's cost to that of our own protocol."""
    (own,) = [row["gateway_cpu"] for row in rows if row["api"] == "own"] or [float("nan")]
    return [row | {"ratio": row["gateway_cpu"] / own} for row in rows]


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, streams=200, seconds=24.0, apis=",".join(APIS), vad="model,simple")
    vads, rows = options.vad.split(","), list[Row]()
    for api in options.apis.split(","):
        for vad in vads[:1] if api.startswith("own") else vads:  # our own clients find the speech themselves
            rows.append(measure(api, vad, options.streams, options.seconds))
            table("dialects", rows)
    report("dialects", compared(rows), options.json)


if __name__ == "__main__":
    main()
