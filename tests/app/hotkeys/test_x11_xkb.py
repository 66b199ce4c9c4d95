"""Requests of XKEYBOARD for servers without it; ``test_x11`` holds a key on a real server."""

from types import SimpleNamespace

from app.hotkeys.x11_xkb import omit_repeated_releases, whole_layout


def test_server_without_the_extension_omits_nothing() -> None:
    assert omit_repeated_releases(SimpleNamespace(query_extension=lambda name: None)) is None


def test_whole_layout_names_all_keys_of_the_server() -> None:
    info = SimpleNamespace(min_keycode=8, max_keycode=255)
    event = whole_layout(SimpleNamespace(display=SimpleNamespace(info=info)))
    assert (event.first_keycode, event.count) == (8, 248)
