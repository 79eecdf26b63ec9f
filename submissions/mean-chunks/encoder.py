"""Mean-pooled chunks: a text's token embeddings, cut into k runs, averaged and scaled."""

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

# About 300 times a token embedding's. At the table's own norm the decoder reads on instead of reading back.
NORM = 1000.0


class Encoder:
    """Averages the embeddings of k runs of tokens, as even as can be; a text with fewer repeats its last token.

    The last vector is the one whose output is the first token, so the runs stand in reverse.
    """

    def __init__(self, given):
        network = AutoModelForCausalLM.from_pretrained(given.decoder_folder, dtype=torch.float32)
        self.embeddings = network.get_input_embeddings()
        self.tokenizer = Tokenizer.from_file(str(given.decoder_folder / "tokenizer.json"))
        self.k = given.k

    @torch.no_grad()
    def encode(self, texts):
        """Return `[k, d]` for each text."""
        made = []
        for text in texts:
            ids = self.tokenizer.encode(text, add_special_tokens=False).ids
            embedded = self.embeddings(torch.tensor(ids + ids[-1:] * (self.k - len(ids))))
            vectors = torch.stack([chunk.mean(0) for chunk in torch.tensor_split(embedded, self.k)]).flip(0)
            made.append(vectors * (NORM / vectors.norm(dim=1, keepdim=True)))
        return made
