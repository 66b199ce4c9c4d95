"""The keyboard of a RemoteDesktop session, which presses the keys that paste.

Only key codes are sent: GNOME loses key symbols that the layout lacks. The portal reports no active layout, so
nothing is pressed where the layouts of the user have ``v`` in different places.
"""

from contextlib import suppress
from typing import Final, Protocol

from app.bus.errors import BusError
from app.insertion.errors import InsertionUnavailable, SessionMissing
from app.insertion.plan import PasteKeys
from app.insertion.portal.session import INTERFACE, RemoteSession
from app.insertion.wayland.keymap import STANDARD_PLACES, KeyPlaces, chord, codes_of, key_places

_KEY_S: Final = 1.0
_PRESSED: Final = 1
_RELEASED: Final = 0


class PasteKeymap(Protocol):
    """A keymap of XKB as ``text``, which may change."""

    text: str

    async def close(self) -> None:
        """End the connection to its source. Safe to call twice."""


class PortalKeyboard:
    """A ``PasteKeyboard`` of the desktop portal. ``keymap``: that of the user; ``None``: the standard one."""

    def __init__(self, session: RemoteSession, keymap: PasteKeymap | None = None) -> None:
        self._session, self._keymap = session, keymap

    async def press(self, keys: PasteKeys) -> None:
        """Press and release the keys.

        Raises ``InsertionUnavailable`` if the key was certainly not pressed. If that is unknown, return: a read of
        the clipboard will show it. The session is then closed, so that no key stays pressed.
        """
        held, key = chord(_places(self._keymap.text if self._keymap else "", keys.key), keys)
        await self._session.open_session()
        down = list[int]()
        tried = False
        try:
            for code in (*(place.code for place in held), key.code):
                down.append(code)
                tried = code == key.code
                await self._send(code, _PRESSED)
            for code in reversed(tuple(down)):
                await self._send(code, _RELEASED)
                down.remove(code)
        except BusError as error:
            if not tried:
                raise SessionMissing(f"the desktop portal pressed no key: {error}") from error
        finally:
            if down:
                await self._let_go(down)

    async def close(self) -> None:
        """Release everything. Safe to call twice."""
        if self._keymap is not None:
            await self._keymap.close()
        await self._session.close()

    async def _send(self, code: int, state: int) -> None:
        method, signature = "NotifyKeyboardKeycode", "oa{sv}iu"
        await self._session.call(INTERFACE, method, signature, {}, code, state, deadline_s=_KEY_S)

    async def _let_go(self, down: list[int]) -> None:
        """Release keys after a failure, and end the session, which releases what is left."""
        for code in reversed(down):
            with suppress(BusError):
                await self._send(code, _RELEASED)
        await self._session.end()


def _places(keymap: str, symbol: str) -> KeyPlaces:
    """Return where the keys are. Raises ``InsertionUnavailable`` if several layouts differ."""
    if len(codes_of(keymap, symbol)) > 1:
        raise InsertionUnavailable("your keyboard layouts differ in the key that pastes: paste the text yourself")
    return key_places(keymap) or STANDARD_PLACES
