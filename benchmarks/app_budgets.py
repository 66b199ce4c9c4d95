"""Budgets of the app, measured on a running app: start, idle cost, keys, overlay, texts, command line."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

import psutil

from app.control.client import ControlError
from app.core.states import State
from app.dictation.view import View
from app.journal.library import TakeSnapshot
from benchmarks.app_screen import ScreenObserver
from benchmarks.report import REPOSITORY, Figure, spread
from protocol.recognition import Timing
from protocol.session import Final
from tests.helpers.chain import BIN
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp
from tests.helpers.recordings import SYNTHETIC
from tests.helpers.waiting import DEADLINE_S, wait_until_sync
from tests.helpers.wayland_desktop import running_sway

STARTS = 5
PRESSES = 30
TEXTS = 20
TOGGLES = 30
_SETTLED_S = 15.0
_IDLE_S = 20.0
_WINDOW_MS, _OVERLAY_MS, _CPU, _MEMORY_MB, _TEXT_MS, _TOGGLE_MS = 1000.0, 50.0, 1.0, 200.0, 50.0, 150.0
_SPOKEN = SYNTHETIC / "en-03.flac"
_IMPORTED = """
import sys, app.cli.main, app.application, app.main, app.windows, onnxruntime
for module in list(sys.modules.values()):
    print(getattr(module, "__file__", ""), getattr(module, "__cached__", ""), sep="\\n")
"""
SHOWINGS = 50
_LAYER_MS = 25.0  # half of the budget from key-down to the overlay
_PAUSE_S = 0.1


def models_folder() -> Path:
    """Return the folder of the models that the app under measurement uses."""
    return Path(os.environ.get("KIKIPOUNAMU_MODELS", REPOSITORY / ".cache" / "models"))


class MeasuredApp(DesktopApp):
    """App under measurement, whose programs are in the folder ``programs``."""

    programs = BIN

    @property
    def program(self) -> psutil.Process:
        """Process of the app itself, not of its gateway or worker."""
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def open(self, *arguments: str) -> float:
        """Start the app, and return the time of the start without waiting."""
        at = time.perf_counter()
        command = [str(self.programs / "kikipounamu"), "app", *self.arguments, *arguments]
        self.process = self.desktop.start(*command, **self._environment)
        return at

    def answers(self) -> bool:
        """Return whether the app's control socket answers."""
        with suppress(ControlError, OSError):
            return bool(self.view())
        return False

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which our programs find this app."""
        return self.desktop.environment | self._environment

    @contextmanager
    def running(self, *arguments: str) -> Iterator["MeasuredApp"]:
        """Run the app, with an idle worker, until the context ends."""
        self.open(*arguments)
        wait_until_sync(self.is_ready, "the app has a worker that is idle", 120.0)
        try:
            yield self
        finally:
            self.quit()


def starts(app: MeasuredApp, screen: ScreenObserver) -> Iterator[Figure]:
    """Measure the time from the start of the process until something is drawn in its window."""
    files = _files()
    for what, fresh in (("again", False), ("first, files not in memory", True)):
        mapped, drawn, used = [], [], []
        for number in range(STARTS + 1):
            app.home = app.home.parent / f"home-{what[:5]}-{number if fresh else 0}"
            if fresh:
                _forget(files)
            at = app.open()
            there = screen.seen(overlay=False)
            used.append(1000 * _cpu_s([app.program]))
            wait_until_sync(app.answers, "the app answers")
            app.quit()
            if number or fresh:
                mapped.append(1000 * (there[0] - at))
                drawn.append(1000 * (there[1] - at))
        visible = spread(f"window visible ({what})", drawn, "ms", 1.0, _WINDOW_MS)
        yield replace(visible, beside=f"{visible.beside}; CPU until then at most {max(used):.0f} ms")
        yield spread(f"window mapped ({what})", mapped, "ms", 1.0)


def _files() -> list[str]:
    """Return the files that the app loads at its start."""
    listed = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True)
    folders = {
        str(Path(name).parent) for name in listed.stdout.split("\n") if "PySide6" in name or ".libs" in name
    }
    libraries = [str(path) for folder in folders for path in Path(folder).rglob("*.so*")]
    return [name for name in [*listed.stdout.split("\n"), *libraries] if os.path.isfile(name)]


def _forget(files: list[str]) -> None:
    """Remove these files from the system's cache, as a reboot does.

    Parts that other processes have mapped stay.
    """
    for name in files:
        place = os.open(name, os.O_RDONLY)
        os.posix_fadvise(place, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(place)


def idle(app: MeasuredApp, keep_open: bool = False) -> Iterator[Figure]:
    """Measure CPU and memory without speech, after one dictation."""
    app.set(general__keep_microphone_open=keep_open)
    with app.talking():
        app.hear_on(1.0)
    app.wait_for("idle")
    time.sleep(_SETTLED_S)
    children = app.program.children(recursive=True)
    before, others = _cpu_s([app.program]), _cpu_s(children)
    time.sleep(_IDLE_S)
    own, rest = (100 * used / _IDLE_S for used in (_cpu_s([app.program]) - before, _cpu_s(children) - others))
    what = "microphone kept open" if keep_open else "microphone closed"
    beside = f"its gateway, broker and worker {rest:.2g} %; over {_IDLE_S:g} s"
    yield Figure(f"idle CPU, {what}", own, "%", _CPU, 1, beside)
    memory = app.program.memory_full_info()
    beside = f"resident {memory.rss / 2**20:.0f} MB"
    yield Figure(f"idle memory (USS), {what}", memory.uss / 2**20, "MB", _MEMORY_MB, 1, beside)


def _cpu_s(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(float(each.user + each.system) for each in times)


def keys(app: MeasuredApp, screen: ScreenObserver) -> Iterator[Figure]:
    """Measure the time from key-down until the overlay is drawn."""
    app.set(hotkeys__mode="hold")
    for what, pause_s, count in (("microphone closed", 4.0, PRESSES // 3), ("microphone open", 0.5, PRESSES)):
        drawn = []
        for _ in range(count):
            time.sleep(pause_s)
            screen.gone()
            at = screen.press()
            drawn.append(1000 * (screen.seen(overlay=True)[1] - at))
            screen.release()
        yield spread(f"key-down to overlay, {what}", drawn, "ms", 0.95, _OVERLAY_MS)


def texts(app: MeasuredApp, screen: ScreenObserver, engine: str, count: int = TEXTS) -> Iterator[Figure]:
    """Measure the time from key-up until the text is in another program, without decoding of the last segment.

    That segment may have been queued before key-up, and may have waited while a speculation was decoded. Its
    waiting time is therefore reported beside the figure.
    """
    app.set(hotkeys__mode="hold")
    field, whole, less, waited = TextField(app.desktop), list[float](), list[float](), list[float]()
    for _ in range(count):
        app.wait_for("idle")
        before = len(app.takes())
        screen.press()
        app.wait_for("listening")
        app.play(_SPOKEN)
        at = screen.release()
        came = _last_change(app, field)
        take = app.wait_for_takes(before + 1)[before]
        assert field.text.endswith(take.transcript.text), "another text than in the history"
        timing = _timing(take)
        whole.append(1000 * (came - at))
        less.append(whole[-1] - timing.decode)
        waited.append(timing.queue)
    figure = spread(f"key-up to text less decoding, {engine}", less, "ms", 0.95, _TEXT_MS)
    yield replace(figure, beside=f"{figure.beside}; in the queue p50 {median(waited):.0f} ms")
    yield spread(f"key-up to text, {engine}", whole, "ms", 0.95)


def _last_change(app: MeasuredApp, field: TextField) -> float:
    """Return the time of the field's last change, once the app has finished."""
    before, at, end = field.text, 0.0, time.perf_counter() + 60
    while time.perf_counter() < end:
        for _ in range(50):
            if (now := field.text) != before:
                before, at = now, time.perf_counter()
            time.sleep(0.001)
        if at and app.view()["state"] in ("done", "idle"):
            return at
    raise AssertionError("no text comes")


def _timing(take: TakeSnapshot) -> Timing:
    """Return the timing of the take's last segment."""
    spoken = take.take.segments[max(take.take.segments)]
    return spoken.outcome.timing if isinstance(spoken.outcome, Final) else Timing()


def toggles(app: MeasuredApp) -> Iterator[Figure]:
    """Measure the whole run time of ``kikipounamu toggle``."""
    took = []
    for _ in range(TOGGLES):
        at = time.perf_counter()
        subprocess.run([str(BIN / "kikipounamu"), "toggle"], env=app.environment, check=True, timeout=30)
        took.append(1000 * (time.perf_counter() - at))
        time.sleep(0.3)
    app.wait_for("idle")
    yield spread("kikipounamu toggle", took, "ms", 0.95, _TOGGLE_MS)


def layer() -> Iterator[Figure]:
    """Measure the time from each view until the compositor has shown the overlay's first picture.

    The compositor reports it. A view reaches the windows within a millisecond or two of the key.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from app.ui.dictation.overlay import Overlay
    from app.ui.dictation.overlay_layer import OverlayLayer
    from app.ui.dictation.overlay_wayland import WaylandOverlay
    from app.ui.strings.texts import Texts
    from app.ui.theme.theme import Theme

    application, theme = QApplication.instance() or QApplication([]), Theme()

    def until(happened: Callable[[], object]) -> None:
        end = time.perf_counter() + DEADLINE_S
        while not happened():
            assert time.perf_counter() < end, "no overlay is seen"
            application.processEvents()

    with tempfile.TemporaryDirectory() as folder, running_sway(Path(folder)) as desktop:
        overlay = WaylandOverlay(theme, Texts("en"), desktop.environment, Path(folder, "hint"))
        drawn = list[float]()
        until(lambda: overlay.shown)
        assert isinstance(overlay.shown, Overlay)
        surface = overlay.shown.surface
        assert isinstance(surface, OverlayLayer)
        for _ in range(SHOWINGS):
            time.sleep(_PAUSE_S)
            at = time.perf_counter()
            overlay.show_view(View(State.ARMING))
            until(lambda: surface.layer and surface.layer.output and surface.layer.ready)
            drawn.append(1000 * (time.perf_counter() - at))
            overlay.show_view(View())
        overlay.close()
    yield spread("view to layer surface, sway", drawn, "ms", 0.95, _LAYER_MS)
