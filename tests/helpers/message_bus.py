"""A separate message bus for a test."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.packages import require

SETTINGS = """<busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>"""  # without the folders of services, so that no installed program starts by itself


@dataclass(frozen=True)
class RunningBus:
    """A message bus. ``end``: ends it before the context ends."""

    address: str
    end: Callable[[], None]


@contextmanager
def running_bus(folder: Path) -> Iterator[RunningBus]:
    """Run a message bus in this folder until the context ends."""
    require(("dbus-daemon",))
    address, settings = f"unix:path={folder / 'bus'}", folder / "bus.conf"
    settings.write_text(SETTINGS.format(address=address))
    command = ("dbus-daemon", f"--config-file={settings}", "--nofork", "--print-address=1")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        daemon.stdout.readline()
        try:
            yield RunningBus(address, daemon.terminate)
        finally:
            daemon.terminate()
