"""The texts of the scripts."""

from worker.scripts import load_scripts


def test_each_runs_when_the_broker_is_full_and_what_only_looks_says_so() -> None:
    first_lines = {name: text.partition("\n")[0] for name, text in load_scripts().items()}
    assert all(line.startswith("#!lua flags=") and "allow-oom" in line for line in first_lines.values())
    assert [name for name, line in first_lines.items() if "no-writes" in line] == ["glance", "others", "borrow"]
