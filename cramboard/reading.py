"""How a decoder reads a sample: the one place where tasks and decoders meet. Runs and the verifier both come here."""

import math
from dataclasses import dataclass

from cramboard.decoders import Decoder, Tokens
from cramboard.tasks import Sample, Task
from cramboard.tasks.entropy import prefix_bits


@dataclass(frozen=True)
class Reading:
    """A sample as one decoder reads it.

    Attributes:
        sample: What is read.
        tokens: The decoder's own tokens of it.
        source_bits: The source entropy of the first 1, 2 .. tokens in bits, where the sample's source is known:
            None for texts that people wrote.
    """

    sample: Sample
    tokens: Tokens
    source_bits: tuple[float, ...] | None

    def source_bits_of(self, count: int) -> float | None:
        """Return the source entropy of the first `count` tokens, or None where the source is not known."""
        if self.source_bits is None:
            return None
        return self.source_bits[count - 1] if count else 0.0


def tokens_of(sample: Sample, decoder: Decoder) -> Tokens:
    """Return the tokens that a decoder reads of a sample: its own of a text, those that draws stand for otherwise."""
    content = sample.content
    return decoder.tokenize(content) if isinstance(content, str) else decoder.read_draws(content)


def read(task: Task, sample: Sample, decoder: Decoder) -> Reading:
    """Read a sample of `task` with what its source is worth.

    A token that is drawn uniformly from n ordinary ones is worth log2 n bits. A text of words that are drawn uniformly
    is worth what `prefix_bits` says.

    Raises:
        InputError: If the decoder's ordinary tokens are asked for and not known.
        MachineError: If the package that carries the words of a random text is missing.
    """
    tokens = tokens_of(sample, decoder)
    words = task.words()
    source_bits = None
    if tokens.ends is None:
        source_bits = tuple(count * math.log2(len(decoder.ordinary)) for count in range(1, len(tokens.ids) + 1))
    elif words is not None and sample.text is not None:
        source_bits = prefix_bits(sample.text, tokens.ends, words)
    return Reading(sample, tokens, source_bits)
