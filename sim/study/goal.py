"""What a tuning is to make large: a metric, or mining margin less a price on exceedance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.errors import ResultError


@dataclass(frozen=True, slots=True)
class Objective:
    r"""What is wanted of a run, as one number; more is better.

    Notes
    -----
    Without a metric it is :math:`M - c\,E`: mining margin [USD] less a price on each megawatt-hour above the
    limit.
    """

    metric: str | None = None
    """Name of a metric; None: mining margin less the price on exceedance."""
    minimise: bool = False
    """Whether less of the metric is better."""
    exceedance_usd_per_mwh: float = 10_000.0
    """Price on energy above the limit, where no metric is named [USD/MWh]. Default: assumption."""

    @property
    def name(self) -> str:
        """What it is, for tables."""
        if self.metric is not None:
            return f"{'less' if self.minimise else 'more'} {self.metric}"
        return f"mining_margin_usd - {self.exceedance_usd_per_mwh:g} * exceedance_mwh"

    def of(self, metrics: Mapping[str, float | None]) -> float:
        """Return the number of a run.

        Parameters
        ----------
        metrics
            Value of each metric by name; None where not assessable.

        Raises
        ------
        ResultError
            The run has no such metric, or cannot tell it.

        Examples
        --------
        >>> Objective().of({"mining_margin_usd": 5000.0, "exceedance_mwh": 0.1})
        4000.0
        """
        if self.metric is None:
            charge_usd = self.exceedance_usd_per_mwh * self._value(metrics, "exceedance_mwh")
            return self._value(metrics, "mining_margin_usd") - charge_usd
        value = self._value(metrics, self.metric)
        return -value if self.minimise else value

    @staticmethod
    def _value(metrics: Mapping[str, float | None], name: str) -> float:
        value = metrics.get(name)
        if value is None:
            why = "cannot be told" if name in metrics else "is no metric"
            raise ResultError(f"{name} {why} of these runs: name another one with --metric")
        return value


MARGIN: Final = Objective()
"""Mining margin less the price on exceedance: what is wanted unless a metric is named."""
