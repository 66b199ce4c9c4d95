"""Check spaces, punctuation and form of address in the Chinese texts of windows, dashboard and documents."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.sentences import entries

ROOT = Path(__file__).resolve().parent.parent
DASHBOARD = ROOT / "backend" / "observability" / "dashboard" / "static" / "texts-zh.js"
PAGES = [ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.zh.md"))]
NOT_SENTENCES = re.compile(r"\.find(\.|$)|^home\.day")
"""Keys of search words and of patterns for dates."""

HAN = "\u4e00-\u9fff"
WIDE = "，。；：、！？（）“”"
RULES = {
    "space between Han and Latin": re.compile(f"[{HAN}][A-Za-z0-9]|[A-Za-z0-9%][{HAN}]"),
    "half-width punctuation": re.compile(rf"[{HAN}][,.;:!?()\"']|[,;:!?()\"'][{HAN}]"),
    "space beside a full-width sign": re.compile(f"(?<=[{HAN}]) (?=[{HAN}{WIDE}])|(?<=[{WIDE}]) (?=[{HAN}])"),
    "你 beside 您": re.compile("你"),
}
BLOCK = re.compile(r"^ {4}\S.*$|^\|[-|]+\|$", re.MULTILINE)
MARKUP = ((re.compile(r"`[^`]*`"), "x"), (re.compile(r"\]\([^)]*\)"), "]"), (re.compile(r"!(?=\[)|[*|\[\]]"), ""))
BROKEN = re.compile(f"[{HAN}A-Za-z0-9`]\n *[{HAN}]")


def broken_rules(text: str) -> list[str]:
    """Return the rules that a text breaks, each with the place."""
    found = ((rule, pattern.search(text)) for rule, pattern in RULES.items())
    return [f"{rule}: {text[max(0, hit.start() - 9) : hit.end() + 9]}" for rule, hit in found if hit]


def plain(page: str) -> str:
    """Return a page without code blocks and marks; code is a letter."""
    text = BLOCK.sub("", page)
    for pattern, instead in MARKUP:
        text = pattern.sub(instead, text)
    return text


def texts() -> Iterator[tuple[str, str]]:
    for key, entry in entries("zh").items():
        if not NOT_SENTENCES.search(key):
            yield from ((key, form) for form in ([entry] if isinstance(entry, str) else entry.values()))
    for key, text in re.findall(r'"([\w.]+)": (?:{ other: )?"([^"]*)"', DASHBOARD.read_text(encoding="utf-8")):
        yield f"dashboard {key}", text


def test_chinese_texts_keep_typographic_rules() -> None:
    assert {key: found for key, text in texts() if (found := broken_rules(text))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_chinese_page_keeps_typographic_rules(page: Path) -> None:
    lines = plain(page.read_text(encoding="utf-8")).split("\n")
    assert [found for line in lines for found in broken_rules(line.strip())] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_of_chinese_page_end_with_punctuation(page: Path) -> None:
    paragraphs = (part for part in page.read_text(encoding="utf-8").split("\n\n") if part[:1] not in "#|!")
    broken = [hit.group() for part in paragraphs for hit in BROKEN.finditer(BLOCK.sub("", part))]
    assert broken == []


@pytest.mark.parametrize(
    "text", ["运行make", "已完成5%了", "完成, 请关闭", "点击“添加” 按钮", "您和你", "（正在） 识别", '点击"添加"']
)
def test_broken_rule_is_reported(text: str) -> None:
    assert broken_rules(text)
