"""Extensions of an X server: raw events of X Input 2, and the requests of XKEYBOARD that python-xlib lacks."""

from typing import Any, Final

from Xlib.error import XError
from Xlib.ext import ge, xinput
from Xlib.protocol import rq

CORE_KEYBOARD: Final = 0x0100
_RAW_EVENT: Final = rq.Struct(rq.Card16("device"), rq.Card32("time"), rq.Card32("detail"))


class _UseExtension(rq.ReplyRequest):  # type: ignore[misc] # python-xlib has no types
    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor")
    )
    _reply = rq.Struct(
        rq.ReplyCode(), rq.Bool("supported"), rq.Card16("sequence_number"), rq.ReplyLength(), rq.Pad(24)
    )


def raw_input(display: Any, *kinds: int) -> int | None:
    """Return the code of X Input 2 on this server, or ``None`` if the server lacks it.

    Raw events of these ``kinds`` then arrive with ``data.detail``, the number of the key or button. The program
    below still gets its event. From version 2.1 on, events during a grab, such as in open menus, are reported too.
    """
    if not display.has_extension(xinput.extname) or not display.has_extension(ge.extname):
        return None
    code = int(display.display.get_extension_major(xinput.extname))
    try:
        xinput.XIQueryVersion(display=display.display, opcode=code, major_version=2, minor_version=2)
    except XError:
        return None  # an old server, of version 1
    for kind in kinds:
        display.ge_add_event_data(code, kind, _RAW_EVENT)
    return code


def keyboard_extension(display: Any) -> Any | None:
    """Return the server's description of XKEYBOARD, with its codes; ``None`` if the server lacks it."""
    extension = display.query_extension("XKEYBOARD")
    if not extension:
        return None
    version = _UseExtension(display=display.display, opcode=extension.major_opcode, major=1, minor=0)
    return extension if version.supported else None
