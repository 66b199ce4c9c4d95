"""Start of a console script: without garbage collection until everything is imported."""

import subprocess
import sys

_WATCHED = """
import gc

rounds = []
gc.callbacks.append(lambda phase, _: rounds.append(phase))
try:
    main()
except SystemExit as ended:
    assert not ended.code
assert gc.isenabled() and gc.get_freeze_count() > 10_000 and len(rounds) < 100, (rounds, gc.get_freeze_count())
"""


def collects_after_its_imports(module: str) -> bool:
    """Run the ``main`` of a module for its help; return whether garbage collection waited for the imports."""
    command = [sys.executable, "-P", "-c", f"from {module} import main{_WATCHED}", "--help"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60, check=False)
    return done.returncode == 0
