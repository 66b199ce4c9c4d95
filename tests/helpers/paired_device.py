"""A device on another computer that finds a gateway, pairs with it and reports events as JSON.

    pair CODE …           tries each code until one is right; ``--worker``: as a device that lends its GPU
    speak CODE            pairs, and speaks without a pause until SIGTERM; then keeps a segment open until the
                          connection is ended; with ``--key`` it is already paired
    command WORD … + …    sends commands to the broker through the tunnel, each on a new connection, with ``--key``

``--at URL``: use only this address; ``--certificate``: the required certificate. ``--quick``: detects a lost
connection at once.
"""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from typing import Final as Constant
from uuid import uuid4

import msgspec

from client.audio_store import TemporaryAudio
from client.connection import Address, Locate, fixed_locator
from client.discovery import GatewayFound, discover
from client.errors import GatewayError, NotPaired
from client.events import ClientEvent, Connected, Disconnected
from client.gateway import GatewayClient
from client.pairing import NewPairing, pair
from client.settings import ClientSettings
from protocol.audio import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE
from protocol.devices import DeviceKind
from protocol.session import Failed, Final
from runtime.logs import logging_to
from runtime.tasks import Tasks
from worker.broker.tunnel import Tunnel, carrier

NAME: Constant = "a device of the tests"
_LENGTHS_S: Constant = 0.4, 1.2
_FRAME_BYTES: Constant = FRAME_SAMPLES * BYTES_PER_SAMPLE
_PATIENT: Constant = ClientSettings(first_contact_s=300.0, give_up_s=300.0)
_QUICK: Constant = replace(_PATIENT, heartbeat_s=2.0, send_s=5.0, connect_s=3.0)
_ANSWER_S: Constant = 5.0


def sentence(seed: int, segment: int) -> bytes:
    """Return the audio of this segment: noise of an odd length."""
    source = random.Random(f"{seed}/{segment}")
    return source.randbytes(round(source.uniform(*_LENGTHS_S) * SAMPLE_RATE) * BYTES_PER_SAMPLE)


def say(what: str, **fields: Any) -> None:
    """Print a report; ``at``: the monotonic clock that all programs of a computer share."""
    line = {"what": what, "at": time.monotonic(), **fields}
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


class Following:
    """A changing ``Locate``: the current address of the gateway with this certificate, from mDNS."""

    def __init__(self, paired: Address) -> None:
        self._now = paired
        self._moved = asyncio.Event()

    def __call__(self) -> Address:
        return self._now

    async def until_moved(self, address: Address) -> None:
        """Wait until the address changes, for ``ClientSettings.until_moved``."""
        while address.url == self._now.url:
            self._moved.clear()
            await self._moved.wait()

    async def run(self) -> None:
        """Follow the announcements until cancelled."""
        async with aclosing(discover()) as events:
            async for event in events:
                if isinstance(event, GatewayFound) and event.certificate_sha256 == self._now.certificate_sha256:
                    self._now = replace(self._now, url=event.urls[0])
                    self._moved.set()
                    say("found", url=event.urls[0], name=event.name)


async def first_found() -> GatewayFound:
    """Return the first gateway that discovery finds."""
    async with aclosing(discover()) as events:
        async for event in events:
            if isinstance(event, GatewayFound):
                say("found", url=event.urls[0], name=event.name, certificate=event.certificate_sha256)
                return event
    raise AssertionError("discovery never ends")


async def paired(options: argparse.Namespace) -> NewPairing | None:
    """Try the codes in order, and return the pairing."""
    url = options.at or (await first_found()).urls[0]
    kind = DeviceKind.WORKER if options.worker else DeviceKind.CLIENT
    for code in options.words:
        try:
            pairing = await pair(url, code, NAME, kind, options.certificate)
        except GatewayError as error:
            tries = error.tries_left if isinstance(error, NotPaired) else None
            reason = error.reason if isinstance(error, NotPaired) else ""
            say("not paired", error=type(error).__name__, reason=reason, tries=tries)
        else:
            say("paired", device=pairing.device, **msgspec.to_builtins(pairing.address))
            return pairing
    return None


# -- speaking ----------------------------------------------------------------------------------------------


async def speak(options: argparse.Namespace) -> None:
    """Pair, speak, then hold a segment open."""
    settings = _QUICK if options.quick else _PATIENT
    if options.key:
        address = Address(options.at, options.key, certificate_sha256=options.certificate)
    elif (pairing := await paired(options)) is not None:
        address = pairing.address
    else:
        return
    async with where(address, fixed_there=bool(options.at)) as locate:
        if isinstance(locate, Following):
            settings = replace(settings, until_moved=locate.until_moved)
        try:
            await _speak_until_asked(locate, settings, options.seed)
            await _hold(locate, settings)
        except GatewayError as error:
            say("ended", error=type(error).__name__, reason=str(error))


@asynccontextmanager
async def where(address: Address, *, fixed_there: bool) -> AsyncIterator[Locate]:
    """Provide the gateway's current address: fixed, or followed by mDNS."""
    if fixed_there:
        yield fixed_locator(address)
        return
    following = Following(address)
    async with Tasks("device") as tasks:
        tasks.start(following.run(), "following")
        yield following
        assert not tasks.failed.done(), tasks.failed.result()


async def _speak_until_asked(locate: Locate, settings: ClientSettings, seed: int) -> None:
    enough, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, enough.set)
    with TemporaryAudio() as store:
        async with GatewayClient(locate, uuid4(), store, settings=settings) as client:
            listening = asyncio.create_task(_listen(client.events()), name="device/listen")
            try:
                segments = await _say_sentences(client, seed, enough)
                await client.finish()
            finally:
                await client.close()
                await asyncio.gather(listening, return_exceptions=True)
    say("finished", segments=segments)
    loop.remove_signal_handler(signal.SIGTERM)


async def _say_sentences(client: GatewayClient, seed: int, enough: asyncio.Event) -> int:
    """Speak at speaking pace without a pause, and return the number of segments."""
    clock = asyncio.get_running_loop().time
    due, samples = clock(), 0
    for segment in count():
        if enough.is_set():
            return segment
        pcm = sentence(seed, segment)
        say("began", segment=segment)
        await client.begin(segment, samples * 1000 // SAMPLE_RATE)
        for start in range(0, len(pcm), _FRAME_BYTES):
            frame = pcm[start : start + _FRAME_BYTES]
            due += len(frame) / BYTES_PER_SAMPLE / SAMPLE_RATE
            await asyncio.sleep(due - clock())
            await client.audio(segment, frame)
        samples += len(pcm) // BYTES_PER_SAMPLE
        await client.end(segment)
    raise AssertionError("there is always one more")


async def _listen(events: AsyncIterator[ClientEvent]) -> None:
    async for event in events:
        if isinstance(event, Final):
            say("text", segment=event.segment, text=event.text, worker=event.worker)
        elif isinstance(event, Failed):
            say("failed", segment=event.segment, message=event.message)
        elif isinstance(event, Connected | Disconnected):
            say(type(event).__name__.lower())


async def _hold(locate: Locate, settings: ClientSettings) -> None:
    """Keep a segment open until the connection is ended."""
    with TemporaryAudio() as store:
        async with GatewayClient(locate, uuid4(), store, settings=settings) as client:
            await client.begin(0, 0)
            await client.audio(0, bytes(_FRAME_BYTES))
            async for event in client.events():
                if isinstance(event, Connected):
                    say("holding")


# -- the broker --------------------------------------------------------------------------------------------


async def command(options: argparse.Namespace) -> None:
    """Send each command and report the answer."""
    through = carrier(options.at, options.key, options.certificate)
    for text in " ".join(options.words).split(" + "):
        words = [word.encode() for word in text.split()]
        request = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
        async with Tunnel(through) as tunnel, asyncio.timeout(_ANSWER_S):
            reader, writer = await tunnel.dial()
            writer.write(request)
            answer = await reader.readline()
            say("answered" if answer else "cut off", command=text, answer=answer.decode().strip())
            writer.close()


def main() -> None:
    """Parse the command line and run the chosen action."""
    does = {"pair": paired, "speak": speak, "command": command}
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=does)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--at", default="")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--key", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with logging_to("device", None, terminal=False):
        asyncio.run(does[options.what](options))


if __name__ == "__main__":
    main()
