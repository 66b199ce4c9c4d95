"""Places for files that are coming: of one key, and in all."""

from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from backend.core.errors import OverQuota
from backend.gateway import Gateway
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings
from backend.rest.upload_places import upload_place

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
        with pytest.raises(OverQuota, match="3 files are coming"), upload_place(other, SETTINGS):
            pass
    assert not gateway.access.uploading
