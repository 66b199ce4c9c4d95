"""Run dictation with gateway, broker and worker as real processes.

Texts are checksums of the audio.
"""

from pathlib import Path

import numpy as np

from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.journal.take import TakeState
from client.connection import Address
from client.errors import Unreachable
from loadtest.checksum import checksum
from protocol.endpoint import decode_endpoint
from speech.audio_file import read_audio
from tests.app.dictation.world import World, dictating
from tests.app.speech import recording
from tests.helpers.chain import Chain, running_chain
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

CHAIN_S = 90.0


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
    wishes = DictationOptions(TalkMode.HYBRID, keys={"dictate": "f9"})
    with running_chain(tmp_path, broker.url) as chain:
        gateway, _ = chain.gateway()
        chain.worker()
        async with dictating(tmp_path, models, lambda: locate_in(chain), talk, wishes) as world:
            world.hotkeys.press()
            world.hotkeys.release()
            await world.is_in(State.LISTENING)
            await wait_until(lambda: world.inserter.texts, "texts come while somebody speaks", CHAIN_S)
            gateway.kill()
            chain.endpoint_file().unlink()
            await world.all_heard()
            world.hotkeys.press()
            world.hotkeys.release()
            await wait_until(lambda: world.dictating.view.state is not State.LISTENING, "it is stopped")
            await world.dictate()
            await wait_until(lambda: world.dictating.view.unsent_s > 5, "it is told what is unsent")
            assert world.dictating.view.waiting == 1
            chain.gateway()
            await wait_until(lambda: world.ended == 2, "both have ended", CHAIN_S)
            world.dictating.ask(Verb.QUIT)
            assert world.running is not None
            await world.running
        assert world.inserter.text() == " ".join(texts_of(world))
