"""The helper process that inserts on Wayland.

    python -P -m app.insertion.wayland.helper_main [DESCRIPTOR OF KEPT CONTENTS]

Frames arrive on standard input and leave on the original standard output. The app lives on if this process is
killed, and the clipboard lives on if the app is killed.
"""

import asyncio
import os
import signal
import sys

from app.insertion.wayland.helper_service import serve


def main() -> None:
    """Run until the app closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else None, os.environ))


if __name__ == "__main__":
    main()
