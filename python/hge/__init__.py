"""Trains physical devices by homodyne gradient extraction.

>>> import hge
>>> with hge.connect("sim", "xor") as bench:
...     outputs, jacobian, errors, flags = bench.measure([0.1, 0.0, 0.0, 0.0, 0.0])
>>> jacobian.shape  # cases, outputs of the device, controls
(4, 1, 5)
"""

from ._instrument import Flags, Instrument, Measurement, connect
from ._native import HgeError, Lost, Refused, Tripped
from ._train import Epoch, Training, train

__all__ = [
    "Epoch",
    "Flags",
    "HgeError",
    "Instrument",
    "Lost",
    "Measurement",
    "Refused",
    "Training",
    "Tripped",
    "connect",
    "train",
]
