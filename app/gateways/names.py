"""Find the gateway that a command names: by its address, or by the name of a paired one."""

from pathlib import Path

from app.core.errors import UsageMistake
from app.gateways.errors import GatewaysNotKept
from app.gateways.store import PairedGateway, decode, gateways_file
from client.connection import Address, named


def address_of(gateway: str, key: str = "", certificate_sha256: str = "") -> Address:
    """Return the address of ``gateway``: a URL, or the name of a paired gateway. Blocks for one small file.

    Key and certificate of a name are known. Raises ``UsageMistake``, ``GatewaysNotKept`` or ``Refused``.
    """
    if "://" in gateway:
        return named(gateway, key, certificate_sha256)
    return paired_as(gateway, gateways_file()).addresses[0]


def paired_as(name: str, file: Path) -> PairedGateway:
    """Return the gateway with this name, id or beginning of an id. Raises ``UsageMistake`` or ``GatewaysNotKept``.

    The file is not modified, even if it is damaged: only the app moves it aside.
    """
    paired = _read(file)
    found = [one for one in paired if name in (one.called, one.id)]
    found = found or [one for one in paired if name and one.id.startswith(name.lower())]
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise UsageMistake(f"this computer is paired with {len(found)} servers called {name}: say which, {ids}")
    if not found:
        known = ", ".join(one.called for one in paired) or "none"
        raise UsageMistake(
            f"this computer is paired with no server called {name}; paired: {known}. An address begins with https://"
        )
    return found[0]


def _read(file: Path) -> tuple[PairedGateway, ...]:
    try:
        return decode(file.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise GatewaysNotKept(f"{file} cannot be read: open the app, which says what to do about it") from error
