"""The dataset's card: YAML that the Hub's viewer and `datasets` read, and a page for people."""

import re
from collections.abc import Sequence
from pathlib import Path

import jinja2

from cramboard.schema import DatasetSpec
from cramboard.tasks.published.columns import CONTENTS, MEANINGS, features
from cramboard.tasks.published.layout import table_path, version_tag
from cramboard.tasks.task import Task

_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K"}
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def card(dataset: DatasetSpec, tasks: Sequence[Task], repository: str) -> str:
    """Return README.md of the published dataset."""
    template = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    ).get_template("card.md.j2")
    body = template.render(
        dataset=dataset,
        repository=repository,
        tag=version_tag(dataset.version),
        columns=MEANINGS | {name: CONTENTS[name] for name in sorted({task.spec.form for task in tasks}, reverse=True)},
        tasks=tasks,
    )
    return f"---\n{_metadata(dataset, tasks).strip()}\n---\n\n{body}"


def _metadata(dataset: DatasetSpec, tasks: Sequence[Task]) -> str:
    from datasets import DatasetInfo
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    samples = sum(len(task.lines) for task in tasks)
    languages = sorted({task.spec.language for task in tasks if _LANGUAGE.fullmatch(task.spec.language)})
    metadata = DatasetCardData(
        pretty_name=dataset.title,
        license=list(dataset.licences),
        language=languages,
        size_categories=[next(name for below, name in _SIZES.items() if samples < below)],
        task_categories=["text-generation", "feature-extraction"],
        tags=list(dataset.tags),
        configs=[
            {
                "config_name": task.spec.name,
                "data_files": [{"split": split, "path": table_path(task.spec.name, split)} for split in task.counts],
            }
            for task in tasks
        ],
    )
    infos = {task.spec.name: DatasetInfo(features=features(task.spec)) for task in tasks}
    DatasetInfosDict(infos).to_dataset_card_data(metadata)
    return metadata.to_yaml()
