"""SenseVoice as an ONNX graph: queries and greedy decoding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.recognition import Word
from worker.engines.batch_engine import Asked
from worker.engines.sensevoice_onnx import LANGUAGE_QUERIES, decode_greedily, queries

VOCABULARY = ("<unk>", "▁a", "▁b", "c")


@given(st.lists(st.integers(0, 3), max_size=20))
def test_greedy_decoding_collapses_repetitions_and_drops_blanks(ids: list[int]) -> None:
    kept = [number for place, number in enumerate(ids) if number and (place == 0 or ids[place - 1] != number)]
    expected = "".join(VOCABULARY[number].replace("▁", " ") for number in kept)
    answer = decode_greedily(np.array(ids, np.int64), VOCABULARY)
    assert answer.text == expected
    assert [word.text for word in answer.words] == expected.split()


def test_words_have_the_times_of_their_frames_after_the_tags() -> None:
    ids = np.array([0] * 4 + [1] + [0] * 9 + [2, 2, 3] + [0] * 5)
    first, second = decode_greedily(ids, VOCABULARY).words
    assert first == Word("a", 0, 300), "never before the recording"
    assert second == Word("bc", 480, 900), "two frames before they are heard, to 0.3 s after the last piece begins"


@pytest.mark.parametrize(("itn", "textnorm"), [(True, 14), (False, 15)])
@pytest.mark.parametrize(("language", "number"), LANGUAGE_QUERIES.items())
def test_options_become_queries(itn: bool, textnorm: int, language: str, number: int) -> None:
    asked: Asked = {"language": language, "use_itn": itn}
    found = {name: array.tolist() for name, array in queries(asked, 2).items()}
    assert found == {"language": [number] * 2, "textnorm": [textnorm] * 2}
