"""What a scenario says of the controller."""

from typing import Annotated

from pydantic import Field

from sim.spec import Spec

Delay = Annotated[float, Field(ge=0.0, le=86_400.0)]


class ControllerSpec(Spec):
    """The site controller: when it learns of a change, and how often it may decide."""

    telemetry_delay_s: Delay = 0.0
    """Time from a change of AI power to its arrival at the controller [s]. ERCOT asks controllable loads for
    2-second telemetry, so 2 to 4 s is usual on a site (unverified); 0 shows what the fleet alone lets
    through."""
    minimum_interval_s: Delay = 0.0
    """Least time between two decisions [s]; what changes in between waits for the next one."""
    order_lead_s: Delay = 60.0
    """How long before an order binds the fleets are brought to its cap [s], for latency and ramps; never
    before it is announced. Default: assumption."""
    telemetry_deadband_mw: Annotated[float, Field(ge=1e-3, le=1e6)] = 0.5
    """While AI power moves gradually, telemetry reports each time it has moved this far [MW], as SCADA does
    by exception (assumption: 0.25 % of a 200 MW site)."""
    telemetry_scan_s: Delay = 0.0
    """While AI power moves gradually, telemetry reports no oftener than this [s]; a jump, and the end of a
    ramp, it reports at once. 1 to 2 s are usual (unverified); 0 leaves it to the deadband."""
