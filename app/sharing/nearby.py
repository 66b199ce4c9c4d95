"""The gateways that this computer could be lent to, of those that it knows or that say so on the network. Pure."""

from collections.abc import Iterable

from app.gateways.view import FoundView, GatewaysView
from app.sharing.view import LentView

MOST = 8


def nearby(view: GatewaysView, lent: Iterable[LentView]) -> tuple[FoundView, ...]:
    """Those that are found, then those that hear this computer's speech; none that it is lent to already.

    At most ``MOST``: any other is lent to by its address.
    """
    known = tuple(one.id for one in lent)
    found = [one for one in view.found if not one.certificate_sha256.startswith(known)]
    paired = [
        FoundView(one.name, (f"https://{one.where}",), "")
        for one in view.gateways
        if one.id and one.id not in known
    ]
    return (*found, *paired)[:MOST]
