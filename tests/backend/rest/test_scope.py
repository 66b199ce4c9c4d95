"""Test which sessions a request may access."""

import pytest
from msgspec import UNSET

from backend.devices.records import Device
from backend.devices.registry import DeviceRegistry
from backend.history.records import SessionFilter
from backend.http.access import Access, AdmittedRequest
from backend.http.settings import HttpSettings
from backend.rest.scope import Scope, scope_of
from protocol import rest
from protocol.devices import DeviceKind
from protocol.errors import Forbidden

ACCESS = Access(HttpSettings(key="k"), DeviceRegistry(None), lambda: 0.0)
CLIENT = Device("d", "n", DeviceKind.CLIENT, "ab" * 32)


def test_owner_sees_all_keys_or_a_chosen_one() -> None:
    visit = AdmittedRequest(ACCESS, ACCESS.owner)
    assert scope_of(visit) == scope_of(visit, UNSET) == Scope(None, None)
    assert scope_of(visit, "abc") == Scope("abc", None)


def test_client_sees_only_its_own_sessions() -> None:
    visit = AdmittedRequest(ACCESS, CLIENT)
    assert scope_of(visit) == scope_of(visit, CLIENT.owner) == Scope(CLIENT.owner, None)
    with pytest.raises(Forbidden, match="only the owner"):
        scope_of(visit, "abc")


def test_tenant_of_a_proxy_sees_only_its_own_sessions() -> None:
    assert scope_of(AdmittedRequest(ACCESS, ACCESS.owner, "acme")) == Scope(None, "acme")
    assert scope_of(AdmittedRequest(ACCESS, CLIENT, "acme")) == Scope(CLIENT.owner, "acme")


def test_scope_becomes_filter_of_the_history() -> None:
    scope = Scope("o", "t")
    assert scope.session_filter() == scope.session_filter(UNSET, UNSET) == SessionFilter("o", "t")
    wanted = scope.session_filter(rest.SessionState.DONE, rest.SessionKind.FILE)
    assert wanted == SessionFilter("o", "t", rest.SessionState.DONE, rest.SessionKind.FILE)
