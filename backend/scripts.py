"""The Lua scripts of the gateway, ready to be sent."""

from hashlib import sha1
from importlib.resources import files
from typing import Final, NamedTuple

NAMES: Final = (
    "attach",
    "submit",
    "cancel",
    "received",
    "forget",
    "look",
    "speculate",
    "promote",
    "hypothesise",
    "survey",
    "queue",
    "drop",
    "tidy",
    "remove_workers",
)


class Script(NamedTuple):
    """``digest`` is the name under which a broker knows the source."""

    source: bytes
    digest: str


def load_scripts() -> dict[str, Script]:
    """Every script by its name, with what they share behind its first line, which says how it is to be run."""
    folder = files("backend").joinpath("lua")
    shared = folder.joinpath("shared.lua").read_bytes()
    scripts: dict[str, Script] = {}
    for name in NAMES:
        first, rest = folder.joinpath(f"{name}.lua").read_bytes().split(b"\n", 1)
        source = b"\n".join((first, shared, rest))
        scripts[name] = Script(source, sha1(source, usedforsecurity=False).hexdigest())
    return scripts
