"""Tiny random decoders of the families that the fused pass knows, as transformers networks in float64."""

import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM

COMMON = {
    "vocab_size": 97,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "initializer_range": 0.2,
}


def llama(**changes):
    """Grouped queries, a tied head."""
    config = LlamaConfig(**COMMON | {"num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 16} | changes)
    return random_weights(LlamaForCausalLM(config))


def llama3():
    """Llama 3.2's rope scaling and, as in its large sizes, an untied head."""
    rope = {
        "rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16,
    }  # fmt: skip
    return llama(
        num_attention_heads=4, num_key_value_heads=2, head_dim=32, rope_parameters=rope, tie_word_embeddings=False
    )


def gemma(**changes):
    """Head norms, four norms a layer, scaled embeddings, GeGLU, and a window that the test's rows outgrow."""
    config = Gemma3TextConfig(
        **COMMON | {
            "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 16, "query_pre_attn_scalar": 24,
            "sliding_window": 7, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        } | changes
    )  # fmt: skip
    return random_weights(Gemma3ForCausalLM(config))


def random_weights(network):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * (0.3 if "norm" in name else 0.2))
            if "norm" in name and not isinstance(network, Gemma3ForCausalLM):
                parameter.add_(1)
    return network.double().eval().requires_grad_(False)


FAMILIES = {"llama": llama, "llama3": llama3, "gemma": gemma}
