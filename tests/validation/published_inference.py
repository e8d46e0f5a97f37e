"""Demand for inference, and the power and energy of its replicas, against published traces and figures."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd
from published import (
    DATA,
    Absolute,
    Band,
    Calibration,
    Evidence,
    Identity,
    PublishedCase,
    Relative,
    Tolerance,
)
from quick import run

from sim.ai.replicas import MODELS, power_fraction, token_energy_j
from sim.result import Result
from sim.testing import a_scenario
from sim.units import FloatArray

TITLE = "Inference"
AZURE = "AzurePublicDataset, LLM Inference Trace 2024"
AZURE_2023 = "AzurePublicDataset 2023 (Splitwise, ISCA 2024): conversation, 58 min"
SERVEGEN = "ServeGen, arXiv:2505.09999"
ML_ENERGY = "ML.ENERGY leaderboard"
WEEK_FILE = "llm_rate_hourly_azure2024.csv"
HOUR_FILE = "llm_requests_azure2023_conv.csv.gz"
MONDAY = "2024-01-01T00:00:00Z"
HOUR_S = 3600.0
WEEK_D = 7.0
REQUESTS_M = {"code": 16.80, "conversation": 27.30}
MEAN_PER_MIN = {"code": 1675.0, "conversation": 2694.0}
PEAK_RATIO = {"code": 2.77, "conversation": 1.53}
"""Highest hour of the weekday profile over the mean of the week."""
BY_DEMAND = {"idle_power_fraction": 0.0, "capacity_ratio": 100.0, "pue": 1.0, "power_mw": 1.0}
"""What makes the power of a service its demand over the demand at 1 MW: no idle power and no limit."""


def run_service(days: float, **keys: object) -> Result:
    """Run a service alone from a Monday on."""
    load = {"type": "inference", "name": "chat"} | keys
    return run(a_scenario(DATA, loads=[load], fleets=[], days=days, start=MONDAY))


def demand_per_s(days: float, step_s: float, **keys: object) -> FloatArray:
    """Return the demand of a service at each step of a run [1/s], read off its power."""
    power = run_service(days, **(keys | BY_DEMAND)).recording["ai_power_mw"]
    return power.at(np.arange(0.0, power.end_s, step_s)) * keys["traffic"]["peak_requests_per_s"]


def column_of(file: str, column: str) -> FloatArray:
    return pd.read_csv(DATA / file)[column].to_numpy()


def spread(values: FloatArray) -> float:
    return float(values.std() / values.mean())


def correlation(values: FloatArray, lag: int) -> float:
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


def peak_over_trough(values: FloatArray) -> float:
    return float(values.max() / values.min())


def peak_over_mean(values: FloatArray) -> float:
    return float(values.max() / values.mean())


def in_a_file(file: str, measured: Callable[[], float]) -> float:
    """Return what is measured in a file, where there is one."""
    return float(measured()) if (DATA / file).is_file() else float("nan")


# --- the week ---------------------------------------------------------------------------------------------


def requests_m(service: str) -> float:
    """Return the requests of a simulated week in millions; noise of the fitted size is on."""
    peak_per_s = PEAK_RATIO[service] * MEAN_PER_MIN[service] / 60.0
    traffic = {"peak_requests_per_s": peak_per_s, "dispersion_ratio": 12.0}
    keys = {"profile": f"azure-{service}", "noise_sigma": 0.03, "capacity_ratio": 9.0, "power_mw": 1.0}
    metrics = run_service(WEEK_D, traffic=traffic, **keys).metrics
    return float(metrics["ai.chat.served_query_count"]) / 1e6


@cache
def hours_of_week(service: str) -> FloatArray:
    """Return the demand of a simulated week in the middle of each hour [1/s], shape (7, 24)."""
    traffic = {"peak_requests_per_s": PEAK_RATIO[service] * MEAN_PER_MIN[service] / 60.0}
    keys = {"profile": f"azure-{service}", "noise_sigma": 0.0, "update_interval_s": HOUR_S / 2.0}
    calm = traffic | {"dispersion_ratio": 1.0}
    return demand_per_s(WEEK_D, HOUR_S / 2.0, traffic=calm, **keys)[1::2].reshape(7, 24)


def weekday_swing(service: str) -> float:
    return peak_over_trough(hours_of_week(service)[:5].mean(axis=0))


def weekend_over_weekday(service: str) -> float:
    hours = hours_of_week(service)
    return float(hours[5:].mean() / hours[:5].mean())


def keys_from_file(service: str) -> dict[str, object]:
    """Return the keys of a service that follows the hours of the measured week."""
    column = f"{service}_req_per_min"
    peak_per_s = column_of(WEEK_FILE, column).max() / 60.0
    return {
        "profile": "file",
        "profile_file": WEEK_FILE,
        "profile_column": column,
        "noise_sigma": 0.0,
        "update_interval_s": HOUR_S / 2.0,
        "traffic": {"peak_requests_per_s": peak_per_s, "dispersion_ratio": 1.0},
    }


def requests_from_file_m(service: str) -> float:
    metrics = run_service(WEEK_D, power_mw=1.0, **keys_from_file(service)).metrics
    return float(metrics["ai.chat.served_query_count"]) / 1e6


@cache
def hours_from_file(service: str) -> FloatArray:
    """Return the demand in the middle of each hour of a simulated week that follows the file [1/s]."""
    return demand_per_s(WEEK_D, HOUR_S / 2.0, **keys_from_file(service))[1::2]


def of_week(service: str, figures: tuple[float, float, float, float]) -> list[PublishedCase]:
    """Return the cases of one service over a week."""
    swing, weekend, over_trough, over_mean = figures
    total, hours = REQUESTS_M[service], partial(hours_from_file, service)
    column = partial(column_of, WEEK_FILE, f"{service}_req_per_min")

    def case(what: str, published: float, ours, tolerance: Tolerance, **more: str) -> Calibration:
        return Calibration(f"V6 {service.capitalize()}: {what}", AZURE, published, ours, tolerance, **more)

    def from_file(what: str, published: float, ours, tolerance: Tolerance, **more: str) -> Identity:
        name = f"V6 {service.capitalize()}: {what}, from a file"
        return Identity(name, AZURE, published, ours, tolerance, needs=WEEK_FILE, **more)

    return [
        case("requests of the week", total, partial(requests_m, service), Relative(0.01), unit="million"),
        case("highest over lowest hour of a weekday", swing, partial(weekday_swing, service), Relative(0.01)),
        case("weekend over weekday", weekend, partial(weekend_over_weekday, service), Absolute(0.005)),
        from_file(
            "requests of the week",
            total,
            partial(requests_from_file_m, service),
            Relative(0.01),
            unit="million",
        ),
        from_file("highest over lowest hour", over_trough, lambda: peak_over_trough(hours()), Relative(0.02)),
        from_file("highest hour over mean", over_mean, lambda: peak_over_mean(hours()), Relative(0.005)),
        *(
            from_file(
                f"autocorrelation after {lag} h",
                in_a_file(WEEK_FILE, lambda lag=lag: correlation(column(), lag)),
                lambda lag=lag: correlation(hours(), lag),
                Absolute(0.005),
            )
            for lag in (1, 24)
        ),
    ]


# --- fluctuation ------------------------------------------------------------------------------------------


@cache
def minutes_per_s(per_min: float, dispersion: float, sigma: float) -> FloatArray:
    """Return the demand in each minute of 30 days without a profile [1/s]."""
    traffic = {"peak_requests_per_s": per_min / 60.0, "dispersion_ratio": dispersion}
    return demand_per_s(30.0, 60.0, profile="flat", noise_sigma=sigma, traffic=traffic)


FITTED = {"code": (8.0, 0.078), "conversation": (13.0, 0.03)}
"""Variance over mean of a minute's number, and spread of what all users have in common; fitted."""
MINUTES = [
    ("code", 504.0, 0.149),
    ("code", 1058.0, 0.127),
    ("code", 3425.0, 0.092),
    ("conversation", 1775.0, 0.090),
    ("conversation", 2739.0, 0.069),
    ("conversation", 3561.0, 0.072),
]
"""Service, its requests per minute in a third of all minutes, and their spread read off a figure."""


def rates_file(service: str) -> str:
    return f"llm_rate_10min_servegen_{service}.csv"


def residual(rates: FloatArray) -> FloatArray:
    """Return what a moving mean over seven values leaves, over that mean."""
    smooth = np.convolve(np.pad(rates, 3, mode="edge"), np.ones(7) / 7.0, "valid")
    return rates / smooth - 1.0


def median_step(rates: FloatArray) -> float:
    return float(np.median(np.abs(np.diff(np.log(rates)))))


def residual_correlation(rates: FloatArray) -> float:
    return correlation(residual(rates), 1)


def measured_rates(service: str) -> FloatArray:
    return column_of(rates_file(service), "rate_rps")


@cache
def generated_rates(service: str, sigma: float) -> FloatArray:
    """Return the 10-minute rates of 14 simulated days of a like service [1/s]."""
    traffic = {"peak_requests_per_s": measured_rates(service).max(), "dispersion_ratio": 12.0}
    keys = {"profile": "azure-conversation", "noise_sigma": sigma, "noise_time_min": 15.0}
    return demand_per_s(14.0, 60.0, traffic=traffic, **keys).reshape(-1, 10).mean(axis=1)


@cache
def replayed_per_s() -> FloatArray:
    """Return the demand in each minute of 14 days that follow the record of rates [1/s]."""
    traffic = {"peak_requests_per_s": measured_rates("m_large").max()}
    rates = {"file": rates_file("m_large")}
    return demand_per_s(14.0, 60.0, profile="rates", rates=rates, noise_sigma=0.0, traffic=traffic)


def hourly_swing(values: FloatArray, an_hour: int) -> float:
    return peak_over_trough(values.reshape(-1, an_hour).mean(axis=1))


def of_rates(
    name: str, service: str, measure, ours, tolerance: Tolerance, kind: type[PublishedCase] = Calibration
) -> PublishedCase:
    """Return a case whose published number is measured in a file of 10-minute rates."""
    file = rates_file(service)
    published = in_a_file(file, partial(lambda: measure(measured_rates(service))))
    return kind(f"ServeGen, {name}", f"{SERVEGEN}: {file}", published, ours, tolerance, needs=file)


FLUCTUATION = [
    *(
        Calibration(
            f"{service.capitalize()}: spread of minutes at {per_min:,.0f} a minute",
            f"{AZURE}, thirds of the minutes by load, read off a figure to about 10 %",
            published,
            lambda service=service, per_min=per_min: spread(minutes_per_s(per_min, *FITTED[service])),
            Relative(0.10),
        )
        for service, per_min, published in MINUTES
    ),
    *(
        of_rates(
            f"{kind} service: {what}",
            service,
            measure,
            lambda measure=measure, service=service, sigma=sigma: measure(generated_rates(service, sigma)),
            tolerance,
        )
        for kind, service, sigma in [("mature", "m_large", 0.10), ("new", "deepseek_r1", 0.20)]
        for what, measure, tolerance in [
            ("median step of 10 minutes", median_step, Relative(0.10)),
            ("autocorrelation of what an hour's mean leaves", residual_correlation, Absolute(0.10)),
        ]
    ),
    of_rates(
        "replayed: highest over lowest hour",
        "m_large",
        partial(hourly_swing, an_hour=6),
        lambda: hourly_swing(replayed_per_s(), an_hour=60),
        Relative(0.02),
        Identity,
    ),
    of_rates("replayed: spread", "m_large", spread, lambda: spread(replayed_per_s()), Relative(0.02), Identity),
]


# --- a record of requests ---------------------------------------------------------------------------------


@cache
def hour_of_requests() -> Result:
    """Run four GPUs on the record, in steps of a second."""
    return run_service(
        HOUR_S / 86_400.0,
        profile="requests",
        requests={"file": HOUR_FILE},
        update_interval_s=1.0,
        replicas={"gpus": 4},
    )


def dispersion_of_minutes() -> float:
    """Return variance over mean of a minute's number of requests, less a parabola."""
    per_s = demand_per_s(
        3480.0 / 86_400.0,
        1.0,
        profile="requests",
        requests={"file": HOUR_FILE},
        traffic={"peak_requests_per_s": 10.0},
        update_interval_s=1.0,
    )
    counts = per_s.reshape(-1, 60).sum(axis=1)[1:-1]
    trend = np.polyval(np.polyfit(np.arange(counts.size), counts, 2), np.arange(counts.size))
    return float(np.mean((counts - trend) ** 2 / trend))


REQUESTS = [
    Identity(
        "An hour of requests: served",
        AZURE_2023,
        19_366,
        lambda: float(hour_of_requests().metrics["ai.chat.served_query_count"]),
        Relative(1e-6),
        needs=HOUR_FILE,
    ),
    Identity(
        "An hour of requests: tokens served",
        AZURE_2023,
        in_a_file(HOUR_FILE, partial(lambda: column_of(HOUR_FILE, "output_tokens").sum())),
        lambda: hour_of_requests().recording.constants["load.chat.served_token_count"],
        Relative(1e-6),
        needs=HOUR_FILE,
    ),
    Identity(
        "An hour of requests: variance over mean of a minute's number",
        f"{AZURE_2023}, detrended",
        7.1,
        dispersion_of_minutes,
        Relative(0.10),
        needs=HOUR_FILE,
    ),
]


# --- power and energy of replicas -------------------------------------------------------------------------


LLAMA_70B = MODELS["llama-3.1-70b", "h100"]
TOKENS = 352.0
MEDIANS = {
    "h100": {8: 0.63, 32: 0.69, 64: 0.75, 128: 0.82, 256: 0.84, 512: 0.83},
    "b200": {8: 0.65, 32: 0.69, 64: 0.75, 128: 0.77, 256: 0.86, 512: 0.83},
}
"""Power over rated power, median over models, by batch."""


def query_wh() -> float:
    """Return what a query of 350 tokens takes at the meter in a simulated week [Wh]."""
    keys = {"replicas": {"gpus": 4000}, "traffic": {"output_tokens_count": 350.0}, "capacity_ratio": 1.5}
    return float(run_service(WEEK_D, **keys).metrics["ai.chat.energy_per_query_wh"])


@cache
def a_week_of(parking: str, parked_state: str) -> tuple[float, float]:
    """Return highest over lowest hour of power and the unserved share of the measured week, 40,000 GPUs."""
    keys = keys_from_file("conversation")
    del keys["traffic"], keys["update_interval_s"]
    replicas = {"gpus": 40_000, "parking": parking, "parked_state": parked_state}
    result = run_service(WEEK_D, replicas=replicas, **keys)
    power = result.recording["ai_power_mw"]
    minutes_mw = power.at(np.arange(0.0, power.end_s, 60.0))
    return hourly_swing(minutes_mw, an_hour=60), float(result.metrics["ai.chat.unserved_fraction"])


REPLICAS = [
    *(
        Calibration(
            f"{gpu.upper()}: power over rated power at batch {batch}",
            f"{ML_ENERGY}, median over models",
            median,
            partial(power_fraction, gpu, float(batch)),
            Absolute({"h100": 0.04, "b200": 0.07}[gpu]),
        )
        for gpu, medians in MEDIANS.items()
        for batch, median in medians.items()
    ),
    *(
        Calibration(
            f"Llama 3.1 70B on four H100: energy of a token at batch {batch}",
            f"{ML_ENERGY}, GPUs alone",
            joules,
            partial(token_energy_j, LLAMA_70B, float(batch)),
            Relative(0.05),
            "J",
        )
        for batch, joules in [(8, 3.76), (32, 1.21), (64, 0.80), (128, 0.56), (512, 0.42)]
    ),
    *(
        Calibration(
            f"Llama 3.1 70B on four H100: energy of a query at batch {batch}",
            f"{ML_ENERGY}, GPUs alone, 352 tokens out",
            watt_hours,
            lambda batch=batch: float(token_energy_j(LLAMA_70B, float(batch))) * TOKENS / 3600.0,
            Relative(0.05),
            "Wh",
        )
        for batch, watt_hours in [(8, 0.365), (128, 0.056), (512, 0.041)]
    ),
    Evidence(
        "Energy of a query at the meter, 350 tokens out",
        "Google, 2025: median prompt; 0.3 (Epoch), 0.34 (OpenAI, 2025): between them",
        0.24,
        query_wh,
        Band(0.24, 0.34),
        "Wh",
    ),
    *(
        Identity(
            f"Power over a week of traffic, highest over lowest hour: {name}",
            f"{AZURE}: conversation, 3.51; {why}",
            published,
            lambda states=states: a_week_of(*states)[0],
            tolerance,
            needs=WEEK_FILE,
        )
        for name, states, why, published, tolerance in [
            (
                "replicas stay in service",
                ("resident", "idle"),
                "power curves of ML.ENERGY: 10 to 25 %",
                1.175,
                Band(1.10, 1.25),
            ),
            (
                "parked and switched off",
                ("autoscale", "off"),
                "about proportional: a spare replica in eight (assumption)",
                3.51,
                Band(0.87 * 3.51, 3.51),
            ),
            ("backfilled", ("backfill", "idle"), "flat", 1.0, Absolute(1e-9)),
        ]
    ),
]


CASES = [
    *of_week("code", (9.6, 0.32, 30.6, 3.01)),
    *of_week("conversation", (1.93, 0.57, 3.51, 1.66)),
    *FLUCTUATION,
    *REQUESTS,
    *REPLICAS,
]
