"""The gateway's Lua scripts, ready to send."""

from hashlib import sha1
from importlib.resources import files
from typing import Final, NamedTuple

NAMES: Final = (
    "attach",
    "submit",
    "cancel",
    "received",
    "forget",
    "hold",
    "discard",
    "look",
    "speculate",
    "promote",
    "hypothesise",
    "survey",
    "queue",
    "drop",
    "tidy",
    "remove_workers",
    "streamers",
)


class Script(NamedTuple):
    """Source of a script; a broker knows it by its ``digest``."""

    source: bytes
    digest: str


def load_scripts() -> dict[str, Script]:
    """Return every script by name, with the shared part inserted after its first line (the shebang)."""
    folder = files("backend.broker").joinpath("lua")
    shared = folder.joinpath("shared.lua").read_bytes()
    scripts: dict[str, Script] = {}
    for name in NAMES:
        first, rest = folder.joinpath(f"{name}.lua").read_bytes().split(b"\n", 1)
        source = b"\n".join((first, shared, rest))
        scripts[name] = Script(source, sha1(source, usedforsecurity=False).hexdigest())
    return scripts
