"""A program of GTK 4 with a text field and a password field: TITLE FILE. For Debian's own Python, which has GTK.

F9 focuses the password field. It writes their contents into FILE and into FILE with the ending ``.password``.
"""

import os
import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gio, GLib, Gtk  # noqa: E402 - GTK's version is chosen first


def kept(place: Path, text: str) -> None:
    """Write the text atomically, so that readers never see a part of it."""
    new = place.with_name(f"{place.name}.new")
    new.write_text(text)
    os.replace(new, place)


def open_window(application: Any, title: str, place: Path) -> None:
    """Open the window; the text field has the focus."""
    window = Gtk.ApplicationWindow(application=application, title=title, default_width=500, default_height=200)
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
    text, password = Gtk.TextView(vexpand=True), Gtk.PasswordEntry()
    box.append(text)
    box.append(password)
    window.set_child(box)
    focus = Gio.SimpleAction.new("password", None)
    focus.connect("activate", lambda *_: password.grab_focus())
    application.add_action(focus)
    application.set_accels_for_action("app.password", ["F9"])
    buffer = text.get_buffer()
    buffer.connect("changed", lambda _: kept(place, buffer.get_property("text")))
    password.connect("changed", lambda _: kept(place.with_suffix(".password"), password.get_text()))
    text.grab_focus()
    window.present()


def main() -> int:
    """Run until the window is closed, or SIGTERM."""
    title, place = sys.argv[1], Path(sys.argv[2])
    GLib.set_prgname("org.example.field")
    application = Gtk.Application()
    application.connect("activate", lambda _: open_window(application, title, place))
    return int(application.run([]))


if __name__ == "__main__":
    sys.exit(main())
