import time

from backend.admission.process_load import ProcessLoad


def test_load_is_measured_at_most_once_a_second() -> None:
    now = [100.0]
    load = ProcessLoad(lambda: now[0])
    first = load.now()
    assert first.cpu_percent == 0.0 and first.memory_bytes > 1_000_000
    spent = time.process_time() + 0.3
    while time.process_time() < spent:
        pass
    now[0] += 0.9
    assert load.now() is first
    now[0] += 0.1
    later = load.now()
    assert later.cpu_percent > 0 and load.now() is later
