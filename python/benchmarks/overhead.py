"""What a call of `measure` costs beyond the same windows in Rust, on the model: XOR, windows of 51.2 ms.

Rust measures the windows of a block in one call, Python in a call for each; blocks alternate, so that both see the same load. By the
processor time of all threads, and by the wall clock, there of the block's median call: in the mean are those that other programs interrupt.
"""

import json
import sys
import time

import numpy as np

import hge

CONTROLS_V = [-0.2, 0.1, 0.0, -0.3, -0.1]
CALLS = 50


def median(values: np.ndarray) -> list[float]:
    """The median, and its 95 % interval by the bootstrap."""
    drawn = np.random.default_rng(1).choice(values, (2000, len(values)))
    return [float(np.median(values)), *np.quantile(np.median(drawn, axis=1), [0.025, 0.975]).tolist()]


def main(blocks: int) -> None:
    python_s, rust_s = np.empty((2, blocks)), np.empty((2, blocks))
    now = lambda: np.array([time.process_time(), time.perf_counter()])  # noqa: E731
    with hge.connect("sim", "xor") as bench:
        bench.measure(CONTROLS_V, windows=CALLS)
        for block in range(blocks):
            begun = now()
            bench.measure(CONTROLS_V, windows=CALLS)
            between = now()
            ends_s = [between[1]]
            for _ in range(CALLS):
                bench.measure(CONTROLS_V)
                ends_s.append(time.perf_counter())
            python_s[:, block], rust_s[:, block] = now() - between, between - begun
            python_s[1, block] = CALLS * np.median(np.diff(ends_s))
    found = {}
    for name, python, rust in zip(["processor", "wall"], python_s, rust_s):
        found[name] = {
            "rust_us": median(rust / CALLS * 1e6),
            "overhead_us": median((python - rust) / CALLS * 1e6),
            "overhead_share": median(python / rust - 1),
        }
    print(json.dumps(found))


main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
