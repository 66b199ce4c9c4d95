import pytest
from Xlib.ext import ge, xinput

from app.insertion.outcome import Insertion, InsertionResult
from app.insertion.plan import Rules
from app.insertion.x11.inserter import X11Strategies
from app.insertion.x11.paste_keys import UsersPasteKeys
from app.x11.connection import X11Connection
from tests.app.insertion.x11.test_clicks import OldServer
from tests.app.insertion.x11.test_inserter_strategies import serve_until
from tests.helpers.desktop import PATIENT_S, Desktop, TextField


def test_user_pastes_own_copy_right_after_a_text(
    screen: Desktop, connection: X11Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is still on the clipboard then, because a target may ask several times."""
    monkeypatch.setattr("app.insertion.paste_watch.SETTLED_S", PATIENT_S)
    screen.copy(b"copied ")
    strategies = X11Strategies(connection, PATIENT_S)
    field = TextField(screen, "pasted by hand")
    target = strategies.screen.target()
    assert target is not None
    for number in (1, 2):
        assert strategies.insert("text ", target, Rules()) == Insertion(InsertionResult.PASTED)
        serve_until(connection, strategies.clipboard.is_settled)
        screen.start("xdotool", "key", "ctrl+v", "key", "period")
        serve_until(connection, lambda: field.text.count(".") == number)  # noqa: B023 - called at once
        assert field.text == number * "text copied ."
    strategies.close()


def test_only_paste_keys_count_and_only_while_they_are_watched(screen: Desktop, connection: X11Connection) -> None:
    pressed = list[int]()
    keys = UsersPasteKeys(connection, lambda: pressed.append(1))
    for on, presses in ((False, 0), (True, 1), (False, 1)):
        keys.watch(on=on)
        connection.display.sync()
        screen.xdotool("key", "a", "key", "shift+a", "key", "Insert")
        connection.display.sync()
        connection.handle_pending()  # while these keys are up
        screen.xdotool("keydown", "shift", "key", "Insert")
        connection.display.sync()
        connection.handle_pending()
        screen.xdotool("keyup", "shift")
        assert len(pressed) == presses


@pytest.mark.parametrize("extensions", [(), (xinput.extname,), (xinput.extname, ge.extname)])
def test_no_keys_are_reported_by_a_server_without_the_extension(extensions: tuple[str, ...]) -> None:
    keys = UsersPasteKeys(OldServer(*extensions), lambda: None)  # type: ignore[arg-type] # only what is used
    keys.watch(on=True)
