"""One file a reader: what the files of a source say, as clean prose. task.yaml's `passages.reader` names the file.

A reader is a module with three pure functions, as `cramboard.tasks.reading.Reader` describes them: `names`, `read`
and `may_open`.
"""
