"""What is asked of PortAudio; that it answers is shown by ``test_microphone_sound.py``."""

import subprocess
import sys

import pytest

from app.capture.portaudio import channel_counts, sound_system


@pytest.mark.parametrize(("most", "tried"), [(1, [1]), (2, [2, 1]), (4, [2, 1, 4]), (32, [2, 1, 32]), (0, [])])
def test_two_channels_are_tried_first_and_all_of_them_last(most: int, tried: list[int]) -> None:
    assert channel_counts(most) == tried


def test_there_is_one_of_a_process() -> None:
    assert sound_system() is sound_system()


ASK = """
import asyncio, sys
{before}
from app.capture.errors import AudioLibraryMissing
from app.capture.portaudio import sound_system
assert sys.modules.get("sounddevice") is None
try:
    asyncio.run(sound_system().inputs())
except AudioLibraryMissing as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("before", "advice"),
    [
        ("sys.modules['sounddevice'] = None", "pip install 'kikipounamu[desktop]'"),
        ("import ctypes.util; ctypes.util.find_library = lambda name: None", "sudo apt-get install libportaudio2"),
    ],
)
def test_what_is_missing_is_told_with_the_way_to_have_it(before: str, advice: str) -> None:
    """In a process of its own: libraries are loaded once."""
    if sys.platform != "linux" and "ctypes" in before:
        pytest.skip("needs Linux: elsewhere the package carries the library")
    script = ASK.format(before=before)
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert advice in asked.stdout, asked.stderr
