"""List, fetch, verify, import, export, measure and remove recognition models for ``kikipounamu models``."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from app.cli.output import exit_on_error, print_json, print_table
from app.cli.words import texts
from app.core.console import Console
from app.models.advice import Advice, advice_line, advise, languages_text, speed_text
from app.models.engines import VAD_MODEL, choose_default, engine_is_here, lacks
from app.models.exports import export_installed
from app.settings.current import settings_now
from app.settings.languages import languages_now
from runtime.folders import folders
from runtime.installing import extra_command
from runtime.programs import is_bundled
from runtime.terminal import say
from speech.models.catalogue import Catalogue, Model, load_catalogue
from speech.models.errors import ModelDamaged, ModelError, ModelMissing
from speech.models.installation import install_stated
from speech.models.probes import Probes
from speech.models.progress import Advanced, Event, Fetching, Report, SourceRefused, Stating, WaitingForLock
from speech.models.recommendation import LocalSpeed
from speech.models.sources import sources_for
from speech.models.store import FolderState, ModelStore

_LONG_BYTES: Final = 10_000_000  # without a terminal, larger downloads report each quarter
_RETURNS: Final = (
    "; the app is set to use it, and downloads it again when it next recognises on this computer: choose another "
    "model in its window, or switch off recognition on this computer"
)
_STATES: Final = {
    FolderState.INSTALLED: "installed",
    FolderState.MISSING: "missing",
    FolderState.DAMAGED: "damaged",
}
"""States in JSON; the texts of the windows have a word for each."""


def list_models(*, as_json: bool) -> None:
    """Print each model with size, state, languages, speed here and licence, and recommend one."""
    store, catalogue = _open()
    spoken = languages_now("auto")
    advice = advise(catalogue.models, spoken)
    if as_json:
        print_json(_all_facts(store, catalogue, advice))
        return
    words = texts()
    titles = ("name", "size", "state", "languages", "speed", "licence")
    rows = [tuple(words(f"columns.{title}") for title in titles)]
    for model in catalogue.models:
        name, languages = model.name, languages_text(words, model.languages)
        state, speed = words(f"models.state.{_STATES[store.state(name)]}"), speed_text(advice.speeds.get(name))
        rows.append((name, _size(store.model(name)), state, languages, speed, model.licence))
    print_table(rows)
    if lacking := _lacking(catalogue.models):
        say(words("models-command.lacking", models=", ".join(lacking)))
    say(words("models-command.speeds"))
    if advice.recommended:
        say(advice_line(words, advice.recommended, spoken))
    if later := [model.name for model in catalogue.models if model.for_later_engine]:
        say(words("models-command.later", models=", ".join(later)))
    say(words("takes-command.folder", folder=str(folders().models)))


def _all_facts(store: ModelStore, catalogue: Catalogue, advice: Advice) -> dict[str, Any]:
    """Return all models for JSON."""
    lacking = _lacking(catalogue.models)
    return {
        "folder": str(folders().models),
        "recommended": advice.recommended.model if advice.recommended else None,
        "models": [_facts(store, store.model(model.name), advice, lacking) for model in catalogue.models],
    }


def _facts(store: ModelStore, model: Model, advice: Advice, lacking: Mapping[str, str]) -> dict[str, Any]:
    """Return a model for JSON.

    ``bytes``: an upper limit unless ``bytes_known``. ``speed``: seconds of audio per second, or ``None``.
    ``lacking``: the missing engine, by model.
    """
    speed = advice.speeds.get(model.name)
    return {
        "name": model.name,
        "state": _STATES[store.state(model.name)],
        "bytes": model.size if model.stated is None else model.stated.most_bytes,
        "bytes_known": model.stated is None,
        "languages": list(model.languages),
        "speed": round(speed.value, 2) if speed else None,
        "speed_measured": bool(speed and speed.measured),
        "licence": model.licence,
        "runs_here": not model.for_later_engine and model.name not in lacking,
    }


def get(names: Sequence[str]) -> None:
    """Fetch each model from the first source that delivers it completely.

    In a bundle, skip models whose engine is missing, because it cannot be installed there.
    """
    store, catalogue = _open()
    with exit_on_error(ModelError):
        models = [catalogue.model(name) for name in names]
    idle = _without_engine(models)
    for message in idle.values():
        say(message, err=True)
    useless = idle if is_bundled() else {}
    models = [model for model in models if model.name not in useless]
    # Probe the sources of all models now, so that unreachable ones cost their deadline only once.
    offers = {model.name: Probes(sources_for(model, catalogue)) for model in models if model.stated is None}
    for model in models:
        if model.for_later_engine:
            say(f"no engine of this version runs {model.name}", err=True)

    def install_one(name: str) -> str:
        if name in offers:
            return f"{name} is installed in {store.install(name, offers[name], report)}"
        return f"{name} is installed in {install_stated(store, catalogue, name, report)}"

    with _progress_display() as report:
        _for_each([model.name for model in models], install_one)
    if useless:
        raise typer.Exit(1)


def _without_engine(models: Sequence[Model]) -> dict[str, str]:
    """Return a message by model whose engine is not installed."""
    return {
        name: f"{name} cannot run here without {engine}: run {extra_command(engine)}"
        for name, engine in _lacking(models).items()
    }


def _lacking(models: Sequence[Model]) -> dict[str, str]:
    """Return the missing engine by model that cannot run here."""
    here = partial(engine_is_here, environment=settings_now()[0].worker.environment)
    return {model.name: engine for model in models if (engine := lacks(model.name, here))}


def verify(names: Sequence[str]) -> None:
    """Compare every byte of these models, or all installed ones, with the hashes of catalogue or stored list."""
    store, _ = _open()
    chosen = names or store.installed_models()
    if not chosen:
        say("no model is installed: see `kikipounamu models list`")
    _for_each(chosen, lambda name: f"{name} is whole: {store.verify(name)}")


def import_model(name: str, folder: Path) -> None:
    """Install a model from local files."""
    store, _ = _open()

    def import_one(name: str) -> str:
        try:
            here = store.verify(name)
        except (ModelMissing, ModelDamaged):
            with _progress_display() as report:
                return f"{name} is installed in {store.import_folder(name, folder, report)}"
        store.check_folder(name, folder)
        return f"{name} was installed before, in {here}: the copy in {folder} is whole too, and was not needed"

    _for_each([name], import_one)


def export_model(name: str, precision: str) -> None:
    """Make an ONNX graph of an installed model."""
    store, catalogue = _open()

    def export_one(name: str) -> str:
        new, folder = export_installed(store, catalogue, name, precision)
        return f"{name} is exported as {new} in {folder}"

    _for_each([name], export_one)


def measure(names: Sequence[str]) -> None:
    """Decode ten seconds of speech with installed models, and store their speeds."""
    from app.models.advice import measure_speed  # late: it runs programs, which most commands do not

    store, catalogue = _open()

    def measure_one(name: str) -> str:
        store.verify(name)
        speed = LocalSpeed(measure_speed(catalogue.model(name)), True)
        return f"{name}: {speed_text(speed)} as fast as speech"

    _for_each(names, measure_one)


def remove(names: Sequence[str]) -> None:
    """Delete installed models and the remains of their unfinished downloads."""
    store, catalogue = _open()

    def remove_one(name: str) -> str:
        try:
            store.remove(name)
        except ModelMissing as error:
            raise ModelError(f"{name} is not installed: see `kikipounamu models list`") from error
        if name == VAD_MODEL:
            return f"{name} is removed; the app needs it, and downloads it again at its next start"
        return f"{name} is removed{_RETURNS if _is_chosen(name, catalogue) else ''}"

    _for_each(names, remove_one)


def _is_chosen(name: str, catalogue: Catalogue) -> bool:
    """Return whether the app runs this model when it recognises on this computer."""
    worker = settings_now()[0].worker
    return worker.on and name == (worker.model or choose_default(languages_now("auto"), catalogue).model)


def _open() -> tuple[ModelStore, Catalogue]:
    catalogue = load_catalogue()
    return ModelStore(folders().models, catalogue), catalogue


def _size(model: Model) -> str:
    """Return a model's size on disk, or an upper limit until its hub has stated it."""
    return decimal(model.size) if model.stated is None else f"<= {decimal(model.stated.most_bytes)}"


def _for_each(names: Iterable[str], action: Callable[[str], str]) -> None:
    """Run ``action`` for every name and print its result; exit with 1 at the end if any failed."""
    failed = False
    for name in dict.fromkeys(names):
        try:
            say(action(name))
        except ModelError as error:
            failed = True
            say(str(error), err=True)
    if failed:
        raise typer.Exit(1)


@contextmanager
def _progress_display() -> Iterator[Report]:
    """Yield a function that shows installation events on stderr."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield InstallationDisplay(progress).show


class InstallationDisplay:
    """Renderer of installation events: bars for downloads on a terminal, otherwise lines."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._quarters: dict[str, int] = {}

    def show(self, event: Event) -> None:
        if isinstance(event, Advanced):
            self._advance(event)
        elif isinstance(event, Fetching):
            self._print(f"{event.item} ({decimal(event.size)}) from {event.source}")
            self._bars[event.item] = self._progress.add_task(event.item, total=event.size)
        elif isinstance(event, Stating):
            self._print(
                f"{event.source} states the {event.files} files ({decimal(event.size)}) of {event.model}: the "
                "catalogue has no hashes of them, so this list is trusted, kept, and every byte checked against it"
            )
        elif isinstance(event, SourceRefused):
            self._print(f"{event.refusal}")
        elif isinstance(event, WaitingForLock):
            self._print(f"another process is changing {event.model}: waiting until it has ended")

    def _advance(self, event: Advanced) -> None:
        self._progress.update(self._bars[event.item], completed=event.done)
        quarter = 4 * event.done // max(1, event.size)
        if self._progress.disable and event.size > _LONG_BYTES and quarter != self._quarters.get(event.item, 0):
            self._quarters[event.item] = quarter
            self._print(f"{event.item}: {decimal(event.done)} of {decimal(event.size)}")

    def _print(self, text: str) -> None:
        self._progress.console.print(text, soft_wrap=True)
