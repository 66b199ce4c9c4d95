"""Paste a held text as a user does, who presses the key again if a program was too busy to read the text."""

import re
import time
from typing import Any

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
        made = app.view()["note_until"]
        app.paste_held()
        reason = _reason_after_paste(app, made)
    return reason


def texts_in(field: str) -> list[str]:
    """Return the texts of the checksum engine in a field.

    There is no space before a text that was pasted long after the last one.
    """
    return re.findall(r"[0-9a-f]{16}", field)


def _reason_after_paste(app: App, made: float) -> str:
    """Wait until nothing is held, or a note other than the one ``made`` before says why; return its key.

    There is no note while the text is on its way. A refusal counts when its note expires: a busy program needs
    time.
    """

    def outcome() -> dict[str, Any] | None:
        view = app.view()
        refused = view["note"] and view["note_until"] not in (0.0, made) and time.monotonic() > view["note_until"]
        return view if not view["held"] or refused else None

    view: dict[str, Any] = wait_until_sync(outcome, "the paste is over")
    return str(view["note"]["key"]) if view["held"] else ""
