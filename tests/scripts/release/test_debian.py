"""Test the Debian package around a small folder that stands in for the real one, and its scripts."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from scripts.release.debian import LINTIAN, assemble, debian_version, folder_in, script_of_package
from scripts.release.errors import Refusal, ReleaseRefused
from tests.helpers.packages import require
from tests.helpers.waiting import wait_until_sync

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "packaging" / "debian"
SHARED = (SOURCES / "maintenance.sh").read_text()
PROGRAMS = ("kikipounamu", "kikipounamu-gateway", "kikipounamu-worker", "kikipounamu-loadtest")

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Linux with dpkg")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the archive of a folder with one program of four names."""
    require(("zstd",))
    place = tmp_path_factory.mktemp("folder")
    inside = place / "kikipounamu" / "_internal"
    inside.mkdir(parents=True)
    program = inside.parent / "kikipounamu"
    program.write_text('#!/bin/sh\necho "$0 $*"\n')
    program.chmod(0o700)
    for name in PROGRAMS[1:]:
        (program.with_name(name)).symlink_to("kikipounamu")
    shutil.copy(os.path.realpath(shutil.which("sh") or ""), inside / "engine")
    (inside / "module.pyc").write_bytes(b"compiled")
    (inside / "text").write_text("text")
    (inside / "text").chmod(0o777)
    (inside / "library.so.1").write_bytes(b"library")
    (inside / "library.so.1").chmod(0o777)
    archive = place / "kikipounamu-1.2.3-linux-x86_64.tar.zst"
    subprocess.run(["tar", "--zstd", "-cf", archive, "kikipounamu"], cwd=place, check=True, timeout=60)
    return archive


@pytest.fixture(scope="module")
def package(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        yield assemble(ROOT, folder, tmp_path_factory.mktemp("dist"), "1.2.3rc1")


@pytest.fixture(scope="module")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of the package."""
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "--raw-extract", package, root], check=True, timeout=60)
    return root


@pytest.mark.parametrize(
    ("version", "debian"),
    [("1.2.3", "1.2.3-1"), ("1.2.3rc1", "1.2.3~rc1-1"), ("0.1.0.dev0", "0.1.0~dev0-1"), ("1.0a2", "1.0~a2-1")],
)
def test_version_is_one_that_dpkg_sorts(version: str, debian: str) -> None:
    assert debian_version(version) == debian


def test_folder_that_is_not_built_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="--only folder") as refused:
        folder_in(tmp_path, "1.2.3")
    assert refused.value.kind is Refusal.BUILD_FAILED


def test_smaller_flavour_of_folder_is_not_taken(tmp_path: Path) -> None:
    for flavour in ("", "-without-whisper"):
        (tmp_path / f"kikipounamu-1.2.3-linux-x86_64{flavour}.tar.zst").touch()
    assert folder_in(tmp_path, "1.2.3").name == "kikipounamu-1.2.3-linux-x86_64.tar.zst"


def test_package_states_version_and_size(package: Path) -> None:
    assert package.name.startswith("kikipounamu_1.2.3~rc1-1_")
    ran = subprocess.run(
        ["dpkg-deb", "-f", package], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    fields = dict(line.split(": ", 1) for line in ran.splitlines() if ": " in line and not line.startswith(" "))
    assert (
        fields["Version"] == "1.2.3~rc1-1"
        and int(fields["Installed-Size"]) > 50
        and not re.search("@[A-Z]+@", ran)
    )


def test_programs_of_package_are_found_and_run(installed: Path) -> None:
    for program in PROGRAMS:
        ran = subprocess.run(
            [installed / "usr" / "bin" / program, "x"], capture_output=True, text=True, timeout=60
        )
        assert ran.stdout.endswith(f"{program} x\n")


def test_files_of_package_have_modes_of_the_system(installed: Path) -> None:
    for path in (installed / "usr").rglob("*"):
        if not path.is_symlink():
            named = f"{path.parent.name}/{path.name}"
            runs = path.is_dir() or named in ("kikipounamu/kikipounamu", "_internal/engine")
            assert path.stat().st_mode & 0o777 == (0o755 if runs else 0o644), path


def test_package_brings_menu_icons_manual_and_units(installed: Path) -> None:
    share = installed / "usr" / "share"
    for name in ("applications/org.kikipounamu.app.desktop", "metainfo/org.kikipounamu.app.metainfo.xml"):
        assert (share / name).is_file()
    icons = {path.parts[-3] for path in (share / "icons").rglob("org.kikipounamu.app.*")}
    assert {"16x16", "48x48", "256x256", "scalable"} <= icons
    assert {path.name for path in (share / "man" / "man1").iterdir()} == {f"{name}.1.gz" for name in PROGRAMS}
    units = list((installed / "usr" / "lib" / "systemd").rglob("*.service"))
    assert len(units) == 4
    for unit in units:
        text = unit.read_text()
        assert "/opt/" not in text and "/.local/bin" not in text and f"=/usr/bin/{unit.stem} " in text


def test_every_file_has_its_digest(installed: Path) -> None:
    lines = (installed / "DEBIAN" / "md5sums").read_text().splitlines()
    for digest, name in (line.split("  ", 1) for line in lines):
        assert hashlib.md5((installed / name).read_bytes()).hexdigest() == digest
    files = [path for path in (installed / "usr").rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) == len(lines)


def test_same_inputs_give_the_same_package(
    folder: Path, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    again = assemble(ROOT, folder, tmp_path, "1.2.3rc1")
    assert again.read_bytes() == package.read_bytes()


@pytest.mark.proof(minutes=1)
def test_lintian_has_no_finding_without_an_explained_override(package: Path) -> None:
    require(("lintian",))
    ran = subprocess.run([*LINTIAN, package], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm"])
def test_script_of_package_is_one_for_any_shell(installed: Path, name: str) -> None:
    script = installed / "DEBIAN" / name
    assert os.access(script, os.X_OK) and "maintenance.sh" not in script.read_text()
    subprocess.run(["sh", "-n", script], check=True, timeout=60)


# -- the whole life of the package -----------------------------------------------------------------------------

_OWN_ROOT: Final = """
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs run "$1/root/run"
mkdir -p "$1/root/run/systemd/system"
install -m755 "$1/systemctl" "$1/root/usr/local/bin/systemctl"
exec chroot "$1/root" sh -euc "$2" life "$3"
"""
_SYSTEMCTL: Final = """#!/bin/sh
case "$*" in
*list-units*) echo "user@1000.service loaded active running" ;;
*is-active*gateway*) ;;
*is-active*) exit 3 ;;
*) echo "systemctl $*" ;;
esac
"""
_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LIFE: Final = """
change() {
    dpkg --no-triggers --force-depends "$@" >/tmp/said 2>&1 || { cat /tmp/said; exit 1; }
    grep -e systemctl -e ^kikipounamu: /tmp/said || true
}
start() { /usr/lib/kikipounamu/_internal/engine -c 'while :; do sleep 0.1; done' & }
ended() { wait $! || echo "ended by $?"; }
there() { ls -d /usr/lib/kikipounamu /var/lib/kikipounamu /etc/kikipounamu 2>/dev/null || true; }
echo "= install"; change --install "$1"; kikipounamu x; getent passwd kikipounamu | cut -d: -f1
stat -c '%U %G %a' /var/lib/kikipounamu
mkdir -p /etc/kikipounamu /home/speaker/.local/share/kikipounamu
echo "= upgrade"; start; change --install "$1"; ended
echo "= remove"; start; change --remove kikipounamu; ended; there
echo "= purge"; change --purge kikipounamu; there; getent passwd kikipounamu || ls -d /home/speaker/.local/share/*
"""


def test_package_lives_and_leaves_nothing_but_homes(package: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for name in ("upper", "work", "root"):
        (tmp_path / name).mkdir()
    (tmp_path / "systemctl").write_text(_SYSTEMCTL)
    apart = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    command = [*apart, "sh", "-euc", _OWN_ROOT, "own", str(tmp_path), _LIFE, str(package)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env={"PATH": _SYSTEM_PATH})
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    steps = dict(part.split("\n", 1) for part in done.stdout.split("= ")[1:])
    assert steps["install"].splitlines() == [
        "systemctl --system --quiet daemon-reload",
        "systemctl --user --quiet --machine=1000@.host daemon-reload",
        "/usr/bin/kikipounamu x",
        "kikipounamu",
        "kikipounamu kikipounamu 700",
    ]
    units = [line.split("systemctl ")[1] for line in steps["upgrade"].splitlines() if "gateway" in line]
    managers = ("--system --quiet", "--user --quiet --machine=1000@.host")
    unit = "kikipounamu-gateway.service"
    assert units == [f"{manager} {verb} {unit}" for verb in ("stop", "start") for manager in managers]
    assert "worker" not in steps["upgrade"], "it was not active"
    assert steps["upgrade"].endswith("ended by 143\n")
    assert "start the app again" in steps["upgrade"]
    assert steps["remove"].endswith("ended by 143\n/etc/kikipounamu\n/var/lib/kikipounamu\n")
    assert "ending programs" in steps["remove"] and "start the app again" not in steps["remove"]
    *deleted, homes = [line for line in steps["purge"].splitlines() if line.startswith("kikipounamu: ")]
    assert [line.split()[2] for line in deleted] == ["/var/lib/kikipounamu,", "/etc/kikipounamu,"]
    assert "~/.local/share/kikipounamu" in homes
    assert steps["purge"].splitlines()[-1:] == ["/home/speaker/.local/share/kikipounamu"]


# -- ending programs -----------------------------------------------------------------------------------------


def end_programs(folder: Path, patience_s: int = 45) -> subprocess.CompletedProcess[str]:
    """Run what removal and upgrade do to the programs that run from ``folder``."""
    shared = SHARED.replace("/usr/lib/kikipounamu", str(folder)).replace("patience=45", f"patience={patience_s}")
    script = script_of_package(". maintenance.sh\nend_programs\n", shared)
    return subprocess.run(["sh", "-ec", script], capture_output=True, text=True, timeout=60)


@contextmanager
def started(folder: Path, script: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a shell from ``folder``; it ends with the context at the latest."""
    folder.mkdir(exist_ok=True)
    program = folder / "program"
    shutil.copy2(shutil.which("sh") or "", program)
    with subprocess.Popen([program, "-c", script], stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def test_removal_ends_programs_from_the_outside_and_no_others(tmp_path: Path) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    said = tmp_path / "said"
    inner = f"trap 'echo inner >>{said}; exit' TERM; echo up >>{said}; while :; do sleep 0.05; done"
    ran = f"trap 'kill $!; wait $!; echo outer >>{said}; exit 0' TERM"
    script = f'{ran}; "{ours}/program" -c "{inner}" & wait $!'
    with started(ours, script) as outer, started(others, "while :; do sleep 0.05; done") as other:
        wait_until_sync(said.exists, "both run")
        done = end_programs(ours)
        assert (done.returncode, outer.wait(10)) == (0, 0), done.stderr
        assert other.poll() is None
    assert said.read_text().split() == ["up", "inner", "outer"], "no other program signalled the child"
    assert "recordings are kept" in done.stderr


def test_program_that_does_not_end_is_killed(tmp_path: Path) -> None:
    script = f"trap '' TERM; touch {tmp_path}/up; while :; do sleep 0.05; done"
    with started(tmp_path / "ours", script) as stubborn:
        wait_until_sync((tmp_path / "up").exists, "it runs")
        assert end_programs(tmp_path / "ours", patience_s=1).returncode == 0
        assert stubborn.wait(10) == -9


def test_removal_says_nothing_when_nothing_runs(tmp_path: Path) -> None:
    done = end_programs(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
