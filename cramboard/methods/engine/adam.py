"""Adam with decoupled weight decay on plain tensors; every row has a step count, a rate and a life of its own."""

import torch

_EPSILON = 1e-8


class Adam:
    """Adam (Kingma and Ba 2015) with decoupled decay (Loshchilov and Hutter 2019), in place.

    It is element-wise, so a batch's samples do not touch each other.
    """

    def __init__(self, parameters: tuple[torch.Tensor, ...], beta1: float, beta2: float, decay: float = 0.0) -> None:
        self._parameters = parameters
        self._beta1, self._beta2, self._decay = beta1, beta2, decay
        self._first = [torch.zeros_like(parameter) for parameter in parameters]
        self._second = [torch.zeros_like(parameter) for parameter in parameters]

    def begin(self, row: int) -> None:
        """Forget what `row` has seen."""
        for moment in (*self._first, *self._second):
            moment[row] = 0

    def step(
        self, gradients: tuple[torch.Tensor, ...], rates: torch.Tensor, steps: torch.Tensor, active: torch.Tensor
    ) -> None:
        """Move the active rows by one step.

        Args:
            gradients: One `[b, ..]` for each parameter.
            rates: `[b]`.
            steps: `[b]` steps that each row has taken, this one counted.
            active: `[b]` booleans; the other rows and what they remember stay as they are.
        """
        for parameter, gradient, first, second in zip(
            self._parameters, gradients, self._first, self._second, strict=True
        ):
            shape = (-1, *[1] * (parameter.dim() - 1))
            rate, step, live = rates.view(shape), steps.to(parameter.dtype).view(shape), active.view(shape)
            first.copy_(torch.where(live, first.lerp(gradient, 1 - self._beta1), first))
            second.copy_(torch.where(live, second.lerp(gradient * gradient, 1 - self._beta2), second))
            ascent = first / (1 - self._beta1**step)
            ascent = ascent / ((second / (1 - self._beta2**step)).sqrt() + _EPSILON)
            moved = parameter * (1 - rate * self._decay) - rate * ascent
            parameter.copy_(torch.where(live, moved, parameter))
