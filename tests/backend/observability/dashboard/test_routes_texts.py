"""Texts of the page: figures and sentences in both languages."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.backend.observability.dashboard.conftest import STATIC, run

pytestmark = pytest.mark.serial("browser")

NOW = 1_800_000_000_000  # ms
ENGLISH = {"unit.gb", "unit.mb"}


def forms_of(entry: str | dict[str, str]) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry.values())


def values_of(entry: str | dict[str, str]) -> set[tuple[str, ...]]:
    """Return the placeholder names of each form of a text."""
    return {tuple(sorted(re.findall(r"{(\w+)}", form))) for form in forms_of(entry)}


def words_of(entry: str | dict[str, str]) -> str:
    return re.sub(r"{\w+}", "", " ".join(forms_of(entry)))


FORMAT = """const {Texts} = await import('/texts.js');
return new m.Format(new Texts(a[0]))[a[1]](...a[2]);"""


@pytest.mark.parametrize(
    ("name", "values", "en", "zh"),
    [
        ("wait", [0], "0 s", "0 秒"),
        ("wait", [0.34], "0.3 s", "0.3 秒"),
        ("wait", [9.96], "10 s", "10 秒"),
        ("wait", [59.6], "1 min", "1 分钟"),
        ("time", [125], "2 min 5 s", "2 分 5 秒"),
        ("time", [3_600], "1 h", "1 小时"),
        ("time", [3_725], "1 h 2 min", "1 小时 2 分"),
        ("time", [187_320], "2 d 4 h", "2 天 4 小时"),
        ("milliseconds", [317], "317 ms", "317 毫秒"),
        ("milliseconds", [2_340], "2.34 s", "2.34 秒"),
        ("bytes", [700 * 2**20], "700 MB", "700 MB"),
        ("bytes", [2.9e9], "2.7 GB", "2.7 GB"),
        ("percent", [88.4], "88 %", "88%"),
        ("times", [41.2], "41×", "41 倍"),
        ("rtf", [0.0244], "0.024", "0.024"),
        ("rtf", [None], "–", "–"),
        ("number", [81240], "81,240", "81,240"),
        ("count", ["count.sessions", 1], "1 session", "1 个会话"),
        ("count", ["count.streams", 48.5], "49 real-time streams", "49 路实时语音"),
        ("count", ["count.streams", 1.2], "1.2 real-time streams", "1.2 路实时语音"),
        ("clock", [NOW], "21:00", "21:00"),
        ("clock", [NOW + 9_000, True], "21:00:09", "21:00:09"),
    ],
)
def test_figures_are_formatted_in_both_languages(
    page: Page, name: str, values: list[Any], en: str, zh: str
) -> None:
    assert [run(page, "format", FORMAT, [language, name, values]) for language in ("en", "zh")] == [en, zh]


def test_both_languages_have_same_keys_and_placeholders(page: Page) -> None:
    en, zh = run(page, "texts", "return Object.values(m.LANGUAGES).map((one) => one.entries)")
    assert {key: values_of(entry) for key, entry in en.items()} == {key: values_of(one) for key, one in zh.items()}
    chinese = {key: words_of(entry) for key, entry in zh.items() if key not in ENGLISH}
    assert not [key for key, words in chinese.items() if re.search("[A-Za-z]{2}", words)]


def test_every_text_exists_and_is_used(page: Page) -> None:
    entries = run(page, "texts", "return Object.keys(m.LANGUAGES.en.entries)")
    groups = "|".join({key.partition(".")[0] for key in entries})
    code = "".join(path.read_text() for path in STATIC.glob("*.js") if not path.name.startswith("texts-"))
    said = set(re.findall(rf'"((?:{groups})\.[\w.]+)"', code))
    assert said <= set(entries)
    made = re.findall(rf"`((?:{groups})\.)\$", code)  # composed keys are matched by group only
    assert not [key for key in entries if key not in said and not key.startswith(tuple(made))]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["zh-CN"], "zh"),
        (["zh-Hant-TW", "en"], "zh"),
        (["fr", "zh-CN", "en"], "zh"),
        (["de-DE", "en-US"], "en"),
        ([], "en"),
    ],
)
def test_first_supported_language_is_chosen(page: Page, wanted: list[str], chosen: str) -> None:
    assert run(page, "texts", "return m.languageOf(a)", wanted) == chosen
