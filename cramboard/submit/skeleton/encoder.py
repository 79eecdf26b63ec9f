"""Mean-pooled chunks: a text's token embeddings, cut into k runs and averaged. Put your encoder here."""

from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM


class Encoder:
    """A class with these two functions is an encoder; its name and file are in submission.yaml."""

    def __init__(self, given: Any) -> None:
        """Load what is needed, once.

        Args:
            given: decoder, decoder_folder, weights, k, d, span, batch, device, seed.
        """
        self.k = given.k
        self.device = given.device
        self.tokenizer = Tokenizer.from_file(str(given.decoder_folder / "tokenizer.json"))
        network = AutoModelForCausalLM.from_pretrained(given.decoder_folder, dtype=torch.float32)
        self.embeddings = network.get_input_embeddings().to(given.device)

    @torch.no_grad()
    def encode(self, texts: list[str]) -> list[torch.Tensor]:
        """Return `[k, d]` for each text; the decoder reads these k vectors and must give the text back."""
        made = []
        for text in texts:
            ids = self.tokenizer.encode(text, add_special_tokens=False).ids
            ids += ids[-1:] * (self.k - len(ids))
            embedded = self.embeddings(torch.tensor(ids, device=self.device))
            made.append(torch.stack([chunk.mean(0) for chunk in torch.tensor_split(embedded, self.k)]))
        return made
