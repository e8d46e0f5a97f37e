import pytest

from sim.policies import Decision, FleetView, Observation

NEW = FleetView("new", 0.0, 40.0, 15.0, 130.0)
OLD = FleetView("old", 5.0, 60.0, 30.0, 70.0)


@pytest.fixture
def observed():
    """Make an observation: 200 MW limit, no AI, power at 40 USD/MWh, fleets that break even at 130 and 70."""

    def make(time_s=0.0, price=40.0, ai_mw=0.0, **keys):
        return Observation(
            **{
                "time_s": time_s,
                "ai_power_mw": ai_mw,
                "limit_mw": 200.0,
                "price_usd_per_mwh": price,
                "hashprice_usd_per_ph_day": 50.0,
                "commanded_mw": 0.0,
                "fleets": (NEW, OLD),
            }
            | keys
        )

    return make


class Script:
    """A policy that gives its decisions one after the other, the last for ever."""

    def __init__(self, *decisions):
        self.decisions = list(decisions)
        self.asked = 0

    def decide(self, observation):  # noqa: ARG002  # it knows what it says
        self.asked += 1
        return self.decisions[min(self.asked, len(self.decisions)) - 1]


@pytest.fixture
def scripted(monkeypatch):
    """Put a scripted policy into a wrapper: ``scripted(RampLimit, up_mw_per_min=6.0)(60.0, 20.0)``."""

    def wrap(kind, **fields):
        def with_targets(*targets):
            name = next(iter(kind.model_fields["type"].annotation.__args__))
            spec = kind.model_validate({"type": name, "inner": {"type": "always-on"}, **fields})
            decisions = [t if isinstance(t, Decision) else Decision(t, "inner") for t in targets]
            script = Script(*decisions)
            monkeypatch.setattr(type(spec.inner), "start", lambda _: script)
            return spec.start(), script

        return with_targets

    return wrap
