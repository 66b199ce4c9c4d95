"""Child processes that end when their parent ends, however it ends.

Linux: ``prctl(PR_SET_PDEATHSIG)``, set in the child between fork and exec by a tiny launcher (this module run as
a program). So no Python code runs in a forked copy of a threaded process. The kernel ties the signal to the
*thread* that forked: start children from a thread that lives as long as they should (here: the loop's thread).

    python -m runtime.leash SIGNAL PARENT_PID COMMAND [ARGUMENT ...]

On other systems the command is started unchanged. macOS needs a watcher pipe and Windows a Job Object: not built
yet.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
MODULE = "runtime.leash"


def leashed_command(command: Sequence[str], when_parent_dies: signal.Signals = signal.SIGTERM) -> list[str]:
    """Return a command line that runs ``command`` with the same pid and descriptors, but ends with this process.

    The launcher replaces itself by the command.
    """
    if sys.platform != "linux":
        return list(command)
    from runtime.programs import is_bundled, module_command  # late: run as a file, this module cannot import ours

    launcher = module_command(MODULE) if is_bundled() else (sys.executable, "-I", "-S", __file__)
    return [*launcher, str(int(when_parent_dies)), str(os.getpid()), *command]


def leash_self(parent: int, when_parent_dies: signal.Signals = signal.SIGTERM) -> None:
    """Tie the current process to ``parent``; end it at once if the parent is already gone."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(when_parent_dies), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:  # the parent died before the line above took effect
        os.kill(os.getpid(), when_parent_dies)


def _main() -> None:
    when_parent_dies, parent, *command = sys.argv[1:]
    leash_self(int(parent), signal.Signals(int(when_parent_dies)))
    os.execvp(command[0], command)


if __name__ == "__main__":
    _main()
