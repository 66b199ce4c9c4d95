import re
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.bundle import PROGRAMS
from scripts.release import folder
from scripts.release.errors import ReleaseRefused

ROOT = Path(__file__).resolve().parents[3]
FROZEN = ROOT / "packaging" / "frozen"

# What the one executable of a folder does, without its starter.
EXECUTABLE = """#!{python}
import sys
sys.frozen, sys.executable = True, {executable!r}
from runtime.bundle import start
start()
"""


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Return a folder whose executable behaves as a bundle's."""
    executable = tmp_path / "kikipounamu"
    executable.write_text(EXECUTABLE.format(python=sys.executable, executable=str(executable)))
    executable.chmod(0o755)
    for name in PROGRAMS.keys() - {"kikipounamu"}:
        (tmp_path / name).symlink_to(executable)
    return tmp_path


def test_engine_decodes_in_a_process_of_the_one_executable(unpacked: Path) -> None:
    command = [str(unpacked / "kikipounamu-worker"), "doctor", "--engine", "checksum"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ok    decode" in done.stdout


def test_pip_of_the_folder_is_there_for_models(unpacked: Path) -> None:
    done = subprocess.run(
        [str(unpacked / "kikipounamu"), "-m", "pip", "--version"], capture_output=True, text=True
    )
    assert done.stdout.startswith("pip ")


def test_file_names_report_version_system_and_flavour() -> None:
    assert re.fullmatch(r"kikipounamu-0\.1\.0-linux-\w+\.tar\.zst", folder.name_of("0.1.0", "full"))
    assert folder.name_of("0.1.0", "small").endswith("-small.tar.zst")


def test_folder_that_is_larger_than_promised_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.tar.zst"
    large.write_bytes(bytes(1_100_000))
    folder.check_size(large, 2)
    with pytest.raises(ReleaseRefused, match="promised are at most 1 MB"):
        folder.check_size(large, 1)


def test_build_knows_every_flavour_and_program() -> None:
    script = (FROZEN / "build.sh").read_text()
    subprocess.run(["bash", "-n", FROZEN / "build.sh"], check=True)
    assert all(re.search(rf"^{flavour}=", script, re.MULTILINE) for flavour in folder.FLAVOURS)
    (linked,) = re.findall(r"for program in (.*); do ln", script)
    assert {f"kikipounamu-{name}" for name in linked.split()} == PROGRAMS.keys() - {"kikipounamu"}
