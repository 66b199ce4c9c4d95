"""Auto-repeat without releases on an X server: requests of the extension XKEYBOARD that python-xlib lacks."""

from typing import Any, Final

from Xlib import X
from Xlib.protocol import event, rq

from app.x11.extensions import CORE_KEYBOARD, keyboard_extension

_DETECTABLE_AUTO_REPEAT: Final = 1
_NEW_KEYBOARD: Final = 1
_MAP: Final = 2
_SYMBOLS_AND_MODIFIERS: Final = 6


class _SelectEvents(rq.Request):  # type: ignore[misc] # python-xlib has no types
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(1),
        rq.RequestLength(),
        rq.Card16("keyboard"),
        rq.Card16("affect_which"),
        rq.Card16("clear"),
        rq.Card16("select_all"),
        rq.Card16("affect_map"),
        rq.Card16("map"),
    )


class _PerClientFlags(rq.ReplyRequest):  # type: ignore[misc] # python-xlib has no types
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(21),
        rq.RequestLength(),
        rq.Card16("keyboard"),
        rq.Pad(2),
        rq.Card32("change"),
        rq.Card32("value"),
        rq.Pad(12),
    )
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("keyboard"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card32("supported"),
        rq.Card32("value"),
        rq.Pad(16),
    )


def omit_repeated_releases(display: Any) -> int | None:
    """Let the server send no releases while a held key repeats; return XKEYBOARD's event code, else ``None``.

    From then on, changes of the layout arrive as such events, not as MappingNotify.
    """
    extension = keyboard_extension(display)
    if extension is None:
        return None
    common = {"display": display.display, "opcode": extension.major_opcode}
    flag = _DETECTABLE_AUTO_REPEAT
    if not _PerClientFlags(**common, keyboard=CORE_KEYBOARD, change=flag, value=flag).value & flag:
        return None
    _SelectEvents(
        **common,
        keyboard=CORE_KEYBOARD,
        affect_which=_NEW_KEYBOARD | _MAP,
        clear=0,
        select_all=_NEW_KEYBOARD,
        affect_map=_SYMBOLS_AND_MODIFIERS,
        map=_SYMBOLS_AND_MODIFIERS,
    )
    return int(extension.first_event)


def whole_layout(display: Any) -> Any:
    """Return the event that lets python-xlib read the symbols of all keys again."""
    first = display.display.info.min_keycode
    count = display.display.info.max_keycode - first + 1
    return event.MappingNotify(sequence_number=0, request=X.MappingKeyboard, first_keycode=first, count=count)
