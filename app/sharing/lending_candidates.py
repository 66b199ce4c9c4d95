"""The known or discovered gateways that the worker could be lent to. Pure."""

from collections.abc import Iterable

from app.gateways.view import FoundView, GatewaysView
from app.sharing.view import LentView

MOST = 8


def nearby(view: GatewaysView, lent: Iterable[LentView]) -> tuple[FoundView, ...]:
    """Return the discovered gateways, then the paired ones, without those already lent to.

    At most ``MOST``; others can be entered by address.
    """
    known = tuple(one.id for one in lent)
    found = [one for one in view.found if not one.certificate_sha256.startswith(known)]
    paired = [
        FoundView(one.name, (f"https://{one.where}",), "")
        for one in view.gateways
        if one.id and one.id not in known
    ]
    return (*found, *paired)[:MOST]
