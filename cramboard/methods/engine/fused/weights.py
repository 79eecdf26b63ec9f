"""A decoder's weights as the fused pass wants them, and which decoders it knows."""

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Shape:
    """What the fused pass must know of a decoder besides its weights.

    Attributes:
        queries: Query heads.
        keys: Key and value heads.
        head: Width of a head.
        scale: Of the attention's scores.
        eps: Of every norm.
        gelu: GeGLU (tanh form) instead of SwiGLU.
        embedding_scale: Factor on token embeddings; vectors are taken as they are.
    """

    queries: int
    keys: int
    head: int
    scale: float
    eps: float
    gelu: bool
    embedding_scale: float


@dataclass(frozen=True)
class Product:
    """A matrix product's weight `[out, in]`: rounded for the forward pass, and for the backward pass."""

    forward: torch.Tensor
    backward: torch.Tensor

    @classmethod
    def of(cls, parts: list[torch.Tensor], forward: torch.dtype, backward: torch.dtype) -> "Product":
        """Round the weights `[out_i, in]`, one below the other."""
        whole = torch.cat([part.detach() for part in parts])
        rounded = whole.to(forward)
        return cls(rounded, rounded if forward == backward else whole.to(backward))


@dataclass(frozen=True)
class Layer:
    """One layer. Norm weights are float32 `[d]`, ready to multiply with; None where the family has no such norm.

    `cos` and `sin` are `[positions, head / 2]` float32, `window` is 0 for full attention, `head_norms` `[2, head]`.
    """

    attention_norm: torch.Tensor
    qkv: Product
    head_norms: torch.Tensor | None
    cos: torch.Tensor
    sin: torch.Tensor
    window: int
    output: Product
    attention_post: torch.Tensor | None
    mlp_norm: torch.Tensor
    gate_up: Product
    down: Product
    mlp_post: torch.Tensor | None


@dataclass(frozen=True)
class Weights:
    """A whole decoder: `embeddings` `[|V|, d]` (forward dtype), its layers, its last norm and its head."""

    shape: Shape
    embeddings: torch.Tensor
    layers: tuple[Layer, ...]
    norm: torch.Tensor
    head: Product


def known(config: Any) -> bool:
    """Say whether the fused pass computes this transformers configuration: Llama's and Gemma 3's families."""
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    plain = not getattr(config, "attention_bias", False) and head in (16, 32, 64, 128, 256)
    if config.model_type == "llama":
        rope = config.rope_parameters["rope_type"]
        return bool(plain and config.hidden_act == "silu" and not config.mlp_bias and rope in ("default", "llama3"))
    if config.model_type == "gemma3_text":
        softcaps = config.attn_logit_softcapping or config.final_logit_softcapping
        ropes = {rope["rope_type"] for rope in config.rope_parameters.values()}
        return bool(
            plain
            and config.hidden_activation == "gelu_pytorch_tanh"
            and not softcaps
            and not config.use_bidirectional_attention
            and ropes <= {"default", "linear"}
        )
    return False


def weights_of(network: Any, positions: int, forward: torch.dtype, backward: torch.dtype) -> Weights:
    """Take the weights of a transformers causal LM that is `known`, loaded in float32 (float64 in tests).

    Args:
        network: The causal LM; its tensors' device is the result's.
        positions: Positions that rows reach.
        forward: What the forward pass computes its products in.
        backward: What the backward pass does.
    """
    config, body = network.config, network.get_decoder()
    gemma = config.model_type == "gemma3_text"
    wide = network.get_input_embeddings().weight.dtype

    def norm(module: Any) -> torch.Tensor:
        weight: torch.Tensor = module.weight.detach()
        return 1.0 + weight if gemma else weight

    def product(*modules: Any) -> Product:
        return Product.of([module.weight for module in modules], forward, backward)

    at = torch.arange(positions, device=network.device)[None]
    like = torch.zeros(1, device=network.device, dtype=wide)
    layers = []
    for index, layer in enumerate(body.layers):
        kind = config.layer_types[index] if gemma else None
        cos, sin = body.rotary_emb(like, at, kind) if gemma else body.rotary_emb(like, at)
        attention, mlp = layer.self_attn, layer.mlp
        half = cos.shape[-1] // 2
        layers.append(
            Layer(
                attention_norm=norm(layer.input_layernorm),
                qkv=product(attention.q_proj, attention.k_proj, attention.v_proj),
                head_norms=torch.stack([norm(attention.q_norm), norm(attention.k_norm)]) if gemma else None,
                cos=cos[0, :, :half].contiguous(),
                sin=sin[0, :, :half].contiguous(),
                window=config.sliding_window if kind == "sliding_attention" else 0,
                output=product(attention.o_proj),
                attention_post=norm(layer.post_attention_layernorm) if gemma else None,
                mlp_norm=norm(layer.pre_feedforward_layernorm if gemma else layer.post_attention_layernorm),
                gate_up=product(mlp.gate_proj, mlp.up_proj),
                down=product(mlp.down_proj),
                mlp_post=norm(layer.post_feedforward_layernorm) if gemma else None,
            )
        )
    embeddings = network.get_input_embeddings()
    head = product(network.get_output_embeddings())
    tied = network.get_output_embeddings().weight is embeddings.weight
    first = body.layers[0].self_attn
    return Weights(
        shape=Shape(
            queries=config.num_attention_heads,
            keys=config.num_key_value_heads,
            head=first.head_dim,
            scale=float(first.scaling),
            eps=float(config.rms_norm_eps),
            gelu=gemma,
            embedding_scale=float(embeddings.scalar_embed_scale) if gemma else 1.0,
        ),
        embeddings=head.forward if tied else embeddings.weight.detach().to(forward),
        layers=tuple(layers),
        norm=norm(body.norm),
        head=head,
    )
