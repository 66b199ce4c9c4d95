"""A take on real files: its contents, the state after a crash, and how it continues."""

import errno
import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.journal.backlog import DiskState
from app.journal.disk import AUDIO, EVENTS, is_locked
from app.journal.errors import JournalError, NotKept, TakeBusy
from app.journal.events import Begin, End, Replaced, Reran, decode_lines
from app.journal.journal import Journal
from app.journal.take import TakeState
from client.errors import AudioGone
from protocol.audio import SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final, Queued
from tests.app.journal.files import FaultyFile, NotingDisk, opened_in, take_of, tone
from tests.helpers.tmpfs import small_disk
from tests.helpers.waiting import wait_until_sync

ID = UUID(int=5)
BLOCK = SAMPLE_RATE // 100
KEPT_WITHIN = SAMPLE_RATE // 4  # 250 ms

SPEAK = """
import sys, time
from pathlib import Path
from uuid import UUID
from app.journal.journal import Journal
from protocol.recognition import Options
from tests.app.journal.files import tone
journal = Journal.create(Path(sys.argv[1]), UUID(int=5), Options(), 0.0)
for block in range(10_000):
    journal.append(tone(block * 160, 160))
    if block % 20 == 19:
        journal.begin(block // 20, block * 160 - 3_040)
        journal.end(block // 20, 3_200)
    print(block * 160 + 160, journal._writer.synced // 2, flush=True)
    time.sleep(0.01)  # at the pace of a microphone
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.create(tmp_path / "takes", ID, Options(language="zh"), 7.0) as journal:
        yield journal


def reopened(journal: Journal) -> Journal:
    return Journal.reopen(journal.folder.parent, ID)


def recorded(folder: Path) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.fromfile(folder / AUDIO, "<i2")


def test_journal_keeps_the_edited_text_and_the_recognised_text(journal: Journal) -> None:
    journal.begin(0, 0)
    journal.end(0, 160)
    journal.settle(0, Final(0, "yes"))
    journal.edit("no, \nand 不")
    journal.close()
    with reopened(journal) as again:
        assert again.take.edited == "no, \nand 不"
        assert again.take.transcript(160).text == "yes"
        again.edit("")
    with reopened(journal) as again:
        assert again.take.edited == ""


def test_journal_keeps_at_most_20_reruns(journal: Journal) -> None:
    run = Reran("2024-01-01T00:00:00+00:00", Options(model="m"), False, "m", "once more")
    for _ in range(20):
        journal.reran(run)
    with pytest.raises(JournalError, match="20 times"):
        journal.reran(run)
    journal.close()
    with reopened(journal) as again:
        assert again.take.runs == [run] * 20


def test_take_files_are_readable_only_by_the_user(journal: Journal) -> None:
    journal.append(tone(0, 10))
    assert stat.S_IMODE(journal.folder.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in journal.folder.iterdir()}
    assert modes == {"audio.pcm16": 0o600, "events.jsonl": 0o600, "lock": 0o600}


def test_take_belongs_to_one_process_until_it_is_closed(journal: Journal) -> None:
    assert is_locked(journal.folder)
    with pytest.raises(TakeBusy):
        reopened(journal)
    with pytest.raises(JournalError, match="cannot be made"):
        Journal.create(journal.folder.parent, ID, Options(), 0)
    journal.close()
    journal.close()
    reopened(journal).close()


def test_segments_are_ranges_of_the_take(journal: Journal) -> None:
    journal.append(tone(0, 5_000))
    journal.begin(0, 1_000)
    assert journal.audio(1_000, 1_000) == tone(1_000, 1_000).tobytes()
    assert journal.audio(1_990, 20) == tone(1_990, 20).tobytes()
    assert journal.samples == 5_000
    with pytest.raises(AudioGone):
        journal.audio(4_990, 20)
    with pytest.raises(ValueError, match="has no beginning"):
        journal.settle(1, None)


def test_audio_that_cannot_be_read_is_gone(journal: Journal) -> None:
    """Any other error would end the recording, which continues although its text cannot be recognised."""
    journal.append(tone(0, 5_000))
    journal.begin(0, 1_000)
    (journal.folder / AUDIO).unlink()
    with pytest.raises(AudioGone, match="cannot be read: No such file"):
        journal.audio(1_000, 1_000)


def test_boundary_is_on_disk_when_the_call_returns(journal: Journal) -> None:
    journal.append(tone(0, 5_000))
    journal.begin(0, 1_000)
    assert decode_lines((journal.folder / EVENTS).read_bytes())[1:] == [Begin(0, 1_000)]
    assert len(recorded(journal.folder)) == 5_000
    journal.end(0, 4_000)
    assert decode_lines((journal.folder / EVENTS).read_bytes())[1:] == [Begin(0, 1_000), End(0, 4_000)]


def test_first_text_is_kept_and_a_failure_only_until_a_text_arrives(journal: Journal) -> None:
    journal.append(tone(0, 9_000))
    for segment, at in enumerate((0, 3_000, 6_000)):
        journal.begin(segment, at)
    journal.settle(0, Final(0, "first"))
    journal.settle(0, Final(0, "second"))
    journal.settle(0, None)
    journal.settle(1, Failed(1, ErrorCode.ENGINE_DIED, "no"))
    journal.settle(1, Final(1, "after all"))
    journal.settle(2, None, samples=100)
    journal.settle(2, Final(2, "too late"))
    journal.close()
    with reopened(journal) as again:
        spoken = again.take.segments
        assert spoken[0].outcome == Final(0, "first")
        assert spoken[1].outcome == Final(1, "after all")
        assert (spoken[2].cancelled, spoken[2].outcome, spoken[2].samples) == (True, None, 100)
    lines = (journal.folder / EVENTS).read_text().splitlines()
    assert [json.loads(line)["type"] for line in lines[4:]] == ["final", "failed", "final", "cancelled"]


def test_cancelled_take_is_still_cancelled_when_it_is_read_again(journal: Journal) -> None:
    journal.cancel()
    journal.close()
    with reopened(journal) as again:
        assert again.take.cancelled


def test_replaced_text_is_recorded_once(journal: Journal) -> None:
    journal.append(tone(0, 9_000))
    journal.begin(0, 0)
    journal.settle(0, Final(0, "teh"), "the")
    journal.settle(0, Final(0, "teh"), "other")
    journal.close()
    with reopened(journal) as again:
        assert again.take.segments[0].text == "the" and again.take == journal.take
        again.settle(0, Final(0, "teh"), "twice")
    assert decode_lines((journal.folder / EVENTS).read_bytes())[2:] == [Final(0, "teh"), Replaced(0, "the")]


def test_torn_replacement_line_leaves_the_recognised_text(journal: Journal) -> None:
    """A power loss tears the line written last. The text and its replacement are separate lines."""
    journal.append(tone(0, 9_000))
    journal.begin(0, 0)
    before = (journal.folder / EVENTS).stat().st_size
    journal.settle(0, Final(0, "teh"), "the")
    journal.close()
    whole = (journal.folder / EVENTS).read_bytes()
    said = [take_of(decode_lines(whole[:size])).segments[0].text for size in range(before, len(whole) + 1)]
    assert list(dict.fromkeys(said)) == ["", "teh", "the"]


def test_take_names_the_program_that_received_its_text(journal: Journal) -> None:
    journal.begin(0, 0)
    journal.end(0, 0)
    journal.settle(0, Final(0, "yes", "en"))
    for program in ("", "", "browser", "edit\udc80or", "edit\udc80or", ""):
        journal.inserting(0, program)
    assert (journal.folder / EVENTS).read_text().count('"inserting"') == 3, "one for each name"
    assert journal.take.program == "", "the text may not have arrived"
    journal.record_inserted(0)
    journal.close()
    with reopened(journal) as again:
        assert again.take.program == "edit?or", "the last name, with a mark for the undecodable byte"


def test_rest_of_a_text_that_is_inserted_once_more_is_noted_once(journal: Journal) -> None:
    journal.begin(0, 0)
    journal.end(0, 0)
    journal.settle(0, Final(0, "yes and no", "en"))
    for rest in ("", "and no", "and no", "", "no", ""):
        journal.inserting(0, "editor", rest)
    lines = (journal.folder / EVENTS).read_text().splitlines()
    assert [json.loads(line).get("rest", "") for line in lines if '"inserting"' in line] == ["", "and no", "no"]


def test_reopened_take_equals_the_recorded_take(journal: Journal) -> None:
    journal.append(tone(0, 2_000))
    journal.begin(0, 0)
    journal.end(0, 2_000)
    journal.record_queued(Queued(0, 1.5))
    journal.set_wanted(inserted=True)
    journal.settle(0, Final(0, "yes", "en"))
    journal.inserting(0)
    journal.finish()
    journal.finish()
    journal.close()
    with reopened(journal) as again:
        assert again.take == journal.take
        assert again.take.options == Options(language="zh")
        assert again.take.state(again.samples) is TakeState.HELD
        assert again.session == ID
        again.record_inserted(0)
        assert again.take.state(again.samples) is TakeState.DONE
    assert (journal.folder / EVENTS).read_text().count('"finished"') == 1


def test_audio_of_a_take_is_read_in_blocks_of_a_second(journal: Journal) -> None:
    journal.append(tone(0, 2 * SAMPLE_RATE + 7))
    blocks = list(journal.blocks(5))
    assert [len(block) for block in blocks] == [SAMPLE_RATE, SAMPLE_RATE, 2]
    assert np.array_equal(np.concatenate(blocks), tone(5, 2 * SAMPLE_RATE + 2))


@pytest.mark.parametrize("torn", [b"{", b'{"type":"end","segment":0,"samples":9}'])
def test_reopen_removes_half_a_line_and_half_a_sample(journal: Journal, torn: bytes) -> None:
    journal.append(tone(0, 10))
    journal.begin(0, 0)
    journal.close()
    with (journal.folder / EVENTS).open("ab") as events, (journal.folder / AUDIO).open("ab") as audio:
        events.write(torn)
        audio.write(b"x")
    with reopened(journal) as again:
        assert again.samples == 10
        assert again.take.segments[0].samples is None
        again.append(tone(10, 10))
        again.end(0, 20)
    assert np.array_equal(recorded(journal.folder), tone(0, 20))
    assert decode_lines((journal.folder / EVENTS).read_bytes())[1:] == [Begin(0, 0), End(0, 20)]


@pytest.mark.parametrize("after", [3, 61, 117])
def test_kill_9_loses_at_most_the_last_250_ms(tmp_path: Path, after: int) -> None:
    command = [sys.executable, "-c", SPEAK, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as speaker:
        assert speaker.stdout is not None
        received = [speaker.stdout.readline() for _ in range(after)]
        speaker.kill()
        received += speaker.stdout.readlines()
    assert speaker.returncode == -signal.SIGKILL
    heard, synced = map(int, received[-1].split())
    folder = tmp_path / str(ID)
    assert not is_locked(folder)
    kept = recorded(folder)
    assert len(kept) >= max(synced, heard - KEPT_WITHIN)
    assert np.array_equal(kept, tone(0, len(kept)))
    with Journal.reopen(tmp_path, ID) as journal:
        segments = journal.take.segments
        assert len(segments) >= heard // 3_200
        assert all(number * 3_200 == spoken.at for number, spoken in segments.items())
        assert all(spoken.at + 3_200 <= len(kept) for spoken in segments.values() if spoken.samples)


def test_create_syncs_the_first_line_and_each_new_folder(tmp_path: Path) -> None:
    disk = NotingDisk()
    with Journal.create(tmp_path / "takes", ID, Options(), 0.0, disk=disk):
        assert disk.log[0] == f"sync {tmp_path.name}/"
        assert disk.log[-3:] == ["sync events.jsonl", f"sync {ID}/", "sync takes/"]


def test_create_fails_when_a_folder_cannot_be_synced(tmp_path: Path) -> None:
    class Broken(NotingDisk):
        def sync_folder(self, folder: Path) -> None:
            if folder.name == str(ID):
                raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(JournalError, match="cannot be made: .*Input/output error"):
        Journal.create(tmp_path, ID, Options(), 0.0, disk=Broken())
    assert not is_locked(tmp_path / str(ID))


DURABLE: dict[str, Callable[[Journal], None]] = {
    "begin": lambda journal: journal.begin(1, 500),
    "end": lambda journal: journal.end(0, 500),
    "settle": lambda journal: journal.settle(0, Final(0, "a")),
    "settle with what rules made": lambda journal: journal.settle(0, Final(0, "a"), "b"),
    "settle without a text": lambda journal: journal.settle(0, Failed(0, ErrorCode.BUSY, "no")),
    "cancel": lambda journal: journal.settle(0, None),
    "inserting": lambda journal: journal.inserting(0),
    "inserted": lambda journal: journal.record_inserted(0),
    "dismissed": lambda journal: journal.record_dismissed(0),
    "edit": lambda journal: journal.edit("b"),
    "rerun": lambda journal: journal.reran(Reran("", Options(), False, "m", "once more")),
    "finish": lambda journal: journal.finish(),
}


@pytest.mark.parametrize("what", DURABLE)
def test_event_survives_a_power_loss_when_the_call_returns(tmp_path: Path, what: str) -> None:
    disk = NotingDisk()
    with Journal.create(tmp_path, ID, Options(), 0.0, disk=disk) as journal:
        journal.begin(0, 0)
        journal.append(tone(0, 1_000))
        del disk.log[:]
        DURABLE[what](journal)
        synced = [entry.split()[:2] for entry in disk.log if entry.startswith(("sync", "write events"))]
        assert synced[-3:] == [["sync", AUDIO], ["write", EVENTS], ["sync", EVENTS]]


def test_informational_event_is_written_without_a_sync(tmp_path: Path) -> None:
    disk = NotingDisk()
    with Journal.create(tmp_path, ID, Options(), 0.0, disk=disk) as journal:
        del disk.log[:]
        journal.record_queued(Queued(0))
        journal.set_wanted(inserted=True)
        assert [entry.split()[0] for entry in disk.log] == ["write", "write"]


def test_journal_refuses_events_but_keeps_audio_when_disk_is_full(tmp_path: Path) -> None:
    Journal.create(tmp_path, ID, Options(), 0).close()
    files: dict[str, FaultyFile] = {}
    with Journal.reopen(tmp_path, ID, lambda path: opened_in(files, path), 4 * SAMPLE_RATE) as journal:
        audio, events = files[AUDIO], files[EVENTS]
        audio.room = events.room = 0
        journal.append(tone(0, SAMPLE_RATE))
        wait_until_sync(lambda: journal.disk_state is DiskState.WAITING, "the state is told")
        assert journal.audio(100, 200) == tone(100, 200).tobytes()
        with pytest.raises(NotKept):
            journal.begin(0, 0)
        assert journal.take.segments == {}
        audio.room = events.room = None
        journal.begin(0, 0)
        with pytest.raises(NotKept):
            events.room = 5
            journal.settle(0, Final(0, "not acknowledged"))
        assert journal.take.segments[0].outcome is None
        events.room = None
        journal.settle(0, Final(0, "kept"))
    assert np.array_equal(recorded(journal.folder), tone(0, SAMPLE_RATE))
    assert decode_lines((journal.folder / EVENTS).read_bytes())[1:] == [Begin(0, 0), Final(0, "kept")]


def test_journal_survives_a_full_file_system(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "ballast").write_bytes(bytes(128 * 1024))
        with Journal.create(disk, ID, Options(), 0) as journal:
            for second in range(6):
                journal.append(tone(second * SAMPLE_RATE, SAMPLE_RATE))
            wait_until_sync(lambda: journal.disk_state is DiskState.WAITING, "the state is told")
            with pytest.raises(NotKept, match="No space left on device"):
                journal.begin(0, 0)
            assert journal.audio(0, 6 * SAMPLE_RATE) == tone(0, 6 * SAMPLE_RATE).tobytes()
            (disk / "ballast").unlink()
            wait_until_sync(lambda: journal.disk_state is DiskState.WRITING, "there is room")
            journal.begin(0, 0)
            journal.end(0, 6 * SAMPLE_RATE)
        with Journal.reopen(disk, ID) as again:
            assert again.take.segments[0].samples == 6 * SAMPLE_RATE
            assert again.audio(0, 6 * SAMPLE_RATE) == tone(0, 6 * SAMPLE_RATE).tobytes()


def test_create_fails_when_the_disk_has_no_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        with pytest.raises(OSError, match="No space left"):
            (disk / "ballast").write_bytes(bytes(512 * 1024))
        with pytest.raises(NotKept, match="No space left"):
            Journal.create(disk, ID, Options(), 0)
        assert not is_locked(disk / str(ID))
