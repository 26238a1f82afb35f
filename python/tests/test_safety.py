"""However an operation ends: disarmed, and nothing stands still."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

import hge

from test_measure import CONTROLS, CONTROLS_V, SLOPES_NA_PER_V, linear

#: A device so slow that a measurement lasts for minutes.
SLOW = """
import time
def slow(volts):
    time.sleep(0.005)
    return volts @ [2, 4, 4, 3, -2, 5, 1]
"""


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


@contextmanager
def served(*options: str):
    """The link of a served simulation."""
    words = [sys.executable, "-m", "hge", "serve", "--tcp", "0", "--keep", *options]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        line = server.stdout.readline()
        yield line.strip()
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


def armed(link: str) -> bool:
    deadline = time.monotonic() + 5
    while True:
        observer = hge.connect(link, "xor")
        state = observer.state
        observer.close()
        if not state.armed or time.monotonic() > deadline:
            return state.armed
        time.sleep(0.02)


def test_an_exception_of_a_callback_comes_through_and_disarms() -> None:
    calls = 0

    def failing(volts: np.ndarray) -> np.ndarray:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise ZeroDivisionError("no light")
        return linear(volts)

    with pytest.raises(ZeroDivisionError, match="no light"):
        with hge.connect("sim", "xor", device=failing) as bench:
            while True:
                bench.measure(CONTROLS_V)
    assert bench.closed

    def hear(epoch: hge.Epoch) -> None:
        raise KeyError(epoch.epoch)

    bench = hge.connect("sim", "xor")
    with pytest.raises(KeyError):
        hge.train(bench, progress=hear)
    assert not bench.armed
    bench.close()


def test_a_guard_that_trips_raises_tripped_with_its_cause_and_arms_again() -> None:
    high_na = 0.0

    def device(volts: np.ndarray) -> np.ndarray:
        return np.full(len(volts), high_na)

    with hge.connect("sim", "xor", device=device, guard={"overcurrent_na": 40}) as bench:
        bench.measure(CONTROLS_V)
        high_na = 50.0
        with pytest.raises(hge.Tripped, match="the guard tripped and sent every output to its safe value: the device.s current was too high"):
            bench.measure(CONTROLS_V)
        assert not bench.armed
        high_na = 0.0
        bench.arm()
        assert bench.measure(CONTROLS_V).outputs_na == pytest.approx(np.zeros((4, 1)), abs=0.5)


def test_an_instrument_that_vanishes_raises_lost_and_one_in_use_refused(tmp_path) -> None:
    token = tmp_path / "token"
    with served("--token-file", str(token)) as link:
        with pytest.raises(hge.Refused, match="requires a token"):
            hge.connect(link, "xor")
        bench = hge.connect(link, "xor", token_file=token)
        bench.arm()
        other = hge.connect(link, "xor", token_file=token)
        with pytest.raises(hge.Refused, match="is controlled by"):
            other.arm()
        other.close()
    with pytest.raises(hge.Lost):
        for _ in range(100):
            bench.measure(CONTROLS_V)
    bench.close()
    with pytest.raises(hge.Lost, match="nothing listens"):
        hge.connect(link, "xor")


def test_wrong_shapes_of_a_device_are_refused_in_words() -> None:
    for device in [lambda volts: volts[:3, 0], lambda volts: volts]:
        with pytest.raises(hge.HgeError, match=r"the device returned currents of shape \["):
            with hge.connect("sim", "xor", device=device) as bench:
                bench.measure(CONTROLS_V)


def test_a_second_thread_is_refused_while_the_first_measures_and_never_mixes_in() -> None:
    with hge.connect("sim", "xor", device=linear, seed=4) as bench:
        alone = [bench.measure(CONTROLS_V) for _ in range(40)]
    refused, found = [], []
    with hge.connect("sim", "xor", device=linear, seed=4) as bench:
        over = threading.Event()

        def other() -> None:
            while not over.is_set():
                try:
                    bench.get("settle")
                except hge.Refused as error:
                    refused.append(str(error))
                time.sleep(0.001)

        thread = threading.Thread(target=other)
        thread.start()
        while len(found) < 40:
            try:
                found.append(bench.measure(CONTROLS_V))
            except hge.Refused as error:
                refused.append(str(error))
                time.sleep(0.0005)
        over.set()
        thread.join()
    assert all("at work for another thread" in sentence for sentence in refused)
    for one, other in zip(alone, found):
        assert np.array_equal(one.jacobian_na_per_v, other.jacobian_na_per_v)


def test_a_device_that_measures_with_its_own_instrument_is_refused() -> None:
    benches: list[hge.Instrument] = []

    def recursive(volts: np.ndarray) -> np.ndarray:
        if benches:
            benches[0].measure(CONTROLS_V)
        return linear(volts)

    with hge.connect("sim", "xor", device=recursive) as bench:
        benches.append(bench)
        with pytest.raises(hge.Refused, match="at work for another thread"):
            bench.measure(CONTROLS_V)


def test_ctrl_c_ends_a_measurement_disarmed_and_the_instrument_goes_on() -> None:
    left = -1

    def device(volts: np.ndarray) -> np.ndarray:
        # Ctrl-C in the midst of the measurement: at the batch that is counted down to.
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return linear(volts)

    bench = hge.connect("sim", "xor", device=device)
    for trial in range(200):
        bench.arm()
        left = 1 + trial % 20
        with pytest.raises(KeyboardInterrupt):
            bench.measure(CONTROLS_V, windows=100_000)
        assert not bench.armed
    bench.arm()
    found = bench.measure(CONTROLS_V, windows=8)
    bench.close()
    slopes = np.broadcast_to(SLOPES_NA_PER_V[CONTROLS], found.jacobian_na_per_v.shape)
    assert np.all(np.abs(found.jacobian_na_per_v - slopes) < 6 * found.errors_na_per_v)


def test_a_served_instrument_is_disarmed_however_the_program_ends() -> None:
    endings = {
        "returns": "pass",
        "raises": "raise RuntimeError('x')",
        "exits": "sys.exit(3)",
        "is collected": "del bench; import gc; gc.collect(); time.sleep(0.1)",
        "daemon thread at work": (
            "import threading\n"
            "def work():\n"
            "    while True: bench.measure([-0.2, 0.1, 0.0, -0.3, -0.1])\n"
            "threading.Thread(target=work, daemon=True).start(); time.sleep(0.1)"
        ),
        "is interrupted": "os.kill(os.getpid(), signal.SIGINT); time.sleep(1)",
        "is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    }
    with served() as link:
        for name, ending in endings.items():
            code = (
                "import os, signal, sys, time, hge\n"
                f"bench = hge.connect({link!r}, 'xor')\n"
                "bench.arm()\n"
                "bench.measure([-0.2, 0.1, 0.0, -0.3, -0.1])\n"
                f"print('armed', bench.armed, flush=True)\n{ending}\n"
            )
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
            )
            assert done.stdout == "armed True\n", (name, done.stderr)
            assert not armed(link), name


def test_an_interpreter_with_an_own_device_at_work_ends_200_times() -> None:
    # Twenty instruments a process: each begins a measurement in a thread of its own, and the program ends amid them.
    code = (
        "import threading, time, hge\n"
        f"{SLOW}\n"
        "benches = [hge.connect('sim', 'xor', device=slow) for _ in range(20)]\n"
        "for bench in benches:\n"
        "    bench.arm()\n"
        "    measure = lambda b=bench: b.measure([-0.2, 0.1, 0.0, -0.3, -0.1], windows=100000)\n"
        "    threading.Thread(target=measure, daemon=True).start()\n"
    )
    for _ in range(10):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs /proc")
def test_live_instruments_are_collected_200_times_without_a_deadlock() -> None:
    gc.collect()
    before = threads()
    for _ in range(200):
        bench = hge.connect("sim", "xor", device=linear)
        bench.arm()
        bench.measure(CONTROLS_V)
        del bench
    gc.collect()
    assert threads() <= before


def resident_kb() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs /proc")
def test_connecting_and_closing_leaks_neither_threads_nor_files_nor_memory() -> None:
    def cycle(count: int) -> None:
        for _ in range(count):
            with hge.connect("sim", "xor", device=linear):
                pass

    cycle(100)
    before = threads(), len(os.listdir("/proc/self/fd")), resident_kb()
    cycle(int(os.environ.get("HGE_CYCLES", "300")))
    assert threads() == before[0]
    assert len(os.listdir("/proc/self/fd")) == before[1]
    assert resident_kb() - before[2] < 4096


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_a_stream_of_windows_is_flat_in_memory() -> None:
    count = int(os.environ.get("HGE_WINDOWS", "12000"))
    means = np.empty(count)
    with hge.connect("sim", "xor", device=linear, timing={"window_samples": 32}, tones={"band_hz": [150, 2400]}) as bench:
        for n, window in enumerate(bench.windows(CONTROLS_V, count=count)):
            if n == count // 3:
                before = resident_kb()
            means[n] = window.mean_na
    assert resident_kb() - before < 4096 + count * 8 / 1024
    assert np.all(np.isfinite(means))
