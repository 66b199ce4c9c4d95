from app.insertion.clipboard import LentClipboard
from app.insertion.wayland.clipboard import DataControlClipboard
from app.insertion.wayland.keyboard import VirtualKeyboard
from app.insertion.wayland.parts import PasteKeyboard


def test_parts_of_wlroots_implement_the_interfaces() -> None:
    clipboard: type[LentClipboard] = DataControlClipboard  # for mypy
    keyboard: type[PasteKeyboard] = VirtualKeyboard
    assert hasattr(clipboard, "give_back") and hasattr(keyboard, "press")
