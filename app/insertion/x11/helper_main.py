"""The helper process that inserts on X11, so that the app, which draws, never grabs the server.

    python -P -m app.insertion.x11.helper_main GRAB_DEADLINE_S [DESCRIPTOR OF KEPT CONTENTS]

Frames arrive on standard input and leave on the original standard output. The started process stays as the parent
of the inserting one. It kills its child when that grabs the server for too long (``grab_guard``).
"""

import signal
import sys

from app.insertion.x11.grab_guard import watched


def main() -> None:
    """Run until the app closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    grabs = watched(float(sys.argv[1]))
    from app.insertion.x11.helper_service import serve  # after the fork, so that the parent stays small

    serve(grabs, int(sys.argv[2]) if len(sys.argv) > 2 else None)


if __name__ == "__main__":
    main()
