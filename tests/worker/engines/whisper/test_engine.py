"""Whisper engine with the real base model."""

import gc
import weakref
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.fidelity.sounds import music
from protocol.captions import locate_words
from protocol.engine import (
    DecodeFailure,
    DecodeOutcome,
    DecodeRequest,
    EngineSettings,
    EngineUnavailable,
    Transcript,
)
from protocol.errors import ErrorCode
from protocol.recognition import Options
from tests.conftest import ROOT
from worker.engines.whisper.decoder import FRAMES_PER_SECOND, LONGEST_FRAMES, DecodeSettings, WindowOptions
from worker.engines.whisper.engine import WhisperEngine, create, load_options
from worker.engines.whisper.full_stops import with_likely_stops
from worker.engines.whisper.segment import SegmentDecoder

SPEECH = ROOT / "tests" / "data" / "speech"
SECOND = 16_000


@pytest.fixture(scope="module")
def engine(models: Path) -> WhisperEngine:
    """Return whisper-base on the CPU."""
    return create(EngineSettings("whisper", "whisper-base", str(models / "whisper-base"), "cpu", 2))


def recording(name: str) -> bytes:
    """Return the samples of a shipped recording."""
    samples, rate = soundfile.read(SPEECH / f"{name}.flac", dtype="int16")
    assert rate == SECOND
    return bytes(samples.astype("<i2").tobytes())


@cache  # two tests ask for the same
def recognised(engine: WhisperEngine, pcm: bytes, language: str = "auto") -> DecodeOutcome:
    """Return the outcome of a single request."""
    (outcome,) = engine.decode([DecodeRequest(pcm, Options(language=language))])
    return outcome


def test_english_text_is_equal_with_given_and_detected_language(engine: WhisperEngine) -> None:
    answer = recognised(engine, recording("en-03"), "en")
    assert answer == Transcript("Please remember to water the plants before you leave the house.", "en")
    assert recognised(engine, recording("en-03")) == answer


def test_whisper_writes_mandarin_in_simplified_characters(engine: WhisperEngine) -> None:
    outcome = recognised(engine, recording("zh-03"))
    assert isinstance(outcome, Transcript) and outcome.language == "zh"
    assert "火车去上海" in outcome.text and "提前半个小时到车站" in outcome.text


def test_translation_is_english_and_announced(engine: WhisperEngine) -> None:
    (outcome,) = engine.decode([DecodeRequest(recording("zh-03"), Options(task="translate"))])
    assert isinstance(outcome, Transcript) and outcome.language == "en"
    words = outcome.text.lower()  # which of them are right depends on the processor
    assert sum(word in words for word in ("tomorrow", "train", "shanghai", "station")) >= 2 and words.isascii()
    assert engine.info().translates


def test_batch_gives_the_same_texts_as_single_requests(engine: WhisperEngine) -> None:
    recordings = [recording("en-03"), recording("zh-03")]
    together = engine.decode([DecodeRequest(pcm) for pcm in recordings])
    assert list(together) == [recognised(engine, pcm) for pcm in recordings]


def test_only_listed_languages_are_considered(engine: WhisperEngine) -> None:
    (outcome,) = engine.decode([DecodeRequest(recording("zh-06"), Options(languages=("en", "fr", "zh")))])
    assert isinstance(outcome, Transcript) and outcome.language == "zh" and "时间" in outcome.text
    (outcome,) = engine.decode([DecodeRequest(recording("zh-06"), Options(languages=("en", "fr")))])
    assert isinstance(outcome, Transcript) and outcome.language in ("en", "fr")


def test_partial_with_one_beam_has_the_same_words(engine: WhisperEngine) -> None:
    (outcome,) = engine.decode([DecodeRequest(recording("en-03"), Options(language="en"), partial=True)])
    assert isinstance(outcome, Transcript)
    assert "water the plants before you leave the house" in outcome.text


def test_segment_beyond_one_window_is_decoded_to_its_end(engine: WhisperEngine) -> None:
    outcome = recognised(engine, recording("en-01") + silence(26) + recording("en-08"), "en")
    assert isinstance(outcome, Transcript)
    assert "about the garden" in outcome.text and "all of the tests pass" in outcome.text


def test_phrases_after_a_pause_have_times(engine: WhisperEngine) -> None:
    first, pause, second = recording("en-03"), silence(1.5), recording("en-07")
    outcome = recognised(engine, first + pause + second, "en")
    assert (
        isinstance(outcome, Transcript)
        and len(locate_words(outcome.text, outcome.words)) == len(outcome.words) >= 2
    )
    assert outcome.words[0].start_ms < 1000 and outcome.words[-1].end_ms > len(first + pause) // 32
    starts = [word.start_ms - len(first + pause) // 32 for word in outcome.words]
    assert any(abs(start) < 1000 for start in starts)


@pytest.mark.parametrize(("language", "names"), [("en", ("en-03", "en-07")), ("zh", ("zh-06", "zh-05"))])
def test_words_of_a_file_have_times(engine: WhisperEngine, language: str, names: tuple[str, str]) -> None:
    first, pause, second = recording(names[0]), silence(1.5), recording(names[1])
    request = DecodeRequest(first + pause + second, Options(language, priority="bulk"))
    (outcome,) = engine.decode([request])
    assert (
        isinstance(outcome, Transcript)
        and len(locate_words(outcome.text, outcome.words)) == len(outcome.words) >= 12
    )
    assert all(len(word.text.split()) == 1 and word.start_ms < word.end_ms for word in outcome.words)
    before, after = max(pairwise(outcome.words), key=lambda pair: pair[1].start_ms - pair[0].end_ms)
    assert before.end_ms <= len(first) // 32 and after.start_ms >= len(first + pause) // 32


def test_features_are_freed_with_their_segment_without_garbage_collection(engine: WhisperEngine) -> None:
    samples = np.frombuffer(recording("en-03"), "<i2").astype(np.float32) / np.float32(32_768)
    segment = SegmentDecoder(engine._decoder, samples, partial=False, times_words=True)
    assert segment.decode("en", "").text
    gone = weakref.ref(segment)
    gc.disable()
    try:
        del segment
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("text", [" to the tent", "tent", " I like to talk", "你好 to", "  t"])
def test_space_before_a_word_is_in_its_token(engine: WhisperEngine, text: str) -> None:
    tokenizer = engine._decoder._tokenizer("en", "transcribe")
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    assert sum(tokenizer.decode([token]).strip() == "" for token in tokens) == (1 if "  " in text else 0)


@pytest.mark.parametrize("word", [" takes", " today", " the", " house"])
def test_word_is_written_as_whisper_writes_it(engine: WhisperEngine, word: str) -> None:
    assert len(engine._decoder._tokenizer("en", "transcribe").encode(word)) == 1


def test_texts_are_as_likely_together_as_alone(engine: WhisperEngine) -> None:
    texts = [f"We walked home{' and then home again' * number}." for number in range(10)]
    alone = [engine._decoder.text_log_probabilities("en", [text])[0] for text in texts]
    assert engine._decoder.text_log_probabilities("en", texts) == pytest.approx(alone, abs=0.2)
    assert alone == sorted(alone, reverse=True) and engine._decoder.text_log_probabilities("en", []) == []


def test_spoken_text_is_far_more_probable_than_in_silence(engine: WhisperEngine) -> None:
    decoder, settings = engine._decoder, DecodeSettings(WindowOptions("en"), 64, False)
    voice = np.frombuffer(recording("en-03"), np.int16) / 2**15
    sounds = music(16 * SECOND)
    spoken, played = (
        decoder.encode(decoder.features(one.astype(np.float32))[:, : len(one) // 160 + 300])
        for one in (voice, sounds / sounds.max() / 4)
    )
    assert decoder.gain_over_silence(spoken, settings, " Please remember to water the plants.") > 2.0
    assert decoder.gain_over_silence(played, settings, " Thanks for watching!") < 1.3


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The old cinema was turned into a restaurant, the screen still hangs.", "restaurant. The screen"),
        ("en", "Thank you for joining. This call on such short notice.", "joining this call"),
        ("en", "The owner lost a blue bicycle it was found in front of the station", "bicycle. It was found"),
        ("zh", "门口的公共汽车很方便,我每天坐车去上班。", "很方便。我每天"),
        ("zh", "弟弟说这几天一直在。准备考试。", "一直在准备考试。"),
        ("en", "Gov. Brown and Sen. Harris met Rep. Lewis.", "Gov. Brown and Sen. Harris met Rep. Lewis."),
        ("en", "Thank you. Best regards, Peter Miller.", "Best regards, Peter Miller."),
        ("zh", "你叫什么名字?我叫小明。", "你叫什么名字?我叫小明。"),
        ("en", "Undo. That was wrong.", "Undo. That"),
        ("en", "Hurry up. The train leaves soon.", "up. The"),
        ("en", "Add tests. Bump version.", "tests. Bump"),
        ("en", "The answer is No. 5 of 9.", "No. 5 of"),
        ("en", "Meet me at 3 p.m. On Monday.", "p.m. on Monday"),
        ("en", "The teacher divided the class into four, groups.", "four groups"),
        ("en", "Shopping list. Eggs. Milk. Bread.", "list. Eggs. Milk. Bread."),
    ],
)
def test_decoder_without_a_voice_knows_where_sentences_end(
    engine: WhisperEngine, language: str, text: str, expected: str
) -> None:
    text_log_probabilities = partial(engine._decoder.text_log_probabilities, language)
    assert expected in with_likely_stops(text, language, text_log_probabilities)


def test_last_word_is_found_where_it_was_spoken(engine: WhisperEngine) -> None:
    decoder, settings = engine._decoder, DecodeSettings(WindowOptions("en", partial=True), 60, False)
    features = decoder.features(np.frombuffer(recording("en-02"), "<i2").astype(np.float32) / np.float32(32_768))
    frames = features.shape[1] - LONGEST_FRAMES
    encoded = decoder.encode(features[:, : frames + 300])
    said = decoder.decode(encoded, settings)
    words = decoder.words(encoded, settings, said.text)
    assert 3.5 < words[-1][1] < frames / FRAMES_PER_SECOND and said.text[words[-1][0] :].startswith(" notes")
    assert decoder.words(encoded, settings, said.text * 2)[-1][1] > frames / FRAMES_PER_SECOND
    assert decoder.words(encoded, settings, "") == []


@pytest.mark.parametrize(
    ("language", "name", "words"), [("en", "en-03", "water the plants"), ("zh", "zh-06", "更多的时间")]
)
def test_sentence_that_is_said_twice_is_written_twice(
    engine: WhisperEngine, language: str, name: str, words: str
) -> None:
    twice, other = recording(name) + silence(0.3) + recording(name), recording(f"{language}-01")
    outcome = recognised(engine, twice, language)
    assert isinstance(outcome, Transcript) and outcome.text.count(words) == 2
    outcome = recognised(engine, twice + silence(1.0) + other, language)
    assert isinstance(outcome, Transcript) and outcome.text.count(words) == 2


def test_sentence_in_the_other_language_of_the_speaker_is_written(engine: WhisperEngine) -> None:
    pcm = silence(0.5).join(map(recording, ("zh-01", "en-02", "zh-06")))
    (outcome,) = engine.decode([DecodeRequest(pcm)])
    assert isinstance(outcome, Transcript)
    first, second, third = map(outcome.text.find, ("天气很好", "has been moved to Thursday", "更多的时间"))
    assert 0 <= first < second < third


@pytest.mark.parametrize(("name", "words"), [("zh-06", "我们需要"), ("zh-07", "北京"), ("zh-08", "如果")])
def test_mandarin_sentence_of_a_recording_in_english_is_not_translated(
    engine: WhisperEngine, name: str, words: str
) -> None:
    sentence, both = recording(name), recording(name) + silence(0.5) + recording("en-03")
    options = Options("en", languages=("en", "zh"))
    alone, before = engine.decode([DecodeRequest(pcm, options) for pcm in (sentence, both)])
    assert isinstance(alone, Transcript) and isinstance(before, Transcript)
    assert alone.language == "zh" and alone.text.startswith(words) and before.text.startswith(words)
    assert before.text.endswith("Please remember to water the plants before you leave the house.")


def silence(seconds: float) -> bytes:
    """Return audio of zeros only."""
    return bytes(int(seconds * SECOND) * 2)


def noise(level: float) -> bytes:
    """Return two seconds of white noise."""
    samples = np.random.default_rng(0).standard_normal(2 * SECOND) * level * 32_767
    return samples.clip(-32_768, 32_767).astype("<i2").tobytes()


def tone() -> bytes:
    """Return two seconds of a 440 Hz tone."""
    return (np.sin(np.arange(2 * SECOND) * 2 * np.pi * 440 / SECOND) * 10_000).astype("<i2").tobytes()


@pytest.mark.parametrize(
    "pcm",
    [
        pytest.param(b"", id="empty"),
        pytest.param(silence(0.005), id="5 ms of silence"),
        pytest.param(b"\1\0" * 80, id="5 ms"),
        pytest.param(silence(2), id="silence"),
        pytest.param(noise(0.001), id="faint noise", marks=pytest.mark.proof(minutes=1)),
        pytest.param(noise(0.1), id="noise"),
        pytest.param(tone(), id="tone", marks=pytest.mark.proof(minutes=1)),
    ],
)
def test_audio_without_speech_gives_no_text(engine: WhisperEngine, pcm: bytes) -> None:
    assert recognised(engine, pcm) == Transcript("")


def test_half_sample_and_unknown_language_are_refused_individually(engine: WhisperEngine) -> None:
    halved, unknown, good = engine.decode(
        [DecodeRequest(b"\1"), DecodeRequest(silence(1), Options(language="xx")), DecodeRequest(silence(1))]
    )
    assert isinstance(halved, DecodeFailure) and halved.code is ErrorCode.AUDIO_INVALID
    assert isinstance(unknown, DecodeFailure) and unknown.code is ErrorCode.UNSUPPORTED
    assert good == Transcript("")


def test_engine_describes_itself(engine: WhisperEngine) -> None:
    info = engine.info()
    assert (info.engine, info.model, info.device, info.slots) == ("whisper", "whisper-base", "cpu", 1)
    assert {"en", "zh", "de"} <= set(info.languages) and info.needs_context
    engine.close()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (EngineSettings("whisper"), "needs a model"),
        (EngineSettings("whisper", "m", "/nowhere"), "'/nowhere' cannot be loaded"),
        (EngineSettings("whisper", "m", "/nowhere", device="tpu"), "not on 'tpu'"),
        (EngineSettings("whisper", "m", "/nowhere", extra={"beam": "9"}), "no setting beam"),
    ],
)
def test_whisper_load_failure_is_explained(settings: EngineSettings, text: str) -> None:
    with pytest.raises(EngineUnavailable, match=text):
        create(settings)


def test_folder_without_whisper_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        create(EngineSettings("whisper", "m", str(tmp_path)))


def test_number_of_the_cuda_device_reaches_the_library() -> None:
    assert load_options("cuda:2") == {"device": "cuda", "device_index": 2, "compute_type": "float16"}
    assert load_options("cpu") == {"device": "cpu", "device_index": 0, "compute_type": "int8"}
