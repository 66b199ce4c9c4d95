"""Path of live audio, counted in a separate process, because an audit hook stays until its process ends."""

import json
import subprocess
import sys
from pathlib import Path

MOST_FUNCTIONS = 20
"""Functions that a frame enters between PortAudio's callback and the socket, however slow the machine is.

The frames of this test take longer than the pause of each task that works at intervals.
"""

COUNT = """
import dataclasses, json
from pathlib import Path
from benchmarks.audio_path import count
print(json.dumps(dataclasses.asdict(count(Path("no model"), seconds=3, frame_s=0.15))))
"""


def test_frame_opens_no_file_and_enters_few_functions() -> None:
    root = Path(__file__).resolve().parents[3]
    run = [sys.executable, "-c", COUNT]
    done = subprocess.run(run, cwd=root, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    way = json.loads(done.stdout.splitlines()[-1])
    assert way["opens"] == 0
    assert 10 < len(way["path"]) <= MOST_FUNCTIONS, way["path"]
