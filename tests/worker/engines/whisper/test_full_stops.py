"""Test which full stops and commas of Whisper stay, with a language model whose preferences the test chooses."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engines.whisper.full_stops import split_like, with_likely_stops

Likely = Callable[[Sequence[str]], list[float]]


def preferring(**gains: float) -> Likely:
    """Return a language model that adds a gain for each phrase in a text; underscores stand for spaces."""

    def likely(texts: Sequence[str]) -> list[float]:
        phrases = {phrase.replace("_", " "): gain for phrase, gain in gains.items()}
        return [sum(gain for phrase, gain in phrases.items() if phrase in text) for text in texts]

    return likely


def recording(asked: list[str]) -> Likely:
    """Return a language model without preferences that adds each text it compares to ``asked``."""

    def likely(texts: Sequence[str]) -> list[float]:
        asked.extend(texts)
        return [0.0] * len(texts)

    return likely


def unasked(texts: Sequence[str]) -> list[float]:
    """Fail, because no text is to be compared."""
    raise AssertionError(texts)


@pytest.mark.parametrize(
    ("gain", "expected"),
    [(1.9, "She walked home it rained."), (1.7, "She walked home. It rained.")],
)
def test_english_full_stop_goes_if_its_words_go_on_more_likely(gain: float, expected: str) -> None:
    text = "She walked home. It rained."
    assert with_likely_stops(text, "en", preferring(home_it=gain)) == expected


@pytest.mark.parametrize(("gain", "joined"), [(0.6, False), (0.4, True)])
@pytest.mark.parametrize("text", ["She lost her keys. Somewhere in the garden.", "She left. And he stayed."])
def test_full_stop_before_words_without_a_sentence_must_be_likelier(text: str, gain: float, joined: bool) -> None:
    likely = preferring(**{"keys. S": gain, "left. A": gain, "keys, ": -1.0, "left, ": -1.0})
    assert with_likely_stops(text, "en", likely) == (
        text.replace(". S", " s").replace(". A", " a") if joined else text
    )


@pytest.mark.parametrize(
    "command", ["Undo. It was wrong.", "Looks good. Ship it.", "One. Two. Three.", "I see. So what?"]
)
def test_short_sentences_keep_their_full_stops(command: str) -> None:
    assert with_likely_stops(command, "en", preferring(**{"One. Two": 0.6, "Two. Three": 0.6})) == command


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Good. Morning.", "Good morning."),
        ("Say. Good. Morning all.", "Say. Good morning all."),
        ("Good. Morning. Tea.", "Good. Morning. Tea."),
        ("Then. Good. Morning. All is well.", "Then. Good. Morning. All is well."),
    ],
)
def test_only_three_sentences_of_a_word_each_are_a_list(text: str, found: str) -> None:
    assert with_likely_stops(text, "en", preferring(Good_morning=3.0)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We meet at 3 p.m. On Monday.", "We meet at 3 p.m. on Monday."),
        ("We meet at 3 p.m. Then we eat.", "We meet at 3 p.m. Then we eat."),
    ],
)
def test_abbreviation_within_a_sentence_is_followed_by_a_small_letter(text: str, found: str) -> None:
    assert with_likely_stops(text, "en", preferring(**{"p.m. on": 2.0, "p.m. then": 1.0})) == found


def test_comma_replaces_a_full_stop_where_it_is_likeliest() -> None:
    likely = preferring(**{"holidays, I": 6.0, "holidays I": 5.0})
    assert with_likely_stops("After the holidays. I left.", "en", likely) == "After the holidays, I left."


@pytest.mark.parametrize(("gain", "mark"), [(1.1, ". Luckily"), (0.9, ", luckily")])
def test_english_comma_becomes_a_full_stop_only_if_that_is_likely(gain: float, mark: str) -> None:
    likely = preferring(**{"stand. Luckily": gain})
    text = "We had to stand, luckily it was short."
    assert with_likely_stops(text, "en", likely) == f"We had to stand{mark} it was short."


@pytest.mark.parametrize(
    ("text", "gains", "found"),
    [
        (
            "The lecture on poetry starts. At noon, seats are free for everybody who would like to listen.",
            {"s at": 0.1, "The lecture on poetry starts at noon. S": 1.0},
            "The lecture on poetry starts at noon. Seats are free for everybody who would like to listen.",
        ),
        ("It starts. At noon, seats are free.", {"s at": 0.1, "at noon. S": 0.8}, ""),
        ("Park behind it, the gate. It is open.", {"The gate, it": 1.1}, "Park behind it. The gate, it is open."),
        ("Park behind it, the gate. It is open.", {"The gate, it": 0.9}, ""),
        ("He slept. We left, alone.", {"we left. A": 9.0}, ""),
        (f"It starts. At {'noon ' * 10}noon, it is free.", {f"at {'noon ' * 10}noon. I": 9.0}, ""),
    ],
)
def test_full_stop_is_at_the_next_mark_if_that_is_likelier(text: str, gains: dict[str, float], found: str) -> None:
    assert with_likely_stops(text, "en", preferring(**gains)) == (found or text)


def test_mark_is_compared_with_the_later_ones_as_they_seem_to_be() -> None:
    asked: list[str] = []

    def likely(texts: Sequence[str]) -> list[float]:
        asked.extend(texts)
        return [9.0 * ("Renew it" in text) for text in texts]

    assert with_likely_stops("It ends. Renew. It is cheap.", "en", likely) == "It ends. Renew it is cheap."
    assert "It ends, renew it is cheap." in asked and "It ends, renew. It is cheap." not in asked


def test_capital_of_a_name_stays_where_the_sentence_continues() -> None:
    likely = preferring(met_Wilson=9.0, met_wilson=1.0)
    assert with_likely_stops("Today I met. Wilson in town.", "en", likely) == "Today I met Wilson in town."


def test_capital_after_a_comma_stays() -> None:
    likely = preferring(**{"met. Wilson": 3.0, "met, wilson": 5.0})
    assert with_likely_stops("Today we met, Wilson left.", "en", likely) == "Today we met. Wilson left."


@pytest.mark.parametrize(("gain", "mark"), [(2.6, " "), (2.4, ", ")])
def test_comma_goes_only_if_nothing_is_far_likelier(gain: float, mark: str) -> None:
    likely = preferring(gloves_handle=gain, **{"gloves, h": 0.0})
    assert (
        with_likely_stops("A pair of gloves, handle them.", "en", likely) == f"A pair of gloves{mark}handle them."
    )


@pytest.mark.parametrize("text", ["Do not use a flash, right? It is forbidden.", "Hi Anna, it is late."])
def test_no_sentence_begins_after_a_greeting_or_with_the_only_word_after_a_comma(text: str) -> None:
    assert with_likely_stops(text, "en", preferring(**{"flash. R": 9.0, "Anna. I": 9.0})) == text


@pytest.mark.parametrize(("gain", "expected"), [(2.1, "same one in red? I"), (1.9, "same? One in red. I")])
def test_question_that_continues_ends_later(gain: float, expected: str) -> None:
    text = "Do you have the same? One in red. I hope so."
    assert with_likely_stops(text, "en", preferring(same_one=gain)) == f"Do you have the {expected} hope so."


@pytest.mark.parametrize(("gain", "mark"), [(1.3, "。"), (1.2, ",")])
def test_mandarin_full_stop_stays_only_if_it_is_likelier_than_others(gain: float, mark: str) -> None:
    likely = preferring(**{"不难。我": gain, "难我": -1.0})  # the mean of a comma and nothing is -0.5
    found = with_likely_stops("昨天的数学考试其实不难。我得了九十六分很高兴。", "zh", likely)
    assert found == f"昨天的数学考试其实不难{mark}我得了九十六分很高兴。"


@pytest.mark.parametrize(("gain", "mark"), [(10.8, "。"), (10.7, ",")])
def test_short_mandarin_sentences_must_be_likelier(gain: float, mark: str) -> None:
    likely = preferring(**{"不难。我": gain})  # of twice nine letters nine are lacking, of nine none
    assert with_likely_stops("考试不难。我得了满分。", "zh", likely) == f"考试不难{mark}我得了满分。"


@pytest.mark.parametrize(
    ("first", "last", "marks"),
    [(2.2, 2.0, "。,"), (2.0, 2.2, ",。"), (5.8, 5.9, "。。"), (5.7, 5.9, ",。")],
)
def test_of_two_ends_close_to_each_other_the_likelier_one_stays(first: float, last: float, marks: str) -> None:
    likely = preferring(**{"买菜。他": first, "很多。水": last})
    found = with_likely_stops("我们昨天去了超市买菜,他买了很多,水果和新鲜的蔬菜回家。", "zh", likely)
    assert found == f"我们昨天去了超市买菜{marks[0]}他买了很多{marks[1]}水果和新鲜的蔬菜回家。"


@pytest.mark.parametrize(("gain", "mark"), [(8.8, "。"), (8.7, ",")])
def test_mandarin_sentence_begins_after_a_question(gain: float, mark: str) -> None:
    likely = preferring(**{"吗?喜": 2.0, "欢。我": gain})
    found = with_likely_stops("你喜欢这个红色的书包吗?喜欢,我想明天去商店买一个。", "zh", likely)
    assert found == f"你喜欢这个红色的书包吗?喜欢{mark}我想明天去商店买一个。"


@pytest.mark.parametrize(("gain", "found"), [(2.4, "考试不难,我得了满分。"), (2.6, "考试不难我得了满分。")])
def test_comma_replaces_a_mandarin_full_stop_unless_nothing_is_far_likelier(gain: float, found: str) -> None:
    assert with_likely_stops("考试不难。我得了满分。", "zh", preferring(难我=gain)) == found


@pytest.mark.parametrize(
    ("likely", "mark"), [({"才到,叔": 1.0}, ","), ({"才到叔": 1.0}, ""), ({"才到。叔": 7.8}, "。")]
)
def test_space_between_mandarin_words_is_a_mark_that_whisper_left_out(likely: dict[str, float], mark: str) -> None:
    found = with_likely_stops("飞机才到 叔叔来了 Tom也来。", "zh", preferring(**likely))
    assert found == f"飞机才到{mark}叔叔来了 Tom也来。"


def test_mandarin_question_has_its_mark() -> None:
    assert with_likely_stops("他来了吗。", "zh", unasked) == "他来了吗?"


@pytest.mark.parametrize(("gain", "mark"), [(1.8, "。"), (1.7, ",")])
@pytest.mark.parametrize("comma", [",", "，", ", "])
def test_mandarin_comma_becomes_a_full_stop_where_that_is_likelier(gain: float, mark: str, comma: str) -> None:
    likely = preferring(**{"方便。我": gain})
    found = with_likely_stops(f"这里的公共汽车非常方便{comma}我每天早上坐车去上班。", "zh", likely)
    assert found == f"这里的公共汽车非常方便{mark}我每天早上坐车去上班。"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en"),
        ("Good.", "en"),
        ("At 7 p.m. and 8 p.m.", "en"),
        ("Gov. Brown met J. R. Smith in the U.S. Army.", "en"),
        ("He likes sports, i.e. football.", "en"),
        ("Best regards, Peter J. Miller.", "en"),
        ("1. Milk from No. 5.", "en"),
        ("Red, green, 3, and.", "en"),
        ("价格3,000元。", "zh"),
        ("他说OK, thank you.", "zh"),
        ("Ja. Nein", "de"),
        ("No", "en"),
        ("Eggs. Milk. Bread.", "en"),
        ("Police are looking for the owner of a bicycle that was found in front.", "en"),
    ],
)
def test_text_without_a_doubtful_place_is_not_compared(text: str, language: str) -> None:
    assert with_likely_stops(text, language, unasked) == text


@pytest.mark.parametrize(("gain", "stop"), [(-1.4, "."), (-1.6, "")])
def test_text_without_a_mark_at_its_end_gets_one_if_it_may_end_there(gain: float, stop: str) -> None:
    likely = preferring(**{"We": -50.0, "river.": gain})
    assert with_likely_stops("We live by the river", "en", likely) == f"We live by the river{stop}"


@pytest.mark.parametrize(("gain", "stop"), [(2.5, ". It"), (2.4, " it")])
def test_long_stretch_without_a_mark_is_parted_where_a_full_stop_is_far_likelier(gain: float, stop: str) -> None:
    likely = preferring(**{"bicycle. It": gain, "front. Of": 1.0, "front of.": -9.0})
    text = "Police are looking for the owner of a bicycle it was found in front of"
    assert with_likely_stops(text, "en", likely) == text.replace(" it was", f"{stop} was")


def test_unmarked_text_is_compared_once_at_each_word_that_may_begin_a_sentence() -> None:
    asked: list[str] = []

    def likely(texts: Sequence[str]) -> list[float]:
        asked.extend(texts)
        return [4.0 * text.count(". We ") for text in texts]

    text = "so we walked home and we slept well " * 20 + "bye"
    found = with_likely_stops(text, "en", likely)
    assert found.count(". We ") == 40 and len(asked) < 450


def test_mandarin_questions_are_compared_with_the_mark_that_whisper_writes() -> None:
    likely = preferring(**{"？": -20.0, "吗喜欢": -2.0})
    assert with_likely_stops("你喜欢吗?喜欢。", "zh", likely) == "你喜欢吗?喜欢。"


def test_stretch_with_marks_is_not_parted() -> None:
    text = "So we left, we ate, police are looking for the owner of a bicycle that was found in front of"
    likely = preferring(**{"left, we. Ate": 9.0, "front of.": -9.0})
    assert with_likely_stops(text, "en", likely) == text


def test_long_word_in_capitals_is_compared_at_once() -> None:
    text = f"He said, {'A' * 200} and left."
    assert with_likely_stops(text, "en", preferring(said=1.0)) == text


@pytest.mark.parametrize("text", ["We left. It rained. ", "Is it? We left. "])
def test_at_most_forty_marks_of_a_text_are_compared(text: str) -> None:
    asked: list[str] = []

    def likely(texts: Sequence[str]) -> list[float]:
        asked.append(texts[0])
        return [0.0] * len(texts)

    with_likely_stops(text * 50, "en", likely)
    assert len(asked) == 40


def test_short_stretch_after_a_mark_is_not_parted() -> None:
    text = "After breakfast we went for a long walk along the river, it was warm we ate"
    likely = preferring(**{"warm. We": 9.0, "ate.": -9.0})
    assert with_likely_stops(text, "en", likely) == text


def test_only_the_words_around_a_mark_are_compared() -> None:
    asked: list[str] = []
    with_likely_stops(f"{'many words, ' * 50}end. Then more.", "en", recording(asked))
    assert asked and max(map(len, asked)) == 139


def test_only_the_words_around_neighbours_are_compared() -> None:
    asked: list[str] = []
    with_likely_stops(f"{'It is very ' * 50}late. At noon, we {'eat and ' * 50}eat.", "en", recording(asked))
    both = [text for text in asked if "late, at noon. We" in text]
    assert list(map(len, both)) == [90 + len(", at noon. ") + 46]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Good morning. I would like to write a short letter to my sister about it.", "en"),
        ("考试不难。我得了九十六分所以今天晚上我们一起去吃饭庆祝一下吧。", "zh"),
    ],
)
def test_compared_texts_have_the_same_words(text: str, language: str) -> None:
    asked: list[str] = []
    with_likely_stops(text, language, recording(asked))
    assert len({"".join(filter(str.isalnum, text)).lower() for text in asked}) == 1 and len(set(asked)) > 2


@pytest.mark.parametrize(("gain", "found"), [(1.1, "你要吗?红的那个。"), (0.9, "你要吗红的那个?")])
def test_mandarin_question_stays_only_if_it_is_likelier(gain: float, found: str) -> None:
    assert with_likely_stops("你要吗?红的那个。", "zh", preferring(**{"吗?红": gain})) == found


def test_name_after_a_question_keeps_its_capital_where_the_question_continues() -> None:
    likely = preferring(it_Wilson=3.0, it_wilson=1.0)
    assert with_likely_stops("Is it? Wilson came.", "en", likely) == "Is it Wilson came?"


@pytest.mark.parametrize(
    ("text", "language", "compared"),
    [
        ("Red, green.", "en", False),
        ("Red, we have it.", "en", True),
        ("We have it, luckily.", "en", True),
        ("We live nearby 1", "en", True),
        ("We live nearby.", "en", False),
        ("We live nearby", "en", False),
        ("我们在公园里", "zh", True),
        ("我们在公园", "zh", False),
    ],
)
def test_commas_beside_one_word_and_ends_of_all_but_short_texts_are_compared(
    text: str, language: str, compared: bool
) -> None:
    asked: list[str] = []
    with_likely_stops(text, language, recording(asked))
    assert bool(asked) == compared


def test_only_the_characters_around_a_mandarin_mark_are_compared() -> None:
    asked: list[str] = []
    with_likely_stops(f"{'很' * 50}，{'好' * 50}。", "zh", recording(asked))
    assert max(map(len, asked)) == 46


@pytest.mark.parametrize("text", ["He left. It rained.", "I met. Wilson left.", "Is it? It is.", "It is, it was."])
def test_no_text_is_compared_twice(text: str) -> None:
    asked: list[str] = []
    with_likely_stops(text, "en", recording(asked))
    assert asked and len(asked) == len(set(asked))


@given(
    text=st.lists(
        st.sampled_from(["I", "go.", "Then,", "we", "met", "Wilson?", "so.", "And", "you"]), max_size=30
    ),
    seed=st.randoms(use_true_random=False),
)
def test_words_stay_whatever_the_marks(text: list[str], seed: Random) -> None:
    found = with_likely_stops(" ".join(text), "en", lambda texts: [seed.uniform(-9, 9) for _ in texts])
    assert [word.strip(".,?").lower() for word in found.split()] == [word.strip(".,?").lower() for word in text]


@pytest.mark.parametrize(
    ("text", "parts", "shared"),
    [
        ("", [], []),
        ("One.", ["One,"], ["One."]),
        ("We left. It rained, then", ["We left,", "it rained", "then"], ["We left.", "It rained,", "then"]),
        ("考试不难。我得了满分。", ["考试不难,", "我得了满分。"], ["考试不难。", "我得了满分。"]),
        ("We left", ["We left,", "then"], ["We left,", "then"]),
    ],
)
def test_phrases_share_the_marks_of_their_text(text: str, parts: list[str], shared: list[str]) -> None:
    assert split_like(text, parts) == shared
