"""The answer of the user to the question of the desktop whether this app may press keys.

The portal gives a token with which the next session is granted without a dialog. A refusal counts until the app is
started again, even if its helper process is replaced in between. Without a stored answer, the desktop asks again.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.whole_file import keep, read_kept

NAME: Final = "portal-permission.json"
"""Name of the file, beside the settings."""


@dataclass(frozen=True)
class PermissionAnswer:
    """An answer of the user. ``token``: of the portal. ``refused``: the refused start of the app, or 0."""

    token: str = ""
    refused: int = 0


class Permission:
    """The stored answer. ``run``: the number of this start of the app."""

    def __init__(self, place: Path, run: int) -> None:
        self._place, self._run = place, run

    @property
    def token(self) -> str:
        """The token of the portal; empty if there is none."""
        return self._read_answer().token

    @property
    def refused(self) -> bool:
        """True if the user has refused since the app was started."""
        return self._read_answer().refused == self._run

    def grant(self, token: str) -> None:
        """Store the token of a granted session. A token is good for one session, so it replaces the last one."""
        keep(self._place, PermissionAnswer(token))

    def refuse(self) -> None:
        """Store that the user has refused."""
        keep(self._place, PermissionAnswer(refused=self._run))

    def _read_answer(self) -> PermissionAnswer:
        return read_kept(self._place, PermissionAnswer, PermissionAnswer())


def ask_again(place: Path) -> None:
    """Forget a refusal, because the user wants to be asked again. A granted token stays."""
    if Permission(place, 0)._read_answer().refused:
        with suppress(OSError):
            place.unlink()
