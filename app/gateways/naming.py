"""A gateway as the command line names it: by its address, or by what the app calls it that is paired with it."""

from pathlib import Path

from app.errors import UsageMistake
from app.gateways.errors import GatewaysNotKept
from app.gateways.store import Paired, decode, of_this_user
from client.connection import Address, named


def address_of(gateway: str, key: str = "", certificate_sha256: str = "") -> Address:
    """``gateway``: an address, or a name, of which key and certificate are known. Blocks for one small file.

    Raises ``UsageMistake``, ``GatewaysNotKept`` or ``Refused``.
    """
    if "://" in gateway:
        return named(gateway, key, certificate_sha256)
    return paired_as(gateway, of_this_user()).addresses[0]


def paired_as(name: str, file: Path) -> Paired:
    """The one with this name or id. The file is left as it is, also if it is damaged: the app puts it aside.

    Raises ``UsageMistake`` or ``GatewaysNotKept``.
    """
    paired = _read(file)
    found = [one for one in paired if name in (one.called, one.id)]
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise UsageMistake(f"this computer is paired with {len(found)} gateways called {name}: say which, {ids}")
    if not found:
        known = ", ".join(one.called for one in paired) or "none"
        raise UsageMistake(
            f"this computer is paired with no gateway called {name}; paired: {known}. An address begins with https://"
        )
    return found[0]


def _read(file: Path) -> tuple[Paired, ...]:
    try:
        return decode(file.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise GatewaysNotKept(f"{file} cannot be read: open the app, which says what to do about it") from error
