"""The Wayland interfaces that this app uses, and whether they suffice for an overlay and for insertion.

Names, versions, requests and events are in the order of their opcodes.
Sources: "The Wayland Protocol" (core), wlr-protocols and wayland-protocols; only facts are taken from them.

The windows import this on every system, so it needs no library of a desktop.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.wayland.wire import Message


@dataclass(frozen=True)
class Interface:
    """An interface up to ``version``: the messages of later versions are not listed."""

    name: str
    version: int
    requests: tuple[Message, ...] = ()
    events: tuple[Message, ...] = ()


def _messages(lines: str) -> tuple[Message, ...]:
    """Return messages from lines with a name, a signature or ``-``, and the interface of a new object."""
    found = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, signature, creates = (*line.split(), "-", "")[:3] if " " in line else (line, "-", "")
        found.append(Message(name, signature.strip("-"), creates.strip("-")))
    return tuple(found)


def _interface(name: str, version: int, requests: str = "", events: str = "") -> Interface:
    return Interface(name, version, _messages(requests), _messages(events))


DISPLAY: Final = _interface(
    "wl_display", 1, "sync n wl_callback\nget_registry n wl_registry", "error ous\ndelete_id u"
)
REGISTRY: Final = _interface("wl_registry", 1, "bind usun", "global usu\nglobal_remove u")
CALLBACK: Final = _interface("wl_callback", 1, events="done u")
SEAT: Final = _interface(
    "wl_seat",
    5,
    "get_pointer n wl_pointer\nget_keyboard n wl_keyboard\nget_touch n wl_touch\nrelease",
    "capabilities u\nname s",
)
KEYBOARD: Final = _interface(
    "wl_keyboard", 5, "release", "keymap uhu\nenter uoa\nleave uo\nkey uuuu\nmodifiers uuuuu\nrepeat_info ii"
)
OUTPUT: Final = _interface(
    "wl_output", 4, "release", "geometry iiiiissi\nmode uiii\ndone\nscale i\nname s\ndescription s"
)
COMPOSITOR: Final = _interface("wl_compositor", 4, "create_surface n wl_surface\ncreate_region n wl_region")
SURFACE: Final = _interface(
    "wl_surface",
    4,
    "destroy\nattach oii\ndamage iiii\nframe n wl_callback\nset_opaque_region o\nset_input_region o\ncommit\n"
    "set_buffer_transform i\nset_buffer_scale i\ndamage_buffer iiii",
    "enter o\nleave o",
)
REGION: Final = _interface("wl_region", 1, "destroy\nadd iiii\nsubtract iiii")
SHM: Final = _interface("wl_shm", 1, "create_pool nhi wl_shm_pool", "format u")
SHM_POOL: Final = _interface("wl_shm_pool", 1, "create_buffer niiiiu wl_buffer\ndestroy\nresize i")
BUFFER: Final = _interface("wl_buffer", 1, "destroy", "release")
VIRTUAL_KEYBOARD_MANAGER: Final = _interface(
    "zwp_virtual_keyboard_manager_v1", 1, "create_virtual_keyboard on zwp_virtual_keyboard_v1"
)
VIRTUAL_KEYBOARD: Final = _interface("zwp_virtual_keyboard_v1", 1, "keymap uhu\nkey uuu\nmodifiers uuuu\ndestroy")
TOPLEVEL_MANAGER: Final = _interface(
    "zwlr_foreign_toplevel_manager_v1", 3, "stop", "toplevel n zwlr_foreign_toplevel_handle_v1\nfinished"
)
TOPLEVEL: Final = _interface(
    "zwlr_foreign_toplevel_handle_v1",
    3,
    "set_maximized\nunset_maximized\nset_minimized\nunset_minimized\nactivate o\nclose\nset_rectangle oiiii\n"
    "destroy\nset_fullscreen o\nunset_fullscreen",
    "title s\napp_id s\noutput_enter o\noutput_leave o\nstate a\ndone\nclosed\nparent o",
)
LAYER_SHELL: Final = _interface("zwlr_layer_shell_v1", 4, "get_layer_surface noous zwlr_layer_surface_v1\ndestroy")
LAYER_SURFACE: Final = _interface(
    "zwlr_layer_surface_v1",
    4,
    "set_size uu\nset_anchor u\nset_exclusive_zone i\nset_margin iiii\nset_keyboard_interactivity u\nget_popup o\n"
    "ack_configure u\ndestroy\nset_layer u",
    "configure uuu\nclosed",
)
XDG_OUTPUT_MANAGER: Final = _interface("zxdg_output_manager_v1", 3, "destroy\nget_xdg_output no zxdg_output_v1")
XDG_OUTPUT: Final = _interface(
    "zxdg_output_v1", 3, "destroy", "logical_position ii\nlogical_size ii\ndone\nname s\ndescription s"
)


def _data_control(prefix: str, version: int) -> tuple[Interface, ...]:
    """Return the interfaces of data-control, which exist under two prefixes: manager, device, source and offer."""
    device, source, offer = (f"{prefix}_data_control_{what}_v1" for what in ("device", "source", "offer"))
    return (
        _interface(
            f"{prefix}_data_control_manager_v1",
            version,
            f"create_data_source n {source}\nget_data_device no {device}\ndestroy",
        ),
        _interface(
            device,
            version,
            "set_selection o\ndestroy\nset_primary_selection o",
            f"data_offer n {offer}\nselection o\nfinished\nprimary_selection o",
        ),
        _interface(source, version, "offer s\ndestroy", "send sh\ncancelled"),
        _interface(offer, version, "receive sh\ndestroy", "offer s"),
    )


EXT_DATA_CONTROL: Final = _data_control("ext", 1)
WLR_DATA_CONTROL: Final = _data_control("zwlr", 2)
DATA_CONTROL_MANAGERS: Final = (EXT_DATA_CONTROL[0], WLR_DATA_CONTROL[0])

_ALL: Final = (
    *(DISPLAY, REGISTRY, CALLBACK, SEAT, KEYBOARD, OUTPUT),
    *(COMPOSITOR, SURFACE, REGION, SHM, SHM_POOL, BUFFER),
    *(VIRTUAL_KEYBOARD_MANAGER, VIRTUAL_KEYBOARD, TOPLEVEL_MANAGER, TOPLEVEL, LAYER_SHELL, LAYER_SURFACE),
    *(XDG_OUTPUT_MANAGER, XDG_OUTPUT),
    *EXT_DATA_CONTROL,
    *WLR_DATA_CONTROL,
)


def by_name(interfaces: Iterable[Interface] = _ALL) -> dict[str, Interface]:
    """Return interfaces by their names."""
    return {interface.name: interface for interface in interfaces}


class OverlayKind(StrEnum):
    """A way to show the overlay: a surface of the compositor's own, a window of XWayland, or none."""

    LAYER = "layer"
    XWAYLAND = "xwayland"
    NONE = "none"


def overlay_kind(offers: Container[str], *, xwayland: bool) -> OverlayKind:
    """Return the kind for a compositor with these globals: ``WaylandConnection.globals``.

    ``xwayland``: it shows windows of X11 too.
    """
    if LAYER_SHELL.name in offers:
        return OverlayKind.LAYER
    return OverlayKind.XWAYLAND if xwayland else OverlayKind.NONE


def missing(offers: Mapping[str, int], environment: Mapping[str, str]) -> str:
    """Return which part of insertion this desktop lacks; empty if none. Pure.

    ``offers``: the compositor's globals.
    """
    if not any(kind.name in offers for kind in DATA_CONTROL_MANAGERS):
        return "clipboard"
    if is_kde(environment):
        return ""
    if SEAT.name not in offers or VIRTUAL_KEYBOARD_MANAGER.name not in offers:
        return "keyboard"
    if not environment.get("SWAYSOCK") and TOPLEVEL_MANAGER.name not in offers:
        return "focused window"
    return ""


def is_kde(environment: Mapping[str, str]) -> bool:
    """Return whether this is a session of KDE: KWin reports the focus by a script, and its portal presses keys."""
    return "KDE" in environment.get("XDG_CURRENT_DESKTOP", "").split(":")
