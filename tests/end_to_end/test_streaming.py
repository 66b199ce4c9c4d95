"""Live text from streaming workers: real gateway, workers and broker, engines that take each sample once.

The text of a second is a digest of its samples, so that live text and final can be compared.
"""

import asyncio
from pathlib import Path

import pytest

from protocol.audio import SAMPLE_RATE
from tests.conftest import ROOT
from tests.helpers.chain import KEY, Chain, Program, running_chain
from tests.helpers.live_speaker import LiveSpeaker, sound, streamers_known
from tests.helpers.ruler_engine import ENGINE, measured
from tests.helpers.streaming_engine import STREAMING_ENGINE
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.serial

SESSIONS = 50
# The end of a segment is left out where the worker had no time for it before the segment ended.
TAIL_S = 1.0


@pytest.fixture(autouse=True)
def _engines_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def streamer(chain: Chain, name: str) -> tuple[Program, Path]:
    """Start a streaming worker. Returns it, and the file to which its engine writes the pieces that it gets."""
    log = chain.root / f"{name}.pieces"
    engine = ("--engine", STREAMING_ENGINE, "--set", f"log={log}")
    command = ("kikipounamu-worker", "stream", "--redis", str(chain.redis), *engine)
    return chain.start(name, *command, home=name), log


def samples_of(log: Path) -> int:
    """Return how many samples the engine got."""
    return sum(int(number) for number in log.read_text().split()) if log.exists() else 0


def check(speaker: LiveSpeaker, *, live: bool = True) -> None:
    """Check that the final is that of the whole segment, and that live text was its beginning.

    ``live``: live text is required. For a short segment, a busy computer may have none in time.
    """
    assert speaker.final == measured(speaker.pcm)
    assert speaker.partials or not live
    assert all(speaker.final.startswith(partial.text) for _, partial in speaker.partials)


async def test_live_text_costs_each_sample_once_however_long_and_many_the_segments(
    tmp_path: Path, broker: Broker
) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", ENGINE)
        _, log = streamer(chain, "live")
        await streamers_known(endpoint.url)
        for seconds in (5, 20):
            before = samples_of(log)
            speaker = LiveSpeaker(endpoint.url, sound(seconds, seconds), pace=0.3)
            await speaker.speak()
            check(speaker)
            fed = (samples_of(log) - before) / SAMPLE_RATE
            assert seconds - TAIL_S <= fed <= seconds
        before = samples_of(log)
        speakers = [LiveSpeaker(endpoint.url, sound(4, seed)) for seed in range(SESSIONS)]
        await asyncio.gather(*(speaker.speak() for speaker in speakers))
        fed = (samples_of(log) - before) / SAMPLE_RATE
    for speaker in speakers:
        check(speaker, live=False)
    assert sum(bool(speaker.partials) for speaker in speakers) > SESSIONS / 2
    assert fed <= SESSIONS * 4, "a state was lost"


async def test_killed_streaming_workers_cost_no_text(tmp_path: Path, broker: Broker) -> None:
    """The next worker continues within two seconds; after the last worker, hypotheses of the segment do."""
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", ENGINE)
        workers = [streamer(chain, name) for name in ("first", "second")]
        await streamers_known(endpoint.url, 2)
        speaker = LiveSpeaker(endpoint.url, sound(14, 1))
        speaking = asyncio.create_task(speaker.speak())
        await wait_until(lambda: len(speaker.partials) >= 4, "live text came")
        ((following, _),) = used = [each for each in workers if samples_of(each[1])]
        following.kill()
        killed_s, known = speaker.sent_s, len(speaker.partials)
        await wait_until(lambda: len(speaker.partials) >= known + 4, "live text came again")
        ((last, _),) = [each for each in workers if each not in used]
        last.kill()
        told_last = len(speaker.partials)
        await speaking
    assert speaker.final == measured(speaker.pcm)
    assert speaker.partials[known][0] - killed_s <= 2.0, speaker.partials
    live = [partial.text for _, partial in speaker.partials[:told_last]]
    assert all(speaker.final.startswith(text) for text in live)
    assert len(speaker.partials) > told_last


async def test_streaming_worker_serves_every_shard(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway("--shards", "3")
        chain.worker("--engine", ENGINE)
        _, log = streamer(chain, "live")
        await streamers_known(endpoint.url)
        speakers = [LiveSpeaker(endpoint.url, sound(3, seed)) for seed in range(12)]
        await asyncio.gather(*(speaker.speak() for speaker in speakers))
        fed_s = samples_of(log) / SAMPLE_RATE
    for speaker in speakers:
        check(speaker)
    assert 0.8 * 12 * 3 <= fed_s <= 12 * 3


async def test_streaming_worker_works_through_a_gateway(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    with running_chain(tmp_path) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", ENGINE)
        log = tmp_path / "pieces"
        engine = ("--engine", STREAMING_ENGINE, "--set", f"log={log}")
        through = ("--gateway", endpoint.url, "--key-file", str(key))
        chain.start("live", "kikipounamu-worker", "stream", *through, *engine, home="elsewhere")
        await streamers_known(endpoint.url)
        speaker = LiveSpeaker(endpoint.url, sound(3, 4))
        await speaker.speak()
    check(speaker)
    assert 2 * SAMPLE_RATE <= samples_of(log) <= 3 * SAMPLE_RATE
