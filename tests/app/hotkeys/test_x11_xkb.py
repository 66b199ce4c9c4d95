"""Requests of XKEYBOARD for servers without it; ``test_x11`` holds a key on a real server."""

from types import SimpleNamespace

import pytest

from app.hotkeys import x11_xkb
from app.hotkeys.x11_xkb import omit_repeated_releases, whole_layout


def test_server_without_the_extension_omits_nothing() -> None:
    assert omit_repeated_releases(SimpleNamespace(query_extension=lambda name: None)) is None


def test_server_that_refuses_the_flag_omits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x11_xkb, "_PerClientFlags", lambda **_: SimpleNamespace(value=0))
    monkeypatch.setattr(x11_xkb, "_SelectEvents", lambda **_: pytest.fail("the layout comes as MappingNotify"))
    extension = SimpleNamespace(major_opcode=135, first_event=85)
    monkeypatch.setattr(x11_xkb, "keyboard_extension", lambda display: extension)
    assert omit_repeated_releases(SimpleNamespace(display=None)) is None


def test_whole_layout_names_all_keys_of_the_server() -> None:
    info = SimpleNamespace(min_keycode=8, max_keycode=255)
    event = whole_layout(SimpleNamespace(display=SimpleNamespace(info=info)))
    assert (event.first_keycode, event.count) == (8, 248)
