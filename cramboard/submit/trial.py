"""Run an encoder on a CPU against a tiny decoder of random weights: does it do what the interface says?

The tiny decoder goes by the declared decoder's name and has its width, so that trained projections fit; its tokens
are bytes. Its horizons mean nothing.
"""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cramboard.decoders import decoder_folder, find_decoder
from cramboard.errors import InputError, SubmissionError
from cramboard.run import Asked, Observer, evaluate, plan
from cramboard.schema import Plan, SubmissionSpec
from cramboard.submission import Submission

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_TEXTS = 2
# Weights beyond this are not fetched for a trial: they would not run on a CPU in two minutes.
_WEIGHT_BYTES = 2**30
# The vectors are verified too, which takes minutes with many of them.
_VECTORS = 128
_WIDTH = 64
_BYTES = 257
_CONTEXT = 4096
_SPAN = 16
# What is left of two minutes once everything else is checked.
_SECONDS = 90.0


def too_large(spec: SubmissionSpec) -> str | None:
    """Return why a trial on a CPU would not end in two minutes, None if it should."""
    size = sum(weight.bytes for weight in spec.encoder.weights) if spec.encoder else 0
    if size > _WEIGHT_BYTES:
        return f"the weights have {size} bytes"
    least = _smallest(spec).k
    return f"the smallest plan has {least} vectors" if least > _VECTORS else None


def trial_problems(submission: Submission, unsandboxed: bool) -> list[str]:
    """Return what goes wrong when the encoder makes vectors for two texts with its smallest plan.

    Raises:
        CramboardError: In one line, if it cannot even be started.
    """
    declared = _smallest(submission.spec)
    last = max(submission.spec.suffix, default=0)
    for decoder, tokens in _vocabularies(submission.spec).items():
        if last >= tokens:
            return [f"submission.yaml: field suffix: {last} is no token of {decoder}, which has {tokens}"]
    # A fixed ratio ties span to k: what k vectors are declared to hold, less where a text is shorter.
    span = None if declared.ratio is not None else min(_SPAN, declared.tokens)
    trial = f"trial (k = {declared.k}, {_TEXTS} texts of {span or declared.tokens} tokens, on a CPU)"
    with tempfile.TemporaryDirectory(prefix="cramboard-trial-") as folder:
        asked = Asked(
            task="speeches",
            decoder=str(_save_tiny(Path(folder) / submission.spec.decoders[0], submission.spec)),
            method=str(submission.folder),
            k=declared.k,
            span=span,
            limit=_TEXTS,
            device="cpu",
            unsandboxed=unsandboxed,
            output_dir=Path(folder) / "run",
        )
        try:
            outcome = evaluate(plan(asked, encoder_seconds=_SECONDS), Observer())
        except SubmissionError as error:
            return [f"{trial}: {error}"]
    return sorted({f"{trial}: {failure.reason}" for failure in outcome.failures})


def _smallest(spec: SubmissionSpec) -> Plan:
    """Return the plan of the fewest vectors."""
    return min(spec.plans, key=lambda plan: plan.k)


def _save_tiny(folder: Path, spec: SubmissionSpec) -> Path:
    """Write a 2-layer Llama of random weights as wide as the declared decoder, with a byte tokenizer."""
    import torch
    from safetensors.torch import save_file
    from transformers import LlamaConfig, LlamaForCausalLM

    width = _width(spec.decoders[0])
    heads = width // 64 if width % 64 == 0 else 1
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=max(_BYTES, *(token + 1 for token in spec.suffix), 0),
        hidden_size=width,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=_context(spec.decoders[0]),
        bos_token_id=_BYTES - 1,
        eos_token_id=_BYTES - 1,
        tie_word_embeddings=True,
    )
    config.save_pretrained(folder)
    tensors = LlamaForCausalLM(config).to(torch.bfloat16).state_dict()
    # The head is the embedding table.
    save_file(
        {name: tensor for name, tensor in tensors.items() if name != "lm_head.weight"}, folder / "model.safetensors"
    )
    _byte_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def _width(decoder: str) -> int:
    """Return the width of the declared decoder's embeddings, or a small one if it is not to be had here."""
    return _number(decoder, "hidden_size") or _WIDTH


def _context(decoder: str) -> int:
    """Return the positions that the declared decoder reads: as many vectors must fit here as there."""
    spec = find_decoder(decoder).spec
    return spec.context if spec is not None else _CONTEXT


def _vocabularies(spec: SubmissionSpec) -> dict[str, int]:
    """Return how many tokens each declared decoder has, of those that are to be had here."""
    found = {name: _number(name, "vocab_size") for name in spec.decoders}
    return {name: tokens for name, tokens in found.items() if tokens}


def _number(decoder: str, field: str) -> int:
    """Return a field of the declared decoder's config.json; 0 if it is not to be had here."""
    try:
        config = json.loads((decoder_folder(find_decoder(decoder)) / "config.json").read_text(encoding="utf-8"))
    except (InputError, OSError):
        return 0
    return int(config.get(field) or config.get("text_config", {}).get(field) or 0)


def _byte_tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {char: index for index, char in enumerate(alphabet)} | {"<s>": _BYTES - 1}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>"])
    return tokenizer
