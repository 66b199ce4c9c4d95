"""What a session's hash says for the feed."""

from backend.history.records import About, feed_field


def test_the_bound_comes_first_and_defaults_are_left_out() -> None:
    assert feed_field(About("o", device="Ann's 笔记本"), 7) == '7 {"owner":"o","device":"Ann\'s 笔记本"}'
