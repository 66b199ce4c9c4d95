"""The plan names every command in full."""

from pathlib import Path

from app.gpu.installer import choose_torch, program_in, steps
from tests.app.gpu.test_installer_torch_choice import card

HOME = Path("/data/gpu/environment-1")
CHOICE = choose_torch("linux", "x86_64", card("12.0"))


def test_steps_install_torch_before_everything_else() -> None:
    made, search, torch, ours, models, check = steps("/usr/bin/python3", HOME, "==0.1.0", CHOICE, "linux")
    assert made.command == ("/usr/bin/python3", "-m", "venv", str(HOME))
    assert {"--dry-run", "kikipounamu==0.1.0"} <= set(search.command) and "--wheel FILE" in search.title
    assert torch.command[:4] == (f"{HOME}/bin/python", "-m", "pip", "install")
    assert torch.command[-3:] == ("torch>=2.9", "--index-url", CHOICE.place)
    assert ours.command[-1] == "kikipounamu[worker,funasr]==0.1.0"
    assert models.command[-2:] == ("fsmn-vad", "SenseVoiceSmall")
    assert check.command[:2] == (f"{HOME}/bin/kikipounamu-worker", "doctor") and check.command[-1] == "cuda"


def test_steps_of_a_checkout_install_the_checkout() -> None:
    plan = steps("python3", HOME, "/src/kikipounamu", CHOICE, "linux")
    assert plan[2].command[-1] == "/src/kikipounamu[worker,funasr]"


def test_programs_of_windows_have_their_own_folder() -> None:
    assert program_in(Path("env"), "python", "win32").endswith("python.exe")
