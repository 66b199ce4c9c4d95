"""The gateway over real sockets, with a real Valkey."""

from backend.gateway import Gateway
from protocol.session import Done, Final, Finish, Received
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.backend.wire import connected, tone
from tests.helpers.valkey import Broker


async def test_audio_becomes_text_and_the_session_ends(gateway: Gateway, broker: Broker) -> None:
    pieces = [tone(8_000, seed) for seed in range(3)]
    async with working(broker.url) as worker, connected(gateway.url, KEY) as wire:
        for n, pcm in enumerate(pieces):
            await wire.segment(n, pcm)
        await wire.say(Finish(len(pieces)))
        done = await wire.expect(Done)
        for n in range(len(pieces)):
            await wire.say(Received(n))
        assert await wire.until_closed() == 1000
        finals = {message.segment: message.text for message in wire.seen if isinstance(message, Final)}
        assert finals == {n: f"8000:{sum(pcm)}" for n, pcm in enumerate(pieces)}
        assert done == Done(3, " ".join(finals[n] for n in range(3)))
        assert worker.ended == 3
