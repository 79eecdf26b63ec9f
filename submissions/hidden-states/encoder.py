"""The decoder's own hidden states, scaled: what its reading of a text holds when it is read again as vectors."""

import torch
from tokenizers import Tokenizer
from transformers import AutoModel

# The states before the last two blocks; the last ones are turned to the output and do not serve as an input.
LAYER = -3
# About 300 times a token embedding's; at 30 the decoder foretells the first token no better than without.
NORM = 1000.0


class Encoder:
    """Reads a text twice over: in the second reading each state foretells its next token, the last one the first.

    Of k runs of the text, as even as can be, it takes the states that foretell their first tokens. The last vector is
    the one whose output is the text's first token, so they stand in reverse.
    """

    def __init__(self, given):
        self.network = AutoModel.from_pretrained(given.decoder_folder, dtype=torch.float32).to(given.device).eval()
        self.tokenizer = Tokenizer.from_file(str(given.decoder_folder / "tokenizer.json"))
        self.k, self.device = given.k, given.device

    @torch.no_grad()
    def encode(self, texts):
        """Return `[k, d]` for each text."""
        return [self._one(text) for text in texts]

    def _one(self, text):
        # The first position is where most decoders keep their attention sink: something that is no text sits there.
        start = self.network.config.bos_token_id or 0
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        read = torch.tensor([[start, *ids, *ids]], device=self.device)
        states = self.network(read, output_hidden_states=True).hidden_states[LAYER][0]
        n = len(ids)
        # states[n + i] foretells token i + 1 of the text (from 0) in its second reading, states[2 n] token 0.
        ahead = [n + run * n // self.k if run * n // self.k > 0 else 2 * n for run in range(self.k)]
        vectors = states[ahead].flip(0)
        return vectors * (NORM / vectors.norm(dim=1, keepdim=True))
