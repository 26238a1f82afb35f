"""A device for `--device "process:python3 docs/device.py"`, by docs/devices.md alone: replace `current_na` by your own."""
import json, math, struct, sys

ELECTRODES = 7  # one output: with "outputs": J in the greeting, J currents for every row

def current_na(volts):  # two soft thresholds on the sum of the inputs, multiplied
    v0, v1, v2, v3, v4, v5, v6 = volts
    first = math.tanh(2 * (v1 + v2 + v0 + 0.5 * v5 + 1.5))
    second = math.tanh(2 * (v1 + v2 + v3 + 0.5 * v6))
    return -40 * (1 + 0.5 * v4) * first * second

hear, say = sys.stdin.buffer, sys.stdout.buffer
greeting = {"hge_device": 1, "electrodes": ELECTRODES, "name": "two gates"}
say.write(json.dumps(greeting).encode() + b"\n")
say.flush()
while head := hear.read(4):  # nothing more to read: the host has gone
    rows, = struct.unpack("<I", head)
    volts = struct.unpack(f"<{rows * ELECTRODES}d", hear.read(8 * rows * ELECTRODES))
    answer = [current_na(volts[n:n + ELECTRODES]) for n in range(0, len(volts), ELECTRODES)]
    say.write(struct.pack(f"<{rows}d", *answer))
    say.flush()
