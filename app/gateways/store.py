"""The paired gateways and this computer's keys there: on disk, in memory, and by the name that a command gives.

The file ``gateways.json`` is private and separate from the settings, which are displayed, copied and sent to
others. A file that cannot be read or written raises ``GatewaysNotKept``.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from app.core.errors import AppError, Note, UsageMistake
from app.core.problem_notes import note_of
from client.connection import Address, typed_address
from client.errors import Refused
from client.pairing import NewPairing
from protocol.decoding import prepared
from protocol.devices import clean_name
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders, private_folder
from runtime.tasks import complete
from runtime.whole_file import open_regular, read_regular, replacing


class GatewaysNotKept(AppError):
    """An error: the file of gateways cannot be read or written. The text contains the remedy."""

    note = Note("gateways-not-kept")


log = loggers.APP_GATEWAYS_STORE

MOST_GATEWAYS: Final = 64
MOST_URLS: Final = 8
_FILE: Final = "gateways.json"
_MOST_BYTES: Final = 1 << 20
_ID_DIGITS: Final = 16


class PairedGateway(Struct, frozen=True):
    """A paired gateway. ``urls``: its latest addresses, the likeliest first. ``device``: this computer's id there.

    ``own_name``: the gateway's own name. ``name``: another name on this computer, if the user gave one.
    """

    urls: Annotated[tuple[str, ...], Meta(min_length=1, max_length=MOST_URLS)]
    certificate_sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    device: str
    key: str
    own_name: str = ""
    name: str = ""

    @property
    def id(self) -> str:
        """The id, derived from the certificate, which identifies the gateway at any address."""
        return self.certificate_sha256[:_ID_DIGITS]

    @property
    def display_name(self) -> str:
        """The name to display."""
        return self.name or self.own_name or self.urls[0]

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All addresses where the gateway may be."""
        return tuple(Address(url, self.key, self.display_name, self.certificate_sha256) for url in self.urls)

    def at(self, urls: Iterable[str]) -> "PairedGateway":
        """Return a copy with these URLs first; the previous ones are tried later."""
        return msgspec.structs.replace(self, urls=tuple(dict.fromkeys((*urls, *self.urls)))[:MOST_URLS])

    def __repr__(self) -> str:
        return f"Paired({self.id})"  # keeps the key out of logs


_Gateways = tuple[PairedGateway, ...]


class _Content(Struct, frozen=True):
    gateways: Annotated[tuple[PairedGateway, ...], Meta(max_length=MOST_GATEWAYS)] = ()


def encode(gateways: tuple[PairedGateway, ...]) -> bytes:
    """Encode the gateways for the file."""
    return msgspec.json.format(msgspec.json.encode(_Content(gateways)))


def decode(data: bytes) -> tuple[PairedGateway, ...]:
    """Decode the contents of the file. Raises ``ValueError``."""
    return msgspec.json.decode(data, type=prepared(_Content)).gateways


def of_pairing(made: NewPairing, known: tuple[PairedGateway, ...]) -> PairedGateway:
    """Return the gateway of a new pairing; a gateway paired before keeps its name on this computer."""
    address = made.address
    before = next((one for one in known if one.certificate_sha256 == address.certificate_sha256), None)
    fresh = PairedGateway(
        (address.url,), address.certificate_sha256, made.device, address.key, clean_name(address.name)
    )
    if before is None:
        return fresh
    return msgspec.structs.replace(fresh.at((address.url, *before.urls)), name=before.name)


def with_gateway(gateways: tuple[PairedGateway, ...], one: PairedGateway) -> tuple[PairedGateway, ...]:
    """Return the gateways with ``one`` replaced or appended. Raises ``GatewaysNotKept`` if there are too many."""
    if any(other.id == one.id for other in gateways):
        return tuple(one if other.id == one.id else other for other in gateways)
    if len(gateways) >= MOST_GATEWAYS:
        raise GatewaysNotKept(f"this computer is paired with {MOST_GATEWAYS} gateways: forget one first")
    return (*gateways, one)


def gateways_file() -> Path:
    """Return the path of the file with the gateways of this user."""
    return folders().data / _FILE


class GatewayStore:
    """The file of gateways, written as a whole with mode 0600. All methods block."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._unreadable = False

    def read(self) -> tuple[tuple[PairedGateway, ...], Path | None]:
        """Return the gateways, and the new path of a damaged file that was moved aside.

        Raises ``GatewaysNotKept`` if the file exists but cannot be read; then it is not overwritten either.
        """
        try:
            with open_regular(self.file) as file:
                data = file.read(_MOST_BYTES + 1)
            if os.name == "posix" and self.file.stat().st_mode & 0o077:
                self.file.chmod(0o600)
        except FileNotFoundError:
            return (), None
        except OSError as error:
            self._unreadable = True
            raise GatewaysNotKept(f"{self.file} cannot be read: {error.strerror}") from error
        self._unreadable = False
        try:
            return decode(data), None
        except ValueError:
            return (), self._put_aside()

    def write(self, gateways: tuple[PairedGateway, ...]) -> None:
        """Replace the stored gateways. Raises ``GatewaysNotKept`` and then keeps the previous ones."""
        if self._unreadable:
            raise GatewaysNotKept(f"{self.file} could not be read: nothing is written over it")
        try:
            private_folder(self.file.parent)
            with replacing(self.file, durable=True) as file:
                file.write(encode(gateways))
        except OSError as error:
            raise GatewaysNotKept(
                f"{self.file} cannot be written: {error.strerror}: free some space or grant access"
            ) from error

    def _put_aside(self) -> Path:
        aside = self.file.with_name(f"{self.file.name}.damaged")
        log.error(LogEvent.GATEWAYS_UNREADABLE, kept_as=str(aside))
        try:
            os.replace(self.file, aside)
        except OSError as error:
            self._unreadable = True
            raise GatewaysNotKept(f"{self.file} is damaged and cannot be moved: {error.strerror}") from error
        return aside


def address_of(gateway: str, key: str = "", certificate_sha256: str = "") -> Address:
    """Return the address of ``gateway``: a URL, or the name of a paired gateway. Blocks for one small file.

    Key and certificate of a name are known. Raises ``UsageMistake`` or ``GatewaysNotKept``.
    """
    if "://" in gateway:
        try:
            return typed_address(gateway, key, certificate_sha256)
        except Refused as error:
            raise UsageMistake(str(error)) from error
    return paired_as(gateway, gateways_file()).addresses[0]


def paired_as(name: str, file: Path) -> PairedGateway:
    """Return the gateway with this name, id or beginning of an id. Raises ``UsageMistake`` or ``GatewaysNotKept``.

    The file is not modified, even if it is damaged: only the app moves it aside.
    """
    paired = paired_in(file)
    found = [one for one in paired if name in (one.display_name, one.id)]
    found = found or [one for one in paired if name and one.id.startswith(name.lower())]
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise UsageMistake(f"this computer is paired with {len(found)} servers called {name}: say which, {ids}")
    if not found:
        known = ", ".join(one.display_name for one in paired) or "none"
        raise UsageMistake(
            f"this computer is paired with no server called {name}; paired: {known}. An address begins with https://"
        )
    return found[0]


def paired_in(file: Path) -> tuple[PairedGateway, ...]:
    """Return the gateways in this file, and leave it alone. Raises ``GatewaysNotKept``. Blocks."""
    try:
        return decode(read_regular(file, _MOST_BYTES))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise GatewaysNotKept(f"{file} cannot be read: open the app, which explains what to do") from error


class GatewayRegistry:
    """The paired gateways. ``changed`` is called after each change."""

    def __init__(self, store: GatewayStore, changed: Callable[[], None]) -> None:
        self._store, self._changed = store, changed
        self.gateways: tuple[PairedGateway, ...] = ()
        self.problem: Note | None = None
        self._lock = asyncio.Lock()

    def read(self) -> None:
        """Read the paired gateways from one small file. Blocks."""
        aside: Path | None = None
        try:
            self.gateways, aside = self._store.read()
            self.problem = Note("gateways-damaged", {"file": str(aside)}) if aside else None
        except AppError as error:
            self.problem = note_of(error)

    def of(self, gateway: str) -> PairedGateway | None:
        """Return the gateway with this id, or ``None``."""
        return next((one for one in self.gateways if one.id == gateway), None)

    async def add(self, made: NewPairing) -> PairedGateway:
        """Store a new pairing. Raises ``GatewaysNotKept``; it is stored even if the caller is cancelled."""
        await self._change(lambda known: with_gateway(known, of_pairing(made, known)))
        return of_pairing(made, self.gateways)

    async def update(self, gateway: str, change: Callable[[PairedGateway], PairedGateway]) -> None:
        """Change the gateway with this id, if it is still there. Raises ``GatewaysNotKept``."""
        await self._change(lambda known: tuple(change(one) if one.id == gateway else one for one in known))

    async def remove(self, gateway: str) -> None:
        """Remove the gateway with this id. Raises ``GatewaysNotKept``."""
        await self._change(lambda known: tuple(one for one in known if one.id != gateway))

    async def close(self) -> None:
        """Wait until pending writes are complete. Safe to call twice."""
        async with self._lock:
            pass

    async def _change(self, change: Callable[[_Gateways], _Gateways]) -> None:
        await complete(self._change_in_turn(change))

    async def _change_in_turn(self, change: Callable[[_Gateways], _Gateways]) -> None:
        async with self._lock:
            before, after = self.gateways, change(self.gateways)
            if after != before:
                self._set(after)
                try:
                    await asyncio.to_thread(self._store.write, after)
                except Exception:
                    self._set(before)
                    raise
                self.problem = None

    def _set(self, gateways: _Gateways) -> None:
        self.gateways = gateways
        self._changed()
