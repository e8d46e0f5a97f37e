"""The answer to a scenario's question: sentences whose figures are the run's metrics."""

import re
from typing import Annotated, Final

from pydantic import Field, model_validator

from sim.spec import Spec, Text

PLACEHOLDER: Final = re.compile(r"\{([^{}|]*)(?:\|([^{}]*))?\}")
"""A metric in a sentence: its name, and which of its figures where that is not its value."""
FIGURES: Final = ("without", "change", "percent")
"""What may stand behind a metric's name: its value without mining, what it changes, its value in percent."""

MetricName = Annotated[str, Field(min_length=1, max_length=120)]
Words = Annotated[Text, Field(min_length=1, max_length=1000)]


class Condition(Spec):
    """Whether a metric is above a level."""

    metric: MetricName
    """Name of the metric."""
    above: float = 0.0
    """The level, in the metric's unit."""


class Sentence(Spec):
    """One sentence of the answer."""

    say: Words
    """The sentence. ``{site_peak_mw}`` stands for the metric's value with its unit,
    ``{site_peak_mw|without}`` for that without mining, ``{site_peak_mw|change}`` for what mining changes,
    ``{load_factor_ratio|percent}`` for a ratio in percent, as fractions are anyway."""
    when: Condition | None = None
    """Said only where a metric is above a level; left out: always."""
    otherwise: Words | None = None
    """Said where it is not, or the run cannot tell; left out: nothing."""

    @model_validator(mode="after")
    def _reads(self) -> "Sentence":
        if self.otherwise is not None and self.when is None:
            raise ValueError("otherwise is said where when does not hold: it needs when")
        for text in (self.say, self.otherwise or ""):
            for name, figure in PLACEHOLDER.findall(text):
                if not name or (figure and figure not in FIGURES):
                    raise ValueError(
                        f"'{{{name}|{figure}}}' must be a metric's name, with |without, |change or |percent"
                    )
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that it needs."""
        texts = [self.say, self.otherwise or ""]
        names = [name for text in texts for name, _ in PLACEHOLDER.findall(text)]
        return tuple(dict.fromkeys(names if self.when is None else [self.when.metric, *names]))
