"""Test the windows of the real app on a screen, with keys and mouse.

The checksum engine's text changes with any sample that is lost, doubled or moved.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import pytest
from Xlib import X
from Xlib.display import Display

from app.journal.take import TRANSCRIBED, TakeState
from app.replacements.replacer import Replacer
from app.replacements.rules import Replacement
from app.settings.schema import as_written
from loadtest.core.checksum import checksum
from tests.app.speech import recording, window_digests
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, audio_of, running_app, segments_of
from tests.helpers.isolated_app import isolated
from tests.helpers.waiting import DEADLINE_S, wait_until_sync

pytestmark = [pytest.mark.serial("windows"), pytest.mark.timeout(300)]

WINDOW = "kikipounamu"
_STAYS = 10  # samples
TABS = 60  # pixels from the top, with names of pages
PAGES = ("home", "files", "dictionary", "settings")


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[DesktopApp]:
    with running_app(models, "--engine", "checksum") as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: DesktopApp) -> Iterator[None]:
    with isolated(app):
        yield


def look_at(app: DesktopApp, page: str) -> None:
    """Raise the window with this page."""
    app.request("show")
    app.desktop.focus(WINDOW)
    app.desktop.xdotool("key", f"ctrl+{PAGES.index(page) + 1}")


def keys(app: DesktopApp, *pressed: str) -> None:
    """Press keys one after the other in the focused window."""
    app.desktop.xdotool("key", *pressed)


def find_setting(app: DesktopApp, name: str) -> None:
    """Focus the control of a setting: the first one after the search and the list of sections."""
    look_at(app, "settings")
    keys(app, "ctrl+f")
    app.desktop.xdotool("type", name)
    rests(app)
    keys(app, "Tab", "Tab")


def choose_newest_take(app: DesktopApp) -> None:
    """Open the newest take in the timeline, and focus its text."""
    look_at(app, "home")
    rests(app)
    keys(app, "ctrl+f", "Tab", "Tab", "Escape", "Home", "space")  # past the filter; an open one is closed first
    rests(app)
    keys(app, "Tab", "Tab", "Tab")  # more, close, text


def rests(app: DesktopApp) -> None:
    """Wait until the app no longer computes."""
    busy = [True]

    def stays() -> bool:
        busy.append(app.is_busy())
        return not any(busy[-_STAYS:])

    wait_until_sync(stays, "the app has nothing to do")


def picture(app: DesktopApp, height: int = 0) -> bytes:
    """Return the window's pixels, or ``height`` rows from the top."""
    window = int(app.desktop.window(WINDOW))
    display = Display(app.desktop.display)
    try:
        drawable = display.create_resource_object("window", window)
        size = drawable.get_geometry()
        image = drawable.get_image(0, 0, size.width, height or size.height, X.ZPixmap, 0xFFFFFFFF)
        return bytes(image.data)
    finally:
        display.close()


def settled(app: DesktopApp, height: int = 0) -> bytes:
    """Return the window's pixels once they no longer change; a text cursor would blink for ever."""
    shown = [picture(app, height)]

    def stays() -> bool:
        shown.append(picture(app, height))
        return len(set(shown[-_STAYS:])) == 1 and len(shown) > _STAYS

    wait_until_sync(stays, "nothing moves")
    return shown[-1]


def another(app: DesktopApp, *before: bytes) -> bytes:
    """Wait until the names of the pages look different from all of ``before``, and return their pixels."""
    found: bytes = wait_until_sync(
        lambda: new if (new := settled(app, TABS)) not in before else b"", "another one"
    )
    return found


@contextmanager
def dragged(app: DesktopApp, *files: Path) -> Iterator[None]:
    """Drag files from another program into the middle of the window."""
    count = len(app.desktop.processes)
    app.desktop.start(sys.executable, "-m", "tests.helpers.drag_source", "files", *map(str, files))
    source = app.desktop.window("files")
    app.desktop.xdotool("windowraise", source, "mousemove", "--window", source, "80", "50", "mousedown", "1")
    places = cycle(((60, 60), (400, 400), (640, 480), (650, 490), (660, 500)))

    def taken() -> str:
        x, y = next(places)
        app.desktop.xdotool("mousemove", "--sync", str(x), str(y))
        return app.desktop.xdotool("search", "--name", "^files taken$")

    wait_until_sync(taken, "the window would take them")
    app.desktop.xdotool("mouseup", "1")
    yield
    program = app.desktop.processes.pop(count)
    program.terminate()
    program.wait(DEADLINE_S)


def test_dropped_recording_becomes_subtitles(app: DesktopApp, models: Path, tmp_path: Path) -> None:
    talk = recording("en-03", "zh-02", to=tmp_path / "talk.wav", silence_s=4)
    look_at(app, "files")
    subtitles = talk.with_suffix(".srt")
    with dragged(app, talk):
        wait_until_sync(subtitles.exists, "there are subtitles", 60.0)
    said = [block.splitlines() for block in subtitles.read_text().strip().split("\n\n")]
    assert [lines[2] for lines in said] == window_digests(talk, models)
    assert all(" --> " in lines[1] for lines in said)


def test_new_dictation_key_replaces_old_one_at_once(app: DesktopApp, tmp_path: Path) -> None:
    before = len(app.takes())
    app.set(hotkeys__mode="toggle")
    find_setting(app, "hotkeys.dictate")
    keys(app, "Return", "F9")
    wait_until_sync(lambda: 'dictate = "f9"' in app.settings_text(), "it is kept")
    field = TextField(app.desktop, "after the change")
    app.tap()  # the old key
    keys(app, "F9")
    app.wait_for("listening")
    app.play(recording("en-03", to=tmp_path / "said.wav"))
    keys(app, "F9")
    (take,) = app.wait_for_takes(before + 1)[before:]
    text = take.transcript.text
    wait_until_sync(lambda: field.text == text, f"{text!r} stands there, not {field.text!r}")


def test_replacement_applies_at_once_and_keeps_recognised_text(app: DesktopApp, tmp_path: Path) -> None:
    before = len(app.takes())
    rules = tuple(Replacement(digit, f"{digit}+", whole_word=False) for digit in "0123456789abcdef")
    app.set(hotkeys__mode="toggle", recognition__replacements=as_written(rules))
    field = TextField(app.desktop, "with a replacement")
    app.tap()
    app.wait_for("listening")
    app.play(recording("en-03", to=tmp_path / "said.wav"))
    app.tap()
    (take,) = app.wait_for_takes(before + 1)[before:]
    recognised = [checksum(pcm) for pcm in segments_of(take)]
    assert [spoken.recognised for spoken in take.take.counted.values()] == recognised
    assert take.text == " ".join(map(Replacer(rules), recognised)) != " ".join(recognised)
    wait_until_sync(lambda: field.text == take.text, f"{take.text!r} stands there, not {field.text!r}")


def test_take_cut_off_by_crash_is_recovered_in_history(app: DesktopApp, tmp_path: Path) -> None:
    before = len(app.takes())
    app.set(hotkeys__mode="toggle")
    app.tap()
    app.wait_for("listening")
    app.play(recording("en-03", "en-05", to=tmp_path / "said.wav"))
    app.kill()
    app.start()
    choose_newest_take(app)
    keys(app, *["Tab"] * 5, "space")  # play, where, copy, recognise again, recover
    wait_until_sync(lambda: app.takes()[-1].state in TRANSCRIBED, "it is recovered", 60.0)
    take = app.takes()[-1]
    assert len(app.takes()) == before + 1 and len(take.transcript.segments) > 1
    assert [segment.text for segment in take.transcript.segments] == [checksum(pcm) for pcm in segments_of(take)]


def test_rerun_without_vad_shows_the_difference(app: DesktopApp) -> None:
    before = app.takes()[-1]
    choose_newest_take(app)
    keys(app, *["Tab"] * 4, "space")  # recognise again: the menu opens
    rests(app)
    opened = settled(app)
    keys(app, "Up", "Right", "Return")  # the whole recording is the last entry; its first model
    wait_until_sync(lambda: app.takes()[-1].take.runs, "it was recognised again", 60.0)
    assert settled(app) != opened
    (run,) = app.takes()[-1].take.runs
    assert run.text == checksum(audio_of(before).tobytes()) != before.text and not run.vad


def test_language_changes_without_restart(app: DesktopApp) -> None:
    look_at(app, "home")
    home = settled(app, TABS)
    look_at(app, "files")
    english = another(app, home)
    find_setting(app, "general.language")
    keys(app, "Right", "Right")
    wait_until_sync(lambda: 'language = "zh"' in app.settings_text(), "it is kept")
    settings = settled(app, TABS)
    look_at(app, "files")
    switched = another(app, english, settings)
    app.quit()
    app.start()
    look_at(app, "files")
    wait_until_sync(lambda: picture(app, TABS) == switched, "after a restart it looks the same")


def test_text_dictated_into_the_search_box_follows_a_space(app: DesktopApp, tmp_path: Path) -> None:
    before = len(app.takes())
    app.set(hotkeys__mode="toggle")
    look_at(app, "settings")
    keys(app, "ctrl+f")
    app.desktop.xdotool("type", "kia ora")
    app.tap()
    app.wait_for("listening")
    app.play(recording("en-03", to=tmp_path / "said.wav"))
    app.tap()
    (take,) = app.wait_for_takes(before + 1)[before:]
    wait_until_sync(lambda: app.takes()[-1].state is TakeState.DONE, "it is inserted")
    keys(app, "ctrl+a", "ctrl+c")
    whole = f"kia ora {take.text}"
    wait_until_sync(lambda: app.desktop.copied().decode() == whole, f"{whole!r}, not {app.desktop.copied()!r}")
