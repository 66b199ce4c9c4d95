"""Engine on a fake model: which requests share a call, and which outcome belongs to which request."""

import random
from collections.abc import Sequence
from typing import Any

from protocol.engine import DecodeFailure, DecodeRequest, EngineInfo, Transcript
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from tests.worker.engines.fake_model import FakeModel, engine_on, of_length, texts
from worker.engines.batch_engine import (
    PARAFORMER,
    SENSEVOICE,
    Answer,
    Asked,
    BatchEngine,
    calls,
)

SECOND = 16_000


def test_calls_group_requests_of_equal_options_and_similar_length() -> None:
    english: Asked = {"language": "en"}
    chinese: Asked = {"language": "zh"}
    assert calls([10, 20, 100, 60, 0], [english] * 5) == [[2, 3], [1, 0]]
    assert calls([10, 10, 10], [english, chinese, english]) == [[0, 2], [1]]
    assert calls([], []) == []


def test_calls_contain_every_nonempty_request_once() -> None:
    chance = random.Random(1)
    for _ in range(200):
        lengths = [chance.choice([0, 1, 500, 900, 2_000, 50_000]) for _ in range(chance.randrange(12))]
        asked: list[Asked] = [{"use_itn": chance.random() < 0.5} for _ in lengths]
        made = calls(lengths, asked)
        assert sorted(sum(made, [])) == [place for place, length in enumerate(lengths) if length]
        for call in made:
            assert len({str(asked[place]) for place in call}) == 1
            assert max(lengths[place] for place in call) <= 2 * min(lengths[place] for place in call)


def test_outcomes_match_their_requests_in_mixed_batches() -> None:
    chance = random.Random(2)
    engine = engine_on(FakeModel())
    for _ in range(100):
        batch, expected = [], []
        for _ in range(chance.randrange(1, 12)):
            samples = chance.choice([0, 300, *range(800, 40_000, 977)])
            options = Options(chance.choice(["auto", "en", "zh"]), itn=chance.random() < 0.5)
            batch.append(DecodeRequest(of_length(samples), options))
            expected.append(str(samples) if samples >= 800 else "")
        assert texts(engine, batch) == expected


def test_options_are_passed_to_the_model() -> None:
    model = FakeModel()
    texts(engine_on(model), [DecodeRequest(of_length(900), Options("yue", ("蓝莓",), itn=False))])
    assert model.asked == [([900], {"language": "yue", "use_itn": False})]


def test_words_of_an_answer_are_reported_with_its_text_only() -> None:
    silent = BatchEngine(
        EngineInfo("e", "m", "cpu"), SENSEVOICE, lambda *_: [Answer("<|nospeech|>a", (Word("a", 0, 9),))]
    )
    request = DecodeRequest(of_length(900))
    (heard,) = engine_on(FakeModel()).decode([request])
    assert isinstance(heard, Transcript) and heard.words == (Word("said", 0, 90),)
    assert silent.decode([request]) == [Transcript("")]


def test_paraformer_text_is_joined_and_punctuated_when_requested() -> None:
    def answer(recordings: Sequence[Any], asked: Asked) -> list[Answer]:
        return [Answer("打 开 wifi 吧")] * len(recordings)

    info = EngineInfo("funasr", "fake", "cpu")
    engine = BatchEngine(info, PARAFORMER, answer, lambda text: f"{text}。")
    pcm = of_length(900)
    batch = [DecodeRequest(pcm), DecodeRequest(pcm, Options(punctuation=False)), DecodeRequest(b"")]
    assert texts(engine, batch) == ["打开 wifi 吧。", "打开 wifi 吧", ""]


def test_invalid_requests_do_not_affect_the_rest_of_the_batch() -> None:
    model = FakeModel()
    halved, unknown, japanese, short, silent, good = engine_on(model, PARAFORMER).decode(
        [
            DecodeRequest(of_length(900) + b"\1"),
            DecodeRequest(of_length(900), Options("xx")),
            DecodeRequest(of_length(900), Options("ja")),
            DecodeRequest(of_length(256)),
            DecodeRequest(bytes(2 * SECOND)),
            DecodeRequest(of_length(900), Options("zh")),
        ]
    )
    assert isinstance(halved, DecodeFailure) and halved.code is ErrorCode.AUDIO_INVALID
    for refused in (unknown, japanese):
        assert isinstance(refused, DecodeFailure) and refused.code is ErrorCode.UNSUPPORTED
    assert short == silent == Transcript("")
    assert isinstance(good, Transcript) and good.text
    assert [lengths for lengths, _ in model.asked] == [[900]]
