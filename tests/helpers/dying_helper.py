"""The helper process for insertion on Wayland, which kills itself once before keys are pressed: FILE DESCRIPTOR.

It creates FILE before; a helper that finds FILE lives.
"""

import os
import signal
import sys
from pathlib import Path

from app.insertion.helper.frames import PressingNotice, Reply, ReplyChannel
from app.insertion.helper.service import serve


class LastReplies(ReplyChannel):
    """Replies of which one is the last."""

    def send(self, reply: Reply) -> None:
        """Send the reply, then die if keys would be next."""
        super().send(reply)
        place = Path(sys.argv[1])
        if isinstance(reply, PressingNotice) and not place.exists():
            place.touch()
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(None, int(sys.argv[2]), LastReplies)
