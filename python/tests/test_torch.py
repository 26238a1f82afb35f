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


#: Three inputs over their full ranges, as in `hge reproduce sphere`.
SPHERE = {
    "electrodes": {
        "inputs": [2, 3, 4],
        "controls": [0, 1, 5, 6],
        "control_low_v": [-1.2, -1.2, -0.7, -0.7],
        "control_high_v": [0.6, 0.6, 0.3, 0.3],
    },
    "instrument": {"cases": 32},
    "timing": {"window_samples": 64},
    "tones": {"frequencies_hz": [234.375, 390.625, 546.875, 703.125]},
    "analogue": {"iv_gain_v_per_na": -0.0125},
    "case": [{"inputs_v": [-1.2, -1.2, -1.2], "high": False}, {"inputs_v": [0.6, 0.6, 0.6], "high": True}],
}


def sphere(count: int, random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Input voltages inside and outside of a sphere in turn, and which are inside."""
    points: list[np.ndarray] = []
    while len(points) < count:
        point = random.uniform(-1, 1, 3)
        radius = float(np.linalg.norm(point))
        if radius < 0.675 if len(points) % 2 == 0 else 0.825 <= radius < 1.3:
            points.append(point)
    inside = torch.as_tensor(np.arange(count) % 2 == 0, dtype=torch.float64)
    return torch.as_tensor(-0.3 + 0.9 * np.array(points)), inside


def test_a_physical_layer_with_a_linear_readout_learns_the_sphere_as_the_command_does() -> None:
    random = np.random.default_rng(1)
    training_v, inside = sphere(100, random)
    test_v, test_inside = sphere(1000, random)
    shares = []
    with hge.connect("sim", SPHERE) as bench:
        low_v, high_v = bench.ranges_v.T
        for start in range(4):
            layer = hge.torch.PhysicalLayer(bench, random.uniform(low_v, high_v))
            torch.manual_seed(start)
            with torch.no_grad():
                outputs_na = layer(training_v)
            scale = torch.nn.Linear(1, 1, dtype=torch.float64)
            model = lambda inputs_v: scale((layer(inputs_v) - outputs_na.mean()) / outputs_na.std())[:, 0]  # noqa: E731
            optimiser = torch.optim.Adam(
                [{"params": layer.parameters(), "lr": 0.02}, {"params": scale.parameters(), "lr": 0.1}]
            )
            for _ in range(100):
                optimiser.zero_grad()
                torch.nn.functional.binary_cross_entropy_with_logits(model(training_v), inside).backward()
                optimiser.step()
            with torch.no_grad():
                right = [
                    float(((model(points_v) > 0) == (of > 0.5)).double().mean())
                    for points_v, of in ((training_v, inside), (test_v, test_inside))
                ]
            shares.append(right)
    # `hge reproduce sphere --quick` on this device, its slopes extracted too: 0.786 of the test points by 6 starts
    # of 100 steps. Guessing is right in half, 0.55 once in 1000.
    assert max(shares)[1] > 0.786, shares
