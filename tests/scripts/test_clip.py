"""Animated picture of dictation: it can be read again, and the project's own is small enough."""

from pathlib import Path

import av
import numpy as np

from scripts.clip import FILE, LARGEST, write_gif


def test_gif_has_each_picture(tmp_path: Path) -> None:
    pictures = [np.full((740, 960, 3), 40 * number, np.uint8) for number in range(5)]
    place = tmp_path / "clip.gif"
    write_gif(pictures, place)
    with av.open(str(place)) as container:
        shades = [int(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    assert shades == sorted(shades) and len(shades) == 5 and shades[-1] - shades[0] > 100


def test_picture_of_project_is_small_and_lasts_about_ten_seconds() -> None:
    assert FILE.stat().st_size <= LARGEST
    with av.open(str(FILE)) as container:
        assert container.duration is not None
        assert 6 <= container.duration / av.time_base <= 14
