"""Implement ``kikipounamu models``: list, fetch, verify, import, export, measure and remove recognition models."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from app.core.console import Console
from app.models.advice import advice_line, advise, languages_text, speed_text
from app.models.exports import export_installed
from app.settings.languages import languages_now
from runtime.command_line import group
from runtime.folders import folders
from speech.models.catalogue import Catalogue, Model, load_catalogue
from speech.models.errors import ModelError
from speech.models.listing import install_stated
from speech.models.probing import Probes
from speech.models.progress import Advanced, Event, Fetching, Report, SourceRefused, Stating, WaitingForLock
from speech.models.recommendation import LocalSpeed
from speech.models.sources import sources_for
from speech.models.store import ModelStore

app = group("List, download, verify, import and remove recognition models.")

_LONG_BYTES: Final = 10_000_000  # without a terminal, larger downloads report each quarter
Names = Annotated[list[str], typer.Argument(metavar="NAME", help="Names from `kikipounamu models list`.")]


@app.command("list")
def list_models() -> None:
    """List models with size, speed and licence, and recommend one."""
    store, catalogue = _open()
    spoken = languages_now("auto")
    advice = advise(catalogue.models, spoken)
    rows = [("name", "size", "state", "languages", "speed", "licence")]
    for model in catalogue.models:
        name, languages = model.name, languages_text(model.languages)
        speed = speed_text(advice.speeds.get(name))
        rows.append((name, _size(store.model(name)), store.state(name), languages, speed, model.licence))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        _say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    _say("speed: seconds of audio per second; ~ estimated until `kikipounamu models measure NAME` has run")
    if advice.recommended:
        _say(advice_line(advice.recommended, spoken))
    if later := [model.name for model in catalogue.models if model.for_later_engine]:
        _say(f"no engine of this version runs {' or '.join(later)}")
    _say(f"folder: {folders().models}")


@app.command()
def get(names: Names) -> None:
    """Download models.

    They come from the first source that delivers them completely. Interrupted downloads are resumed. Every byte is
    checked against the catalogue's hashes. If the catalogue has none, the hub's own list is trusted at the first
    download, over HTTPS. The list is stored, and all later downloads are checked against it.
    """
    store, catalogue = _open()
    with _exit_on_error():
        models = [catalogue.model(name) for name in names]
    # Start all probes of all models now, so that dead sources cost their deadline only once.
    offers = {model.name: Probes(sources_for(model, catalogue)) for model in models if model.stated is None}
    for model in models:
        if model.for_later_engine:
            _complain(f"no engine of this version runs {model.name}")

    def fetched(name: str) -> str:
        if name in offers:
            return f"{name} is installed in {store.install(name, offers[name], report)}"
        return f"{name} is installed in {install_stated(store, catalogue, name, report)}"

    with _shown() as report:
        _each(names, fetched)


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Models to verify. [default: all installed models]")
    ] = None,
) -> None:
    """Check every byte of installed models.

    They are compared with the catalogue, or with the list stored with the model.
    """
    store, _ = _open()
    chosen = names or store.installed()
    if not chosen:
        _say("no model is installed: see `kikipounamu models list`")
    _each(chosen, lambda name: f"{name} is whole: {store.verify(name)}")


@app.command("import")
def import_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name from `kikipounamu models list`.")],
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="Folder with the files or wheels of the model."
        ),
    ],
) -> None:
    """Install a model from local files."""
    store, _ = _open()
    with _shown() as report:
        _each([name], lambda name: f"{name} is installed in {store.import_folder(name, folder, report)}")


@app.command("export")
def export_model(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Installed model: SenseVoiceSmall or paraformer-zh.")
    ],
    int8: Annotated[bool, typer.Option("--int8", help="Small and fast weights for a processor.")] = False,
    fp16: Annotated[bool, typer.Option("--fp16", help="Half-precision weights for CUDA.")] = False,
) -> None:
    """Make an ONNX graph of an installed model.

    It runs without torch. Making it needs the funasr extra; the result can be copied to computers that lack it,
    with `models import`.
    """
    if int8 and fp16:
        raise typer.BadParameter("choose one of --int8 and --fp16")
    precision = "int8" if int8 else "fp16" if fp16 else "fp32"
    store, catalogue = _open()

    def exported(name: str) -> str:
        new, folder = export_installed(store, catalogue, name, precision)
        return f"{name} is exported as {new} in {folder}"

    _each([name], exported)


@app.command()
def measure(names: Names) -> None:
    """Measure the speed of installed models on this computer.

    Each decodes ten seconds of speech. `models list` shows the speeds.
    """
    from app.models.measuring import measure_speed  # late: it runs programs, which most commands do not

    store, catalogue = _open()

    def measured(name: str) -> str:
        store.verify(name)
        speed = LocalSpeed(measure_speed(catalogue.model(name)), True)
        return f"{name}: {speed_text(speed)} as fast as speech"

    _each(names, measured)


@app.command()
def remove(names: Names) -> None:
    """Delete installed models and what is left of their downloads."""
    store, _ = _open()

    def removed(name: str) -> str:
        store.remove(name)
        return f"{name} is removed"

    _each(names, removed)


def _open() -> tuple[ModelStore, Catalogue]:
    catalogue = load_catalogue()
    return ModelStore(folders().models, catalogue), catalogue


def _size(model: Model) -> str:
    """Return a model's size on disk, or an upper limit until its hub has been asked."""
    return decimal(model.size) if model.stated is None else f"<= {decimal(model.stated.most_bytes)}"


def _say(text: str) -> None:
    Console().print(text, markup=False, soft_wrap=True)


def _complain(text: str) -> None:
    Console(stderr=True).print(text, markup=False, soft_wrap=True)


def _each(names: Iterable[str], action: Callable[[str], str]) -> None:
    """Run ``action`` for every name and print its result; exit with 1 at the end if any failed."""
    failed = False
    for name in dict.fromkeys(names):
        try:
            _say(action(name))
        except ModelError as error:
            failed = True
            _complain(str(error))
    if failed:
        raise typer.Exit(1)


@contextmanager
def _exit_on_error() -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        _complain(str(error))
        raise typer.Exit(1) from error


@contextmanager
def _shown() -> Iterator[Report]:
    """Yield a report that draws a bar per download on stderr and prints other events there."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield _Display(progress).show


class _Display:
    """Renderer of installation events: bars on a terminal, lines otherwise."""

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
        self._progress.console.print(text, markup=False, soft_wrap=True)
