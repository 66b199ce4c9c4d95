from types import SimpleNamespace

import pytest
from Xlib.ext import ge, xinput

from app.x11 import extensions
from app.x11.connection import X11Connection
from app.x11.extensions import keyboard_extension, raw_input
from tests.app.insertion.x11.test_clicks import OldServer


def test_server_names_the_codes_of_its_extensions(connection: X11Connection) -> None:
    display = connection.display
    assert raw_input(display) == display.query_extension(xinput.extname).major_opcode
    found = keyboard_extension(display)
    assert found is not None and found.major_opcode == display.query_extension("XKEYBOARD").major_opcode


@pytest.mark.parametrize("names", [(), (xinput.extname,), (xinput.extname, ge.extname)])
def test_server_without_version_2_has_no_raw_input(names: tuple[str, ...]) -> None:
    assert raw_input(OldServer(*names), xinput.RawKeyPress) is None


@pytest.mark.parametrize("supported", [False, True])
def test_keyboard_extension_is_known_only_if_its_version_is(
    monkeypatch: pytest.MonkeyPatch, supported: bool
) -> None:
    extension = SimpleNamespace(major_opcode=135, first_event=85)
    monkeypatch.setattr(extensions, "_UseExtension", lambda **_: SimpleNamespace(supported=supported))
    display = SimpleNamespace(display=None, query_extension=lambda name: extension)
    assert keyboard_extension(display) is (extension if supported else None)


def test_server_without_the_keyboard_extension_has_none() -> None:
    assert keyboard_extension(SimpleNamespace(query_extension=lambda name: None)) is None
