"""Test that the whole chain returns the engine's direct output for the same segments."""

from importlib.resources import as_file, files
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from protocol.endpoint import Endpoint
from protocol.engine import DecodeRequest, EngineSettings, Transcript
from protocol.recognition import Options
from speech.audio_file import read_audio
from speech.segmenter import SegmentAudio, Segmenter
from speech.vad import open_vad
from tests.helpers.chain import running_chain
from tests.helpers.conversation import conversation
from tests.helpers.valkey import Broker
from worker.chinese_text import apply_chinese_style
from worker.engines.whisper.engine import create

pytestmark = pytest.mark.serial("engines")

LANGUAGES = {"english.flac": "en", "mandarin.flac": "zh"}


def segments(sample: str, vad_model: Path) -> list[bytes]:
    """Return the shipped sample as the on-device VAD cuts it."""
    vad, segmenter, cut = open_vad(vad_model), Segmenter(), dict[int, bytes]()
    with as_file(files("app") / "samples" / sample) as path:
        outputs = [out for block in read_audio(path) for out in segmenter.accept(block, vad.accept(block))]
    outputs += segmenter.accept(np.empty(0, np.int16), vad.finish())
    for output in [*outputs, *segmenter.finish()]:
        if isinstance(output, SegmentAudio):
            cut[output.segment] = cut.get(output.segment, b"") + output.pcm
    return list(cut.values())


async def through_the_chain(endpoint: Endpoint, said: list[bytes], options: Options) -> list[str]:
    async with conversation(endpoint, uuid4(), options=options) as (talk, _):
        for number, pcm in enumerate(said):
            await talk.segment(number, pcm)
        return [(await talk.final(number)).text for number in range(len(said))]


async def test_chain_returns_the_engines_text_unchanged(
    tmp_path: Path, broker: Broker, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    engine = create(EngineSettings("whisper", "whisper-base", str(models / "whisper-base"), "cpu"))
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", "whisper", "--model", "whisper-base", "--device", "cpu")
        for sample, language in LANGUAGES.items():
            said, options = segments(sample, models / "fsmn-vad"), Options(language=language)
            assert len(said) >= 2 and all(np.frombuffer(pcm, np.int16).any() for pcm in said)
            direct = engine.decode([DecodeRequest(pcm, options) for pcm in said])
            as_wanted = [apply_chinese_style(outcome, options) for outcome in direct]
            expected = [outcome.text for outcome in as_wanted if isinstance(outcome, Transcript)]
            assert all(expected) and await through_the_chain(endpoint, said, options) == expected
    engine.close()
