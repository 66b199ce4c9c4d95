"""The digits model through the whole chain: what FunASR itself writes, exactly, and each text at its segment."""

import random
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from tests.helpers.chain import running_chain
from tests.helpers.conversation import conversation
from tests.helpers.digits import MODEL, every_digits
from tests.helpers.valkey import Broker
from worker.engines.funasr import create

pytestmark = [pytest.mark.funasr, pytest.mark.serial]

FUNASR = ("--engine", "funasr", "--set", f"folder={MODEL}", "--device", "cpu", "--threads", "1")
SPOKEN, WRITTEN = Options("en", itn=False), Options("en", itn=True)
SEGMENTS = 60
AHEAD = 8  # segments on their way: well within the window of a session


def directly(said: list[bytes], options: Options) -> list[str]:
    """What the engine says to each when nothing is between."""
    engine = create(EngineSettings("funasr", device="cpu", threads=1, extra={"folder": str(MODEL)}))
    alone = [engine.decode([DecodeRequest(pcm, options)])[0] for pcm in said]
    return [outcome.text for outcome in alone if isinstance(outcome, Transcript)]


async def test_the_chain_says_what_the_model_says(tmp_path: Path, broker: Broker) -> None:
    said = [digits.pcm for digits in every_digits()]
    expected = {options: directly(said, options) for options in (SPOKEN, WRITTEN)}
    assert all(len(texts) == len(said) and "" not in texts for texts in expected.values())
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker(*FUNASR)
        for options, texts in expected.items():
            async with conversation(endpoint, uuid4(), options=options) as (talk, _):
                finals = []
                for first in range(0, len(said), AHEAD):
                    numbers = range(first, min(first + AHEAD, len(said)))
                    for number in numbers:
                        await talk.segment(number, said[number])
                    finals += [await talk.final(number) for number in numbers]
            assert [final.text for final in finals] == texts
            assert {(final.model, final.language) for final in finals} == {("sensevoice-digits", "en")}
            assert {(final.emotion, final.event) for final in finals} == {("neutral", "speech")}


async def test_no_text_comes_to_another_segment(tmp_path: Path, broker: Broker) -> None:
    chance = random.Random(4)
    said = [digits.pcm for digits in every_digits()][:12]
    texts = directly(said, SPOKEN)
    noise = (np.random.default_rng(4).standard_normal(16_000) * 300).astype("<i2").tobytes()
    sounds, expected = [*said, noise, bytes(32_000)], [*texts, "", ""]
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        workers = [chain.worker(*FUNASR, name=f"worker-{number}") for number in range(2)]
        async with (
            conversation(endpoint, uuid4(), options=SPOKEN) as (one, _),
            conversation(endpoint, uuid4(), options=SPOKEN) as (other, _),
        ):
            spoken = [(talk, chance.randrange(len(sounds))) for _ in range(SEGMENTS // 2) for talk in (one, other)]
            await one.segment(0, sounds[spoken[0][1]])
            finals = [await one.final(0)]
            for number, (talk, sound) in enumerate(spoken[1:], 1):
                await talk.segment(number // 2, sounds[sound])
                if number == SEGMENTS // 2:
                    workers[0].kill()
            finals += [await talk.final(number // 2) for number, (talk, _) in enumerate(spoken[1:], 1)]
        assert [final.text for final in finals] == [expected[sound] for _, sound in spoken]
