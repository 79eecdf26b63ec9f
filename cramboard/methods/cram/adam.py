"""Adam with decoupled weight decay on plain tensors, its rate and its step count on the device."""

import torch

# Both moments forget within about ten steps: the published cramming protocols use 0.9 for both, and it pays here.
_BETA = 0.9
_EPSILON = 1e-8


class Adam:
    """Adam (Kingma and Ba 2015) with decoupled decay (Loshchilov and Hutter 2019), in place.

    It is element-wise, so a batch's samples do not touch each other.
    """

    def __init__(self, parameters: list[torch.Tensor], decay: float = 0.0) -> None:
        self.parameters = parameters
        self._decay = decay
        self._first = [torch.zeros_like(parameter) for parameter in parameters]
        self._second = [torch.zeros_like(parameter) for parameter in parameters]
        self._step = torch.zeros((), device=parameters[0].device, dtype=parameters[0].dtype)

    @torch.no_grad()
    def step(self, gradients: tuple[torch.Tensor, ...], rate: torch.Tensor) -> None:
        """Move every parameter by one step; `rate` is a scalar tensor."""
        self._step += 1
        correction = 1 - _BETA**self._step
        for parameter, gradient, first, second in zip(
            self.parameters, gradients, self._first, self._second, strict=True
        ):
            first.mul_(_BETA).add_(gradient, alpha=1 - _BETA)
            second.mul_(_BETA).addcmul_(gradient, gradient, value=1 - _BETA)
            parameter.mul_(1 - rate * self._decay)
            parameter.sub_(rate * (first / correction) / ((second / correction).sqrt() + _EPSILON))
