"""Run this computer's gateway and worker as the settings ask, with the chosen model."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.background_services import BackgroundServices
from app.core.errors import AppError, Note
from app.gateways.service import Gateways
from app.local_services.local_worker import LocalWorker, LocalWorkerSettings
from app.local_services.supervisor import OwnGateway
from app.local_services.worker_view import WorkerView
from app.messages.kinds import Post, Problem, problem
from app.settings.file import SettingsFile
from app.settings.sections import Settings
from runtime.tasks import Closing, Tasks


@dataclass(frozen=True)
class WorkerOptions:
    """Options of the command line for the worker.

    ``by_languages``: the user's languages decide which model it runs, unless the settings name one.
    """

    settings: LocalWorkerSettings = LocalWorkerSettings()
    by_languages: bool = False


class OwnRecognition(Closing):
    """Runner of this computer's gateway and worker.

    ``gateways`` know whether speech is recognised here. ``services`` receive the model in use and faults.
    ``gateway_fault``: the error that keeps the gateway from running.
    """

    def __init__(
        self,
        post: Post,
        file: SettingsFile,
        gateways: Gateways,
        services: BackgroundServices,
        options: WorkerOptions,
    ) -> None:
        self._post = post
        self._file = file
        self._gateways = gateways
        self._services = services
        self._options = options
        self.gateway_fault: AppError | None = None
        self.worker = LocalWorker(self._post_worker, options.settings, services.models.have)
        self._gateway: OwnGateway | None = None
        self._tasks = Tasks("own recognition")
        self._gateway_tasks = Tasks("gateway")

    def start(self, finished: Callable[[], Awaitable[None]]) -> None:
        """Run the gateway while it is used, until closed.

        ``finished`` waits until the takes begun so far are over.
        """
        sharing = self._services.sharing
        self._gateway = OwnGateway(sharing.stack, self.worker, finished, self._report_gateway)
        sharing.restart = self._gateway.restart
        self.refresh()
        self._gateway_tasks.keep(self._gateway.keep, "keep")

    async def close(self) -> None:
        """End the worker, then the gateway: a worker without it would search for its broker for seconds."""
        await self._tasks.close()
        await self.worker.close()
        await self._gateway_tasks.close()

    def refresh(self) -> None:
        """Run the gateway if it is used, by speech from here or by other devices; retry a failed worker."""
        chosen = self._file.current
        if self._gateway is not None:
            self._gateway.choose(here=self._gateways.here or chosen.gateway.share, worker=chosen.worker.on)

    def rest(self, why: Note | None) -> None:
        """Rest every worker of this computer, including lent ones; ``None`` lets them work."""
        if self._gateway is not None:
            self._gateway.rest(why)
        self._services.lending.rest(why)

    def handle_settings(self, old: Settings, new: Settings) -> None:
        """Apply changed settings; those of the model restart the worker."""
        # During the first steps no user relies on a model yet.
        speaks = not new.general.welcomed and new.recognition.languages != old.recognition.languages
        if speaks:
            self._services.models.choose_again()
        if speaks or new.worker.runs != old.worker.runs:
            self._tasks.start(self.use_model(), "model")
        self.refresh()

    async def use_model(self) -> None:
        """Apply the settings of the worker's model, to lent workers too."""
        models = self._services.models
        model = self._file.current.worker.model or (await models.choose() if self._options.by_languages else "")
        chosen = self._file.current.worker  # it may have changed while the default was sought
        settings = self._options.settings.running(chosen.model or model, chosen.environment)
        settings = settings.with_limits(chosen.threads, chosen.gpu_memory)
        models.environment = chosen.environment
        await self.worker.use(settings)
        self._services.lending.use(settings)
        self._report_use()

    def _post_worker(self, view: WorkerView) -> None:
        self._post(view)
        self._report_use()

    def _report_use(self) -> None:
        self._services.models.set_used_model(self.worker.settings.model, running=self.worker.view.needs_model)

    def _report_gateway(self, error: AppError | None) -> None:
        self.gateway_fault = error
        self._services.sharing.report_gateway(error)
        self._post(Problem("gateway") if error is None else problem("gateway", error))
