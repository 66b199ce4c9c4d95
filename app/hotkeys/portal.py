"""Hotkeys of the desktop portal (GlobalShortcuts): GNOME, KDE and others on Wayland.

All keys are bound at once and stay bound, because a desktop may ask the user about each change. Keys that are not
wanted at the moment are ignored. A portal repeats a held key; only presses and releases are reported.

Sources: XDG Desktop Portal documentation, "GlobalShortcuts"; KDE 6.3 and GNOME 48 as tried.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from app.bus.connection import Signal
from app.bus.errors import BusError, BusSilent, PortalDenied, PortalRefused
from app.bus.portal import Portal, PortalSession, variants
from app.hotkeys.binding import KEYS, Binding, Modifier, parse
from app.hotkeys.errors import (
    HotkeysDenied,
    HotkeysLost,
    HotkeysMissing,
    HotkeysUnavailable,
    HotkeyTaken,
    HotkeyUnassigned,
    HotkeyUnknown,
)
from app.hotkeys.events import Hotkeys, KeyEvent, KeyEventQueue
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, close_on_error, is_set_within, within

DICTATE: Final = "dictate"
CANCEL: Final = "cancel"
# A portal binds no modifier on its own. A single key instead of a combination: nothing is held down when the text
# is pasted. Neither GNOME nor KDE uses F9, and every keyboard has it.
DICTATE_KEY: Final = "f9"
_OTHER_KEYS: Final = {DICTATE: DICTATE_KEY, "paste-held": "ctrl+alt+v"}
_MODIFIERS: Final = {Modifier.CTRL: "CTRL", Modifier.ALT: "ALT", Modifier.SHIFT: "SHIFT", Modifier.SUPER: "LOGO"}
_ADDED: Final = (Modifier.SHIFT, Modifier.ALT, Modifier.CTRL)
_WORDS: Final = {"primary": "ctrl", "logo": "super", "mod4": "super", "num": "num_lock"}
_NAMES: Final = {keysym.lower(): name for name, key in KEYS.items() for keysym in key.keysyms}
_GTK_MODIFIER: Final = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Shortcut:
    """A key for the portal. ``id``: changes with the key, because desktops keep the key of a known id."""

    action: str
    binding: Binding

    @property
    def id(self) -> str:
        """The name of the shortcut for the desktop."""
        return f"{self.action}.{self.binding}"

    @property
    def trigger(self) -> str:
        """The key as the portal writes it, such as ``CTRL+ALT+v``."""
        held = [_MODIFIERS[modifier] for modifier in Modifier if modifier in self.binding.modifiers]
        return "+".join([*held, self.binding.key.keysyms[0]])


def shortcuts(bindings: Mapping[str, str]) -> tuple[Shortcut, ...]:
    """Return the keys to bind: those wanted where a portal can bind them. Raises ``HotkeyUnknown``.

    Of two actions with the same key, the first gets it.
    All stay bound all the time, so Esc on its own is left to other programs: Shift and the key of dictation
    cancels instead.
    """
    wanted = {action: parse(text) for action, text in bindings.items() if text}
    dictate = _possible(DICTATE, wanted.get(DICTATE, parse(DICTATE_KEY)))
    made = dict[Binding, Shortcut]()
    for action, binding in wanted.items():
        chosen = _possible(action, binding)
        if action == CANCEL and (chosen.lone or _is_escape(chosen)):
            chosen = _with_one_more(dictate)
        made.setdefault(chosen, Shortcut(action, chosen))
    return tuple(made.values())


def keys_in(listed: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """Return the keys that the desktop names, by the id of the shortcut; empty for none."""
    return {name: str(about.get("trigger_description", "")) for name, about in listed}


def key_text(description: str) -> str:
    """Return a key named by the desktop in our notation, or as it is if it is in no notation known here."""
    plain = description.strip().removeprefix("Press ").strip()
    words = _GTK_MODIFIER.sub(r"\1+", plain).split("+")
    named = [_WORDS.get(word.strip().lower(), word.strip()) for word in words]
    named = [*named[:-1], _NAMES.get(named[-1].lower(), named[-1])]
    try:
        return str(parse("+".join(named)))
    except HotkeyUnknown:
        return description


def _possible(action: str, binding: Binding) -> Binding:
    other = _OTHER_KEYS.get(action)
    return parse(other) if binding.lone and other else binding


def _is_escape(binding: Binding) -> bool:
    return binding.name == "esc" and not binding.modifiers


def _with_one_more(binding: Binding) -> Binding:
    added = next((modifier for modifier in _ADDED if modifier not in binding.modifiers), Modifier.SUPER)
    return replace(binding, modifiers=binding.modifiers | {added})


log = loggers.APP_HOTKEYS_PORTAL

INTERFACE: Final = "GlobalShortcuts"
ASK_S: Final = 120.0
"""The time for the user's answer to a dialog of the desktop."""
_ENTER_S: Final = 5.0
# GNOME 48 refuses a request and reports a moment later that the keys are bound.
_KEYS_CHANGED_S: Final = 0.5
_REPEAT_S: Final = 1.0
"""A held key is repeated in shorter intervals than this."""

_DESCRIPTIONS: Final = {
    "dictate": ("Dictate", "听写"),
    "cancel": ("Cancel dictation", "取消听写"),
    "paste-held": ("Paste text", "粘贴文字"),
}
"""Names of the actions in the dialogs and settings of the desktop, in English and Chinese."""


class PortalHotkeys(Hotkeys):
    """Hotkeys of the desktop portal, which cannot press keys, and keeps the bindings during sleep.

    ``changed`` is called when the desktop assigns other keys.

    ``chinese``: the desktop's language. ``ask_s``: how long a dialog of the desktop may stay unanswered.
    """

    def __init__(
        self, open_portal: Callable[[], Awaitable[Portal]], *, chinese: bool = False, ask_s: float = ASK_S
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._chinese = chinese
        self._open_portal, self._ask_s = open_portal, ask_s
        self._tasks = Tasks("hotkeys")
        self._portal: Portal | None = None
        self._session: PortalSession | None = None
        self._reserved: Mapping[str, str] = {}
        self._bound: tuple[Shortcut, ...] = ()
        self._keys: dict[str, str] = {}
        self._wanted: frozenset[str] = frozenset()
        self._down: set[str] = set()
        self._activated_s: dict[str, float] = {}  # when keys not released since were activated or repeated
        self._keys_changed = asyncio.Event()
        self._refused: tuple[tuple[Shortcut, ...], HotkeysUnavailable] | None = None

    async def __aenter__(self) -> Self:
        self._events = KeyEventQueue()
        async with within(_ENTER_S):  # a portal that is still starting is connected by ``bind``
            await self._connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.close()
        await self._disconnect()
        self._events.post(None)

    @property
    def assigned(self) -> Mapping[str, str]:
        """The keys that the desktop assigned, by action."""
        return {each.action: key_text(key) for each in self._bound if (key := self._keys.get(each.id, ""))}

    def reserve(self, bindings: Mapping[str, str]) -> None:
        """Set all keys that may be bound later, like ``AssignedHotkeys.reserve``."""
        self._reserved = {action: text for action, text in bindings.items() if text}

    async def is_down(self, action: str) -> bool:
        """Return whether the key was pressed and not released: a portal has no request for it."""
        return action in self._down

    async def bind(self, bindings: Mapping[str, str]) -> None:
        """Bind these keys or the possible ones nearest to them.

        Raises ``HotkeyUnknown``, ``HotkeyUnassigned``, ``HotkeysDenied`` or ``HotkeysUnavailable``.
        """
        wanted = {action: text for action, text in bindings.items() if text}
        all_of_them = shortcuts({**self._reserved, **wanted})
        if self._session is None or self._session.closed.is_set() or all_of_them != self._bound:
            await self._open(all_of_them)
        self._wanted = frozenset(wanted)
        for action in self._down - self._wanted:
            self.assume_released(action)
        self._refuse_unassigned(wanted)

    # -- the session ---------------------------------------------------------------------------------------

    async def _connect(self) -> Portal:
        """Return the connection, a new one if the bus was lost. Raises ``HotkeysUnavailable``."""
        if self._portal is not None and not self._portal.bus.gone.is_set():
            return self._portal
        try:
            portal = await self._open_portal()
            async with close_on_error(portal.close):
                if not await portal.version(INTERFACE):
                    raise HotkeysMissing
        except BusError as error:
            raise HotkeysMissing from error
        portal.listen(self._handle_signal)
        self._portal = portal
        return portal

    async def _disconnect(self) -> None:
        self._session = None
        if self._portal is not None:
            await self._portal.close()

    async def _open(self, wanted: tuple[Shortcut, ...]) -> None:
        """Open a session with these keys that replaces the current one."""
        if self._refused is not None and self._refused[0] == wanted:
            raise self._refused[1]  # the user has answered: asked again for other keys, or after a restart
        portal = await self._connect()
        before, self._session = self._session, None
        if before is not None:
            await before.close()
            for action in tuple(self._down):  # their releases are no longer reported
                self.assume_released(action)
        if not wanted:
            self._bound, self._keys = (), {}
            return
        try:
            await self._grant(portal, wanted)
        except HotkeysDenied as error:
            self._refused = (wanted, error)
            raise
        except BusError as error:
            raise HotkeysUnavailable(str(error)) from error
        self._bound, self._refused = wanted, None
        self.changed()

    async def _grant(self, portal: Portal, wanted: tuple[Shortcut, ...]) -> None:
        session = self._session = await portal.session(INTERFACE)
        self._activated_s.clear()
        try:
            self._keys = keys_in(await self._list_shortcuts(portal, session))
            if self._keys.keys() != {each.id for each in wanted}:  # another start already bound them
                await self._bind(portal, session, wanted)
        except BaseException:
            self._session = None
            await session.close()
            raise
        self._tasks.start(self._watch(session), "session")

    async def _bind(self, portal: Portal, session: PortalSession, wanted: tuple[Shortcut, ...]) -> None:
        requested = [[each.id, variants(self._options(each))] for each in wanted]
        values = (session.path, requested, "")
        method = f"{INTERFACE}.BindShortcuts"
        self._keys_changed.clear()
        try:
            results = await portal.request(method, "oa(sa{sv})sa{sv}", *values, deadline_s=self._ask_s)
            self._keys = keys_in(results.get("shortcuts", ()))
        except BusSilent as error:
            raise HotkeysDenied(str(error)) from error
        except PortalRefused as error:
            cancelled = isinstance(error, PortalDenied)
            if cancelled or not await self._are_bound(portal, session, {each.id for each in wanted}):
                raise HotkeysDenied(str(error)) from error

    def _options(self, shortcut: Shortcut) -> dict[str, tuple[str, str]]:
        english, chinese = _DESCRIPTIONS.get(shortcut.action, (shortcut.action, shortcut.action))
        description = chinese if self._chinese else english
        return {"description": ("s", description), "preferred_trigger": ("s", shortcut.trigger)}

    async def _are_bound(self, portal: Portal, session: PortalSession, ids: set[str]) -> bool:
        """Return whether refused keys are bound nevertheless."""
        await is_set_within(self._keys_changed, _KEYS_CHANGED_S)
        if not ids <= self._keys.keys():
            self._keys = keys_in(await self._list_shortcuts(portal, session))
        return ids <= self._keys.keys()

    async def _list_shortcuts(
        self, portal: Portal, session: PortalSession
    ) -> Iterable[tuple[str, Mapping[str, Any]]]:
        results = await portal.request(f"{INTERFACE}.ListShortcuts", "oa{sv}", session.path)
        found: Iterable[tuple[str, Mapping[str, Any]]] = results.get("shortcuts", ())
        return found

    async def _watch(self, session: PortalSession) -> None:
        """Report the end of the session, unless another one has taken its place."""
        await session.closed.wait()
        if self._session is session:
            log.warning(LogEvent.HOTKEYS_PORTAL_ENDED)
            for action in tuple(self._down):
                self.assume_released(action)
            self._events.put(HotkeysLost("the desktop portal has ended"))

    def _refuse_unassigned(self, wanted: Mapping[str, str]) -> None:
        if wanted and not any(self._keys.values()):
            raise HotkeysMissing  # the user assigns keys in a file of the compositor
        bound = {each.action: each for each in self._bound}
        for action, text in wanted.items():
            if action not in bound:
                raise HotkeyTaken(action, str(parse(text)), by="another action")
            if not self._keys.get(bound[action].id):
                raise HotkeyUnassigned(action, str(bound[action].binding))

    # -- keys ----------------------------------------------------------------------------------------------

    def _handle_signal(self, signal: Signal) -> None:
        session = self._session
        if session is None or not signal.values or signal.values[0] != session.path:
            return
        if signal.member == "ShortcutsChanged":
            self._keys = keys_in(signal.values[1])
            self._keys_changed.set()
            self.changed()
        elif signal.member in ("Activated", "Deactivated"):
            action = next((each.action for each in self._bound if each.id == signal.values[1]), "")
            if signal.member == "Deactivated":
                self._activated_s.pop(action, None)
                self.assume_released(action)
            elif not self._repeats(action) and action in self._wanted and action not in self._down:
                self._down.add(action)
                self._events.put(KeyEvent(action, pressed=True, at_s=time.monotonic()))

    def _repeats(self, action: str) -> bool:
        """Note an activation, and return whether it repeats a held key, even one that counts as released."""
        now_s = time.monotonic()
        before_s, self._activated_s[action] = self._activated_s.get(action, now_s - _REPEAT_S), now_s
        return now_s - before_s < _REPEAT_S

    def assume_released(self, action: str) -> None:
        """Report a key as released whose release the portal does not report."""
        if action in self._down:
            self._down.discard(action)
            self._events.put(KeyEvent(action, pressed=False, at_s=time.monotonic()))
