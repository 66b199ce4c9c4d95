"""Test which full stops of Whisper become commas."""

import pytest

from worker.engines.whisper.full_stops import Marks, without_doubtful_stops

END, STOP, COMMA, TIME = 100, 9, 8, 101


@pytest.mark.parametrize(
    ("stop", "comma", "nothing", "kept"),
    [
        (0.9, 0.9, 0.9, True),
        (0.7, 0.1, 0.1, True),
        (0.2, 0.5, 0.1, True),
        (0.1, 0.5, 0.1, False),
        (0.1, 0.01, 0.4, False),
    ],
)
@pytest.mark.parametrize(
    ("tokens", "place"), [([TIME, 1, STOP, TIME, 2, STOP], 2), ([1, 2, STOP, 3, 4], 2), ([1, STOP] + [5] * 20, 1)]
)
def test_full_stop_within_a_text_stays_only_if_it_is_more_probable_than_a_comma(
    stop: float, comma: float, nothing: float, kept: bool, tokens: list[int], place: int
) -> None:
    text = [token for token in tokens if token < END]
    at = text.index(STOP)

    def probabilities(asked: list[int]) -> list[float]:
        assert asked[:at] == text[:at]
        first = {STOP: stop, COMMA: comma}.get(asked[at], nothing)
        return [0.9] * at + [first] + [1.0] * (len(asked) - at - 1)

    expected = list(tokens) if kept else [*tokens[:place], COMMA, *tokens[place + 1 :]]
    heard = probabilities if stop == 0.9 else lambda asked: [0.5] * len(asked)
    assert without_doubtful_stops(tokens, Marks(END, STOP, COMMA), heard, probabilities) == expected


def test_doubted_full_stops_are_compared_in_three_alignments_in_all() -> None:
    asked: list[list[int]] = []

    def probabilities(text: list[int]) -> list[float]:
        asked.append(text)
        worse = {COMMA: 0.5, 3: 0.01} if len(asked) > 1 else {}
        return [{STOP: 0.1, **worse}.get(token, 1.0) for token in text]

    tokens = [1, STOP, 2, STOP, 3, 3, STOP, 4, STOP]
    kept = without_doubtful_stops(tokens, Marks(END, STOP, COMMA), lambda text: [0.7] * len(text), probabilities)
    assert asked == [tokens, [1, COMMA, 2, COMMA, 3, 3, COMMA, 4, STOP], [1, 2, 3, 3, 4, STOP]]
    assert kept == [1, COMMA, 2, STOP, 3, 3, COMMA, 4, STOP]


@pytest.mark.parametrize("tokens", [[], [TIME], [TIME, 1, STOP, TIME], [1, COMMA, 2]])
def test_text_without_full_stop_in_its_midst_is_not_aligned(tokens: list[int]) -> None:
    def aligned(_: list[int]) -> list[float]:
        raise AssertionError

    assert without_doubtful_stops(tokens, Marks(END, STOP, COMMA), aligned, aligned) == tokens
