import pytest

from protocol.engine import DecodeFailure, Transcript
from protocol.errors import ErrorCode
from protocol.recognition import Options, Script, Word
from worker.chinese_text import apply_chinese_style, with_full_width_marks


@pytest.mark.parametrize(
    ("script", "text"),
    [("simplified", "广州市房地产分析"), ("traditional", "廣州市房地產分析"), ("", "廣州市房地产分析")],
)
def test_chinese_text_is_converted_to_the_requested_script(script: Script, text: str) -> None:
    outcome = apply_chinese_style(Transcript("廣州市房地产分析", "zh"), Options(script=script))
    assert outcome == Transcript(text, "zh")


def test_words_are_converted_like_their_text() -> None:
    outcome = apply_chinese_style(
        Transcript("廣州", "zh", (Word("廣", 0, 1), Word("州", 1, 2))), Options(script="simplified")
    )
    assert outcome == Transcript("广州", "zh", (Word("广", 0, 1), Word("州", 1, 2)))


def test_phrase_is_punctuated_like_its_text() -> None:
    outcome = apply_chinese_style(Transcript("好, 走.", "zh", (Word("好, 走", 0, 1),)), Options())
    assert outcome == Transcript("好，走。", "zh", (Word("好，走", 0, 1),))


@pytest.mark.parametrize(
    ("text", "better"),
    [("Bring notes.今天好", "Bring notes. 今天好"), ("Really?好", "Really? 好"), ("第3.节", "第3.节")],
)
def test_chinese_after_an_english_sentence_follows_a_space(text: str, better: str) -> None:
    assert apply_chinese_style(Transcript(text), Options(punctuation=False)) == Transcript(better)


@pytest.mark.parametrize("punctuation", [True, False])
def test_spaces_between_han_characters_are_removed(punctuation: bool) -> None:
    outcome = apply_chinese_style(Transcript("声音会先 保存 在 NAS 上", "zh"), Options(punctuation=punctuation))
    assert outcome == Transcript("声音会先保存在 NAS 上", "zh")


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("我们下午三点,在会议室见面.", "我们下午三点，在会议室见面。"),
        ("好! 我们走吧?", "好！我们走吧？"),
        ("他说: 早上8:30见, version 2.5.", "他说：早上8:30见，version 2.5."),
        ("等等...好", "等等...好"),
        ("已经对了，不用改。", "已经对了，不用改。"),
        ("No Chinese, here. At 8:30!", "No Chinese, here. At 8:30!"),
        ("", ""),
    ],
)
def test_punctuation_after_a_han_character_is_full_width(text: str, better: str) -> None:
    assert with_full_width_marks(text) == better
    assert with_full_width_marks(better) == better


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("同期增长了8.5%,主要来自华东.", "同期增长了8.5%，主要来自华东。"),
        ("预算是1,250, 请确认", "预算是1,250，请确认"),
        ("你会用 Docker? 我会用 Python.", "你会用 Docker？我会用 Python。"),
        ("电话是1381234.", "电话是1381234。"),
        ("Please call me, 我们走. It costs 5.", "Please call me, 我们走。It costs 5."),
        ("我们先看1.价格,2.时间", "我们先看1.价格，2.时间"),
        ("我见了Mr.王", "我见了Mr.王"),
    ],
)
def test_punctuation_of_a_chinese_clause_is_full_width_after_figures_and_latin_words(
    text: str, better: str
) -> None:
    assert with_full_width_marks(text) == better
    assert with_full_width_marks(better) == better


def test_word_is_punctuated_as_in_its_text() -> None:
    words = (Word("增长了", 0, 1), Word("5%,", 1, 2), Word("主要", 2, 3))
    outcome = apply_chinese_style(Transcript("增长了5%,主要", "zh", words), Options())
    assert isinstance(outcome, Transcript) and [word.text for word in outcome.words] == ["增长了", "5%，", "主要"]


def test_punctuation_option_off_keeps_punctuation() -> None:
    transcript = Transcript("好, 走", "zh")
    assert apply_chinese_style(transcript, Options(punctuation=False)) == transcript


def test_english_and_failures_are_not_converted() -> None:
    failure = DecodeFailure(ErrorCode.AUDIO_INVALID, "坏, 了")
    for outcome in (Transcript("Well, well.", "en"), failure):
        assert apply_chinese_style(outcome, Options(script="traditional")) is outcome
