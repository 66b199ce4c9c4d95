"""Test the storage of submitted files on the disk."""

import stat
from pathlib import Path
from uuid import uuid4

import pytest

from backend.core.errors import RequestRefused
from backend.rest.uploads import Uploads
from protocol.errors import ErrorCode

SESSION = str(uuid4())


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "data" / "submitted", spare=0)


def test_file_appears_only_when_complete(uploads: Uploads) -> None:
    part = uploads.part()
    part.write(b"one")
    assert not uploads.path(SESSION).exists() and [*uploads.sessions()] == []
    part.write(b"two")
    part.keep(SESSION)
    part.drop()
    assert uploads.path(SESSION).read_bytes() == b"onetwo"
    assert stat.S_IMODE(uploads.path(SESSION).stat().st_mode) == 0o600
    assert stat.S_IMODE(uploads.folder.stat().st_mode) == 0o700
    ((session, age_s),) = uploads.sessions()
    assert session == SESSION and age_s >= 0
    uploads.remove(SESSION)
    uploads.remove(SESSION)
    assert not uploads.path(SESSION).exists()


def test_sound_track_is_kept_and_removed_with_the_file(uploads: Uploads) -> None:
    assert uploads.track(SESSION) == 0
    for track in (0, 3, 0):
        part = uploads.part()
        part.write(b"film")
        part.keep(SESSION, track)
        assert uploads.track(SESSION) == track
        assert [session for session, _ in uploads.sessions()] == [SESSION]
    uploads.remove(SESSION)
    assert [*uploads.folder.iterdir()] == [] and uploads.track(SESSION) == 0


def test_dropped_and_abandoned_parts_are_deleted(uploads: Uploads) -> None:
    uploads.part().drop()
    assert [*uploads.folder.iterdir()] == []
    left = uploads.part()
    left.write(b"half")
    uploads.sweep()
    assert [*uploads.folder.iterdir()] != []
    Uploads(uploads.folder, spare=0).sweep()
    assert [*uploads.folder.iterdir()] == []
    left.drop()


def test_only_one_process_holds_claim_until_released(uploads: Uploads) -> None:
    other = Uploads(uploads.folder, spare=0)
    assert uploads.claim.acquire() and uploads.claim.acquire() and not other.claim.acquire()
    uploads.claim.release()
    uploads.claim.release()
    assert not uploads.claim.acquire() and other.claim.acquire()
    other.claim.release()


def test_upload_leaves_spare_disk_space(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, spare=2**62)
    with pytest.raises(RequestRefused) as caught:
        uploads.part()
    assert (caught.value.status, caught.value.code) == (507, ErrorCode.DISK_FULL)
    roomy = Uploads(tmp_path, spare=0)
    with pytest.raises(RequestRefused):
        roomy.check_room(2**62)
    assert [*tmp_path.iterdir()] == []


def test_name_that_is_no_session_has_no_path(uploads: Uploads) -> None:
    with pytest.raises(ValueError, match="UUID"):
        uploads.path("../x")
