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
    sum_na = float(readout.numpy()[0] @ outputs_na[:, 0]) / 10
    of_sum = 2 * np.tanh(sum_na) * (1 - np.tanh(sum_na) ** 2) / 10
    wanted = of_sum * np.einsum("c,ck->k", readout.numpy()[0], jacobian[:, 0])
    assert layer.controls_v.grad.numpy() == pytest.approx(wanted, rel=1e-6)


def test_more_cases_than_the_instrument_holds_are_measured_in_parts_and_without_gradient_without_tones() -> None:
    inputs_v = torch.as_tensor(np.random.default_rng(2).uniform(-1, 0.5, (37, 2)))
    quiet = {"gate": "xor", "bench": {"noise_na2_per_hz": 0}}
    with hge.connect("sim", quiet, device="linear:2,4,4,3,-2,5,1") as bench:
        layer = hge.torch.PhysicalLayer(bench, CONTROLS_V)
        with torch.no_grad():
            outputs_na = layer(inputs_v)
        assert outputs_na.shape == (37, 1)
        layer(inputs_v).sum().backward()
    wanted_na = 4 * inputs_v.sum(dim=1).numpy() + np.array([2, 3, -2, 5, 1]) @ CONTROLS_V
    assert outputs_na[:, 0].numpy() == pytest.approx(wanted_na, abs=5e-3)
    assert layer.controls_v.grad.numpy() == pytest.approx(37 * np.array([2, 3, -2, 5, 1]), rel=2e-2)


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


def test_a_physical_layer_with_a_linear_readout_learns_a_disc_that_no_line_separates() -> None:
    random = np.random.default_rng(3)
    points = random.uniform(-1, 1, (48, 2))
    inside = torch.as_tensor((np.hypot(*points.T) < 0.75).astype(np.float64))
    inputs_v = torch.as_tensor(-0.3 + 0.8 * points)
    torch.manual_seed(1)
    keys = {"gate": "xor", "electrodes": {"input_low_v": -1.1, "input_high_v": 0.5}}
    with hge.connect("sim", keys) as bench:
        layer = hge.torch.PhysicalLayer(bench)
        readout = torch.nn.Linear(1, 1, dtype=torch.float64)
        optimiser = torch.optim.Adam(
            [{"params": layer.parameters(), "lr": 0.02}, {"params": readout.parameters(), "lr": 0.1}]
        )
        losses = []
        for _ in range(60):
            optimiser.zero_grad()
            logits = readout(layer(inputs_v) / 10)[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, inside)
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
        with torch.no_grad():
            right = ((readout(layer(inputs_v) / 10)[:, 0] > 0) == (inside > 0.5)).double().mean()
    share = max(inside.mean(), 1 - inside.mean())
    assert losses[-1] < losses[0]
    assert right > share + 0.1
