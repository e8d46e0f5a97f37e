"""Writes down what a run is counted with, all that the scenario says of it before it runs."""

import json
from dataclasses import fields
from math import inf, nan
from typing import TYPE_CHECKING, Any, TypeVar

from sim.engine.load_views import views_of
from sim.engine.recorder import Recorder
from sim.facts import (
    BatteryFacts,
    CostFacts,
    DemandChargeFacts,
    Facts,
    FleetFacts,
    FourCpFacts,
    GenerationFacts,
    HallFacts,
    LeaseFacts,
    LoadFacts,
    MultipleFacts,
    RunFacts,
    ServiceFacts,
    SpanFacts,
    SupplyFacts,
    ValuationFacts,
)
from sim.facts.limit import CertificateFacts, ToleranceFacts
from sim.grid.interconnection import Tolerance
from sim.market import MarketSpec
from sim.market.ancillary import SERVED_FIRST
from sim.market.demand_charge import TARIFFS
from sim.market.leases import Lease
from sim.market.valuation import ValuationSpec
from sim.mining.events import merged
from sim.policies.certificate import FleetResponse
from sim.scenario.model import Scenario
from sim.scenario.rules import curtailment_share_fraction, parts_of
from sim.signals import Signal
from sim.span import Span

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind", bound="DataclassInstance")


def give_rents(recorder: Recorder, scenario: Scenario) -> None:
    """Record the rent of each lease; no load or policy sees it."""
    for lease in scenario.leases:
        rent_usd_per_h = lease.rent_usd_per_h(scenario.start, scenario.end_s)
        recorder.give(f"lease.{lease.name}.rent_usd_per_h", rent_usd_per_h)


def facts_of(scenario: Scenario) -> Facts:
    """Return all that a scenario states; what a run finds is added to it as it goes on.

    Raises
    ------
    InputError
        A file of coincident peaks will not do.
    """
    market, span, stated = scenario.market, scenario.span, _stated(scenario)
    pool, generation, storage = market.bitcoin.paid_by(), market.generation, scenario.storage
    tolerated = scenario.interconnection.tolerated
    return Facts(
        hall={
            hall.name: _as_stated(
                HallFacts,
                hall,
                load=tuple(load.name for load in scenario.running_loads if load.hall == hall.name),
                water_l_per_kwh=hall.cooling.water_l_per_kwh,
            )
            for hall in scenario.halls
        },
        load={
            load.name: LoadFacts(pue_ratio=None if load.hall is not None else getattr(load, "pue", None))
            | stated.get(load.name, LoadFacts())
            for load in scenario.running_loads
        },
        fleet={
            fleet.name: FleetFacts(
                fleet.full_mw,
                fleet.minimum_mw,
                fleet.efficiency_j_per_th if fleet.product_usd_per_mwh is None else nan,
                fleet.product_usd_per_mwh,
            )
            for fleet in scenario.fleets
        },
        ancillary=_services(market),
        run=_run(scenario),
        lease={lease.name: _lease(lease, scenario) for lease in scenario.leases},
        cost=CostFacts(**scenario.costs.model_dump()),
        certificate=_certificate(scenario),
        tolerance=None if tolerated == Tolerance() else ToleranceFacts(**tolerated.model_dump()),
        valuation=_valuation(scenario.valuation),
        grid=scenario.grid.facts(),
        battery=None if storage is None else _as_stated(BatteryFacts, storage),
        generation=GenerationFacts() if generation is None else _as_stated(GenerationFacts, generation),
        supply=_supply(market, span),
        four_cp=_four_cp(market, span),
        pool_fee_fraction=pool.fee_fraction,
        stale_fraction=pool.stale_fraction,
        demand_charge=_demand_charge(market),
        billing_month=_billing_months(market, span),
    )


def _as_stated(kind: type[Kind], description: object, **other: Any) -> Kind:
    """Return facts of a kind: those that a description states by the same name, and others."""
    names = [item.name for item in fields(kind) if item.name not in other]
    return kind(**{name: getattr(description, name) for name in names}, **other)


def _certificate(scenario: Scenario) -> CertificateFacts | None:
    """Return what the policy reckons with if it claims to keep the limit."""
    claim, controller = scenario.policy.claim, scenario.controller
    if claim is None:
        return None
    response = FleetResponse.of(fleet.response_times for fleet in scenario.fleets)
    down = response.ramp_down_mw_per_s
    return CertificateFacts(
        claim.margin_mw,
        claim.drift_mw,
        controller.telemetry_delay_s,
        controller.telemetry_scan_s,
        controller.minimum_interval_s,
        response.latency_s,
        down if down < inf else None,
        response.fall_s,
    )


def _stated(scenario: Scenario) -> dict[str, LoadFacts]:
    """Return what such a policy counts on of the loads."""
    if scenario.policy.claim is None:
        return {}
    return {
        name: LoadFacts(
            stated_mw=view.stated_mw if view.stated_mw < inf else None,
            announces=view.announces,
            silence_means_down=view.silence_means_down,
            drifts=view.drifts,
            rise_mw_per_s=view.rise_mw_per_s if view.rise_mw_per_s < inf else None,
        )
        for name, view in views_of(scenario).items()
    }


def _services(market: MarketSpec) -> dict[str, ServiceFacts]:
    """Return the services whose amounts are left to the policy."""
    left = {entry.service: entry for entry in market.ancillary if entry.policy_up_to_mw is not None}
    return {
        name: ServiceFacts(left[name].policy_up_to_mw or 0.0, left[name].restored_after_s)
        for name in SERVED_FIRST
        if name in left
    }


def _run(scenario: Scenario) -> RunFacts:
    offset = scenario.start.utcoffset()
    return RunFacts(
        seed=float(scenario.seed) if scenario.grid.count_limits else None,
        utc_offset_s=0.0 if offset is None else offset.total_seconds(),
        filled_s=_filled_s(scenario) or None,
    )


def _filled_s(scenario: Scenario) -> float:
    """Return the time in which some file has no row, and something is said to hold [s]."""
    said = json.dumps(scenario.model_dump(mode="json"))
    if '"max_gap_s"' not in said and '"outside"' not in said:
        return 0.0
    files = scenario.span.files
    if not files.digests():  # in a process that was sent the scenario, nothing is read yet
        scenario.check_files()
    spans_s = [(max(from_s, 0.0), to_s) for each in files.filled().values() for from_s, to_s in each]
    return sum(max(0.0, to_s - from_s) for from_s, to_s in merged(spans_s))


def _lease(lease: Lease, scenario: Scenario) -> LeaseFacts:
    start_s, end_s = lease.span_s(scenario.start)
    return _as_stated(
        LeaseFacts,
        lease,
        term_years=float(lease.term_years),
        by_delivery=lease.rent_from == "delivery",
        curtailment_share_fraction=curtailment_share_fraction(
            lease, scenario.leases, scenario.interconnection.highest_mw
        ),
        start_s=start_s,
        end_s=end_s,
        pass_through=lease.power == "pass-through",
        tenant_keeps_curtailment=lease.curtailment_value == "tenant",
        part=tuple(parts_of(lease, scenario.loads)),
    )


def _valuation(spec: ValuationSpec) -> ValuationFacts:
    return _as_stated(
        ValuationFacts,
        spec,
        mining_life_years=float(spec.mining_life_years),
        mining_multiple=MultipleFacts(**spec.mining_multiple.model_dump()),
        ai_multiple=MultipleFacts(**spec.ai_multiple.model_dump()),
    )


def _supply(market: MarketSpec, span: Span) -> SupplyFacts:
    # its settlement alone counts here, whatever the price
    contract = market.supply.contract(Signal.constant(0.0, span.end_s), span.end_s)
    return SupplyFacts(
        resale=None if contract is None else contract.settlement == "resale",
        as_consumed=None if contract is None else contract.settlement == "as-consumed",
        delivery_usd_per_mwh=market.supply.delivery_usd_per_mwh if market.supply.has_delivery else None,
    )


def _four_cp(market: MarketSpec, span: Span) -> FourCpFacts | None:
    spec = market.four_cp
    if spec is None:
        return None
    peaks = {peak.name: SpanFacts(peak.start_s, peak.end_s) for peak in spec.peaks(span)}
    return FourCpFacts(
        spec.rate_usd_per_kw_year,
        spec.previous_average_mw,
        peaks,
        spec.unknown_count(span, peaks),
        spec.terms.peaks_count,
        spec.minimum_mw or None,
    )


def _demand_charge(market: MarketSpec) -> DemandChargeFacts | None:
    spec = market.demand_charge
    if spec is None:
        return None
    posted = None if spec.tariff is None else TARIFFS[spec.tariff].collateral_usd_per_mw
    return DemandChargeFacts(
        spec.usd_per_kw_month,
        spec.interval_s,
        spec.billed_ratchet_fraction,
        spec.previous_peak_mw,
        spec.minimum_mw or None,
        None if posted is None else posted * (spec.contract_mw or 0.0),
    )


def _billing_months(market: MarketSpec, span: Span) -> dict[str, SpanFacts]:
    months = [] if market.demand_charge is None else market.demand_charge.months(span)
    return {month.name: SpanFacts(month.start_s, month.end_s) for month in months}
