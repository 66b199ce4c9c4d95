"""Run dictation with gateway, broker and worker as real processes.

Texts are checksums of the audio.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.journal.take import TakeState
from app.transcription.pipeline import Samples
from client.connection import Address
from client.errors import Unreachable
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import decode_endpoint
from runtime.event_names import LogEvent
from runtime.logger import EventRecord
from speech.audio_file import read_audio
from tests.app.dictation.world import FakeDevice, World, dictating
from tests.app.speech import recording
from tests.helpers.chain import Chain, running_chain
from tests.helpers.ruler_engine import ENGINE, measured
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

CHAIN_S = 90.0
BEGUN = 2 * SAMPLE_RATE
ROOT = Path(__file__).resolve().parents[3]


def locate_in(chain: Chain) -> Address:
    try:
        endpoint = decode_endpoint(chain.endpoint_file().read_bytes())
    except FileNotFoundError:
        raise Unreachable("no gateway at the moment") from None
    return Address(endpoint.url, endpoint.key)


def texts_of(world: World) -> list[str]:
    """Return the text of each take, oldest first.

    Check each against the samples on disk.
    """
    whole = []
    for found in reversed(world.found):
        assert found.state is TakeState.DONE
        audio = np.fromfile(found.audio, "<i2")
        assert np.array_equal(audio, world.devices.audio)
        for spoken, segment in zip(found.take.segments.values(), found.transcript.segments, strict=True):
            assert segment.text == checksum(audio[spoken.at : spoken.at + (spoken.samples or 0)].tobytes())
            assert spoken.inserted
        whole.append(found.transcript.text)
    return whole


async def test_overlapping_takes_are_inserted_in_order_when_gateway_is_killed(
    tmp_path: Path, models: Path, broker: Broker
) -> None:
    talk = np.concatenate(list(read_audio(recording("en-01", "zh-01", to=tmp_path / "talk.wav"))))
    options = DictationOptions(TalkMode.HYBRID, keys={"dictate": "f9"}, each_piece_at_once=True)
    with running_chain(tmp_path, broker.url) as chain:
        gateway, _ = chain.gateway()
        chain.worker()
        async with dictating(tmp_path, models, lambda: locate_in(chain), talk, options) as world:
            world.hotkeys.press()
            world.hotkeys.release()
            await world.is_in(State.LISTENING)
            await wait_until(lambda: world.inserter.texts, "texts come during speech", CHAIN_S)
            gateway.kill()
            chain.endpoint_file().unlink()
            await world.all_heard()
            world.hotkeys.press()
            world.hotkeys.release()
            await wait_until(lambda: world.dictating.view.state is not State.LISTENING, "it is stopped")
            await world.dictate()
            await wait_until(lambda: world.dictating.view.unsent_s > 5, "the unsent audio is shown")
            assert world.dictating.view.waiting == 1
            chain.gateway()
            await wait_until(lambda: world.ended == 2, "both have ended", CHAIN_S)
            world.dictating.ask(Verb.QUIT)
            assert world.running is not None
            await world.running
        assert world.inserter.text() == " ".join(texts_of(world))


def patient(caplog: pytest.LogCaptureFixture) -> type[FakeDevice]:
    """Return a microphone that continues once the welcome has shown that the gateway accepts spans."""
    caplog.set_level(logging.INFO)

    def connections() -> int:
        events = [record.event for record in caplog.records if isinstance(record, EventRecord)]
        return events.count(LogEvent.GATEWAY_CONNECTED)

    class Patient(FakeDevice):
        async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
            before = connections()
            async for block in super()._blocks(stopped):
                yield block
                if self.heard > BEGUN:
                    await wait_until(lambda: connections() > before, "this recording's session is welcomed")

    return Patient


async def test_second_pass_gives_each_sample_one_text_with_a_real_gateway(
    tmp_path: Path, models: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The text of the engine depends on all samples: the inserted text shows which segments it belongs to."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    talk = np.concatenate(list(read_audio(recording("zh-01", "en-01", to=tmp_path / "talk.wav"))))
    with running_chain(tmp_path, broker.url) as chain:
        chain.gateway()
        chain.worker("--engine", ENGINE)
        options = DictationOptions(TalkMode.TOGGLE)
        async with dictating(tmp_path, models, lambda: locate_in(chain), talk, options) as world:
            world.devices.kind = patient(caplog)
            for takes in range(1, 7):
                await world.dictate()
                await world.over(takes)
                await wait_until(lambda: world.found[0].state is TakeState.DONE, "the text is inserted", CHAIN_S)
                if takes >= 3 and any(found.take.replaced for found in world.found):
                    break  # on a busy computer most spans come too late
        whole = world.inserter.text().split()
        spans = 0
        for found in reversed(world.found):
            audio = np.fromfile(found.audio, "<i2")
            counted = sorted(found.take.counted.values(), key=lambda each: each.at)
            spans += sum(bool(each.details.replaces) for each in counted)
            for spoken in counted:
                words = measured(audio[spoken.at : spoken.at + (spoken.samples or 0)].tobytes()).split()
                assert whole[: len(words)] == words
                whole = whole[len(words) :]
            assert not found.take.held
        assert not whole, "nothing else is inserted"
        assert spans, "at least one span came in time"
