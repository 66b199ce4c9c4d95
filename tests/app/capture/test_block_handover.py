"""The hand-over between two threads: in order, bounded, every loss counted."""

import threading

from app.capture.block_handover import BlockHandover


def test_blocks_arrive_in_order_and_only_the_first_one_wakes() -> None:
    woken: list[int] = []
    handover = BlockHandover(lambda: woken.append(1), most=100, clock=lambda: 7.0)
    handover.put(b"ab", 1, False)
    handover.put(b"cd", 1, False)
    assert (handover.take(), len(woken), handover.heard_s) == (b"abcd", 1, 7.0)
    handover.put(b"ef", 1, False)
    assert (handover.take(), len(woken), handover.take()) == (b"ef", 2, b"")


def test_sound_system_overflows_are_counted() -> None:
    handover = BlockHandover(lambda: None, most=100)
    for overflowed in (False, True, True):
        handover.put(b"", 0, overflowed)
    assert handover.overflows == 2


def test_full_queue_keeps_older_blocks_and_counts_dropped_ones() -> None:
    handover = BlockHandover(lambda: None, most=3)
    for block in (b"a", b"bb", b"c", b"d"):
        handover.put(block, len(block), False)
    assert (handover.take(), handover.dropped) == (b"abb", 2)
    handover.put(b"eee", 3, False)
    assert (handover.take(), handover.dropped) == (b"eee", 2)


def test_reader_thread_gets_every_block_of_the_writer_thread() -> None:
    """A reader that sleeps until it is woken gets every block, and never sleeps forever."""
    woken = threading.Event()
    handover = BlockHandover(woken.set, most=1_000_000)
    blocks = [bytes([number % 256]) for number in range(20_000)]

    def put() -> None:
        for block in blocks:
            handover.put(block, 1, False)

    writer = threading.Thread(target=put)
    writer.start()
    taken = b""
    while len(taken) < len(blocks):
        assert woken.wait(30), "the reader was not woken"
        woken.clear()
        taken += handover.take()
    writer.join()
    assert taken == b"".join(blocks)
    assert handover.dropped == 0
