"""Adam with decoupled weight decay on plain tensors, its rate and its step count on the device."""

import torch

_EPSILON = 1e-8


class Adam:
    """Adam (Kingma and Ba 2015) with decoupled decay (Loshchilov and Hutter 2019), in place.

    It is element-wise, so a batch's samples do not touch each other.
    """

    def __init__(self, parameters: list[torch.Tensor], beta1: float, beta2: float, decay: float = 0.0) -> None:
        self.parameters = parameters
        self._beta1, self._beta2, self._decay = beta1, beta2, decay
        self._first = [torch.zeros_like(parameter) for parameter in parameters]
        self._second = [torch.zeros_like(parameter) for parameter in parameters]
        self._step = torch.zeros((), device=parameters[0].device, dtype=parameters[0].dtype)

    @torch.no_grad()
    def step(self, gradients: tuple[torch.Tensor, ...], rate: torch.Tensor) -> None:
        """Move every parameter by one step; `rate` is a scalar tensor."""
        self._step += 1
        correction1, correction2 = 1 - self._beta1**self._step, 1 - self._beta2**self._step
        for parameter, gradient, first, second in zip(
            self.parameters, gradients, self._first, self._second, strict=True
        ):
            first.mul_(self._beta1).add_(gradient, alpha=1 - self._beta1)
            second.mul_(self._beta2).addcmul_(gradient, gradient, value=1 - self._beta2)
            parameter.mul_(1 - rate * self._decay)
            parameter.sub_(rate * (first / correction1) / ((second / correction2).sqrt() + _EPSILON))
