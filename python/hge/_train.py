"""Trainings: by the experiment's own loop, or with a loss and an optimiser of one's own."""

from __future__ import annotations

import json
import reprlib
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Protocol, Sequence, Union, runtime_checkable

import numpy as np
import numpy.typing as npt

from ._instrument import DeviceFunction, ExperimentLike, Instrument, connect
from ._native import HgeError
from ._results import Array, Flags

#: From the outputs, nA, `[cases, outputs]`, to the loss, or to the loss and its slope with every output.
Loss = Callable[[Array], Union[float, tuple[float, npt.ArrayLike]]]

#: From controls, V, and the slope of the loss with each of them to new controls.
Step = Callable[[Array, Array], npt.ArrayLike]

#: Step of the outputs for the slope of a loss that does not give it.
_LOSS_STEP_NA = 1e-4


@runtime_checkable
class TorchLike(Protocol):
    """An optimiser like those of `torch.optim`, whose one parameter holds the controls."""

    param_groups: list[dict[str, Any]]

    def step(self) -> Any: ...


@dataclass(frozen=True)
class Epoch:
    """One epoch of a training."""

    epoch: int  #: From 1.
    loss: float
    controls_v: Array  #: Where it was measured.
    outputs_na: Array  #: With tones on, of every case and output.


@dataclass(frozen=True)
class Training:
    """What a training found."""

    controls_v: Array  #: The best controls.
    loss: float  #: There, without tones.
    outputs_na: Array  #: There, without tones, `[cases, outputs]`.
    losses: list[float]  #: Of every epoch, tones on.
    solved: Optional[bool] = None  #: Whether the task is solved with confidence; None for a loss of one's own.
    record: Mapping[str, Any] = field(default_factory=dict)  #: Of the experiment's own loop: all that `hge train --json` says of it.


@dataclass(frozen=True)
class Tracking:
    """A training, and the epochs after it while the device drifts."""

    trained: Training
    times_s: Array  #: Time of measurement since power-up at the end of every epoch.
    separations_na: Array  #: Least difference of a high and a low case, or the task's score.
    accuracies: Array  #: Share of right cases.
    controls_v: Array  #: `[epochs, controls]`.
    wanted_separation_na: float  #: From where on an epoch is right.
    right_share: float  #: Share of epochs that are right.


def train(
    task: Union[Instrument, ExperimentLike],
    loss: Optional[Loss] = None,
    optimiser: Union[Step, TorchLike, None] = None,
    *,
    epochs: Optional[int] = None,
    start_v: Optional[npt.ArrayLike] = None,
    progress: Optional[Callable[[Epoch], object]] = None,
    link: str = "sim",
    device: Union[str, DeviceFunction, None] = None,
    **changes: Any,
) -> Training:
    """Trains a device on a task: a connected instrument, or what `connect` takes with `link`, `device` and `changes`.

    Without `loss`, `optimiser` and `start_v` this is `hge train`: with the same seed the same bits. With one of them a single
    descent begins at `start_v`, or in the middle of the ranges, and measures every case once an epoch; what is left out is the
    experiment's.
    """
    own_loop = loss is not None or optimiser is not None or start_v is not None
    if not (loss is None or callable(loss)):
        raise HgeError(f"loss is {loss!r}: give a function; the experiment's own is its key host.loss")
    if not (optimiser is None or callable(optimiser) or isinstance(optimiser, TorchLike)):
        raise HgeError(
            f"optimiser is {optimiser!r}: give a function or one of torch.optim; the experiment's own is its key host.optimiser"
        )
    if epochs is not None and epochs < 1:
        raise HgeError(f"{epochs} epochs train nothing: choose 1 or more")
    if isinstance(task, Instrument):
        _refuse(link, device, changes)
        if epochs is not None and not own_loop:
            raise HgeError(
                "epochs of the experiment's own loop are its key host.epochs: connect with it, or give a loss, an optimiser or start_v"
            )
    else:
        if epochs is not None and not own_loop:
            changes["host"] = {**changes.get("host", {}), "epochs": epochs}
        with connect(link, task, device=device, **changes) as bench:
            return train(
                bench, loss, optimiser, epochs=epochs, start_v=start_v, progress=progress
            )
    if own_loop:
        return _descend(task, loss, optimiser, epochs or 200, start_v, progress)
    heard = _Heard(task, progress)
    return heard.training(json.loads(task._native.train(heard)))


def track(
    task: Union[Instrument, ExperimentLike],
    epochs: int = 200,
    *,
    frozen: bool = False,
    progress: Optional[Callable[[Epoch], object]] = None,
    link: str = "sim",
    device: Union[str, DeviceFunction, None] = None,
    **changes: Any,
) -> Tracking:
    """Trains by the experiment's own loop, and goes on for `epochs` epochs while the device drifts, as `hge track`.

    The simulated device drifts as `bench` says: `bench={"drift_v": 0.05, "drift_period_s": 60}`. `frozen` keeps the controls where the
    training left them.
    """
    if not isinstance(task, Instrument):
        with connect(link, task, device=device, **changes) as bench:
            return track(bench, epochs, frozen=frozen, progress=progress)
    _refuse(link, device, changes)
    if epochs < 1:
        raise HgeError(f"{epochs} epochs track nothing: choose 1 or more")
    heard = _Heard(task, progress)
    record = json.loads(task._native.track(epochs, frozen, heard))

    def of_moments(key: str) -> Array:
        return np.array([moment[key] for moment in record["moments"]])

    del heard.losses[-epochs:]
    return Tracking(
        heard.training(record["trained"]),
        of_moments("time_s"),
        of_moments("separation_na"),
        of_moments("accuracy"),
        of_moments("controls_v"),
        record["wanted_separation_na"],
        record["right_share"],
    )


def _refuse(
    link: str, device: Union[str, DeviceFunction, None], changes: Mapping[str, Any]
) -> None:
    """What has no effect on an instrument that is connected."""
    given = [*changes, *(["device"] if device is not None else []), *(["link"] if link != "sim" else [])]
    if given:
        raise HgeError(
            f"{given[0]} has no effect on an instrument that is connected: give it to connect"
        )


class _Heard:
    """The epochs of the experiment's own loop, as they come."""

    def __init__(self, bench: Instrument, progress: Optional[Callable[[Epoch], object]]) -> None:
        self._outputs, self._progress = bench.setup.outputs, progress
        self.losses: list[float] = []

    def __call__(self, text: str) -> None:
        record = json.loads(text)
        self.losses.append(record["loss"])
        if self._progress is not None:
            outputs_na = self._by_case(record["outputs_na"])
            controls_v = np.array(record["controls_v"])
            self._progress(Epoch(len(self.losses), record["loss"], controls_v, outputs_na))

    def training(self, record: dict[str, Any]) -> Training:
        """The outcome that the loop's record tells."""
        controls_v, outputs_na = np.array(record["controls_v"]), self._by_case(record["outputs_na"])
        return Training(
            controls_v, record["loss"], outputs_na, self.losses, record["solved"], record
        )

    def _by_case(self, outputs_na: Sequence[float]) -> Array:
        return np.array(outputs_na, dtype=np.float64).reshape(-1, self._outputs)


def _descend(
    bench: Instrument,
    loss: Optional[Loss],
    optimiser: Union[Step, TorchLike, None],
    epochs: int,
    start_v: Optional[npt.ArrayLike],
    progress: Optional[Callable[[Epoch], object]],
) -> Training:
    low_v, high_v = bench.ranges_v.T
    step, held_v = _stepper(bench, optimiser)
    first_v = start_v if start_v is not None else held_v
    controls_v = _controls((low_v + high_v) / 2 if first_v is None else first_v, low_v, high_v, "start_v")
    best_v, least, losses = controls_v, np.inf, []
    for epoch in range(1, epochs + 1):
        found = bench.measure(controls_v)
        if np.any(found.flags & Flags.CLIPPED):
            raise HgeError(
                f"the outputs clip at {controls_v} V (epoch {epoch}), so that they have no slopes: begin elsewhere with start_v"
            )
        value, slope = _evaluate(bench, loss, found.outputs_na)
        losses.append(value)
        if progress is not None:
            progress(Epoch(epoch, value, controls_v, found.outputs_na))
        if value < least:
            best_v, least = controls_v, value
        gradient = np.einsum("co,cok->k", slope, found.jacobian_na_per_v)
        # A function of the caller may work in place: what is kept is not given away.
        stepped_v = step(controls_v.copy(), gradient, found.jacobian_na_per_v)
        controls_v = _controls(stepped_v, low_v, high_v, "what the optimiser returned")
    outputs_na = bench.outputs(best_v)
    return Training(best_v, _evaluate(bench, loss, outputs_na)[0], outputs_na, losses)


def _controls(volts: npt.ArrayLike, low_v: Array, high_v: Array, what: str) -> Array:
    """Voltages of all controls, inside of their ranges."""
    found = np.asarray(volts)
    if found.dtype.kind not in "fiu" or found.size != low_v.size or not np.all(np.isfinite(found)):
        raise HgeError(
            f"{what} is {reprlib.repr(volts)}: {low_v.size} finite voltages are wanted, one for each control"
        )
    controls_v: Array = np.clip(found.astype(np.float64).ravel(), low_v, high_v)
    return controls_v


def _evaluate(bench: Instrument, loss: Optional[Loss], outputs_na: Array) -> tuple[float, Array]:
    """The loss and its slope with every output."""
    if loss is None:
        value, flat = bench._native.loss(outputs_na.ravel().tolist())
        return value, np.reshape(flat, outputs_na.shape)
    value, given = _ask(loss, outputs_na)
    if given is not None:
        return value, given
    slope = np.empty_like(outputs_na)
    for place in np.ndindex(outputs_na.shape):
        step = np.zeros_like(outputs_na)
        step[place] = _LOSS_STEP_NA
        up, down = _ask(loss, outputs_na + step)[0], _ask(loss, outputs_na - step)[0]
        slope[place] = (up - down) / (2 * _LOSS_STEP_NA)
    return value, slope


def _ask(loss: Loss, outputs_na: Array) -> tuple[float, Optional[Array]]:
    """The loss of a caller, and its slope with every output where it gives one."""
    record = loss(outputs_na.copy())
    value, slope = record if isinstance(record, tuple) else (record, None)
    try:
        number = float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise HgeError(
            f"the loss is {reprlib.repr(value)} at outputs of {outputs_na.tolist()} nA: a finite number is wanted"
        )
    if slope is None:
        return number, None
    slopes = np.asarray(slope, dtype=np.float64)
    if slopes.size != outputs_na.size or not np.all(np.isfinite(slopes)):
        raise HgeError(
            f"the slope of the loss has the shape {list(slopes.shape)} or is not finite: give a finite one for every output, {list(outputs_na.shape)}"
        )
    return number, slopes.reshape(outputs_na.shape)


def _stepper(
    bench: Instrument, optimiser: Union[Step, TorchLike, None]
) -> tuple[Callable[[Array, Array, Array], npt.ArrayLike], Optional[Array]]:
    """What makes a step, and where its parameter is."""
    if optimiser is None:
        rule = bench._native.optimiser()

        def by_rule(controls_v: Array, gradient: Array, jacobian: Array) -> npt.ArrayLike:
            rows = jacobian.reshape(-1, len(controls_v)).tolist()
            return rule.step(controls_v.tolist(), gradient.tolist(), rows)

        return by_rule, None
    if not isinstance(optimiser, TorchLike):
        own_step = optimiser
        return lambda controls_v, gradient, _: own_step(controls_v, gradient), None
    parameters = [tensor for group in optimiser.param_groups for tensor in group["params"]]
    if len(parameters) != 1 or parameters[0].numel() != len(bench.controls):
        raise HgeError(
            f"the optimiser holds {len(parameters)} parameters: give it one tensor with the {len(bench.controls)} controls"
        )
    (tensor,) = parameters
    make_step = optimiser.step

    def by_tensor(controls_v: Array, gradient: Array, _: Array) -> npt.ArrayLike:
        tensor.data.copy_(tensor.new_tensor(controls_v.tolist()).reshape(tensor.shape))
        tensor.grad = tensor.new_tensor(gradient.tolist()).reshape(tensor.shape)
        make_step()
        return np.ravel(tensor.tolist())

    return by_tensor, np.ravel(tensor.tolist())
