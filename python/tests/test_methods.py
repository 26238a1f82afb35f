"""Curvature, amplitudes, tracking, settling and open contacts: the numbers of the command."""

import json

import numpy as np
import pytest

import hge

from test_measure import CONTROLS_V

OPEN = "linear:0,0,0,0,0,0,0"
RESISTORS = "linear:10,10,10,10,10,10,10"


def test_a_curvature_is_that_of_the_command_entry_by_entry() -> None:
    printed = hge.command("curvature", "xor", "--seed", 4, "--windows", 3, "--controls=-0.2,0.1,0,-0.3,-0.1")
    bench = hge.connect("sim", "xor", seed=4)
    found = bench.curvature(CONTROLS_V, windows=3)
    electrodes = bench.controls
    bench.close()
    assert found.hessian_na_per_v2.shape == (4, 1, 5, 5)
    for row, case in enumerate(printed["cases"]):
        assert found.outputs_na[row, 0] == case["current_na"]
        for entry in case["entries"]:
            i, j = (electrodes.index(electrode) for electrode in entry["electrodes"])
            for place in [(row, 0, i, j), (row, 0, j, i)]:
                assert found.hessian_na_per_v2[place] == entry["curvature_na_per_v2"]
                assert found.errors_na_per_v2[place] == entry["error_na_per_v2"]
    assert np.all(found.flags == 0)


def test_chosen_amplitudes_and_the_slopes_with_them_are_those_of_the_command(tmp_path) -> None:
    (tmp_path / "auto.toml").write_text('gate = "xor"\nseed = 5\n[tones]\namplitude = "auto"\n', "utf-8")
    printed = hge.command("gradient", tmp_path / "auto.toml", "--windows", 2, "--controls=-0.2,0.1,0,-0.3,-0.1")
    bench = hge.connect("sim", tmp_path / "auto.toml")
    before_v = bench.setup.amplitudes_v
    chosen = bench.choose_amplitudes(2)
    bench.arm()
    found = bench.measure(CONTROLS_V, windows=2, intervals="slope")
    after_v = bench.setup.amplitudes_v
    bench.close()
    wanted = [[slope["slope_na_per_v"] for slope in case["slopes"]] for case in printed["cases"]]
    assert np.array_equal(found.jacobian_na_per_v[:, 0], wanted)
    assert after_v == pytest.approx(chosen.amplitudes_v, rel=0.02)
    assert np.any(np.abs(after_v / before_v - 1) > 0.1)


def test_a_training_with_amplitudes_of_its_own_choice_has_the_bits_of_the_command(tmp_path) -> None:
    (tmp_path / "auto.toml").write_text(
        'gate = "or"\nseed = 2\n[tones]\namplitude = "auto"\n[host]\nepochs = 20\n', "utf-8"
    )
    printed = hge.command("train", tmp_path / "auto.toml", "-o", tmp_path / "or")
    found = hge.train(tmp_path / "auto.toml")
    for key in ["controls_v", "outputs_na", "loss", "epochs"]:
        assert found.record[key] == printed[key], key


def test_tracking_is_that_of_the_command_moment_by_moment(tmp_path) -> None:
    printed = hge.command("track", "or", "--seed", 3, "--epochs", 12, "--drift", 0.2, "--period", 60, "-o", tmp_path / "or")
    bench = {"drift_v": 0.2, "drift_period_s": 60.0, "step_v": 0.2, "step_at_s": 100.0, "step_electrode": 0}
    for key, frozen in [("tracking", False), ("frozen", True)]:
        epochs: list[hge.Epoch] = []
        found = hge.track("or", 12, frozen=frozen, seed=3, bench=bench, progress=epochs.append)
        moments = printed[key]
        assert found.separations_na.tolist() == [moment["separation_na"] for moment in moments]
        assert found.controls_v.tolist() == [moment["controls_v"] for moment in moments]
        assert len(epochs) == len(found.trained.losses) + 12
        assert found.trained.solved == printed["trained"]
    assert found.wanted_separation_na == printed["wanted_separation_na"]
    assert found.right_share == printed["frozen_right_share"]


def test_open_contacts_and_resistors_calibrate_as_the_command_does(tmp_path) -> None:
    said_open = hge.command("calibrate", "--open", "--device", OPEN, "-o", tmp_path / "open.json")
    printed = hge.command(
        "calibrate", "--resistor", 100, "--open-contacts", tmp_path / "open.json", "--device", RESISTORS
    )
    bench = hge.connect("sim", "xor", device=OPEN)
    opened = bench.open_contacts()
    bench.close()
    assert opened["tones"] == said_open["tones"]
    assert opened == json.loads((tmp_path / "open.json").read_text("utf-8"))
    bench = hge.connect("sim", "xor", device=RESISTORS)
    found = bench.calibrate(resistor_mohm=100, open_contacts=opened)
    assert found["tones"] == printed["tones"]
    bench.arm()
    bench.use(found)
    slopes = bench.measure(CONTROLS_V, windows=8)
    assert np.all(np.abs(slopes.jacobian_na_per_v - 10.0) < 6 * slopes.errors_na_per_v)
    with pytest.raises(hge.HgeError, match="resistor_mohm"):
        bench.calibrate(open_contacts=opened)
    bench.close()


def test_the_settling_is_that_of_a_device_that_relaxes() -> None:
    bench = hge.connect("sim", "xor", bench={"relaxation_s": 0.01, "relaxation_share": 0.3})
    (found,) = bench.settling()
    bench.close()
    assert found is not None
    assert found["time_constant_s"] == pytest.approx(0.01, abs=5 * found["time_constant_error_s"])
    assert found["settle_s"] > found["settle_corrected_s"]
