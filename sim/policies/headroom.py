"""What the limit and the fleets let through of the power that a policy wishes for."""

from sim.policies.base import Decision, FleetView, Observation


def reachable_mw(target_mw: float, fleets: tuple[FleetView, ...]) -> float:
    """Return what the fleets can draw together that is nearest to a target [MW].

    Examples
    --------
    >>> reachable_mw(200.0, (FleetView("miners", 5.0, 60.0, 17.5, 100.0),))
    60.0
    """
    minimum_mw = sum(fleet.minimum_mw for fleet in fleets)
    rated_mw = sum(fleet.rated_mw for fleet in fleets)
    return min(max(target_mw, minimum_mw), rated_mw)


def within_headroom(
    wanted_mw: float, reason: str, observation: Observation, margin_mw: float, wake_at_s: float | None = None
) -> Decision:
    """Return the decision to draw a power, cut at the headroom less a margin.

    Parameters
    ----------
    wanted_mw
        Power that the fleets are to draw if the limit allows [MW].
    reason
        Why; it gives way to ``headroom`` or ``no headroom`` where the limit cuts.
    observation
        What is known of limit and AI power.
    margin_mw
        Power kept free below the limit [MW].
    wake_at_s
        When to ask again [s].
    """
    free_mw = max(0.0, observation.headroom_mw - margin_mw)
    if wanted_mw <= free_mw:
        return Decision(wanted_mw, reason, wake_at_s)
    return Decision(free_mw, "headroom" if free_mw > 0.0 else "no headroom", wake_at_s)
