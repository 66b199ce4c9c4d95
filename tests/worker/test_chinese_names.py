"""Tests of Chinese names that replace characters of the same sound."""

import subprocess
import sys

import pytest

from protocol.engine import DecodeFailure, Transcript
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from worker.chinese_names import apply_chinese_names

NAMES = ("屠呦呦", "通义千问", "王小明", "张家界", "曾国藩", "李想", "GitHub")


def written(text: str, *names: str) -> str:
    outcome = apply_chinese_names(Transcript(text), Options(hotwords=names or NAMES))
    assert isinstance(outcome, Transcript)
    return outcome.text


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("我读了涂优优的书。", "我读了屠呦呦的书。"),
        ("同意千问翻译了这句话", "通义千问翻译了这句话"),
        ("王晓明和王小敏", "王小明和王小明"),  # an accent may not distinguish n from ng
        ("脏家姐下雨", "张家界下雨"),  # nor z from zh
        ("增国番", "曾国藩"),  # the second reading of 曾
        ("他说王小明来了，王晓明也来了", "他说王小明来了，王小明也来了"),
    ],
)
def test_name_replaces_characters_of_the_same_sound(text: str, better: str) -> None:
    assert written(text) == better


@pytest.mark.parametrize(
    "text",
    [
        "我的理想",  # names of two characters sound like everyday words
        "王小，明天来",
        "王大明",
        "github",
        "Wang Xiaoming",
        "",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert written(text) == text


def test_name_that_stands_there_is_kept_among_names_of_the_same_sound() -> None:
    assert written("王晓明，王小明，王笑明", "王小明", "王晓明") == "王晓明，王小明，王小明"


def test_longest_of_the_names_that_fit_is_written() -> None:
    assert written("陆家嘴北路", "陆家最", "陆家嘴贝路") == "陆家嘴贝路"


def test_rare_readings_alone_are_no_match() -> None:
    assert written("语言的整句", "景德镇") == "语言的整句", "景 and 言 share only the rare reading yin"


def test_words_follow_the_text_and_keep_their_times() -> None:
    words = tuple(Word(text, at, at + 1) for at, text in enumerate(("我", "找", "王晓", "明", "。")))
    outcome = apply_chinese_names(Transcript("我找王晓明。", "zh", words), Options(hotwords=NAMES))
    named = tuple(Word(text, at, at + 1) for at, text in enumerate(("我", "找", "王小", "明", "。")))
    assert outcome == Transcript("我找王小明。", "zh", named)


def test_word_that_is_not_in_the_text_stays() -> None:
    words = (Word("没有", 0, 1), Word("王晓明", 1, 2))
    outcome = apply_chinese_names(Transcript("王晓明", "zh", words), Options(hotwords=NAMES))
    assert isinstance(outcome, Transcript)
    assert [word.text for word in outcome.words] == ["没有", "王小明"]


def test_outcome_without_a_name_is_returned_as_it_is() -> None:
    for outcome in (DecodeFailure(ErrorCode.INTERNAL, "no"), Transcript("hello"), Transcript("今天很好", "zh")):
        assert apply_chinese_names(outcome, Options(hotwords=NAMES)) is outcome


def test_readings_are_loaded_only_for_chinese_names_and_their_lack_harms_no_text() -> None:
    source = """
import sys
from protocol.engine import Transcript
from protocol.recognition import Options
from worker.chinese_names import apply_chinese_names
apply_chinese_names(Transcript("今天很好"), Options(hotwords=("GitHub", "李想")))
assert "pypinyin" not in sys.modules
sys.modules["pypinyin"] = None
print(apply_chinese_names(Transcript("王晓明"), Options(hotwords=("王小明",))).text.encode())
"""
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, timeout=60, check=True)
    assert run.stdout.decode().strip() == str("王晓明".encode())
