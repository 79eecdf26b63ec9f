"""One file a rule: how the samples of a task are cut. task.yaml's `builder` names the file.

A builder is a module with two pure functions:

- `draw(source, plan) -> list[tuple[ManifestLine, str]]`: the whole rule. It gives every sample that the plan asks
  for, with its text, in the order of the manifest, the same to the byte on every machine.
- `cut(source, line) -> str`: the text of one sample from its line of the manifest alone.

A task of draws gives them as text (`cramboard.tasks.draws`). One that draws words has `vocabulary(source)` too. The
builder `passages` takes its rule from task.yaml, so it is a class; `cramboard.tasks.building` makes it.
"""
