"""Tests that results arrive completely and in the right place, and that mistakes are reported early."""

import os
from pathlib import Path

import pytest

from app.core.errors import OutputFailed, UsageMistake
from app.core.format import Format
from app.core.result_writer import ResultWriter


def test_single_result_on_standard_output_has_no_heading(capsys: pytest.CaptureFixture[str]) -> None:
    assert ResultWriter([Path("a.wav")], "-", Format.TXT).deliver(Path("a.wav"), "text\n") == ""
    assert capsys.readouterr().out == "text\n"


def test_several_texts_on_standard_output_have_headings(capsys: pytest.CaptureFixture[str]) -> None:
    results = ResultWriter([Path("a.wav"), Path("b.wav")], "-", Format.TXT)
    results.deliver(Path("a.wav"), "one\n")
    results.deliver(Path("b.wav"), "two\n")
    assert capsys.readouterr().out == "==> a.wav <==\none\n==> b.wav <==\ntwo\n"


def test_result_writer_writes_failures_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ResultWriter([Path("a.wav")], "-", Format.JSON).fail(Path("a.wav"), "it\nis not there")
    assert capsys.readouterr().out == '{"file":"a.wav","error":"it\\nis not there"}\n'
    ResultWriter([Path("a.wav")], str(tmp_path), Format.JSON).fail(Path("a.wav"), "x")
    ResultWriter([Path("a.wav")], "-", Format.TXT).fail(Path("a.wav"), "x")
    assert capsys.readouterr().out == ""


def test_result_writer_uses_json_lines_for_several_results_on_standard_output() -> None:
    one, two = Path("a.wav"), Path("b.wav")
    assert ResultWriter([one, two], "-", Format.JSON).lines
    assert (
        not ResultWriter([one], "-", Format.JSON).lines
        and not ResultWriter([one, two], "beside", Format.JSON).lines
    )


def test_heading_escapes_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    results = ResultWriter([Path("a\x1b[2J.wav"), Path("b")], "-", Format.TXT)
    results.deliver(Path("a\x1b[2J.wav"), "\x1b[1m\n")
    assert capsys.readouterr().out == "==> a\\x1b[2J.wav <==\n\x1b[1m\n"  # the text stays unescaped in a pipe


@pytest.mark.parametrize("form", [Format.SRT, Format.VTT])
def test_result_writer_refuses_several_subtitles_on_standard_output(form: Format) -> None:
    with pytest.raises(UsageMistake, match="--output"):
        ResultWriter([Path("a.wav"), Path("b.wav")], "-", form)


def test_result_is_written_next_to_recording(tmp_path: Path) -> None:
    recording = tmp_path / "talk.wav"
    place = ResultWriter([recording], "beside", Format.SRT).deliver(recording, "x\n")
    assert place == str(tmp_path / "talk.srt")
    assert (tmp_path / "talk.srt").read_text() == "x\n"


def test_result_is_written_into_created_folder(tmp_path: Path) -> None:
    recording = tmp_path / "talk.wav"
    ResultWriter([recording], str(tmp_path / "a" / "b"), Format.JSON).deliver(recording, "{}\n")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["talk.json"]


def test_result_writer_refuses_two_results_in_one_place(tmp_path: Path) -> None:
    with pytest.raises(UsageMistake, match="two recordings"):
        ResultWriter([tmp_path / "a" / "x.wav", tmp_path / "b" / "x.flac"], str(tmp_path / "out"), Format.TXT)


def test_result_writer_refuses_to_replace_recording(tmp_path: Path) -> None:
    with pytest.raises(UsageMistake, match="would replace"):
        ResultWriter([tmp_path / "x.txt"], "beside", Format.TXT)


@pytest.mark.parametrize("other", [True, False])
def test_result_writer_replaces_a_file_only_if_asked(other: bool, tmp_path: Path) -> None:
    recording, place = tmp_path / "x.wav", tmp_path / "x.txt"
    if other:
        place.write_text("corrected by hand")
    else:
        place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageMistake, match=r"x\.txt exists: add --overwrite to replace it"):
        ResultWriter([recording], "beside", Format.TXT)
    ResultWriter([recording], "beside", Format.TXT, overwrite=True).deliver(recording, "new\n")
    assert place.read_text() == "new\n" and not (tmp_path / "nowhere").exists()


def test_result_writer_knows_a_folder_by_all_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(UsageMistake, match="would replace"):
        ResultWriter([Path("x.txt")], str(tmp_path / "link"), Format.TXT)
    with pytest.raises(UsageMistake, match="two recordings"):
        ResultWriter([Path("x.wav"), Path("link/x.flac")], "beside", Format.TXT)


def test_result_writer_fails_when_folder_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed, match="cannot be made: .*: name a folder"):
        ResultWriter([tmp_path / "x.wav"], str(tmp_path / "file" / "below"), Format.TXT)


def test_deliver_fails_when_file_cannot_be_written(tmp_path: Path) -> None:
    recording = tmp_path / "gone" / "x.wav"
    with pytest.raises(OutputFailed, match="cannot be written"):
        ResultWriter([recording], "beside", Format.TXT).deliver(recording, "x")


def test_result_writer_refuses_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is recognised: afterwards the result would have no place."""
    monkeypatch.setattr(os, "access", lambda place, mode: place != tmp_path / "read-only")
    (tmp_path / "read-only").mkdir()
    with pytest.raises(OutputFailed, match="read-only cannot be written: use another --output"):
        ResultWriter([tmp_path / "read-only" / "x.wav"], "beside", Format.TXT)


def test_refused_result_is_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = tmp_path / "gone" / "x.wav"
    with pytest.raises(OutputFailed, match="the result is on standard output"):
        ResultWriter([recording], "beside", Format.TXT).deliver(recording, "kia ora\n")
    assert capsys.readouterr().out == "kia ora\n"


def test_refused_results_on_standard_output_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "gone" / "one.wav", tmp_path / "gone" / "two.wav"
    results = ResultWriter([one, two], "beside", Format.TXT)
    for recording in (one, two):
        with pytest.raises(OutputFailed):
            results.deliver(recording, "kia ora\n")
    assert capsys.readouterr().out == f"==> {one} <==\nkia ora\n==> {two} <==\nkia ora\n"
