"""Decoders: frozen causal language models, found by name, loaded from local bytes, read in one layout."""

from cramboard.decoders.catalog import DecoderPlace, decoder_names, find_decoder
from cramboard.decoders.decoder import Decoder, Tokens
from cramboard.decoders.load import check_device, decoder_folder, load_decoder
from cramboard.decoders.precision import float32_products
from cramboard.decoders.stepper import Stepper

__all__ = [
    "Decoder",
    "DecoderPlace",
    "Stepper",
    "Tokens",
    "check_device",
    "decoder_folder",
    "decoder_names",
    "find_decoder",
    "float32_products",
    "load_decoder",
]
