"""The texts of this worker's scripts, each as it is loaded into the broker."""

from importlib.resources import files
from typing import Final

_READ_ONLY: Final = ("glance", "others", "borrow")
_PARTS: Final = {
    "groups": ("groups",),
    "take": ("take",),
    "leftovers": ("leftovers",),
    "glance": ("glance",),
    "others": ("others",),
    "borrow": ("borrow",),
    "partials": ("partials",),
    "sweep": ("sweep",),
    "renew": ("renew",),
    "finish": ("segment", "finish"),
    "fail": ("segment", "fail"),
    "hypothesis": ("hypothesis",),
    "leave": ("leave",),
    "heartbeat": ("heartbeat",),
}


def load_scripts() -> dict[str, str]:
    """By name. What ends a job frees memory, so each must run when the broker is full."""
    folder = files("worker") / "lua"

    def text(name: str) -> str:
        flags = "no-writes,allow-oom" if name in _READ_ONLY else "allow-oom"
        parts = [(folder / f"{part}.lua").read_text("utf-8") for part in _PARTS[name]]
        return "\n".join((f"#!lua flags={flags}", *parts))

    return {name: text(name) for name in _PARTS}
