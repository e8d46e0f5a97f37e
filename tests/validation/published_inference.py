"""The shape of demand for inference against the published traces."""

from functools import partial

from published import DATA, PublishedCase, Relative

from sim.ai import InferenceLoad
from sim.ai.demand import (
    CODE_WEEKDAY,
    CODE_WEEKEND,
    CONVERSATION_WEEKDAY,
    CONVERSATION_WEEKEND,
    weekly_profile,
)
from sim.signals import FloatArray
from sim.tables import Files

TITLE = "Inference: demand over the week"
AZURE = "AzurePublicDataset, LLM Inference Trace 2024"
WEEK_FILE = "llm_rate_hourly_azure2024.csv"
MINUTES_PER_WEEK = 7 * 24 * 60


def hourly_ratio(column: str) -> FloatArray:
    """Return the demand of a service over its highest hour, by hour of the week."""
    service = InferenceLoad(
        type="inference",
        name="azure",
        power_mw=1.0,
        profile="file",
        profile_file=WEEK_FILE,
        profile_column=column,
    )
    return service.hourly_ratio(Files([DATA]))


def of_service(
    name: str,
    weekday: tuple[float, ...],
    weekend: tuple[float, ...],
    mean_per_min: float,
    figures: tuple[float, float, float, float, float],
) -> list[PublishedCase]:
    """Return the cases of one service."""
    swing, weekend_share, requests, peak_over_trough, peak_over_mean = figures
    hourly = partial(hourly_ratio, f"{name.lower()}_req_per_min")

    def case(what: str, published: float, ours, fraction: float, **more: str) -> PublishedCase:
        return PublishedCase(f"{name}: {what}", AZURE, published, ours, Relative(fraction), **more)

    return [
        case("highest over lowest hour of a weekday", swing, lambda: max(weekday) / min(weekday), 0.05),
        case("weekend over weekday", weekend_share, lambda: sum(weekend) / sum(weekday), 0.05),
        case(
            "requests of the week",
            requests,
            lambda: weekly_profile(weekday, weekend).mean() * mean_per_min * MINUTES_PER_WEEK / 1e6,
            0.01,
            unit="million",
        ),
        case(
            "highest over lowest hour, from a file",
            peak_over_trough,
            lambda: 1.0 / hourly().min(),
            0.05,
            needs=WEEK_FILE,
        ),
        case(
            "highest hour over mean, from a file",
            peak_over_mean,
            lambda: 1.0 / hourly().mean(),
            0.05,
            needs=WEEK_FILE,
        ),
    ]


CASES = [
    *of_service("Code", CODE_WEEKDAY, CODE_WEEKEND, 1675.0, (9.6, 0.32, 16.80, 30.6, 3.01)),
    *of_service(
        "Conversation",
        CONVERSATION_WEEKDAY,
        CONVERSATION_WEEKEND,
        2694.0,
        (1.93, 0.57, 27.30, 3.51, 1.66),
    ),
]
