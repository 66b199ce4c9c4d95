"""Places for files that are coming: of one key, and in all."""

import asyncio
from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from backend.core.errors import OverQuota
from backend.gateway import Gateway
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings
from backend.rest.upload_places import until_upload_place, upload_place
from tests.helpers.waiting import wait_until

SETTINGS = FileSettings(uploads=3, uploads_of_key=2)


async def test_places_are_limited_for_a_key_and_in_all(gateway: Gateway) -> None:
    owner = gateway.access.owner
    phone = replace(owner, key_sha256="0" * 64)
    mine, other = (AdmittedRequest(gateway.access, device) for device in (owner, phone))
    with ExitStack() as places:
        for _ in range(2):
            places.enter_context(upload_place(mine, SETTINGS))
        with pytest.raises(OverQuota, match="2 files of this key"), upload_place(mine, SETTINGS):
            pass
        places.enter_context(upload_place(other, SETTINGS))
        with pytest.raises(OverQuota, match="3 files are being uploaded already"), upload_place(other, SETTINGS):
            pass
    assert not gateway.access.uploading


async def test_waiter_gets_the_next_free_place(gateway: Gateway) -> None:
    visit = AdmittedRequest(gateway.access, gateway.access.owner)
    came: list[int] = []

    async def come(number: int) -> None:
        await until_upload_place(visit, SETTINGS)
        with upload_place(visit, SETTINGS):
            came.append(number)
            await asyncio.sleep(0)

    with upload_place(visit, SETTINGS), upload_place(visit, SETTINGS):
        waiting = [asyncio.create_task(come(number)) for number in range(8)]
        await asyncio.sleep(0)
        assert came == []
    await wait_until(lambda: len(came) == 8, "each has had a place")
    await asyncio.gather(*waiting)
    assert not gateway.access.uploading


async def test_waiter_is_refused_in_the_end(gateway: Gateway) -> None:
    visit, settings = (
        AdmittedRequest(gateway.access, gateway.access.owner),
        FileSettings(uploads=0, upload_wait_s=0.01),
    )
    await until_upload_place(visit, settings)
    with pytest.raises(OverQuota), upload_place(visit, settings):
        pass
