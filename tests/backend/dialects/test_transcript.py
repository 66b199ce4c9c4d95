"""The text of a stream never takes anything back, in whatever order results come."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.dialects.transcript import JoinedResults, TranscriptPart
from protocol.errors import ErrorCode
from protocol.recognition import Word
from protocol.session import Failed, Final

TEXTS = st.lists(
    st.sampled_from(
        ["", "Hello there.", "and so on.", "I went home", "你好。", "今天天气", "7.", "15", "What?", "  "]
    ),
    max_size=6,
)


def place(segment: int) -> tuple[int, int]:
    return segment * 1_500, segment * 1_500 + 1_000


@given(TEXTS, st.randoms(use_true_random=False))
def test_certain_text_is_a_beginning_of_the_whole(texts: list[str], chance: "object") -> None:
    transcript, order = JoinedResults(), list(range(len(texts)))
    chance.shuffle(order)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    seen = [""]
    for segment in order:
        transcript.places[segment] = place(segment)
        transcript.take(Final(segment, texts[segment]))
        seen.append(transcript.certain())
        assert seen[-1].startswith(seen[-2])
    assert transcript.text().startswith(seen[-1])


def test_words_have_times_of_the_whole_audio() -> None:
    transcript = JoinedResults({0: (500, 1_500)})
    transcript.take(Final(0, "hello", "en", (Word("hello", 100, 400),)))
    (part,) = transcript.parts()
    assert part.words == (Word("hello", 600, 900),)
    assert (part.start_ms, part.end_ms, part.language) == (500, 1_500, "en")


def test_words_without_times_share_the_time_of_their_segment() -> None:
    """Subtitles are made of them: one word for the whole text would be one subtitle of half a minute."""
    part = TranscriptPart(1_000, 15_000, " It went home, at last. 今天 ")
    words = part.timed_words()
    assert [word.text for word in words] == ["It", "went", "home,", "at", "last.", "今", "天"]
    assert (words[0].start_ms, words[-1].end_ms) == (1_000, 15_000)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(words))
    assert TranscriptPart(0, 1_000, " ").timed_words() == ()


def test_words_of_a_phrase_share_its_time() -> None:
    phrases = (Word(" Good morning.", 0, 1_300), Word(" 今天天气", 2_000, 4_400), Word(" Nothing", 5_000, 5_400))
    words = TranscriptPart(0, 6_000, "Good morning. 今天天气 Nothing", words=phrases).timed_words()
    assert [word.text for word in words] == ["Good", "morning.", "今", "天", "天", "气", " Nothing"]
    assert [(word.start_ms, word.end_ms) for word in words[2:]] == [
        *((2_000, 2_600), (2_600, 3_200), (3_200, 3_800), (3_800, 4_400)),
        (5_000, 5_400),
    ]


@pytest.mark.parametrize(("languages", "most"), [(["en", "zh", "zh"], "zh"), (["", ""], "")])
def test_language_of_most_audio_counts(languages: list[str], most: str) -> None:
    transcript = JoinedResults({n: place(n) for n in range(len(languages))})
    for segment, language in enumerate(languages):
        transcript.take(Final(segment, "x", language))
    assert transcript.language() == most


def test_first_failure_is_kept() -> None:
    transcript = JoinedResults({0: (0, 1), 1: (1, 2)})
    first = Failed(0, ErrorCode.ENGINE_FAILED, "first")
    transcript.take(first)
    transcript.take(Failed(1, ErrorCode.ENGINE_FAILED, "second"))
    assert transcript.failed == first
