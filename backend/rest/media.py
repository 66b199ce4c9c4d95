"""Read a file in a separate process, frame by frame, only as fast as the caller takes frames."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from backend.core.errors import MediaReaderKilled, MediaUnreadable
from backend.rest.media_frames import FRAMES, Frame, MediaBroken, MediaEnded
from protocol.errors import ErrorCode
from runtime.framing import BrokenFrame
from runtime.leash import leashed_command
from runtime.programs import module_command
from runtime.tasks import complete, within

_FRAME_S: Final = 120.0
_END_S: Final = 5.0
_COMMAND: Final = module_command("backend.rest.media_process")


@asynccontextmanager
async def reading(
    path: Path,
    vad_folder: Path | None,
    program: Sequence[str] = _COMMAND,
    frame_s: float = _FRAME_S,
    track: int = 0,
) -> AsyncIterator[AsyncIterator[Frame]]:
    """Read the frames of ``path``, the last one ``MediaEnded``; the process ends with the context.

    Raises ``MediaUnreadable``, or ``MediaReaderKilled``.
    ``frame_s``: how long the next frame may take. ``track``: the sound track of a film; 0: the default one.
    """
    command = [*program, str(path), str(track), *([str(vad_folder)] if vad_folder else [])]
    if os.name == "posix":
        command = leashed_command(command, signal.SIGKILL)
    process = await _start_process(command)
    try:
        yield _frames(process, frame_s)
    finally:
        await complete(_end(process))


async def _start_process(command: Sequence[str]) -> asyncio.subprocess.Process:
    """Start the process. If cancelled meanwhile, end the process and wait for it."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    begins = asyncio.ensure_future(asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=pipe))
    try:
        return await asyncio.shield(begins)
    except asyncio.CancelledError:
        await complete(_end_begun(begins))
        raise


async def _frames(process: asyncio.subprocess.Process, frame_s: float) -> AsyncIterator[Frame]:
    assert process.stdout is not None
    while True:
        try:
            async with asyncio.timeout(frame_s):
                frame = await FRAMES.receive(process.stdout)
        except TimeoutError:
            raise MediaUnreadable(
                ErrorCode.DECODE_TIMEOUT, f"nothing came of the file within {frame_s:g} s: convert it to wav"
            ) from None
        except (asyncio.IncompleteReadError, OSError, BrokenFrame) as error:
            if isinstance(error, asyncio.IncompleteReadError) and (number := await _killed_by(process)):
                raise MediaReaderKilled(f"the process that reads the file was ended by signal {number}") from error
            raise MediaUnreadable(
                ErrorCode.INTERNAL, "the process that reads the file ended: convert the file to wav, or try again"
            ) from error
        if isinstance(frame, MediaBroken):
            raise MediaUnreadable(frame.code, frame.message)
        yield frame
        if isinstance(frame, MediaEnded):
            return


async def _killed_by(process: asyncio.subprocess.Process) -> int:
    """Return the signal that ended the process; 0 where none did."""
    async with within(_END_S):
        return max(0, -await process.wait())
    return 0


async def _end_begun(begins: "asyncio.Future[asyncio.subprocess.Process]") -> None:
    await _end(await begins)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the process, then wait for it and its pipe; if cancelled by the loop's end, only for the process."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    try:
        await process.communicate()
    finally:
        await process.wait()
