"""Run folders of `hge train`: NumPy arrays, pandas, xarray, HDF5 in NeXus form."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import numpy.typing as npt

from ._native import Experiment, HgeError
from ._tools import command

if TYPE_CHECKING:
    import pandas
    import xarray

#: Arrays of docs/runs.md with an entry an epoch, and their further dimensions.
_OF_EPOCHS: dict[str, tuple[str, ...]] = {
    "controls": ("control",),
    "outputs": ("row",),
    "IVgradients": ("row", "control"),
    "IVgradient_errors": ("control",),
    "EIgradients": ("row",),
    "EVgradients": ("control",),
    "error": (),
    "separation": (),
    "restart": (),
    "time_s": (),
}


#: Frequency where |sin(pi f T) / (pi f T)| is 1/sqrt(2), times T.
_BOXCAR_CUTOFF = 0.442946

#: What the fields of a low-pass filter mean for a window.
_BOXCAR = (
    "mean over integration_time T, no cascade of poles: the response |sin(pi f T) / (pi f T)| is 3 dB down at low_pass_0, has "
    "zeros at the multiples of 1/T and falls as one pole's beyond; of white noise it passes what one pole with the time constant T/2 does"
)


class Run:
    """The record of a training. docs/runs.md lists its arrays."""

    def __init__(self, folder: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.folder = folder
        self.arrays = arrays

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """An array by its name in docs/runs.md."""
        return self.arrays[name]

    @property
    def outcome(self) -> dict[str, Any]:
        """The result; empty while the run is not complete."""
        return self._json("outcome.json")

    @property
    def provenance(self) -> dict[str, Any]:
        """Program, instrument, seed, times."""
        return self._json("provenance.json")

    def _json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        read: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return read

    def to_pandas(self) -> pandas.DataFrame:
        """A row for every epoch; columns of arrays are numbered: `controls_0`, `IVgradients_2_0`."""
        import pandas

        columns: dict[str, npt.NDArray[Any]] = {}
        for name in self._of_epochs():
            array = self.arrays[name]
            for place in np.ndindex(array.shape[1:]):
                columns["_".join([name, *map(str, place)])] = array[(slice(None), *place)]
        return pandas.DataFrame(columns)

    def to_xarray(self) -> xarray.Dataset:
        """Every array with an entry an epoch, along `epoch`, `row` and `control`."""
        import xarray

        variables = {
            name: (("epoch", *_OF_EPOCHS[name]), self.arrays[name]) for name in self._of_epochs()
        }
        coordinates = {
            "tone_hz": ("control", self["frequencies_hz"]),
            "amplitude_v": ("control", self["amplitudes_v"]),
        }
        return xarray.Dataset(variables, coordinates, {"folder": str(self.folder)})

    def to_nexus(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes HDF5 in NeXus form: an `NXdata` of the epochs, an `NXlockin` for every tone, whose filter is the window."""
        import h5py

        slopes, amplitudes_v = self["IVgradients"], self["amplitudes_v"]
        file_of_experiment = self.folder / "experiment.toml"
        experiment = file_of_experiment.read_text("utf-8")
        window_s = Experiment(str(file_of_experiment)).window_s
        with h5py.File(path, "w") as file:
            file.attrs["default"] = "entry"
            entry = _group(file, "entry", "NXentry")
            entry.attrs["default"] = "data"
            entry["title"] = self.folder.name
            _group(entry, "experiment", "NXnote")["data"] = experiment
            instrument = _group(entry, "instrument", "NXinstrument")
            for k, frequency_hz in enumerate(self["frequencies_hz"]):
                lockin = _group(instrument, f"lockin_{k}", "NXlockin")
                answers_na = slopes[:, :, k] * amplitudes_v[k]
                lockin["modulation_status"] = True
                lockin["modulation_signal"] = f"voltage of control {k}"
                lockin["demodulated_signal"] = "current of every row"
                lockin["demodulator_channels"] = "0: in phase"
                lockin["harmonic_order_0"] = 1
                _quantity(lockin, "ref_phase_0", 0.0, "deg")
                _quantity(lockin, "integration_time", window_s, "s")
                _quantity(lockin, "low_pass_0", _BOXCAR_CUTOFF / window_s, "Hz")
                lockin["lp_filter_order_0"] = 1
                for name in ("low_pass_0", "lp_filter_order_0"):
                    lockin[name].attrs["description"] = _BOXCAR
                _quantity(lockin, "reference_frequency", frequency_hz, "Hz")
                _quantity(lockin, "reference_amplitude", amplitudes_v[k], "V")
                _quantity(lockin, "demodulated_frequency", frequency_hz, "Hz")
                _quantity(lockin, "demodulated_amplitude", np.abs(answers_na), "nA")
                _quantity(lockin, "demodulated_phase", np.where(answers_na < 0, 180.0, 0.0), "deg")
            data = _group(entry, "data", "NXdata")
            data.attrs["signal"] = "error"
            data.attrs["axes"] = "epoch"
            data["epoch"] = np.arange(1, len(self["error"]) + 1)
            for name in self._of_epochs():
                data[name] = self.arrays[name]

    def _of_epochs(self) -> list[str]:
        return [name for name in _OF_EPOCHS if name in self.arrays]


def open_run(folder: Union[str, "os.PathLike[str]"]) -> Run:
    """Opens a run's folder; of an incomplete run what there is up to its last epoch."""
    path = Path(folder)
    if not (path / "experiment.toml").exists():
        raise HgeError(f"{path} is not the folder of a run: name one that `hge runs` lists")
    if not (path / "data.npz").exists():
        command("export", path, "--format", "npz")
    with np.load(path / "data.npz") as archive:
        return Run(path, {name: archive[name] for name in archive.files})


def _group(parent: Any, name: str, kind: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    return group


def _quantity(group: Any, name: str, value: Any, units: str) -> None:
    group[name] = value
    group[name].attrs["units"] = units
