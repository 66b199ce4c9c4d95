"""Check of the chosen hotkeys: binds each for a moment and releases it.

Presses none.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from app.diagnostics.checks.finding import Area, Finding, advice, ok, wrong
from app.hotkeys import choose
from app.hotkeys.choose import Choice
from app.hotkeys.errors import HotkeysForbidden, HotkeysUnavailable, HotkeyTaken, HotkeyUnknown
from app.hotkeys.events import Hotkeys
from runtime.installing import extra_command

_NONE: Final[dict[str, list[Finding]]] = {
    choose.WAYLAND: [advice(Area.HOTKEYS, "hotkeys-wayland")],
    choose.NO_DISPLAY: [],  # the check of the session reports it
    choose.NOT_INSTALLED: [
        advice(Area.HOTKEYS, "hotkeys-not-installed", install=extra_command("desktop")),
    ],
}


async def hotkeys(
    bindings: Mapping[str, str], choice: Callable[[], Choice], app_runs: Callable[[], Awaitable[bool]]
) -> list[Finding]:
    """Check the hotkeys.

    ``bindings``: keys by action, as in the settings. ``app_runs``: tells whether the app runs and so owns the
    taken keys.
    """
    chosen = choice()
    if chosen.reason:
        return _NONE[chosen.reason]
    try:
        async with chosen.hotkeys as keys:
            taken, unknown = await _tried(keys, bindings)
    except HotkeysForbidden:
        return [wrong(Area.HOTKEYS, "hotkeys-forbidden")]
    except HotkeysUnavailable:
        return [wrong(Area.HOTKEYS, "hotkeys-unavailable")]
    findings = [wrong(Area.HOTKEYS, "hotkey-unknown", binding=binding) for binding in unknown]
    if taken and await app_runs():
        findings.append(ok(Area.HOTKEYS, "hotkeys-ours", bindings=", ".join(taken)))
    else:
        findings += [wrong(Area.HOTKEYS, "hotkey-taken", binding=binding) for binding in taken]
    free = [binding for binding in bindings.values() if binding and binding not in (*taken, *unknown)]
    if free:
        findings.append(ok(Area.HOTKEYS, "hotkeys-free", bindings=", ".join(free)))
    return findings or [advice(Area.HOTKEYS, "hotkeys-none")]


async def _tried(keys: Hotkeys, bindings: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Bind each hotkey and return those of other programs and those unknown to this keyboard."""
    taken, unknown = list[str](), list[str]()
    for action, binding in bindings.items():
        try:
            if binding:
                await keys.bind({action: binding})
        except HotkeyTaken:
            taken.append(binding)
        except HotkeyUnknown:
            unknown.append(binding)
    await keys.bind({})
    return taken, unknown
