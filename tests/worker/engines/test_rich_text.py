"""Reading of the models' raw output."""

import pytest

from protocol.engine import Transcript
from worker.engines.rich_text import join_words, read_plain, read_rich


@pytest.mark.parametrize(
    ("answer", "transcript"),
    [
        (
            "<|en|><|NEUTRAL|><|Speech|><|woitn|>seven four",
            Transcript("seven four", "en", (), "neutral", "speech"),
        ),
        ("<|yue|><|HAPPY|><|Laughter|><|withitn|>早晨。", Transcript("早晨。", "yue", (), "happy", "laughter")),
        ("<|zh|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|> 好 ", Transcript("好", "zh")),
        ("<|nospeech|><|EMO_UNKNOWN|><|BGM|><|woitn|>la la", Transcript("")),
        ("<|en|><|SAD|><|BGM|><|woitn|>", Transcript("", emotion="sad", event="bgm")),
        ("a < b | c > d", Transcript("a < b | c > d")),
        ("", Transcript("")),
    ],
)
def test_tags_become_fields_and_never_text(answer: str, transcript: Transcript) -> None:
    assert read_rich(answer) == transcript


def test_paraformer_pieces_become_words() -> None:
    assert join_words(["打", "开", "wi@@", "fi", "吧"]) == "打 开 wifi 吧"
    assert join_words(["so", "cut@@"]) == "so cut" and join_words([]) == ""
    assert read_plain("打 开 wifi 吧") == Transcript("打开 wifi 吧")
