"""The seam through which units are executed. An executor owns nothing but the where and when."""

from cramboard.run.executors.choose import choose_executor
from cramboard.run.executors.inline import INLINE, InlineExecutor
from cramboard.run.executors.interface import Executor

__all__ = ["INLINE", "Executor", "InlineExecutor", "choose_executor"]
