"""The ``kikipounamu-gateway pair`` command: pair one device with the running gateway."""

import asyncio
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import msgspec
import typer

from backend.core.errors import BackendError, PairingFailed
from protocol.decoding import explain
from protocol.devices import DeviceKind
from protocol.endpoint import ENDPOINT_FILE, Endpoint, decode_endpoint
from protocol.errors import MalformedMessage
from protocol.pairing import PAIRING_PATH, PairingStage, PairingState, PairingWish, link_of
from runtime.folders import folders
from runtime.terminal import printable, reason
from runtime.whole_file import read_regular

LOOK_S: Final = 0.5
_ANSWER_S: Final = 5.0
_QUIET: Final = 4
"""Light modules around a QR code, as ISO/IEC 18004 requires."""
_BLOCKS: Final = "▀▄█"
_LIGHT, _AS_BEFORE = "\x1b[97;40m", "\x1b[0m"
_ENDED: Final = {
    PairingStage.NONE: "the pairing was ended, or another one was begun",
    PairingStage.EXPIRED: "no device used the code in time: begin again",
    PairingStage.LOCKED: "the code was tried too often: begin again, and mind who else is on this network",
    PairingStage.INTERCEPTED: "another computer intercepts the connection of that device: pair on another network",
}

Say = Callable[[str], None]


def pair_device(
    worker: Annotated[bool, typer.Option("--worker", help="Pair a worker instead of a client.")] = False,
    qr: Annotated[
        bool | None, typer.Option("--qr/--no-qr", help="Print the link as a QR code. Default: in a terminal.")
    ] = None,
) -> None:
    """Show a code and a link, valid for two minutes, and wait until a device is paired."""
    kind = DeviceKind.WORKER if worker else DeviceKind.CLIENT
    drawn = sys.stdout.isatty() and _draws() if qr is None else qr
    try:
        if drawn and not _draws():
            raise PairingFailed("no QR code can be drawn here: use a UTF-8 locale, or leave --qr out")
        asyncio.run(let_in(running(folders().runtime / ENDPOINT_FILE), kind, typer.echo, qr=drawn))
    except BackendError as error:
        typer.echo(printable(str(error)), err=True)
        raise typer.Exit(1) from None


def running(file: Path) -> Endpoint:
    """Return the endpoint of this user's gateway. Raises ``PairingFailed``."""
    try:
        return decode_endpoint(read_regular(file))
    except (OSError, MalformedMessage) as error:
        raise PairingFailed("no gateway is running: start one with `kikipounamu-gateway serve`") from error


async def let_in(
    gateway: Endpoint, kind: DeviceKind, say: Say, look_s: float = LOOK_S, *, qr: bool = False
) -> None:
    """Open a pairing, print it and wait for its end. Raises ``PairingFailed`` unless a device was paired."""
    bearer = {"Authorization": f"Bearer {gateway.key}"}
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    async with aiohttp.ClientSession(gateway.url, headers=bearer, timeout=timeout) as http:
        state = await _ask(http, "POST", msgspec.json.encode(PairingWish(kind)))
        show(state, say, qr=qr)
        code = state.code
        try:
            while state.stage is PairingStage.WAITING and state.code == code:
                await asyncio.sleep(look_s)
                state = await _ask(http, "GET")
        except asyncio.CancelledError:  # Ctrl-C
            await _ask(http, "DELETE")
            raise
    if state.problem is not None:
        raise PairingFailed(f"a device had the code, but could not be stored: {state.problem.message}")
    if state.stage is not PairingStage.PAIRED:
        raise PairingFailed(_ENDED.get(state.stage, _ENDED[PairingStage.NONE]))
    say(f"paired: {printable(state.device)}")


async def _ask(http: aiohttp.ClientSession, method: str, body: bytes | None = None) -> PairingState:
    try:
        async with http.request(method, PAIRING_PATH, data=body) as response:
            answer = await response.read()
            if response.status != 200:
                raise PairingFailed(msgspec.json.decode(answer, type=_Refusal).error.message)
            return msgspec.json.decode(answer, type=PairingState)
    except aiohttp.ClientConnectorError as error:
        ended = "the gateway does not answer at the address that it announced: it has ended. Start it again"
        raise PairingFailed(ended) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise PairingFailed(f"the gateway does not answer: {reason(error)}") from error
    except msgspec.DecodeError as error:
        raise PairingFailed(f"what answers is not a gateway of this version: {explain(error)}") from error


def show(state: PairingState, say: Say, *, qr: bool = False) -> None:
    """Print everything that the user needs on the device; ``qr``: also the link as a QR code."""
    say(f"code: {state.code[:4]} {state.code[4:]}")
    say(f"good for: {state.left_s:.0f} s")
    say(f"gateway: {printable(state.gateway)}")
    for url in state.urls:
        say(f"at: {printable(url)}")
    say(f"certificate: {state.certificate_sha256}")
    if link := link_of(state):
        say(f"link: {printable(link)}")
        if qr:
            say(drawing(link))
            say("Scan it with a camera, a phone's for example: it reads the link, which is pasted on the device.")
    if state.kind is DeviceKind.WORKER:
        say("A worker hears what it recognises, and its answers are believed: pair only computers that you trust.")


def drawing(text: str) -> str:
    """Return a QR code for terminals of any colour scheme: light modules are drawn, on black."""
    drawn = io.StringIO()
    import segno  # late: few processes draw a code

    segno.make(text, error="l", micro=False).terminal(drawn, border=_QUIET, compact=True)
    return "\n".join(f"{_LIGHT}{line}{_AS_BEFORE}" for line in drawn.getvalue().splitlines())


def _draws() -> bool:
    """Return whether standard output can encode the characters of a QR code."""
    try:
        _BLOCKS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


class _Error(msgspec.Struct, frozen=True):
    message: str = "the gateway refuses"


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error = _Error()
