"""Places for uploads in progress: a limited number in total and for each key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings
from runtime.tasks import within

RETRY_S: Final = 30.0


@contextmanager
def upload_place(visit: AdmittedRequest, settings: FileSettings) -> Iterator[None]:
    """Hold a place while a file is uploaded, over any API. Raises ``OverQuota``."""
    if message := _refusal_reason(visit, settings):
        raise OverQuota(Refusal(429, RefusalReason.CONNECTIONS, message, RETRY_S))
    owner, uploading = visit.device.owner, visit.access.uploading
    uploading[owner] += 1
    try:
        yield
    finally:
        uploading[owner] -= 1
        if not uploading[owner]:
            del uploading[owner]
        visit.access.upload_ended.set()


async def until_upload_place(visit: AdmittedRequest, settings: FileSettings) -> None:
    """Wait until a place is free, at most ``settings.upload_wait_s``. Take it at once with ``upload_place``.

    Programs send many small files together, and a refused one would come back half a minute later. Use this only
    for requests whose number has another limit.
    """
    ended = visit.access.upload_ended
    async with within(settings.upload_wait_s):
        while _refusal_reason(visit, settings):
            ended.clear()
            await ended.wait()


def _refusal_reason(visit: AdmittedRequest, settings: FileSettings) -> str:
    """Return why no further upload may begin; empty: it may."""
    uploading = visit.access.uploading
    for coming, most, whose in (
        (uploading[visit.device.owner], settings.uploads_of_key, " of this key"),
        (uploading.total(), settings.uploads, ""),
    ):
        if coming >= most:
            return f"{coming} files{whose} are being uploaded already"
    return ""
