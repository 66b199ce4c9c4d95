"""Check that the guides quote the words of the windows, and the same ones in both languages."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from app.core.sentences import LANGUAGES, entries

DOCS = Path(__file__).resolve().parent.parent / "docs"
_GUIDE = sorted(path.stem for path in (DOCS / "guide").glob("*.md") if "." not in path.stem)
PAGES = ("guide", *(f"guide/{name}" for name in _GUIDE), "download")
LEAST = {"en": 6, "zh": 4}  # letters; a shorter text with values, as "{first} and {second}", fits anything
OTHER_PROGRAMS = {
    "en": {"gnome.view": "View and Customize Shortcuts", "gnome.own": "Custom Shortcuts", "kde.keys": "Shortcuts"},
    "zh": {"gnome.view": "查看及自定义快捷键", "gnome.own": "自定义快捷键", "kde.keys": "快捷键"},
}
"""Labels of other programs that the guides name."""
OFTEN_UNMARKED = ("page.", "settings.section.", "shell.menu", "home.more")
"""Beginnings of keys of pages, sections and menus, which a guide may name without marks."""

HEADING = re.compile(r"^#+ .+$", re.MULTILINE)
CODE = re.compile(r"^ {4}\S.*$|`[^`]*`", re.MULTILINE)
QUOTED = re.compile(r"\*\*(.+?)\*\*|(?<!\*)\*([^*\s][^*]*)\*(?!\*)|“([^”]+)”|\"([^\"]+)\"", re.DOTALL)
STATE = re.compile(r"^\| [·○●▲◆▶✓■⊘✗!] \| (.+?) \|", re.MULTILINE)


def labels(text: str) -> list[str]:
    """Return the labels that a text quotes: bold, in italics or in quotation marks; ``a > b`` are two."""
    quoted = (next(filter(None, found)) for found in QUOTED.findall(CODE.sub("", text)))
    parts = (part.strip() for one in quoted for part in one.split(" > "))
    return [part for part in parts if part != "…"]


@cache
def keys(label: str, language: str) -> frozenset[str]:
    """Return the keys of the texts that the label quotes; values may be filled in."""
    compact = _compact(label)
    exact = {key for key, text in _compact_texts(language) if text == compact}
    found = exact or {key for key, pattern in _patterns(language) if pattern.fullmatch(compact)}
    return frozenset(found)


def alone(text: str, language: str, other: str, other_language: str) -> list[str]:
    """Return the labels of a section that the same section in the other language does not quote."""
    there = frozenset[str]().union(*(keys(label, other_language) for label in labels(other)))
    return [
        label for label in labels(text) if _must_be_marked(quoted := keys(label, language)) and not quoted & there
    ]


def _must_be_marked(found: frozenset[str]) -> bool:
    return not any(key.startswith(OFTEN_UNMARKED) for key in found)


def _compact(text: str) -> str:
    """Return the text without spaces: lines of Chinese are joined without one."""
    return re.sub(r"\s", "", text)


def _texts(language: str) -> Iterator[tuple[str, str]]:
    for key, entry in (*entries(language).items(), *OTHER_PROGRAMS[language].items()):
        yield from ((key, form) for form in ([entry] if isinstance(entry, str) else entry.values()))


@cache
def _compact_texts(language: str) -> list[tuple[str, str]]:
    return [(key, _compact(text)) for key, text in _texts(language)]


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    split = ((key, re.split(r"\{[a-z_-]+\}", text)) for key, text in _compact_texts(language))
    return [
        (key, re.compile(".+".join(map(re.escape, parts))))
        for key, parts in split
        if len(parts) > 1 and sum(map(str.isalpha, "".join(parts))) >= LEAST[language]
    ]


def _page(name: str, language: str) -> str:
    return (DOCS / f"{name}{'' if language == 'en' else '.' + language}.md").read_text()


def _sections(text: str) -> list[str]:
    ends = [0, *(found.start() for found in HEADING.finditer(text)), len(text)]
    return [text[begin:end] for begin, end in pairwise(ends)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_guides_quote_only_words_of_the_windows(language: str) -> None:
    unknown = {name: [one for one in labels(_page(name, language)) if not keys(one, language)] for name in PAGES}
    assert {name: found for name, found in unknown.items() if found} == {}


def test_guides_quote_the_same_words_in_both_languages() -> None:
    differing = []
    for name in PAGES:
        for english, chinese in zip(_sections(_page(name, "en")), _sections(_page(name, "zh")), strict=True):
            differing += alone(english, "en", chinese, "zh") + alone(chinese, "zh", english, "en")
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_guide_explains_each_state(language: str) -> None:
    states = [text for key, text in entries(language).items() if key.startswith("state.")]
    assert STATE.findall(_page("guide", language)) == states


# -- the rules can fail ------------------------------------------------------------------------------------


def test_labels_are_found_by_each_kind_of_mark() -> None:
    text = '**Settings > Advanced** *No key*, “Home” or "Ready", `**code**`\n\n    **code**\n**Add…** under “…”'
    assert labels(text) == ["Settings", "Advanced", "No key", "Home", "Ready", "Add…"]


def test_label_is_compared_with_values_filled_in() -> None:
    assert keys("USB Audio was disconnected. Your speech until then is kept", "en")
    assert keys("没有识别到\n内容", "zh")
    assert not keys("Red and green", "en")
    assert not keys("Delete everything", "en")


def test_label_without_counterpart_is_reported() -> None:
    assert alone("**Ready** **Listening**", "en", "**就绪**", "zh") == ["Listening"]
