"""Places for uploads in progress: a limited number in total and for each key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings

RETRY_S: Final = 30.0


@contextmanager
def upload_place(visit: AdmittedRequest, settings: FileSettings) -> Iterator[None]:
    """Hold a place while a file is uploaded, through whatever interface. Raises ``OverQuota``."""
    owner, uploading = visit.device.owner, visit.access.uploading
    for coming, most, whose in (
        (uploading[owner], settings.uploads_of_key, " of this key"),
        (uploading.total(), settings.uploads, ""),
    ):
        if coming >= most:
            message = f"{coming} files{whose} are coming already"
            raise OverQuota(Refusal(429, RefusalReason.CONNECTIONS, message, RETRY_S))
    uploading[owner] += 1
    try:
        yield
    finally:
        uploading.subtract((owner,))
        if not uploading[owner]:
            del uploading[owner]
