"""Check the files of the menu as desktops and software centres read them."""

from pathlib import Path
from typing import Final

from app.core.identity import APP_ID
from scripts.release.commands import run
from scripts.release.errors import Refusal

OVERRIDES: Final = {
    # The project has no home page yet, and another address would be untrue. Remove this once it has one.
    "url-homepage-missing": "pedantic",
}
"""Accepted findings of appstreamcli, each with its reason. Every other finding fails, even a hint."""


def check_menu(menu: Path) -> None:
    """Refuse the desktop file or the AppStream metadata in this folder. Raises ``ReleaseRefused``."""
    run("desktop-file-validate", menu / f"{APP_ID}.desktop", kind=Refusal.CHECK_FAILED)
    overrides = ",".join(f"{tag}={severity}" for tag, severity in OVERRIDES.items())
    options = ("--no-net", "--strict", "--explain", f"--override={overrides}")
    run("appstreamcli", "validate", *options, menu / f"{APP_ID}.metainfo.xml", kind=Refusal.CHECK_FAILED)
