"""Implement ``kikipounamu desktop``: the app's entry in the desktop's menu of programs."""

from app.cli.output import exit_on_error
from runtime.command_line import group
from runtime.terminal import printable, say

app = group("Add the app to the desktop's menu, or remove it.")


@app.command()
def install() -> None:
    """Add the app to the menu of programs, for this user.

    The app does so by itself when it starts. This command also replaces an entry that was changed or hidden.
    """
    from app.system.autostart import install_menu_entry

    with exit_on_error():
        place = install_menu_entry()
    say(printable(f"written: {place}") if place else "the menu has the app already, from a package of the system")


@app.command()
def remove() -> None:
    """Remove the menu entry and the start with the session, before an uninstallation.

    Settings and recordings stay. The app adds the menu entry again when it is started.
    """
    from app.system.autostart import remove_menu_entry

    with exit_on_error():
        removed = remove_menu_entry()
    for place in removed:
        say(printable(f"removed: {place}"))
    if not removed:
        say("nothing to remove: this user's menu has no entry of the app")
