"""Window texts use the words for users; technical words appear only in the monitor and under Advanced."""

import re
from collections.abc import Iterator

import pytest

from app.core.sentences import LANGUAGES, entries

TECHNICAL = re.compile(r"^monitor\.|\.advanced\.|\.find(\.|$)")
"""Keys of texts that may use technical words: the monitor, Advanced, and hidden search words."""
CODE = re.compile(
    r"{\w+}|`[^`]*`|kikipounamu(-\w+)*( (takes|models|up)\b)?|KIKIPOUNAMU_\w+|\w+\.(toml|jsonl|md|log)"
)
"""Values, commands and files, which keep their technical names."""
FORBIDDEN = {
    "en": re.compile(
        r"\b(takes?|workers?|gateways?|segments?|brokers?|leases?|partials?"
        r"|somebody|nobody|anybody|whoever|elsewhere|possible is|mend)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "网关|识别服务|消息代理|语段|租约|别处|有人|没有人|算力|键入|休眠|浮窗|腾出空间|许可(?!证)|识别中(?!文)"
    ),
}


def forms(language: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a language with its key, once for each plural form."""
    for key, entry in entries(language).items():
        for form in [entry] if isinstance(entry, str) else entry.values():
            yield key, form


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_use_no_technical_words(language: str) -> None:
    found = {
        key: text
        for key, text in forms(language)
        if not TECHNICAL.search(key) and FORBIDDEN[language].search(CODE.sub("", text))
    }
    assert found == {}


COMPUTERS = re.compile(r"^(computers|pairing|sharing|lending)\.(?!find$|with$|invite\.(scan|locked)$)")
"""Keys of texts about paired computers; the exceptions also speak of phones, graphics cards and strangers."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_about_other_computers_call_none_of_them_device(language: str) -> None:
    device = re.compile(r"\bdevices?\b|设备", re.IGNORECASE)
    texts = [(key, text) for key, text in forms(language) if COMPUTERS.search(key)]
    assert len(texts) > 80
    assert [key for key, text in texts if device.search(CODE.sub("", text))] == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Start the worker"),
        ("en", "2 Takes"),
        ("zh", "网关没有应答"),
        ("zh", "休眠"),
        ("en", "Gateway {gateway}"),
    ],
)
def test_technical_words_are_recognised(language: str, text: str) -> None:
    assert FORBIDDEN[language].search(CODE.sub("", text))


@pytest.mark.parametrize(
    ("key", "en", "zh"),
    [
        ("history.count", "recordings", "录音"),
        ("worker.name", "on this computer", "本机识别"),
        ("settings.section.computers", "computers", "电脑"),
        ("sharing.name", "computer", "本机"),
        ("state.waiting", "Recognising", "正在识别"),
        ("state.held", "To paste", "待粘贴"),
        ("state.cancelled", "Cancelled", "已取消"),
        ("state.damaged", "Damaged", "已损坏"),
    ],
)
def test_concepts_have_their_words(key: str, en: str, zh: str) -> None:
    assert en in dict(forms("en"))[key]
    assert zh in dict(forms("zh"))[key]


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_texts_name_the_paste_key(language: str) -> None:
    assert dict(forms(language))["overlay.held-key"].endswith("{key}")
