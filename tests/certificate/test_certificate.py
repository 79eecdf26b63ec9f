"""A certificate comes back as it was issued, or is refused in one line."""

import json

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from cramboard.certificate import CERTIFICATE, VECTORS, Claim, issue, load_certificate, merge, render
from cramboard.errors import InputError
from cramboard.keys import sha256_bytes
from cramboard.run.control import read_control
from cramboard.schema import DecoderRef, MethodRef, TaskRef

ABOUT = {
    "task": TaskRef(name="essays", version="1.0.0", manifest_sha256="a" * 64),
    "decoder": DecoderRef(name="tiny", tensors_sha256="b" * 64, anchor=0),
    "method": MethodRef(name="cram", settings={"steps": 3, "rate": 0.1}),
    "k": 2,
    "seed": 0,
}


def claim(name: str, span: int = 8) -> Claim:
    return Claim(name, "c" * 64, "d" * 64, span)


def claims(*names: str):
    generator = torch.Generator().manual_seed(0)
    return [(claim(name), torch.randn(2, 4, generator=generator)) for name in names]


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, data in files.contents().items():
        (folder / name).write_bytes(data)
    return folder


def forged(folder, tensors: dict, vectors: bytes | None = None, **changes):
    """Write a certificate for any tensors, or any file of them, with every hash made to fit, as a forger would."""
    files = issue(claims("one"), **ABOUT)
    data = save(tensors) if vectors is None else vectors
    certificate = files.certificate.model_copy(update={"vectors_sha256": sha256_bytes(data), **changes})
    from cramboard.certificate import _own_sha256

    certificate = certificate.model_copy(update={"sha256": _own_sha256(certificate)})
    (folder / VECTORS).write_bytes(data)
    (folder / CERTIFICATE).write_bytes(render(certificate))
    return folder


def test_what_is_issued_comes_back(tmp_path):
    files = issue(claims("one", "two"), **ABOUT)
    back = load_certificate(write(tmp_path, files))
    assert back.certificate == files.certificate
    assert [entry.sample for entry in back.certificate.entries] == ["one", "two"]
    for entry, (_, vectors) in zip(back.certificate.entries, claims("one", "two"), strict=True):
        assert torch.equal(back.of(entry), vectors)


def test_the_order_of_the_claims_carries_nothing():
    forward, backward = issue(claims("one", "two"), **ABOUT), issue(reversed(claims("one", "two")), **ABOUT)
    assert forward.contents() == backward.contents()


def test_equal_vectors_are_stored_once():
    vectors = torch.ones(2, 4)
    files = issue([(claim("one"), vectors), (claim("two"), vectors.clone())], **ABOUT)
    assert len(files.vectors) == 1


def test_merging_parts_gives_the_certificate_of_the_whole():
    first, second = claims("one", "two")
    parts = [issue([second], **ABOUT), issue([first], **ABOUT)]
    assert merge(parts).contents() == issue([first, second], **ABOUT).contents()


def test_a_bfloat16_certificate_comes_back_as_it_was_rounded(tmp_path):
    [(name, vectors)] = claims("one")
    files = issue([(name, vectors)], **ABOUT, dtype="bfloat16")
    back = load_certificate(write(tmp_path, files))
    assert torch.equal(back.of(back.certificate.entries[0]), vectors.bfloat16().float())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_changed_byte_is_refused(tmp_path, data):
    folder = write(tmp_path, issue(claims("one", "two"), **ABOUT))
    path = folder / data.draw(st.sampled_from([CERTIFICATE, VECTORS]))
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(content))
    with pytest.raises(InputError) as error:
        load_certificate(folder)
    assert path.name in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("change", [b" ", b"\n"])
def test_an_added_byte_is_refused(tmp_path, change):
    folder = write(tmp_path, issue(claims("one"), **ABOUT))
    for name in (CERTIFICATE, VECTORS):
        path = folder / name
        original = path.read_bytes()
        path.write_bytes(original + change)
        with pytest.raises(InputError, match=name):
            load_certificate(folder)
        path.write_bytes(original)


def test_another_line_end_is_another_byte(tmp_path):
    folder = write(tmp_path, issue(claims("one"), **ABOUT))
    for end in (b"\r\n", b"\r"):
        (folder / CERTIFICATE).write_bytes(render(issue(claims("one"), **ABOUT).certificate).replace(b"\n", end))
        with pytest.raises(InputError, match=r"certificate\.json: its bytes are not the ones that were issued"):
            load_certificate(folder)


def name_of(tensor: torch.Tensor) -> str:
    return sha256_bytes(tensor.numpy().tobytes())[:16]


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (torch.zeros(2, 5), r"\[2, 5\].*certificate.json says float32 \[2, 4\]"),
        (torch.zeros(2, 4, dtype=torch.float64), "float64"),
        (torch.full((2, 4), float("nan")), "NaN"),
        (torch.full((2, 4), float("inf")), "infinity"),
    ],
)
def test_a_tensor_that_is_not_finite_k_by_d_is_refused_though_every_hash_fits(tmp_path, tensor, says):
    entry = issue(claims("one"), **ABOUT).certificate.entries[0].model_copy(update={"tensor": name_of(tensor)})
    with pytest.raises(InputError, match=says):
        load_certificate(forged(tmp_path, {name_of(tensor): tensor}, entries=(entry,)))


def headed(dtype: str, shape: list[int], size: int) -> bytes:
    """A safetensors file of zeros whose head says what torch has no tensor of."""
    head = json.dumps({"control": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}).encode()
    return len(head).to_bytes(8, "little") + head + bytes(size)


@pytest.mark.parametrize(
    ("dtype", "shape", "size"), [("F32", [0, 2**63], 0), ("F4", [2], 1), ("F8_E8M0", [2], 2), ("F32", [0, 2**64], 0)]
)
def test_a_head_that_torch_has_no_tensor_for_is_refused_in_a_line(tmp_path, dtype, shape, size):
    data = headed(dtype, shape, size)
    folder = forged(tmp_path, {}, vectors=data)
    with pytest.raises(InputError, match=r"vectors\.safetensors: not a valid safetensors file \(.+\)") as error:
        load_certificate(folder)
    assert "\n" not in str(error.value)
    (tmp_path / "control.safetensors").write_bytes(data)
    with pytest.raises(InputError, match=r"control\.safetensors: not a valid safetensors file") as error:
        read_control(tmp_path / "control.safetensors", 1, 64)
    assert "\n" not in str(error.value)


def test_a_tensor_beside_the_entries_is_refused(tmp_path):
    [(_, vectors)] = claims("one")
    tensors = {name_of(vectors): vectors, "note": torch.zeros(2, 4)}
    with pytest.raises(InputError, match=r"'note' is not both in the file and in certificate\.json"):
        load_certificate(forged(tmp_path, tensors))


def test_a_tensor_named_after_something_else_is_refused(tmp_path):
    [(_, vectors)] = claims("one")
    entry = issue(claims("one"), **ABOUT).certificate.entries[0].model_copy(update={"tensor": "hello"})
    with pytest.raises(InputError, match="'hello' is not named after its content"):
        load_certificate(forged(tmp_path, {"hello": vectors}, entries=(entry,)))


def test_metadata_in_the_vectors_file_is_refused(tmp_path):
    folder = forged(tmp_path, {name_of(claims("one")[0][1]): claims("one")[0][1]})
    data = save({name_of(claims("one")[0][1]): claims("one")[0][1]}, metadata={"note": "the text itself"})
    certificate = load_certificate(folder).certificate
    from cramboard.certificate import _own_sha256

    certificate = certificate.model_copy(update={"vectors_sha256": sha256_bytes(data)})
    certificate = certificate.model_copy(update={"sha256": _own_sha256(certificate)})
    (folder / VECTORS).write_bytes(data)
    (folder / CERTIFICATE).write_bytes(render(certificate))
    with pytest.raises(InputError, match="metadata"):
        load_certificate(folder)


def test_a_key_that_does_not_follow_from_its_fields_is_refused(tmp_path):
    entry = issue(claims("one"), **ABOUT).certificate.entries[0].model_copy(update={"span": 9})
    [(_, vectors)] = claims("one")
    with pytest.raises(InputError, match="key of sample one"):
        load_certificate(forged(tmp_path, {name_of(vectors): vectors}, entries=(entry,)))


def test_a_newer_schema_is_refused_by_name(tmp_path):
    folder = write(tmp_path, issue(claims("one"), **ABOUT))
    path = folder / CERTIFICATE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 2}))
    with pytest.raises(InputError, match=r"schema version 2 is newer .* upgrade cramboard"):
        load_certificate(folder)


@pytest.mark.parametrize("missing", [CERTIFICATE, VECTORS])
def test_a_missing_file_is_named(tmp_path, missing):
    folder = write(tmp_path, issue(claims("one"), **ABOUT))
    (folder / missing).unlink()
    with pytest.raises(InputError, match=missing):
        load_certificate(folder)
