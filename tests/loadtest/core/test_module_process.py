"""Processes with an order on their input."""

import pytest
from msgspec import Struct

from loadtest.core.module_process import running_module


class Order(Struct):
    """Order that ``json.tool`` prints."""

    count: int


async def test_module_reads_its_order_and_ends_with_the_context() -> None:
    async with running_module("json.tool", Order(3)) as (process, output):
        assert process.stdin is not None
        process.stdin.close()
        assert b'"count": 3' in await output.read()


async def test_module_is_killed_after_an_error() -> None:
    with pytest.raises(ValueError, match="no"):
        async with running_module("json.tool", Order(3)) as (process, _):
            raise ValueError("no")
    assert process.returncode is not None and process.returncode < 0
