"""Paste a held text as a user does, who presses the key again if a program was too busy to read the text."""

import re

from app.insertion.outcome import HoldReason
from tests.helpers.digit_dictation import App
from tests.helpers.waiting import wait_until_sync

TRIES = 5


def paste(app: App, reason: str) -> str:
    """Press the key while a text is held for ``reason``; return why it is still held, or an empty text.

    A text whose outcome is unknown is not pasted again.
    """
    for _ in range(TRIES):
        if reason in ("", HoldReason.UNCERTAIN):
            break
        app.paste_held()
        reason = _reason_after_paste(app)
    return reason


def texts_in(field: str) -> list[str]:
    """Return the texts of the checksum engine in a field.

    There is no space before a text that was pasted long after the last one.
    """
    return re.findall(r"[0-9a-f]{16}", field)


def _reason_after_paste(app: App) -> str:
    """Wait until nothing is held, or the note of the last attempt has come and gone; return the key of that note.

    At first there may be no note, because the program behind the key is still starting.
    """
    note_key = ""

    def over() -> bool:
        nonlocal note_key
        view = app.view()
        note_key = view["note"]["key"] if view["note"] else note_key
        return not view["held"] or (note_key != "" and not view["note"])

    wait_until_sync(over, "the paste is over")
    return note_key if app.view()["held"] else ""
