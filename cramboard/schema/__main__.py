"""`python -m cramboard.schema FOLDER`: what `make schemas` types."""

import sys
from pathlib import Path

from cramboard.schema.export import export

export(Path(sys.argv[1]))
