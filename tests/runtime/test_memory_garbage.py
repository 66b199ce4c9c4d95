"""Rare garbage collection still collects garbage."""

import subprocess
import sys

CYCLES = """
import gc, weakref
from runtime.memory import collect_seldom

class Knot:
    def __init__(self):
        self.itself = self

before = gc.get_threshold()
collect_seldom()
assert gc.get_freeze_count() > 0 and gc.get_threshold()[0] > before[0] and gc.isenabled()
seen = weakref.ref(Knot())
made = 0
while seen() is not None:
    many = [Knot() for _ in range(1_000)]
    made += 1_000
    assert made < 1_000_000
"""


def test_later_garbage_is_collected() -> None:
    subprocess.run([sys.executable, "-c", CYCLES], check=True)


EXEMPT = """
import gc
from runtime.memory import exempt_existing

before = gc.get_threshold()
exempt_existing()
assert len(gc.get_objects()) < 1_000 < gc.get_freeze_count() and gc.get_threshold() == before
"""


def test_existing_objects_are_exempt() -> None:
    subprocess.run([sys.executable, "-c", EXEMPT], check=True)
