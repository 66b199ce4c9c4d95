"""Words of strangers in windows: names of files and devices, texts of gateways. Nothing in them is markup."""

from html import escape

from runtime.terminal import LINES, printable


def tip(text: str) -> str:
    """Return a tooltip that shows ``text`` as it is: Qt takes what looks like HTML for it."""
    shown = printable(text, LINES)
    if "<" not in shown:
        return shown
    return f"<qt>{escape(shown).replace(chr(10), '<br>')}</qt>"


def menu_name(text: str) -> str:
    """Return a name for a menu, where "&" makes a shortcut."""
    return printable(text).replace("&", "&&")
