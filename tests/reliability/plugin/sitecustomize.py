"""Give every Python process that has this folder on its path the test methods beside this file."""

from pathlib import Path

import cramboard.methods

cramboard.methods.__path__.append(str(Path(__file__).parent / "methods"))
