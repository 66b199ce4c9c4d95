"""The helper process that inserts on X11, so that the app, which draws, never grabs the server.

    python -P -m app.insertion.x11_main GRAB_DEADLINE_S [DESCRIPTOR OF KEPT CONTENTS]

Frames come in on standard input and go out on what was standard output. The process that was started stays as the
parent of the one that inserts, and kills it when it holds the server's grab for too long (``x11_guard``).
"""

import signal
import sys

from app.insertion.x11_guard import watched


def main() -> None:
    """Run until the app's side ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    grabs = watched(float(sys.argv[1]))
    from app.insertion.x11_service import serve  # after the fork: its parent stays small

    serve(grabs, int(sys.argv[2]) if len(sys.argv) > 2 else None)


if __name__ == "__main__":
    main()
