"""A physical layer in a PyTorch model."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import hge  # noqa: E402
import hge.torch  # noqa: E402

from test_measure import CONTROLS_V  # noqa: E402


def test_a_layers_gradient_is_the_chain_rule_of_the_measured_jacobian() -> None:
    readout = torch.tensor([[0.3, -0.7, 0.2, 1.1]], dtype=torch.float64)
    with hge.connect("sim", "xor", seed=5) as bench:
        layer = hge.torch.PhysicalLayer(bench, CONTROLS_V)
        loss = torch.tanh(readout @ layer() / 10).pow(2).sum()
        loss.backward()
    with hge.connect("sim", "xor", seed=5) as bench:
        outputs_na, jacobian, _, _ = bench.measure(CONTROLS_V)
    weights = np.array(readout[0].tolist())
    sum_na = float(weights @ outputs_na[:, 0]) / 10
    of_sum = 2 * np.tanh(sum_na) * (1 - np.tanh(sum_na) ** 2) / 10
    wanted = of_sum * np.einsum("c,ck->k", weights, jacobian[:, 0])
    assert np.array(layer.controls_v.grad.tolist()) == pytest.approx(wanted, rel=1e-6)


def test_more_cases_than_the_instrument_holds_are_measured_in_parts_and_without_gradient_without_tones(monkeypatch) -> None:
    volts = np.random.default_rng(2).uniform(-1, 0.5, (37, 2))
    inputs_v = torch.tensor(volts.tolist(), dtype=torch.float64)
    quiet = {"gate": "xor", "bench": {"noise_na2_per_hz": 0}}
    with hge.connect("sim", quiet, device="linear:2,4,4,3,-2,5,1") as bench:
        layer = hge.torch.PhysicalLayer(bench, CONTROLS_V)
        with monkeypatch.context() as patched, torch.no_grad():
            patched.setattr(hge.Instrument, "measure", None)
            outputs_na = layer(inputs_v)
        assert outputs_na.shape == (37, 1)
        layer(inputs_v).sum().backward()
        layer.requires_grad_(False)
        monkeypatch.setattr(hge.Instrument, "measure", None)
        assert not layer(inputs_v[:3]).requires_grad
    wanted_na = 4 * volts.sum(axis=1) + np.array([2, 3, -2, 5, 1]) @ CONTROLS_V
    assert np.array(outputs_na[:, 0].tolist()) == pytest.approx(wanted_na, abs=5e-3)
    assert np.array(layer.controls_v.grad.tolist()) == pytest.approx(37 * np.array([2, 3, -2, 5, 1]), rel=2e-2)


def test_a_model_of_single_precision_keeps_its_controls_in_their_ranges_and_its_gradient() -> None:
    quiet = {"gate": "xor", "bench": {"noise_na2_per_hz": 0}}
    with hge.connect("sim", quiet, device="linear:2,4,4,3,-2,5,1") as bench:
        model = torch.nn.Sequential(hge.torch.PhysicalLayer(bench), torch.nn.Linear(1, 1)).float()
        with torch.no_grad():
            model[0].controls_v.fill_(9.0)
        outputs = model(None)
        outputs.sum().backward()
        controls_v, ends_v = np.array(model[0].controls_v.tolist()), bench.ranges_v[:, 1]
    assert outputs.dtype == torch.float32
    assert controls_v == pytest.approx(ends_v, abs=1e-6)
    share = float(model[1].weight.detach())
    wanted = 4 * share * np.array([2, 3, -2, 5, 1])
    assert np.array(model[0].controls_v.grad.tolist()) == pytest.approx(wanted, rel=2e-2)


def test_what_has_no_slope_is_refused_instead_of_left_untrained() -> None:
    with hge.connect("sim", "xor") as bench:
        layer = hge.torch.PhysicalLayer(bench)
        front = torch.zeros((4, 2), dtype=torch.float64, requires_grad=True)
        with pytest.raises(hge.HgeError, match="detach"):
            layer(front)
        assert layer(front.detach()).shape == (4, 1)
        with pytest.raises(hge.HgeError, match=r"start_v has the shape \[2\]"):
            hge.torch.PhysicalLayer(bench, [0.0, 0.0])


def test_a_torch_optimiser_trains_a_task() -> None:
    controls_v = torch.full((5,), -0.2, dtype=torch.float64, requires_grad=True)
    wanted_na = np.array([-4.0, 4.0, 4.0, -4.0])
    found = hge.train(
        "xor",
        lambda outputs_na: float(np.mean((outputs_na[:, 0] - wanted_na) ** 2)),
        torch.optim.Adam([controls_v], lr=0.02),
        epochs=60,
    )
    assert found.loss < 0.7 * found.losses[0]
