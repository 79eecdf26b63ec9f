"""How every page is rendered: Jinja2 with autoescape, an error for a name that is not there, and few filters."""

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from cramboard.board.colours import DARK, LIGHT
from cramboard.results.words import number, plain, whole

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def environment() -> "Environment":
    """Return the environment of all templates; everything that is not marked safe is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("cramboard.board"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["at_least"] = at_least
    made.filters["bits"] = _bits
    made.filters["figure"] = _figure
    made.filters["plain"] = plain
    made.filters["whole"] = whole
    return made


def style_sheet(*names: str) -> str:
    """Return the style sheets `names`, one after the other, with the colours of both themes."""
    return "".join(environment().get_template(name).render(light=LIGHT, dark=DARK) for name in names)


def _figure(value: float | None, spread: float | None) -> str:
    """Write a published figure with its spread as it was published."""
    if value is None:
        return ""
    return f"{value:,g}" if spread is None else f"{value:,.6g} ± {spread:,.6g}"


def _bits(nats: float | None) -> str:
    """Write an information in nats as bits."""
    return "" if nats is None else number(nats / math.log(2))


def at_least(value: str) -> str:
    """Set the '>=' that the terminal prints as the sign."""
    return f"≥ {value[3:]}" if value.startswith(">= ") else value
