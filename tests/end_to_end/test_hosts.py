"""Test a gateway, its workers and clients on separate hosts: discovery, pairing, lending, failures, revocation."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from protocol.broker import PING_S
from protocol.session import LIMITS
from tests.helpers.capture import Capture, capturing, readable, readable_speech
from tests.helpers.chain import KEY, Program
from tests.helpers.hosts import Host, Hosts, Listening, hosts, inside
from tests.helpers.lending import PORT, Device, Record, Shared, audio_of, texts_of
from tests.helpers.paired_device import sentence
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("hosts"), pytest.mark.timeout(180)]

MDNS_PORT = 5353
REFUSED = 4  # exit status of a worker
RATE = ("--set", "rtf=0.1")
LONG = 60  # sentences: longer than it takes to detect a lost peer


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Make a desk with the gateway, a tower that lends its worker, a laptop, and a stranger."""
    with hosts(tmp_path_factory.mktemp("hosts"), ("desk", "tower", "laptop", "stranger")) as there:
        yield there


@pytest.fixture(scope="module")
def shared(network: Hosts) -> Shared:
    return Shared(network.all[0])


@pytest.fixture(autouse=True)
def nobody_stays(network: Hosts, shared: Shared) -> Iterator[None]:
    """End all programs except the gateway, also after a failed test."""
    yield
    for host in network.all:
        host.chain.end(program for program in host.chain.programs if program is not shared.program)


# -- failures during speech --------------------------------------------------------------------------------


class Trouble:
    """A worker on ``tower`` and a speaker; each failure begins in the middle of a sentence."""

    def __init__(self, shared: Shared, tower: Host, speaker: Device) -> None:
        self.shared = shared
        self.tower = tower
        self.speaker = speaker
        self.enlisted = shared.enlist(tower)
        self.worker = shared.worker(tower, self.enlisted, *RATE)
        speaker.seconds_to_text()

    def switched_off(self, number: signal.Signals) -> None:
        """End the worker by this signal, then start it again."""
        self.speaker.mid_sentence()
        self.worker.popen.send_signal(number)
        assert self.worker.popen.wait(30) == (0 if number is signal.SIGTERM else -number)
        self.speaker.mid_sentence()
        self.on_again(f"worker {number.name}")

    def on_again(self, what: str, url: str = "") -> None:
        """Start a worker, and wait until speech is recognised."""
        self.worker = self.shared.worker(self.tower, self.enlisted, *RATE, url=url)
        self.over(what)

    def unplugged(self, host: Host, sentences: int = 1) -> None:
        """Unplug a host for this many sentences."""
        self.speaker.mid_sentence()
        host.unplug()
        for _ in range(sentences):
            self.speaker.mid_sentence()
        host.plug()
        self.over(f"cable of the {host.name}")

    def moved(self, number: int) -> None:
        """Change the gateway's address; clients and worker find it again."""
        self.speaker.mid_sentence()
        self.shared.host.move(number)
        wait_until_sync(lambda: self.speaker.records("found")[-1]["url"] == self.shared.url, "it is found there")
        self.over("address of the gateway")

    def gateway_killed(self) -> None:
        """Kill the gateway, then start it as a supervisor would."""
        self.speaker.mid_sentence()
        self.shared.program.kill()
        self.shared.start()
        self.over("gateway killed")

    def over(self, what: str) -> None:
        """Report how soon speech is recognised again."""
        sys.stdout.write(
            f"{what}: the current sentence has its text after {self.speaker.seconds_to_text():.1f} s\n"
        )


def revoked(shared: Shared, speaker: Device, paired: Record) -> float:
    """Revoke a connected client. Return the seconds until it sees its end."""
    speaker.wait("holding")
    began = shared.revoke(paired["device"])
    ended = speaker.wait("ended")
    assert ended["error"] == "Unauthorised" and "revoked" in ended["reason"]
    assert (took := float(ended["at"] - began)) < LIMITS.ping_s, "a missed ping ended it, and not the gateway"
    return took


def worker_revoked(shared: Shared, tower: Host, worker: Program, enlisted: Record) -> float:
    """Revoke a worker. Return the seconds until the gateway disconnects it; the worker then ends."""
    wait_until_sync(lambda: tower.connected_to(PORT), "the worker is there")

    def gone() -> float:
        return 0.0 if tower.connected_to(PORT) else time.monotonic()

    with ThreadPoolExecutor(1) as watching:
        went = watching.submit(wait_until_sync, gone, "it is cut off")
        began = shared.revoke_by_hand(enlisted["device"])
        took = float(went.result()) - began
    assert worker.popen.wait(30) == REFUSED
    assert took < PING_S, "a missed ping ended it, and not the gateway"
    return took


def assert_only_a_workers_commands(shared: Shared, tower: Host, enlisted: Record) -> None:
    """Assert that the tunnel passes only a worker's commands to the broker."""
    key = f"--key={enlisted['key']}"  # joined by "=", because a key may begin with a dash
    with_key = ("--at", shared.url, key, "--certificate", enlisted["certificate_sha256"])
    commands = ("CONFIG GET *", "KEYS *", "FLUSHALL", "PING")
    device = shared.device(tower, "command", *" + ".join(commands).split(), *with_key)
    assert device.program.popen.wait(30) == 0
    assert [record["command"] for record in device.records("cut off")] == list(commands[:-1])
    assert [record["answer"] for record in device.records("answered")] == ["+PONG"]


def assert_secret(capture: Capture, shared: Shared, speakers: list[Device]) -> None:
    """Assert that captured traffic contains no readable speech, text or secret."""
    said, audio = capture.everything(), audio_of(speakers)
    assert len(said) > len(audio) and capture.dropped == 0
    assert readable_speech(said, audio) == 0
    assert readable(said, [*shared.secrets, *texts_of(speakers)]) == []
    assert capture.unexpected(PORT) == set()
    sys.stdout.write(f"captured: {len(capture.frames)} frames; said: {len(audio)} bytes\n")


def test_text_is_complete_and_unreadable_on_network_despite_failures(network: Hosts, shared: Shared) -> None:
    _, tower, laptop, _ = network.all
    with capturing(network.switch) as capture:
        speaker, paired = shared.speaker(laptop, "--quick", seed=1)
        trouble = Trouble(shared, tower, speaker)
        trouble.switched_off(signal.SIGTERM)
        trouble.unplugged(laptop)
        trouble.moved(21)
        assert_only_a_workers_commands(shared, tower, trouble.enlisted)
        sys.stdout.write(f"{speaker.finish()} segments, each right and once\n")
        took = revoked(shared, speaker, paired), worker_revoked(shared, tower, trouble.worker, trouble.enlisted)
        sys.stdout.write("revoked: client out after {:.2f} s, worker after {:.2f} s\n".format(*took))
    assert_secret(capture, shared, [speaker])


def test_speech_in_clear_text_is_detected(network: Hosts) -> None:
    desk, tower, *_ = network.all
    pcm, text = sentence(5, 0), "0123456789abcdef"
    with (
        capturing(network.switch) as capture,
        inside(desk.namespace, lambda: socket.create_server((desk.address, PORT + 1))) as server,
        inside(tower.namespace, lambda: socket.create_connection((desk.address, PORT + 1))) as client,
        server.accept()[0] as there,
    ):
        client.sendall(pcm[1 : 1 + 64] + text.encode())
        assert there.recv(1024)
    said = capture.everything()
    assert readable_speech(said, pcm) and readable(said, [text, "no text"]) == [text]
    assert len([one for one in capture.unexpected(PORT) if str(PORT + 1) in one]) == 2  # one per direction


@pytest.mark.proof(minutes=6)
def test_text_is_complete_despite_many_failures(network: Hosts, shared: Shared) -> None:
    desk, tower, laptop, _ = network.all
    with capturing(network.switch) as capture:
        speaker, paired = shared.speaker(laptop, seed=2)
        trouble = Trouble(shared, tower, speaker)
        for number in range(3):
            for how in (signal.SIGTERM, signal.SIGKILL):
                trouble.switched_off(how)
            for host in (laptop, tower, desk):
                trouble.unplugged(host, 3)
            trouble.moved(31 + number)
        for host in (laptop, tower, desk):
            trouble.unplugged(host, LONG)
        trouble.gateway_killed()
        sys.stdout.write(f"{speaker.finish()} segments, each right and once\n")
        took = [revoked(shared, speaker, paired)]
        lost = [worker_revoked(shared, tower, trouble.worker, trouble.enlisted)]
        speakers = [speaker]
        for seed in range(3, 7):
            speaker, paired = shared.speaker(laptop, seed=seed)
            trouble = Trouble(shared, tower, speaker)
            speaker.finish()
            took.append(revoked(shared, speaker, paired))
            lost.append(worker_revoked(shared, tower, trouble.worker, trouble.enlisted))
            speakers.append(speaker)
    for who, seconds in (("client", took), ("worker", lost)):
        sys.stdout.write(f"{who} revoked: out after {', '.join(f'{one:.3f}' for one in seconds)} s\n")
    assert_secret(capture, shared, speakers)


@pytest.mark.proof(minutes=2)
def test_own_worker_takes_over_when_tower_is_switched_off(network: Hosts, shared: Shared) -> None:
    """The desk has the gateway, a slow worker and a speaker; the tower has a fast worker."""
    desk, tower, *_ = network.all
    own = desk.chain.worker("--engine", "checksum", "--set", "rtf=0.5")
    speaker = shared.device(desk, "speak", "--at", shared.endpoint.url, "--key", KEY, seed=20)
    trouble = Trouble(shared, tower, speaker)
    away: list[Callable[[], None]] = [tower.unplug, trouble.worker.kill]
    for leave in away:
        wait_until_sync(lambda: works(trouble.worker, speaker), "the tower recognises", 60)
        speaker.mid_sentence()
        leave()
        trouble.over("without the tower")
        assert works(own, speaker)
        tower.plug()
    trouble.on_again("with the tower")
    wait_until_sync(lambda: works(trouble.worker, speaker), "the tower recognises", 60)
    sys.stdout.write(f"{speaker.finish()} segments, each right and once\n")
    assert own.stop() == trouble.worker.stop() == 0


def works(worker: Program, speaker: Device) -> bool:
    """Return whether this worker recognised the latest text."""
    return f"-{worker.popen.pid}-" in speaker.records("text")[-1]["worker"]


# -- refused devices --------------------------------------------------------------------------------------


def test_wrong_codes_lock_pairing(network: Hosts, shared: Shared) -> None:
    code = shared.show_code()
    wrong = f"{(int(code) + 1) % 10**8:08}"
    device = shared.device(network.all[2], "pair", *[wrong] * 5, code, "--at", shared.url)
    assert device.program.popen.wait(60) == 0
    assert [record["tries"] for record in device.records("not paired")] == [4, 3, 2, 1, 0, 0]
    assert [record["reason"] for record in device.records("not paired")] == ["wrong_code"] * 5 + ["locked"]
    assert shared.stage() == "locked"


def test_man_in_the_middle_is_detected_and_learns_no_secret(
    network: Hosts, shared: Shared, tmp_path: Path
) -> None:
    desk, tower, laptop, stranger = network.all
    module = ("python", "-m", "tests.helpers.man_between", desk.address, str(PORT), str(tmp_path))
    man, his = stranger.chain.start("man", *module), f"https://{stranger.address}:{PORT}"
    known = {"key": "a key that he must not learn", "certificate_sha256": shared.certificate}
    (tower.chain.root / "key").write_text(known["key"])
    wait_until_sync(stranger.listening, "he stands there")

    pinned = ("--at", his, "--key", known["key"], "--certificate", known["certificate_sha256"])
    speaker, worker = shared.device(laptop, "speak", *pinned), shared.worker(tower, known, url=his)
    code = shared.show_code()
    device = shared.device(laptop, "pair", code, "--at", his)
    assert device.wait("not paired")["error"] == "Intercepted"
    assert shared.stage() == "intercepted"
    assert speaker.wait("ended")["error"] == "WrongCertificate"
    assert worker.popen.wait(30) == REFUSED and "another certificate" in worker.log.read_text()

    assert man.stop() == 0
    heard = (tmp_path / "heard").read_bytes()
    assert b"/v1/pair" in heard and readable(heard, [known["key"], *shared.secrets]) == []


# -- open ports --------------------------------------------------------------------------------------------


def test_only_shared_gateway_listens_on_network(network: Hosts, shared: Shared) -> None:
    desk, stranger = network.all[0], network.all[3]
    elsewhere = {one for one in desk.listening() if not one.host.startswith("127.")}
    assert Listening("tcp", "0.0.0.0", PORT) in elsewhere
    assert {(one.protocol, one.port) for one in elsewhere} == {("tcp", PORT), ("udp", MDNS_PORT)}
    gateway, _ = stranger.chain.gateway()
    worker = stranger.chain.worker()
    wait_until_sync(lambda: "worker.ready" in worker.log.read_text(), "the worker has all that it needs")
    local = stranger.listening()
    assert len(local) == 1 and all(one.host == "127.0.0.1" for one in local)
    assert gateway.stop() == 0
