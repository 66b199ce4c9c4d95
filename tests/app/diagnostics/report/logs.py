"""Log lines in the format of our programs, for tests."""

import json
from pathlib import Path


def line(at: int, event: str = "it goes on", level: str = "info", **fields: object) -> str:
    """Return a log line at this many seconds past a fixed hour."""
    stamp = f"2026-03-01T10:{at // 60:02}:{at % 60:02}Z"
    return json.dumps({"timestamp": stamp, "level": level, "event": event} | fields)


def write(folder: Path, program: str, *lines: str, rotated: int = 0) -> None:
    """Append lines to the log of a program."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{program}.jsonl{f'.{rotated}' if rotated else ''}").open("a") as file:
        file.writelines(f"{text}\n" for text in lines)
