"""Models and workers are listed for clients of ours and for those of OpenAI's API."""

import aiohttp
import pytest

from backend.gateway import Gateway
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/m", "/v1/workers", "/v1/monitor"])
async def test_route_needs_a_key(gateway: Gateway, path: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(gateway.url + path) as answer:
        assert answer.status == 401


async def test_models_are_listed_in_both_shapes(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url) as worker:
        await worker.announce()
        await wait_until(lambda: gateway.monitor.survey.workers, "the worker is seen")
        async with aiohttp.ClientSession() as http, http.get(f"{gateway.url}/v1/models?api_key={KEY}") as answer:
            listed = await answer.json()
    assert [model["model"] for model in listed["models"]] == ["m"]
    assert (listed["object"], [model["id"] for model in listed["data"]]) == ("list", ["m"])


async def test_model_is_found_by_its_id(gateway: Gateway, broker: Broker) -> None:
    async with working(broker.url) as worker:
        await worker.announce()
        await wait_until(lambda: gateway.monitor.survey.workers, "the worker is seen")
        async with aiohttp.ClientSession(gateway.url, headers={"Authorization": f"Bearer {KEY}"}) as http:
            async with http.get("/v1/models/m") as answer:
                assert (answer.status, (await answer.json())["id"]) == (200, "m")
            async with http.get("/v1/models/whisper-1") as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (404, "not_found")
