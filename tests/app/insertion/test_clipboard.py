from app.insertion.clipboard import Clipboard
from app.ui.shell.clipboard import QtClipboard


def test_qt_clipboard_implements_the_interface() -> None:
    kind: type[Clipboard] = QtClipboard  # for mypy
    assert all(hasattr(kind, name) for name in ("keep", "offer", "pressed", "read", "give_back"))
