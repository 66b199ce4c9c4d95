"""Test when a result is speech. The values are measured ones of whisper-base."""

import pytest

from worker.engines.whisper.decoder import DecodeResult
from worker.engines.whisper.no_speech import is_sparse, is_speech, is_speech_so_far

GOOD = DecodeResult("Good morning.", (1,) * 4, 2.0, None, -0.2, 0.05)


LOOP = GOOD._replace(text="I'm sorry. " * 20)


@pytest.mark.parametrize(("no_speech", "log_probability"), [(0.71, -0.45), (0.91, -0.36), (0.59, -1.2)])
def test_real_speech_is_speech(no_speech: float, log_probability: float) -> None:
    assert is_speech(GOOD._replace(no_speech=no_speech, log_probability=log_probability))


@pytest.mark.parametrize(
    ("text", "no_speech", "log_probability"),
    [
        (" You", 0.80, -1.03),
        (" . . . .", 0.74, -0.78),
        (" . . . .", 0.1, -0.1),
        ("以下是普通话的句子。", 0.91, -0.85),
        ("请注意点赞、转发、转发、转发、转发、转发。", 0.88, -0.68),
        ("I'm going to put it in the middle and " * 16, 0.79, -0.33),
    ],
)
def test_decoded_noise_is_no_speech(text: str, no_speech: float, log_probability: float) -> None:
    assert not is_speech(DecodeResult(text, (1,) * 10, 2.0, None, log_probability, no_speech))


@pytest.mark.parametrize(
    ("tokens", "seconds", "log_probability", "sparse"),
    [
        (5, 29.6, -1.29, True),
        (5, 16.0, -1.0, True),
        (5, 9.0, -1.29, False),
        (5, 20.0, -0.5, False),
        (9, 20.0, -1.0, False),
    ],
)
def test_improbable_text_of_few_words_in_a_long_time_is_sparse(
    tokens: int, seconds: float, log_probability: float, sparse: bool
) -> None:
    thanks = GOOD._replace(tokens=(1,) * tokens, log_probability=log_probability)
    assert is_sparse(thanks, seconds, seconds) is sparse


@pytest.mark.parametrize(
    ("tokens", "no_speech", "sounding_s", "sparse"),
    [(11, 0.4, 14.0, True), (11, 0.1, 14.0, False), (11, 0.4, 9.0, False), (20, 0.4, 14.0, False)],
    ids=["typing", "surely speech", "mostly quiet", "many words"],
)
def test_improbable_words_are_sparse_unless_speech_is_certain(
    tokens: int, no_speech: float, sounding_s: float, sparse: bool
) -> None:
    thanks = GOOD._replace(tokens=(1,) * tokens, log_probability=-1.02, no_speech=no_speech)
    assert is_sparse(thanks, 16.0, sounding_s) is sparse


@pytest.mark.parametrize(("no_speech", "spoken"), [(0.2, True), (0.4, False)])
def test_loop_alone_is_speech_only_where_speech_is_probable(no_speech: float, spoken: bool) -> None:
    assert is_speech(LOOP._replace(no_speech=no_speech)) is spoken
    assert is_speech(LOOP._replace(no_speech=no_speech, text=f"Please tell him that {LOOP.text}"))


@pytest.mark.parametrize(
    ("text", "no_speech", "log_probability", "spoken"),
    [
        ("I would like to write. " * 4, 0.42, -0.17, True),
        ("I would like to write. " * 4, 0.42, -0.7, False),
        ("I would like to write. " * 4, 0.7, -0.33, False),
        ("I'm sorry. " * 20, 0.42, -0.17, False),
    ],
    ids=["a sentence", "an improbable one", "perhaps nobody spoke", "two words"],
)
def test_partial_that_says_its_sentence_again_is_speech_if_that_is_probable(
    text: str, no_speech: float, log_probability: float, spoken: bool
) -> None:
    result = GOOD._replace(text=text, no_speech=no_speech, log_probability=log_probability)
    assert is_speech_so_far(result) is spoken and not is_speech(result)
