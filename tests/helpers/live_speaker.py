"""A speaker with live text: sends one segment at a pace, and records each partial with its time."""

import asyncio
from dataclasses import dataclass, field

import aiohttp
import numpy as np

from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE
from protocol.recognition import Options
from protocol.session import Busy, Final, Partial, Queued, SegmentBegin, SegmentEnd
from tests.backend.wire import Wire
from tests.helpers.chain import KEY
from tests.helpers.waiting import wait_until

LIVE = Options(language="en", partials=True)


def sound(seconds: float, seed: int) -> bytes:
    """Return noise, different everywhere."""
    samples = np.random.default_rng(seed).integers(-2_000, 2_000, round(seconds * SAMPLE_RATE))
    return samples.astype("<i2").tobytes()


async def streamers_known(url: str, count: int = 1) -> None:
    """Wait until the gateway knows exactly ``count`` idle streaming workers, and another worker."""

    async def known() -> bool:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{url}/v1/workers") as response:
            workers = (await response.json())["workers"]
        able = [one["kinds"] for one in workers if one["state"] == "idle"]
        return able.count(["stream"]) == count and len(able) > count

    await wait_until(known, f"the gateway knows {count} streaming workers and another one")


@dataclass
class LiveSpeaker:
    """Client with a session of one segment. ``partials``: each with the seconds of speech before it."""

    url: str
    pcm: bytes
    pace: float = 1.0
    partials: list[tuple[float, Partial]] = field(default_factory=list)
    final: str = ""
    sent_s: float = 0.0

    async def speak(self) -> None:
        """Say the whole segment, and wait for its final."""
        async with Wire(self.url, KEY) as wire:
            await wire.hello(options=LIVE)
            await wire.say(SegmentBegin(0))
            listening = asyncio.create_task(self._listen(wire))
            await self._send(wire)
            await wire.say(SegmentEnd(0, len(self.pcm) // BYTES_PER_SAMPLE))
            await listening

    async def _send(self, wire: Wire) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        for at in range(0, len(self.pcm) // BYTES_PER_SAMPLE, FRAME_SAMPLES):
            frame = self.pcm[at * BYTES_PER_SAMPLE : (at + FRAME_SAMPLES) * BYTES_PER_SAMPLE]
            await wire.audio(0, frame, at)
            self.sent_s = (at + FRAME_SAMPLES) / SAMPLE_RATE
            await asyncio.sleep(max(0.0, started + self.sent_s * self.pace - clock()))

    async def _listen(self, wire: Wire) -> None:
        while not isinstance(message := await wire.next(), Final):
            assert isinstance(message, Partial | Queued | Busy), message or f"closed with {wire.closed}"
            if isinstance(message, Partial):
                self.partials.append((self.sent_s, message))
        self.final = message.text
