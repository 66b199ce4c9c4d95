"""Run the real app on a separate host (``tests.helpers.hosts``), with a screen and a microphone."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.control.client import ControlError
from app.gateways.store import GatewayStore, PairedGateway
from runtime.event_names import LogEvent
from tests.helpers.chain import BIN
from tests.helpers.desktop import running_desktop
from tests.helpers.desktop_app import START_S, DesktopApp
from tests.helpers.hosts import Host, hosts
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.virtual_microphone import virtual_microphones
from tests.helpers.waiting import wait_until_sync


@dataclass(kw_only=True)
class HostApp(DesktopApp):
    """The app on ``host``: it sees only that host's networks, and shares the home of its other programs."""

    host: Host

    def start(self) -> None:
        """Start the app, and wait until it observes its key; without a worker, it answers before that."""
        bound = self.logged(LogEvent.HOTKEYS_BOUND)
        command = [*self.host.chain.inside, str(BIN / "kikipounamu"), "app", "--hidden", *self.arguments]
        self.process = self.desktop.start(*command, **self._environment)
        wait_until_sync(self.is_ready, f"the app on {self.host.name} is there", START_S)
        wait_until_sync(lambda: self.logged(LogEvent.HOTKEYS_BOUND) > bound, "its keys are bound", START_S)

    def is_ready(self) -> bool:
        """Return whether the app answers; it may have no worker."""
        assert self.process is not None and self.process.poll() is None, f"the app on {self.host.name} has ended"
        with suppress(ControlError, OSError):
            return self.view()["state"] in ("idle", "held")
        return False

    def lend_to_gateway(self, pairing: dict[str, Any]) -> None:
        """Store the key for lending the worker, as after a pairing; takes effect at the next start."""
        self.set(worker__lend_to=[self._keep("lent.json", pairing)])

    def use_gateway(self, pairing: dict[str, Any]) -> None:
        """Pair as a client without a fallback: speech goes only to that gateway from the next start."""
        self.set(gateway__chosen=self._keep("gateways.json", pairing), gateway__fall_back=False)

    def _keep(self, name: str, pairing: dict[str, Any]) -> str:
        paired = PairedGateway(
            (pairing["url"],), pairing["certificate_sha256"], pairing["device"], pairing["key"], pairing["name"]
        )
        GatewayStore(self.home / "data" / name).write((paired,))
        return paired.id


@contextmanager
def running_host_apps(
    root: Path, models: Path, names: Sequence[str], *arguments: str
) -> Iterator[tuple[HostApp, ...]]:
    """Make hosts with these names, each with an app that is not started yet and has no worker."""
    require(NEEDED)
    with hosts(root, names) as network, virtual_microphones(*names) as microphones, ExitStack() as screens:
        apps = []
        for host, microphone in zip(network.all, microphones, strict=True):
            folder = root / f"screen-{host.name}"
            folder.mkdir()
            desktop = screens.enter_context(running_desktop(folder))
            home = host.chain.root / "home"
            app = HostApp(desktop, microphone, home, models, arguments, host=host)
            app.set(general__welcomed=True, worker__on=False)
            apps.append(app)
        yield tuple(apps)
