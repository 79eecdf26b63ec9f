"""Decoders with random weights in the shapes of real ones: the speed of a step does not depend on their values."""

from dataclasses import dataclass
from pathlib import Path

import torch

from cramboard.decoders import Decoder
from cramboard.methods.engine.fused.weights import Layer, Product, Shape, Weights

ANCHOR = 0


@dataclass(frozen=True)
class Dimensions:
    """A decoder's dimensions; `gemma` adds head norms, post-norms, GeGLU and a sliding window of 512."""

    layers: int
    d: int
    queries: int
    keys: int
    head: int
    f: int
    vocabulary: int
    gemma: bool = False

    @property
    def parameters(self) -> int:
        """Weights that a token is multiplied with: all matrices, the head's among them."""
        attention = self.d * self.head * (2 * self.queries + 2 * self.keys)
        return self.layers * (attention + 3 * self.d * self.f) + self.vocabulary * self.d


SHAPES = {
    "SmolLM2-135M": Dimensions(30, 576, 9, 3, 64, 1536, 49152),
    "Gemma-3-270M": Dimensions(18, 640, 4, 1, 256, 2048, 262144, gemma=True),
    "Llama-3.2-1B": Dimensions(16, 2048, 32, 8, 64, 8192, 128256),
    "Llama-3.1-8B": Dimensions(32, 4096, 32, 8, 128, 14336, 128256),
}


def random_weights(shape: Dimensions, positions: int, dtype: torch.dtype, pull_dtype: torch.dtype) -> Weights:
    """Return random weights on the GPU, as the fused pass wants them."""
    generator = torch.Generator(device="cuda").manual_seed(0)
    d, wide = shape.d, shape.queries * shape.head

    def product(rows: int, columns: int) -> Product:
        weight = torch.randn(rows, columns, generator=generator, device="cuda", dtype=torch.bfloat16)
        return Product.of([weight / columns**0.5], dtype, pull_dtype)

    def norm(*size: int) -> torch.Tensor:
        return torch.rand(*size, generator=generator, device="cuda") + 0.5

    rates = 1 / (1e5 ** (torch.arange(0, shape.head, 2, device="cuda") / shape.head))
    angles = torch.outer(torch.arange(positions, device="cuda").float(), rates)
    layers = tuple(
        Layer(
            attention_norm=norm(d),
            qkv=product((shape.queries + 2 * shape.keys) * shape.head, d),
            head_norms=norm(2, shape.head) if shape.gemma else None,
            cos=angles.cos(),
            sin=angles.sin(),
            window=512 if shape.gemma else 0,
            output=product(d, wide),
            attention_post=norm(d) if shape.gemma else None,
            mlp_norm=norm(d),
            gate_up=product(2 * shape.f, d),
            down=product(d, shape.f),
            mlp_post=norm(d) if shape.gemma else None,
        )
        for _ in range(shape.layers)
    )
    head = product(shape.vocabulary, d)
    about = Shape(
        shape.queries, shape.keys, shape.head, shape.head**-0.5, 1e-5, shape.gemma, d**0.5 if shape.gemma else 1.0
    )
    return Weights(about, head.forward, layers, norm(d), head)


def random_llama(shape: Dimensions, device: str) -> Decoder:
    """Return a random decoder of a Llama's shape as a transformers network; it has no tokenizer."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=shape.d, num_hidden_layers=shape.layers, num_attention_heads=shape.queries,
        num_key_value_heads=shape.keys, head_dim=shape.head, intermediate_size=shape.f, vocab_size=shape.vocabulary,
        tie_word_embeddings=True, attn_implementation="sdpa",
    )  # fmt: skip

    def load(dtype: torch.dtype) -> LlamaForCausalLM:
        torch.manual_seed(0)
        with torch.device(device):
            return LlamaForCausalLM(config).to(dtype)

    network = load(torch.float32).eval().requires_grad_(False)
    return Decoder(
        name="random", tensors_sha256="0" * 64, anchor=ANCHOR, bos=(), context=8192, network=network, load=load,
        tokenizer=None, ordinary=tuple, device=torch.device(device), folder=Path(),
    )  # fmt: skip
