"""The helper process that inserts. It draws nothing, so it may grab the X server. The app survives its end.

    python -P -m app.insertion.helper.main x11 GRAB_DEADLINE_S [DESCRIPTOR OF KEPT CONTENTS]
    python -P -m app.insertion.helper.main wayland [DESCRIPTOR OF KEPT CONTENTS]

Frames arrive on standard input and leave on the original standard output. On X11 the started process stays as the
parent of the inserting one. It kills its child when that grabs the server for too long (``grab_guard``).
"""

import signal
import sys

from app.x11.grab_guard import fork_watched


def main() -> None:
    """Run until the app closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    desktop, *words = sys.argv[1:]
    grabs = fork_watched(float(words.pop(0))) if desktop == "x11" else None
    from app.insertion.helper.service import serve  # after the fork, so that the parent stays small

    serve(grabs, int(words[0]) if words else None)


if __name__ == "__main__":
    main()
