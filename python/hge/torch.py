"""A physical device as a layer of a PyTorch model, trained by its measured Jacobian.

```python
layer = hge.torch.PhysicalLayer(bench)         # its parameter: the controls
outputs_na = layer(inputs_v)                   # [samples, inputs] to [samples, outputs]
```
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import torch

from ._instrument import Instrument
from ._native import HgeError
from ._results import Array, Flags

# Lists between tensors and arrays: PyTorch 1.13 does not know the arrays of NumPy 2.


def _tensor(values: Array, like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values.tolist(), dtype=like.dtype, device=like.device).reshape(values.shape)


class Measure(torch.autograd.Function):
    """Currents at the controls; backward the chain rule with the Jacobian of the same windows."""

    @staticmethod
    def forward(
        ctx: Any, bench: Instrument, controls_v: torch.Tensor, inputs_v: Optional[torch.Tensor]
    ) -> torch.Tensor:
        """Outputs in nA, `[cases, outputs]`, measured with tones."""
        if ctx.needs_input_grad[2]:
            raise HgeError(
                "the inputs carry no tones, so that nothing in front of the layer can be trained: detach them, or make them controls"
            )
        at_v = controls_v.tolist()
        found = [bench.measure(at_v, part) for part in _parts(bench, inputs_v)]
        if any(np.any(part.flags & Flags.CLIPPED) for part in found):
            raise HgeError(f"the outputs clip at {at_v} V, so that they have no slopes: choose other controls")
        ctx.save_for_backward(_tensor(np.concatenate([part.jacobian_na_per_v for part in found]), controls_v))
        return _tensor(np.concatenate([part.outputs_na for part in found]), controls_v)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[None, torch.Tensor, None]:
        """The slope of what follows with every control."""
        (jacobian,) = ctx.saved_tensors
        return None, torch.einsum("co,cok->k", slopes[0], jacobian), None


def _parts(bench: Instrument, inputs_v: Optional[torch.Tensor]) -> list[Any]:
    """The cases, as many at a time as the instrument holds."""
    if inputs_v is None:
        return [None]
    cases_v = inputs_v.tolist()
    return [cases_v[first : first + bench.most_cases] for first in range(0, len(cases_v), bench.most_cases)]


class PhysicalLayer(torch.nn.Module):
    """An armed instrument with its controls as parameter, inside of their ranges."""

    controls_v: torch.nn.Parameter

    def __init__(self, bench: Instrument, start_v: Optional[Any] = None) -> None:
        super().__init__()
        self._bench = bench
        start = np.asarray(bench.middle_v if start_v is None else start_v, dtype=np.float64)
        if start.shape != (len(bench.controls),):
            raise HgeError(f"start_v has the shape {list(start.shape)}: give one voltage for each of the {len(bench.controls)} controls")
        self.controls_v = torch.nn.Parameter(torch.tensor(start.tolist(), dtype=torch.float64))

    def forward(self, inputs_v: Optional[torch.Tensor] = None) -> torch.Tensor:
        """Outputs in nA of these inputs, `[cases, inputs]` in V, or of the experiment's cases; where no gradients are wanted measured without tones."""
        with torch.no_grad():
            # An optimiser's step may have left the ranges.
            low_v, high_v = (_tensor(ends_v, self.controls_v) for ends_v in self._bench.ranges_v.T)
            self.controls_v.clamp_(low_v, high_v)
        if torch.is_grad_enabled() and self.controls_v.requires_grad:
            outputs: torch.Tensor = Measure.apply(self._bench, self.controls_v, inputs_v)
            return outputs
        at_v = self.controls_v.tolist()
        parts_na = [self._bench.outputs(at_v, part) for part in _parts(self._bench, inputs_v)]
        return _tensor(np.concatenate(parts_na), self.controls_v)
