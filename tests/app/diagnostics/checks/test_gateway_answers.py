"""Requests to a gateway of any version."""

import pytest

from app.diagnostics.checks.gateway import answers
from client.connection import Address
from client.errors import Refused, Unauthorised, Unreachable
from tests.app.diagnostics.checks.gateways import KEY, READY, gateway


async def test_answers_keep_unknown_fields() -> None:
    async with gateway({**READY, "of a later version": 1}, version="9.9") as url:
        found = await answers(Address(url + "/", KEY), 10.0)
    assert found.ready["of a later version"] == 1 and found.version == "9.9" and found.ms > 0


async def test_version_is_empty_when_old_gateway_states_none() -> None:
    async with gateway({"ready": False}) as url:
        assert (await answers(Address(url, KEY), 10.0)).version == ""


async def test_answers_raise_typed_error_when_gateway_is_unusable() -> None:
    async with gateway(["no gateway"]) as url:
        with pytest.raises(Refused, match="answers /readyz in another form"):
            await answers(Address(url, KEY), 10.0)
    async with gateway() as url:
        with pytest.raises(Unauthorised):
            await answers(Address(url, "another"), 10.0)
    with pytest.raises(Unreachable):
        await answers(Address(url, KEY), 10.0)
