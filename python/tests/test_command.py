"""The package and the command: the same bits, texts and files."""

import subprocess
import sys

import numpy as np
import pytest

import hge

from test_measure import CONTROLS_V


def test_a_gradient_has_the_bits_of_the_command() -> None:
    printed = hge.command("gradient", "xor", "--seed", 3, "--windows", 2, "--controls=-0.2,0.1,0,-0.3,-0.1")
    wanted = [[slope["slope_na_per_v"] for slope in case["slopes"]] for case in printed["cases"]]
    with hge.connect("sim", "xor", seed=3) as bench:
        found = bench.measure(CONTROLS_V, windows=2, intervals="slope")
    assert np.array_equal(found.jacobian_na_per_v[:, 0], wanted)
    assert np.array_equal(found.outputs_na[:, 0], [case["current_na"] for case in printed["cases"]])


def test_a_training_has_the_bits_of_the_command(tmp_path) -> None:
    printed = hge.command("train", "or", "--seed", 2, "-o", tmp_path / "or")
    epochs: list[hge.Epoch] = []
    found = hge.train("or", seed=2, progress=epochs.append)
    assert found.solved is True and printed["solved"] is True
    for key in ["controls_v", "outputs_na", "loss", "epochs"]:
        assert found.record[key] == printed[key], key
    assert len(epochs) == printed["epochs"]
    run = hge.open_run(tmp_path / "or")
    assert np.array_equal(run["error"], found.losses)
    assert np.array_equal(run["controls"][-1], epochs[-1].controls_v)


def test_sweeps_contacts_and_calibrations_have_the_numbers_of_the_command() -> None:
    swept = hge.command("iv", "xor", "--sweep", "3:-1:0.5:7")
    contacts = hge.command("iv", "xor")
    calibrated = hge.command("calibrate", "xor")
    with_bits = [
        (lambda bench: bench.sweep((3, -1, 0.5, 7)).current_na[0].tolist(), swept["current_na"]),
        (lambda bench: bench.contacts(), contacts["contacts"]),
        (lambda bench: bench.calibrate()["tones"], calibrated["tones"]),
    ]
    for measure, wanted in with_bits:
        bench = hge.connect("sim", "xor")
        assert measure(bench) == wanted
        assert not bench.armed
        bench.close()


def test_a_capture_has_the_codes_of_the_command_and_its_spectrum_the_noise_of_the_bench(tmp_path) -> None:
    hge.command("capture", "--samples", 3000, "-o", tmp_path / "codes.npz")
    with np.load(tmp_path / "codes.npz") as archive:
        (wanted,) = [archive[name] for name in archive.files if archive[name].dtype == np.int16]
    bench = hge.connect("sim", "xor")
    found = bench.capture(3000)
    assert np.array_equal(found.codes, wanted)
    assert found.rate_hz == pytest.approx(5000)
    spectrum = hge.spectrum(bench.capture(65536).current_na, found.rate_hz)
    bench.close()
    # 2.5e-4 nA^2/Hz: 16 pA/rtHz.
    assert spectrum.summary["floor_na_per_rt_hz"] == pytest.approx(2.5e-4**0.5, rel=0.05)


def test_the_command_of_the_package_is_the_command(tmp_path) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "hge", "train", "xor", "--restarts", "0"], capture_output=True, text=True
    )
    assert printed.returncode == 1 and printed.stderr.startswith("error: ")
    with pytest.raises(hge.HgeError) as refused:
        hge.train("xor", restarts=0)
    assert printed.stderr.strip() == f"error: {refused.value}"
    with pytest.raises(hge.HgeError, match="^unknown key `amplitud_v`"):
        hge.connect("sim", "xor", tones={"amplitud_v": 0.1})


def test_tones_are_planned_and_gateware_is_emitted(tmp_path) -> None:
    planned = hge.plan_tones(7, window_s=0.1, mains_hz=50)
    assert len(planned["tones"]) == 7
    emitted = hge.emit_gateware(tmp_path, outputs=4, slots=8)
    assert emitted["modules"] > 10
    assert all((tmp_path / path).exists() for path in emitted["files"])


def test_runs_are_read_into_pandas_xarray_and_nexus(tmp_path) -> None:
    pandas, h5py = pytest.importorskip("pandas"), pytest.importorskip("h5py")
    pytest.importorskip("xarray")
    hge.command("train", "and", "--restarts", 1, "--epochs", 4, "-o", tmp_path / "and")
    run = hge.open_run(tmp_path / "and")
    epochs = len(run["error"])
    table = run.to_pandas()
    assert isinstance(table, pandas.DataFrame) and len(table) == epochs
    assert np.array_equal(table["IVgradients_2_1"], run["IVgradients"][:, 2, 1])
    data = run.to_xarray()
    assert data["IVgradients"].dims == ("epoch", "row", "control")
    run.to_nexus(tmp_path / "and.nxs")
    with h5py.File(tmp_path / "and.nxs") as file:
        lockins = [g for g in file["entry/instrument"].values() if g.attrs["NX_class"] == "NXlockin"]
        assert [g["reference_frequency"][()] for g in lockins] == run["frequencies_hz"].tolist()
        # A window of 51.2 ms: of a sine at the corner its mean is 3 dB down at any phase.
        window_s, corner_hz = (lockins[0][name][()] for name in ("integration_time", "low_pass_0"))
        assert window_s == pytest.approx(0.0512)
        times_s = (np.arange(100_000) + 0.5) / 100_000 * window_s
        assert abs(np.mean(np.exp(2j * np.pi * corner_hz * times_s))) == pytest.approx(0.5**0.5, rel=1e-4)
        assert {g["lp_filter_order_0"][()] for g in lockins} == {1}
        answer_na = lockins[1]["demodulated_amplitude"][:, 0] * np.cos(
            np.radians(lockins[1]["demodulated_phase"][:, 0])
        )
        assert answer_na / run["amplitudes_v"][1] == pytest.approx(run["IVgradients"][:, 0, 1])
    with pytest.raises(hge.HgeError, match="not the folder of a run"):
        hge.open_run(tmp_path)


def test_a_register_is_read_and_written_in_si_units_as_by_the_command() -> None:
    bench = hge.connect("sim", "xor")
    bench.set("settle", "12ms")
    assert bench.get("settle") == pytest.approx(12e-3, rel=1e-3)
    with pytest.raises(hge.HgeError, match="there is no register `setle`"):
        bench.get("setle")
    with pytest.raises(hge.Refused, match="armed"):
        with bench:
            bench.set("guard[0].high", 1.9)
    assert bench.closed
