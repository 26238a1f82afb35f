"""Trains physical devices by homodyne gradient extraction.

>>> import hge
>>> with hge.connect("sim", "xor") as bench:
...     outputs, jacobian, errors, flags = bench.measure([0.1, 0.0, 0.0, 0.0, 0.0])
>>> jacobian.shape  # cases, outputs of the device, controls
(4, 1, 5)
"""

from ._instrument import Capture, Flags, Instrument, Measurement, State, Sweep, connect
from ._native import HgeError, Lost, Refused, Tripped, Window
from ._runs import Run, open_run
from ._tools import Spectrum, command, emit_gateware, plan_tones, spectrum
from ._train import Epoch, Training, train

__all__ = [
    "Capture",
    "Epoch",
    "Flags",
    "HgeError",
    "Instrument",
    "Lost",
    "Measurement",
    "Refused",
    "Run",
    "Spectrum",
    "State",
    "Sweep",
    "Training",
    "Tripped",
    "Window",
    "command",
    "connect",
    "emit_gateware",
    "open_run",
    "plan_tones",
    "spectrum",
    "train",
]
