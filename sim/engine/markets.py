"""Opens the market of a run: records what is in force, and tells the controller what is published, when."""

from collections.abc import Callable

from sim.clock import Clock, feed
from sim.engine.coincident_peaks import open_four_cp
from sim.engine.controller import Controller
from sim.engine.forecasts import open_forecasts
from sim.engine.power_desk import PowerDesk
from sim.engine.recorder import Recorder
from sim.policies import FleetView
from sim.rng import stream
from sim.scenario.model import Scenario
from sim.signals import Signal


class Markets:
    """What the site pays and is paid in one run, and the limit that it has to keep.

    Parameters
    ----------
    clock, recorder, controller
        What the campus is made of.
    views
        Returns the fleets as a policy sees them, at a hashprice [USD/(PH/s)/d].
    scenario
        Whose market to open.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        controller: Controller,
        views: Callable[[float], tuple[FleetView, ...]],
        scenario: Scenario,
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._controller = controller
        self._scenario = scenario
        self._views = views
        self._span = scenario.files, scenario.start_utc_s, scenario.end_s
        PowerDesk(self._publish, recorder, controller, scenario)
        controller.forecaster = open_forecasts(recorder, scenario)
        four_cp = scenario.market.four_cp
        if four_cp is not None:
            open_four_cp(four_cp, self._publish, controller.show, recorder, scenario)
        self._open_bitcoin()

    def _open_bitcoin(self) -> None:
        bitcoin, seed = self._scenario.market.bitcoin, self._scenario.seed
        for name, signal in bitcoin.signals(*self._span, stream(seed, "market/bitcoin")).items():
            self._recorder.give(name, signal)
        pool = bitcoin.paid_by()
        self._recorder.constant("pool_fee_fraction", pool.fee_fraction)
        self._recorder.constant("stale_fraction", pool.stale_fraction)
        self._publish(bitcoin.published(*self._span, stream(seed, "market/bitcoin")), self._set_hashprice)

    def _publish(self, signal: Signal, tell: Callable[[float], None]) -> None:
        """Tell each value of a step signal when it comes: the first at once."""
        feed(self._clock, signal, tell)

    def _set_hashprice(self, hashprice_usd_per_ph_day: float) -> None:
        self._controller.hashprice_usd_per_ph_day = hashprice_usd_per_ph_day
        self._controller.fleets = self._views(hashprice_usd_per_ph_day)
        self._controller.notice()
