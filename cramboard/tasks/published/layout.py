"""Where what lies in the published dataset."""

from cramboard.schema import Split

CARD = "README.md"
DATASET = "dataset.yaml"
# What the Hub itself puts into every repository.
HUBS_OWN = frozenset({".gitattributes"})


def table_path(task: str, split: Split) -> str:
    """Return the path of a split's table."""
    return f"{task}/{split}.parquet"


def version_tag(version: str) -> str:
    """Return the tag of a version of the dataset."""
    return f"v{version}"
