"""The board: what people look at. It reads results and never sees a decoder or a vector."""

from cramboard.board.page import render_run

__all__ = ["render_run"]
