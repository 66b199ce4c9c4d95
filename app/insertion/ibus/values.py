"""The values that IBus sends over its bus. Pure.

An IBus object is a structure in a variant: the name of its class, attachments, then its members.
Source: ``serialize`` in ibustext.c, ibusenginedesc.c and ibuscomponent.c of IBus.
"""

from typing import Any, Final

from app.bus.connection import BusObject, Variant

ENGINE: Final = "kikipounamu"
"""The name of our engine. No file of the user names it."""
COMPONENT: Final = "org.freedesktop.IBus.Kikipounamu"
IBUS: Final = BusObject("org.freedesktop.IBus", "/org/freedesktop/IBus", "org.freedesktop.IBus")
FACTORY: Final = BusObject("", "/org/freedesktop/IBus/Factory", "org.freedesktop.IBus.Factory")
ENGINES: Final = "org.freedesktop.IBus.Engine"
CONTEXTS: Final = "org.freedesktop.IBus.InputContext"
NO_CLIENT: Final = "fake"
"""The client of the input context that IBus uses while no text field has the focus."""
XIM: Final = "xim"
SURROUNDING_TEXT: Final = 1 << 5
"""The capability of a client that reports the text around its cursor."""
PASSWORD_PURPOSES: Final = frozenset({8, 9})  # password, PIN
TERMINAL_PURPOSE: Final = 10

_STRINGS_AFTER_RANK: Final = 8


def text_value(text: str) -> Variant:
    """Return a text without attributes."""
    attributes = Variant("(sa{sv}av)", ["IBusAttrList", {}, []])
    return Variant("(sa{sv}sv)", ["IBusText", {}, text, attributes])


def text_in(value: Any) -> str:
    """Return the characters of a received text; empty for anything else."""
    is_text = isinstance(value, list | tuple) and len(value) > 2 and value[0] == "IBusText"
    return value[2] if is_text and isinstance(value[2], str) else ""


def component_value() -> Variant:
    """Return our component, with its engine, which changes no keyboard layout."""
    words = [ENGINE, "Kikipounamu", "Dictation", "other", "", "", "", "default"]
    engine = ["IBusEngineDesc", {}, *words, 0, *[""] * _STRINGS_AFTER_RANK]
    described = Variant("(sa{sv}ssssssssussssssss)", engine)
    named = [COMPONENT, "Kikipounamu", "", "", "", "", "", ""]
    return Variant("(sa{sv}ssssssssavav)", ["IBusComponent", {}, *named, [], [described]])


def engine_name(value: Any) -> str:
    """Return the name of a received engine description; empty for anything else."""
    is_engine = isinstance(value, list | tuple) and len(value) > 2 and value[0] == "IBusEngineDesc"
    return value[2] if is_engine and isinstance(value[2], str) else ""


def is_plain_layout(engine: str) -> bool:
    """Return whether an engine is a keyboard layout: it composes single accents only."""
    return engine.startswith("xkb:")
