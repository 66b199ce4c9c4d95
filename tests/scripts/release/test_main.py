import argparse
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.release import __main__ as program
from scripts.release import artefacts
from scripts.release.errors import Refusal, ReleaseRefused


def order(dist: Path, *only: str) -> argparse.Namespace:
    return argparse.Namespace(only=list(only), without=[], no_tests=True, dirty=True, dist=dist)


def test_main_refuses_an_unknown_artefact_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--only", "nothing"]) == 1
    assert "release refused (unknown-artefact): nothing" in capsys.readouterr().err


@pytest.mark.parametrize(("only", "kept"), [((), False), (("checksums",), True)])
def test_release_clears_the_folder_only_when_it_builds_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only: Sequence[str], kept: bool
) -> None:
    checksums = artefacts.Artefact("checksums")
    monkeypatch.setattr(program, "choose", lambda names, without: [checksums])
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")  # restored afterwards
    (tmp_path / "earlier.whl").touch()
    program.release(order(tmp_path, *only))
    assert (tmp_path / "earlier.whl").exists() is kept
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert ("earlier.whl" in sums) is kept
    assert ("RELEASE.txt" in sums) is not kept, "a part of a release is none"


def test_release_refuses_an_artefact_that_wrote_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nothing(artefacts.Artefact):
        @property
        def build(self) -> artefacts.Build:
            return lambda checkout, dist, version: [dist / "never"]

    monkeypatch.setattr(program, "choose", lambda names, without: [Nothing("nothing")])
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    with pytest.raises(ReleaseRefused, match="nothing did not write never") as refused:
        program.release(order(tmp_path))
    assert refused.value.kind is Refusal.BUILD_FAILED
