"""Record how dictation looks, as an animated picture of about ten seconds.

A screen without hardware shows a letter and the real app. A virtual microphone plays one of the project's
own recordings, and whisper-base recognises it. Needs the test environment and the models.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import av.filter
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QTextEdit
from Xlib import X
from Xlib.display import Display

from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.recordings import synthetic

Picture = NDArray[np.uint8]

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "dictation.gif"
LARGEST: Final = 1_500_000
"""Largest size of the file in bytes."""
_RATE: Final = 10
_AREA: Final = QRect(160, 40, 960, 740)
_WIDTH: Final = 960
_HEIGHT: Final = _WIDTH * 740 // 960
_LETTER: Final = "Letter"
_MODELS: Final = "KIKIPOUNAMU_MODELS"


class Camera:
    """Recorder of a part of an X screen, ``_RATE`` pictures a second, in a thread of its own."""

    def __init__(self, display: str) -> None:
        self.pictures: list[Picture] = []
        self._display, self._over = Display(display), threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera")

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record during the context."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()
            self._display.close()

    def _run(self) -> None:
        root, due = self._display.screen().root, time.monotonic()
        place = (_AREA.x(), _AREA.y(), _AREA.width(), _AREA.height())
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += 1 / _RATE
            data = root.get_image(*place, X.ZPixmap, 0xFFFFFFFF).data
            pixels = np.frombuffer(data, np.uint8).reshape(_AREA.height(), _AREA.width(), 4)
            self.pictures.append(pixels[:, :, 2::-1].copy())


def write_gif(pictures: list[Picture], place: Path) -> None:
    """Write the pictures as an animation that repeats, with one palette for all of them."""
    height, width = pictures[0].shape[:2]
    graph = av.filter.Graph()
    rgb = av.VideoFormat("rgb24")
    source = graph.add_buffer(width=width, height=height, format=rgb, time_base=Fraction(1, _RATE))
    scale = graph.add("scale", f"{_WIDTH}:{_HEIGHT}:flags=area")
    split, palette = graph.add("split"), graph.add("palettegen", "max_colors=96:stats_mode=diff")
    use = graph.add("paletteuse", "dither=none:diff_mode=rectangle")
    sink = graph.add("buffersink")
    source.link_to(scale)
    scale.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, _RATE)
        source.push(frame)
    source.push(None)
    with av.open(str(place), "w", format="gif") as container:
        stream = container.add_stream("gif", rate=_RATE)
        stream.width, stream.height = _WIDTH, _HEIGHT
        stream.pix_fmt = "pal8"
        for frame in _drawn(sink):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _drawn(sink: "av.filter.FilterContext") -> Iterator[av.VideoFrame]:
    """Yield all frames that the filters have made."""
    while True:
        try:
            frame = sink.pull()
        except (av.error.EOFError, av.error.BlockingIOError):
            return
        assert isinstance(frame, av.VideoFrame)
        yield frame


def act(app: DesktopApp) -> list[Picture]:
    """Dictate a sentence into a letter, open the recordings, and return the pictures of the screen."""
    app.desktop.start(sys.executable, "-m", "scripts.clip", _LETTER)
    app.desktop.focus(_LETTER)
    camera = Camera(app.desktop.display)
    sentences = [recording for recording in synthetic() if recording.language == "en"]
    with camera.recording():
        time.sleep(0.5)
        with app.talking():
            app.play(sentences[0].path)
        app.wait_for_takes(1)
        time.sleep(1.0)
        app.request("show")
        app.desktop.active("kikipounamu")
        window = app.desktop.xdotool("getactivewindow")
        app.desktop.xdotool("windowsize", window, "860", "560", "windowmove", window, "210", "150")
        time.sleep(2.5)
    return camera.pictures


def show_letter() -> int:
    """Show an empty letter until the process is ended."""
    application = QApplication([])
    letter = QTextEdit()
    letter.setWindowTitle(_LETTER)
    letter.setFont(QFont("DejaVu Serif", 15))
    letter.document().setDocumentMargin(36)
    letter.setGeometry(_AREA.adjusted(24, 40, -24, -24))
    letter.show()
    return application.exec()


def main(arguments: Sequence[str]) -> int:
    """Record the clip and write it; exit with 1 if it is too large."""
    if list(arguments) == [_LETTER]:
        return show_letter()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=FILE)
    place: Path = parser.parse_args(arguments).file
    with running_app(Path(os.environ[_MODELS]), start=False) as app:
        app.set(recognition__languages=["en"], general__theme="light")
        app.start()
        pictures = act(app)
        app.quit()
    write_gif(pictures, place)
    size = place.stat().st_size
    print(f"{place}: {len(pictures) / _RATE:.1f} s, {size / 1e3:.0f} kB")
    return 0 if size <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
