"""Choice between the text of a span and those of its pieces."""

import pytest

from app.core.span_preference import prefers_span


@pytest.mark.parametrize(
    ("span", "pieces"),
    [
        ("I went home because it rained.", ("I went home.", "Because it rained.")),
        ("I went home.", ("I went home.", None)),
        ("Said.", ("", "")),
        ("Said.", (None, None)),
        ("Said.", ()),
        ("你好,我们走吧。", ("nǐ hǎo", "wǒ men zǒu ba")),
    ],
)
def test_text_of_span_is_preferred_when_it_is_plausible(span: str, pieces: tuple[str | None, ...]) -> None:
    assert prefers_span(span, pieces, ("en", "zh"))


@pytest.mark.parametrize(
    ("span", "pieces"),
    [
        ("", ("I went home.", None)),
        (" ", ("", "")),
        ("I went.", ("I went home.", "Because it rained.")),
        ("I went.", ("I went home because it rained.", None)),
        ("Привет.", ("Hello.",)),
        ("走。", ("你好。", "我们走吧。")),
    ],
)
def test_texts_of_pieces_are_preferred_to_empty_short_or_foreign_text(
    span: str, pieces: tuple[str | None, ...]
) -> None:
    assert not prefers_span(span, pieces, ("en", "zh"))
