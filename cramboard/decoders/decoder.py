"""A frozen causal language model and the layout in which it is read."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from cramboard.errors import InputError
from cramboard.schema import DecoderRef, Layout

# Texts whose tokens are kept: making and verifying read the same ones, at every span of a curve.
_TEXTS = 128


@dataclass(frozen=True)
class Tokens:
    """Tokens t_1, t_2 ..: their ids, and where each ends in its text (characters, never decreasing).

    `ends` is None for tokens that are drawn as ids: they have no text.
    """

    ids: tuple[int, ...]
    ends: tuple[int, ...] | None

    def text_bytes(self, text: str | None, count: int) -> int | None:
        """Return the UTF-8 bytes of the characters that the first `count` tokens hold whole; None without a text."""
        if text is None or self.ends is None:
            return None
        if count == 0:
            return 0
        end = self.ends[count - 1]
        # A character split over tokens counts with the last of them.
        if count < len(self.ends) and self.ends[count] == end:
            end = max(0, end - 1)
        return len(text[:end].encode("utf-8"))


class Decoder:
    """A decoder reads `[anchor] v_1..v_k suffix t_1 t_2 ..` at positions 0, 1, 2.. under a causal mask.

    In the bare layout, for published protocols, there is no anchor. The suffix is empty unless a submission declares
    one, or a bare layout has the decoder's BOS there; the decoder without vectors reads it too.

    The network is loaded anew for every dtype that is asked for, never cast: what a network computes from its
    configuration (an embedding scale, say) would keep the rounding of the narrower dtype.
    """

    def __init__(
        self,
        name: str,
        tensors_sha256: str,
        anchor: int,
        bos: Sequence[int],
        context: int,
        network: Any,
        load: Callable[[torch.dtype], Any],
        tokenizer: Any,
        ordinary: Callable[[], tuple[int, ...]],
        device: torch.device,
        folder: Path,
    ) -> None:
        self.name = name
        self.tensors_sha256 = tensors_sha256
        self.anchor = anchor
        self.bos = tuple(bos)
        self.context = context
        self.device = device
        self.folder = folder
        self.layout: Layout = "anchored"
        self.suffix: tuple[int, ...] = ()
        self._suffix_ids = torch.empty(0, dtype=torch.long, device=device)
        self.attention: str = network.config._attn_implementation
        self._own = network
        self._load = load
        self._networks: dict[torch.dtype, Any] = {}
        self._tokenizer = tokenizer
        self._ordinary = ordinary
        self._softcap: float | None = getattr(network.config, "final_logit_softcapping", None)
        self._check_head()

    @property
    def ref(self) -> DecoderRef:
        """What certificates say of this decoder."""
        return DecoderRef(
            name=self.name,
            tensors_sha256=self.tensors_sha256,
            anchor=self.anchor,
            layout=self.layout,
            suffix=self.suffix,
        )

    def in_layout(self, layout: Layout, suffix: Sequence[int]) -> "Decoder":
        """Return this decoder reading in `layout`, with `suffix` behind the vectors; the network is shared.

        Raises:
            InputError: If an id is not of its vocabulary.
        """
        for token in suffix:
            if not 0 <= token < self.vocabulary:
                raise InputError(
                    f"field suffix: {token} is no token of decoder {self.name} (0 to {self.vocabulary - 1})"
                )
        other = copy.copy(self)
        other.layout = layout
        other.suffix = tuple(suffix)
        other._suffix_ids = torch.tensor(other.suffix, dtype=torch.long, device=self.device)
        return other

    @property
    def d(self) -> int:
        """The width of an input embedding, and so of a vector."""
        return int(self._own.get_input_embeddings().embedding_dim)

    @property
    def vocabulary(self) -> int:
        """Rows of the output head, |V|."""
        return int(self._own.get_output_embeddings().weight.shape[0])

    def tokenize(self, text: str) -> Tokens:
        """Return the decoder's own tokens of the plain text, without special tokens."""
        return _tokens_of(self._tokenizer, text)

    @cached_property
    def ordinary(self) -> tuple[int, ...]:
        """The ids of the tokens that plain text can consist of, ascending.

        Raises:
            InputError: If they cannot be told from the decoder's tokenizer.
        """
        return self._ordinary()

    def read_draws(self, draws: Sequence[int]) -> Tokens:
        """Return the ordinary tokens that 64-bit draws u stand for: with n of them, the one at `u n >> 64`."""
        n = len(self.ordinary)
        return Tokens(tuple(self.ordinary[draw * n >> 64] for draw in draws), None)

    def room(self, k: int) -> int:
        """Return how many text tokens fit behind what is read before them: the anchor, `k` vectors, the suffix."""
        # The last token is predicted, never read.
        return self.context + 1 - (self.layout == "anchored") - k - len(self.suffix)

    @property
    def foretells_first(self) -> bool:
        """Whether anything stands before t_1 without vectors; if not, nothing but the vectors can predict it."""
        return self.layout == "anchored" or bool(self.suffix)

    def network(self, dtype: torch.dtype) -> Any:
        """Return the causal LM with its weights in `dtype` on the decoder's device, frozen."""
        if dtype not in self._networks:
            self._networks[dtype] = self._load(dtype).to(self.device).eval().requires_grad_(False)
        return self._networks[dtype]

    def embeddings(self, ids: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Return the input embeddings `[.., d]` of token ids `[..]`."""
        embedded: torch.Tensor = self.network(dtype).get_input_embeddings()(ids)
        return embedded

    def spread(self) -> float:
        """Return the standard deviation of the token embeddings' numbers (over the first 4,096 of the vocabulary)."""
        ids = torch.arange(min(4096, self.vocabulary), device=self.device)
        return float(self.embeddings(ids, torch.float32).std())

    def states(self, ids: torch.Tensor, vectors: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
        """Return the final hidden states that predict t_1..t_n, `[b, n, d]`.

        Args:
            ids: `[b, n]` token ids t_1..t_n. The last is predicted and not read.
            vectors: `[b, k, d]`, or None for the decoder without vectors (`[anchor] suffix t_1 t_2 ..`). Where that
                does not `foretells_first`, the states are those that predict t_2..t_n, `[b, n - 1, d]`, n at least 2.
            dtype: What the decoder computes in.
        """
        parts = [self.opening(ids.shape[0], vectors, dtype), self.embeddings(ids[:, :-1], dtype)]
        output = self.network(dtype).get_decoder()(inputs_embeds=torch.cat(parts, dim=1), use_cache=False)
        states: torch.Tensor = output.last_hidden_state[:, max(0, parts[0].shape[1] - 1) :]
        return states

    def opening(self, texts: int, vectors: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
        """Return what is read before a text, `[texts, .., d]`: anchor, `vectors` `[texts, k, d]`, suffix."""
        # Filled, not copied from the host: a CUDA graph may be recording.
        anchors = torch.full((texts, int(self.layout == "anchored")), self.anchor, device=self.device)
        parts = [self.embeddings(anchors, dtype)]
        if vectors is not None:
            parts.append(vectors.to(self.device, dtype))
        if self.suffix:
            parts.append(self.embeddings(self._suffix_ids.expand(texts, -1), dtype))
        return torch.cat(parts, dim=1)

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return the logits `[.., |V|]` of hidden states `[.., d]`, in the states' dtype."""
        return self._capped(self.network(states.dtype).get_output_embeddings()(states))

    def _capped(self, logits: torch.Tensor) -> torch.Tensor:
        return logits if self._softcap is None else self._softcap * torch.tanh(logits / self._softcap)

    def _check_head(self) -> None:
        """Refuse a network whose logits are not its head (and a soft cap) on its last states."""
        ids = torch.tensor([[self.anchor, self.anchor]], device=self._own.device)
        with torch.no_grad():
            output = self._own(input_ids=ids, use_cache=False)
            states = self._own.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state
            logits = self._capped(self._own.get_output_embeddings()(states))
        if not torch.allclose(output.logits.float(), logits.float(), rtol=1e-2, atol=1e-2):
            raise InputError(f"decoder {self.name}: its logits are scaled in a way that cramboard does not know")


@lru_cache(_TEXTS)
def _tokens_of(tokenizer: Any, text: str) -> Tokens:
    encoding = tokenizer.encode(text, add_special_tokens=False)
    ends, last = [], 0
    for _, end in encoding.offsets:
        last = max(last, end)
        ends.append(last)
    return Tokens(tuple(encoding.ids), tuple(ends))
