"""Source texts of the scripts and their flags."""

from worker.broker.scripts import load_scripts


def test_scripts_run_on_a_full_broker_and_readers_are_read_only() -> None:
    first_lines = {name: text.partition("\n")[0] for name, text in load_scripts().items()}
    assert all(line.startswith("#!lua flags=") and "allow-oom" in line for line in first_lines.values())
    assert [name for name, line in first_lines.items() if "no-writes" in line] == ["glance", "others", "borrow"]
