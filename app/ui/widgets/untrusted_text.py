"""Safe display of foreign text: file names, device names, texts of gateways.

Markup in it has no effect.
"""

from html import escape

from runtime.terminal import LINES, printable


def tip(text: str) -> str:
    """Return a tooltip that shows ``text`` literally.

    Qt would render text that resembles HTML as markup.
    """
    shown = printable(text, LINES)
    if "<" not in shown:
        return shown
    return f"<qt>{escape(shown).replace(chr(10), '<br>')}</qt>"


def menu_name(text: str) -> str:
    """Return ``text`` as a menu entry, in which "&" would otherwise mark a shortcut."""
    return printable(text).replace("&", "&&")
