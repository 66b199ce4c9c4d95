"""Start console scripts under faults, and check that garbage collection waits for their imports."""

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

_INTERRUPTED = """
import sys

class Interrupting:
    def find_spec(self, name, *rest):
        if name == {imported!r}:
            raise {error}

sys.meta_path.insert(0, Interrupting())
main()
"""

_LIMITED = """
import sys
from {module} import main

if sys.platform != "win32":
    import resource
resource.setrlimit(resource.{limit}, ({value}, {value}))
sys.argv[1:] = {words}
main()
"""

_REQUIRED = """
import os, sys
from runtime.program_start import require

if sys.platform != "win32":
    import mmap, resource
if os.getuid() == 0 and {limit!r} == "RLIMIT_NPROC":
    os.setresuid(54321, 54321, 54321)  # root may start any number of threads
resource.setrlimit(resource.{limit}, {value})
require({needs})
print("runs with", resource.getrlimit(resource.{limit})[0])
"""


def required_with_limit(limit: str, value: tuple[int, int], needs: str) -> tuple[int, str, str]:
    """Call ``require`` with ``needs`` under a resource limit; return the exit status, the output and the
    errors."""
    code = _REQUIRED.format(limit=limit, value=value, needs=needs)
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def ended_without(module: str, library: str) -> tuple[int, str]:
    """Run the ``main`` of a module without a library; return its exit status and its errors."""
    code = f"import sys\nfrom {module} import main\nsys.modules[{library!r}] = None\nmain()"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def ended_with_limit(module: str, limit: str, value: int, *words: str) -> tuple[int, str]:
    """Run the ``main`` of a module under a resource limit; return its exit status and its errors."""
    code = _LIMITED.format(module=module, limit=limit, value=value, words=words)
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def interrupted_during(module: str, imported: str, error: str = "KeyboardInterrupt") -> tuple[int, str]:
    """Run the ``main`` of a module, with Ctrl-C during an import; return its exit status and its errors.

    ``error``: another error instead of Ctrl-C.
    """
    code = f"from {module} import main\n{_INTERRUPTED.format(imported=imported, error=error)}"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def collects_after_its_imports(module: str) -> bool:
    """Run the ``main`` of a module for its help; return whether garbage collection waited for the imports."""
    command = [sys.executable, "-P", "-c", f"from {module} import main{_WATCHED}", "--help"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60, check=False)
    return done.returncode == 0
