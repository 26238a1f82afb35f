"""Trains physical devices by homodyne gradient extraction.

>>> import hge
>>> with hge.connect("sim", "xor") as bench:
...     outputs, jacobian, errors, flags = bench.measure([0.1, 0.0, 0.0, 0.0, 0.0])
>>> jacobian.shape  # cases, outputs of the device, controls
(4, 1, 5)
"""

from ._instrument import Instrument, connect
from ._native import HgeError, Lost, Refused, Tripped, Window
from ._results import Amplitudes, Capture, Curvature, Flags, Measurement, State, Sweep
from ._runs import Run, open_run
from ._tools import Spectrum, command, emit_gateware, plan_tones, spectrum
from ._train import Epoch, Tracking, Training, track, train

__all__ = [
    "Amplitudes",
    "Capture",
    "Curvature",
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
    "Tracking",
    "Training",
    "Tripped",
    "Window",
    "command",
    "connect",
    "emit_gateware",
    "open_run",
    "plan_tones",
    "spectrum",
    "track",
    "train",
]
