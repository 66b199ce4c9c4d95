"""The answer of the user to the question of the desktop whether this app may press keys.

The portal gives a token with which the next session is granted without a dialog. A refusal counts until the app is
started again, even if its helper process is replaced meanwhile.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from runtime.whole_file import replacing

NAME: Final = "portal-permission.json"
"""Name of the file, beside the settings."""
_LONGEST: Final = 65_536


@dataclass(frozen=True)
class PermissionAnswer:
    """An answer of the user. ``token``: of the portal. ``refused``: the run of the app that was refused, or 0."""

    token: str = ""
    refused: int = 0


class Permission:
    """The stored answer. ``run``: the process of the app."""

    def __init__(self, place: Path, run: int) -> None:
        self._place, self._run = place, run

    @property
    def token(self) -> str:
        """The token of the portal; empty if there is none."""
        return self._read().token

    @property
    def refused(self) -> bool:
        """True if the user has refused since the app was started."""
        return self._read().refused == self._run

    def grant(self, token: str) -> None:
        """Store the token of a granted session. A token is good for one session, so it replaces the last one."""
        self._write(PermissionAnswer(token))

    def refuse(self) -> None:
        """Store that the user has refused."""
        self._write(PermissionAnswer(refused=self._run))

    def _read(self) -> PermissionAnswer:
        with suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self._place.read_bytes()[:_LONGEST], type=PermissionAnswer)
        return PermissionAnswer()

    def _write(self, answer: PermissionAnswer) -> None:
        """Replace the file at once; where that fails, the desktop asks again."""
        with suppress(OSError):
            self._place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._place) as file:
                file.write(msgspec.json.encode(answer))


def ask_again(place: Path) -> None:
    """Forget a refusal, because the user wants to be asked again. A granted token stays."""
    if Permission(place, 0)._read().refused:
        with suppress(OSError):
            place.unlink(missing_ok=True)
