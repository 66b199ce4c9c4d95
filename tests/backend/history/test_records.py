"""Test the feed's field in a session's hash."""

from backend.history.records import SessionOwner, feed_field


def test_feed_field_starts_with_limit_and_omits_defaults() -> None:
    assert feed_field(SessionOwner("o", device="Ann's 笔记本"), 7) == '7 {"owner":"o","device":"Ann\'s 笔记本"}'
