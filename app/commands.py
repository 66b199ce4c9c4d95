"""What the commands do, once their options are read. Imported only by the command that runs."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from app import local_gateway, needed_models
from app.errors import StackFailed
from app.formats import Format, render
from app.gateways import naming
from app.outputs import Outputs
from app.process import EXPECTED, FAILED
from app.progress import Display
from app.recording import Recogniser
from app.stack import Stack, StackSettings
from app.up_command import report
from client.connection import Locate, fixed
from protocol.recognition import Options, Script


@dataclass(frozen=True)
class Source:
    """Who recognises: ``gateway``, by its address or name, or without one the stack of this computer."""

    gateway: str = ""
    key: str = ""
    certificate_sha256: str = ""
    engine: str = "whisper"
    model: str = ""
    get_models: bool | None = None

    def prepare(self) -> None:
        """Make sure that the gateway is known and the models are here. Raises ``AppError`` or ``Refused``."""
        self.locate()
        engine = None if self.gateway else self.engine
        needed_models.ensure(needed_models.needed(engine, self.model), self.get_models)

    def locate(self) -> Locate:
        """Where the gateway is. Raises ``AppError`` or ``Refused``: none can be meant."""
        if not self.gateway:
            return local_gateway.locate
        return fixed(naming.address_of(self.gateway, self.key, self.certificate_sha256))

    def stack(self) -> Stack | None:
        """What makes that there is one; nothing for a gateway elsewhere."""
        return None if self.gateway else Stack(StackSettings(self.engine, self.model))


async def transcribe(
    files: Sequence[Path], source: Source, language: str, form: Format, output: str, script: Script = "simplified"
) -> int:
    """Recognise each file; one that fails does not stop the others."""
    outputs = Outputs(files, output, form)
    console = Console(stderr=True, highlight=False)
    options = Options(language=language, model=source.model, priority="bulk", script=script)
    async with AsyncExitStack() as cleanup:
        stack = source.stack()
        if stack is not None:
            console.print("starting the gateway and the worker, unless they run", soft_wrap=True)
            await cleanup.enter_async_context(stack)
        recogniser = Recogniser(source.locate(), needed_models.vad_folder(), options)
        failed = False
        for file in files:
            work = _transcribe_one(file, recogniser, form, outputs, console)
            failed |= not await (stack.unless_broken(work) if stack else work)
    return FAILED if failed else 0


async def _transcribe_one(
    file: Path, recogniser: Recogniser, form: Format, outputs: Outputs, console: Console
) -> bool:
    try:
        with Display(console, file.name).shown() as display:
            transcript = await recogniser.recognise(file, display)
        place = outputs.deliver(file, render(transcript, form, str(file)))
    except EXPECTED as error:
        if isinstance(error, StackFailed):
            raise
        console.print(f"{file.name}: {error}", markup=False, soft_wrap=True)
        return False
    if place:
        console.print(f"{file.name}: written to {place}", markup=False, soft_wrap=True)
    for segment in transcript.failures:
        at = segment.start_ms / 1000
        console.print(f"{file.name}: no text at {at:.1f} s: {segment.error}", markup=False, soft_wrap=True)
    return not transcript.failures


async def up(source: Source) -> int:
    """Run the stack in the foreground until Ctrl-C or SIGTERM; the gateway stays whatever the worker does."""
    if found := await local_gateway.running():
        endpoint = found.endpoint
        raise StackFailed(
            f"a gateway of yours already runs at {endpoint.url} (process {endpoint.pid}): use that one"
        )
    async with Stack(StackSettings(source.engine, source.model, lasting=True, own_terminal=True)) as stack:
        await stack.unless_broken(report(stack, typer.echo))
    return FAILED
