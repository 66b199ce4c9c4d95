"""A program of GTK 4 with a field, a password field, a button and a fixed text: TITLE FILE TEXT.

For Debian's own Python. It is used as ``tests.helpers.qt_form`` is.
"""

import os
import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import GLib, Gtk  # noqa: E402 - GTK's version is chosen first


def open_window(application: Any, title: str, place: Path, text: str) -> None:
    """Open the window; the field has the focus."""
    window = Gtk.ApplicationWindow(application=application, title=title, default_width=500, default_height=200)
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
    field, password, button = Gtk.Entry(text=text), Gtk.PasswordEntry(), Gtk.Button(label="Send")
    password.set_text("secret")
    fixed = Gtk.TextView(editable=False, vexpand=True)
    fixed.get_buffer().set_text("cannot be changed")
    for widget in (field, password, button, fixed):
        box.append(widget)
    window.set_child(box)

    def keep(*_: object) -> None:
        """Write the contents atomically, so that readers never see a part of them."""
        new = place.with_suffix(".new")
        new.write_text(field.get_text())
        os.replace(new, place)

    field.connect("changed", keep)
    keep()
    field.grab_focus_without_selecting()
    field.set_position(-1)
    window.present()


def main() -> int:
    """Run until the window is closed, or SIGTERM."""
    title, place, text = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    GLib.set_prgname("org.example.form")
    application = Gtk.Application()
    application.connect("activate", lambda _: open_window(application, title, place, text))
    return int(application.run([]))


if __name__ == "__main__":
    sys.exit(main())
