"""Whose sessions a request may be about."""

import pytest
from msgspec import UNSET

from backend.access import Access, Visit
from backend.devices import Device
from backend.history import records
from backend.history.records import Wanted
from backend.rest.scope import Scope, scope_of
from backend.roster import Roster
from backend.settings import GatewaySettings
from protocol import rest
from protocol.devices import DeviceKind
from protocol.errors import Forbidden

ACCESS = Access(GatewaySettings(key="k"), Roster(None), lambda: 0.0)
CLIENT = Device("d", "n", DeviceKind.CLIENT, "ab" * 32)


def test_the_owner_sees_everybody_or_one() -> None:
    visit = Visit(ACCESS, ACCESS.owner)
    assert scope_of(visit) == scope_of(visit, UNSET) == Scope(None, None)
    assert scope_of(visit, "abc") == Scope("abc", None)


def test_a_client_sees_its_own() -> None:
    visit = Visit(ACCESS, CLIENT)
    assert scope_of(visit) == scope_of(visit, CLIENT.owner) == Scope(CLIENT.owner, None)
    with pytest.raises(Forbidden, match="only the owner"):
        scope_of(visit, "abc")


def test_whom_a_proxy_speaks_for_sees_his_own() -> None:
    assert scope_of(Visit(ACCESS, ACCESS.owner, "acme")) == Scope(None, "acme")
    assert scope_of(Visit(ACCESS, CLIENT, "acme")) == Scope(CLIENT.owner, "acme")


def test_a_scope_is_what_the_history_is_asked_for() -> None:
    scope = Scope("o", "t")
    assert scope.wanted() == scope.wanted(UNSET, UNSET) == Wanted("o", "t")
    wanted = scope.wanted(rest.SessionState.DONE, rest.SessionKind.FILE)
    assert wanted == Wanted("o", "t", records.SessionState.DONE, records.SessionKind.FILE)
