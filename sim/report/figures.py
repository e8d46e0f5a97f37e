"""Figures for print: PNG files in our style, whose bytes depend on the result alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.recording import Recording
from sim.report.chart_data import bin_edges_s, duration_curve, power_channels, window_of
from sim.report.format import LocalTime
from sim.report.worst_windows import Moment
from sim.shipped import shipped
from sim.signals import FloatArray, Signal
from sim.whole import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: Final[Mapping[str, str]] = shipped("sim.report", "style.json")["print_colours"]
"""Colours on a light ground; the page's style sheet has its own for a dark one."""


@contextmanager
def print_style(font_size: float, title_size: float) -> Iterator[None]:
    """Draw in our style, whatever the user's own is; sizes are in points."""
    import matplotlib as mpl  # noqa: PLC0415  # slow to import, and not every command draws

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rc_file(Path(__file__).with_name("print.mplstyle"), use_default_template=False)
        mpl.rcParams.update({"font.size": font_size, "axes.titlesize": title_size})
        yield


def save_figure(figure: "Figure", path: Path, dots_per_in: float = 150.0) -> None:
    """Write a figure as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  # see above

    FigureCanvasAgg(figure)
    # the program's version is left out, so that the same picture has the same bytes
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=dots_per_in, metadata={"Software": None})


Scale = Callable[[FloatArray], NDArray[np.datetime64]]
"""Turns seconds from the start into dates."""

WIDTH_IN: Final = 10.0
MOST_BINS: Final = 1500
"""Bins for extremes over the run: about as many as there are dots for them."""
MOST_MEANS: Final = 400
"""Bins for means: wider, so that the course of a day does not fill a year with one colour."""
MOST_POINTS: Final = 4000
"""Up to so many breakpoints a line is drawn exactly."""


def write_figures(
    recording: Recording,
    clock: LocalTime,
    moments: tuple[Moment, ...],
    curves: Sequence[Mapping[str, Any]],
    folder: Path,
) -> None:
    """Write the figures of a run.

    Parameters
    ----------
    recording
        The run.
    clock
        Its local time.
    moments
        The moments worth a close look; the first gets a figure.
    curves
        Power spectral densities, see `sim.report.stability`; none where there is no spectrum.
    folder
        Existing folder for ``power.png``, ``price_and_target.png``, ``load_duration.png``, ``spectrum.png``
        where there is one, and ``worst.png`` where there is such a moment.
    """
    with print_style(9.0, title_size=10.0):
        save_figure(_run_figure(recording, clock), folder / "power.png")
        save_figure(_price_figure(recording, clock), folder / "price_and_target.png")
        save_figure(_duration_figure(recording), folder / "load_duration.png")
        if curves:
            save_figure(_spectrum_figure(curves), folder / "spectrum.png")
        if moments:
            save_figure(_moment_figure(recording, clock, moments[0]), folder / "worst.png")


def _new_figure(height_in: float, panels: int = 1) -> "tuple[Figure, list[Axes]]":
    from matplotlib.figure import Figure  # noqa: PLC0415  # slow to import

    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    return figure, list(figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0])


# -- power over time ----------------------------------------------------------------------------------------


def _run_figure(recording: Recording, clock: LocalTime) -> "Figure":
    """Draw the whole run: the site against its limit above, AI alone below."""
    figure, (above, below) = _new_figure(6.0, panels=2)
    local = _local(clock)
    _draw_site(above, power_channels(recording), local)
    above.set_title("Site power: AI and miners stacked, against the limit")
    _draw_course(below, recording["ai_power_mw"], local, COLOURS["ai"], "AI alone")
    below.set(ylim=(0.0, None), ylabel="AI power [MW]")
    _finish(figure, below, clock)
    return figure


def _moment_figure(recording: Recording, clock: LocalTime, moment: Moment) -> "Figure":
    """Draw the site around one moment, breakpoint by breakpoint."""
    figure, (axis,) = _new_figure(4.5)
    _draw_site(axis, window_of(power_channels(recording), moment), _local(clock))
    axis.set_title(f"{moment.title}, {clock.text(moment.time_s)}")
    _finish(figure, axis, clock)
    return figure


def _draw_site(axis: "Axes", power: Mapping[str, Signal], local: Scale) -> None:
    """Draw AI and fleets stacked, the range of site power, and the limit."""
    ai, site, limit = power["ai"], power["site"], power["limit"]
    times_s, ai_mw, drawn_mw, kind = _stack(ai, power.get("drawn", site))
    times = local(times_s)
    axis.fill_between(times, 0.0, ai_mw, color=COLOURS["ai"], alpha=0.4, linewidth=0.0, label=f"AI{kind}")
    axis.fill_between(times, ai_mw, drawn_mw, color=COLOURS["fleet"], alpha=0.5, linewidth=0.0, label=f"Fleets{kind}")
    _draw_range(axis, site, local, COLOURS["site"], "Site", opacity=0.35)
    _draw_line(axis, limit, local, COLOURS["limit"], "Limit", linestyle="--", linewidth=1.4)
    highest_mw = max(site.maximum(), limit.maximum(), 1e-9)
    axis.set(ylim=(0.0, 1.05 * highest_mw), ylabel="Site power [MW]")


def _stack(ai: Signal, site: Signal) -> tuple[FloatArray, FloatArray, FloatArray, str]:
    """Return times [s], AI and what is stacked on it [MW], exact where breakpoints are few, else means."""
    if max(ai.time_s.size, site.time_s.size) <= MOST_POINTS:
        times_s = np.union1d(ai.time_s, site.time_s)
        corners_s = _corners_s(times_s, ai.end_s)
        return corners_s, _corner_values(ai, times_s), _corner_values(site, times_s), ""
    edges_s = bin_edges_s(ai.end_s, MOST_MEANS, ai.start_s)
    ai_mw, site_mw = (np.repeat(signal.means_over(edges_s), 2) for signal in (ai, site))
    return np.repeat(edges_s, 2)[1:-1], ai_mw, site_mw, " (mean)"


def _corners_s(times_s: FloatArray, end_s: float) -> FloatArray:
    """Return start and end of each segment in turn [s]."""
    return np.append(np.repeat(times_s, 2)[1:], end_s)


def _corner_values(signal: Signal, times_s: FloatArray) -> FloatArray:
    """Return value at the start and limit at the end of each segment in turn [value]."""
    split = signal.split_at(times_s)
    return np.column_stack([split.value, split.left_limits()]).ravel()


def _draw_range(axis: "Axes", signal: Signal, local: Scale, colour: str, name: str, opacity: float = 0.5) -> None:
    """Draw a signal as a line, or where it has many breakpoints as the band of its extremes."""
    if signal.time_s.size <= MOST_POINTS:
        _draw_line(axis, signal, local, colour, name)
        return
    edges_s = bin_edges_s(signal.end_s, MOST_BINS, signal.start_s)
    times = local(np.repeat(edges_s, 2)[1:-1])
    low, high = np.repeat(signal.minima_over(edges_s), 2), np.repeat(signal.maxima_over(edges_s), 2)
    # the edge keeps a bin visible that is narrower than a dot
    axis.fill_between(
        times, low, high, color=colour, alpha=opacity, linewidth=0.4, label=f"{name} (minimum to maximum)"
    )


def _draw_course(axis: "Axes", signal: Signal, local: Scale, colour: str, name: str) -> None:
    """Draw a signal, with its means where it has many breakpoints."""
    _draw_range(axis, signal, local, colour, name)
    if signal.time_s.size > MOST_POINTS:
        _draw_means(axis, signal, local, colour)


def _draw_means(
    axis: "Axes", signal: Signal, local: Scale, colour: str, name: str = "", linewidth: float = 1.2
) -> None:
    """Draw the means of a signal."""
    edges_s = bin_edges_s(signal.end_s, MOST_MEANS, signal.start_s)
    means = Signal.steps(edges_s[:-1], signal.means_over(edges_s), signal.end_s)
    _draw_line(axis, means, local, colour, name, linewidth=linewidth)


def _draw_line(
    axis: "Axes", signal: Signal, local: Scale, colour: str, name: str, linewidth: float = 0.8, **style: Any
) -> None:
    corners = local(_corners_s(signal.time_s, signal.end_s))
    values = _corner_values(signal, signal.time_s)
    axis.plot(corners, values, color=colour, linewidth=linewidth, label=name, **style)


def _local(clock: LocalTime) -> Scale:
    """Return what turns seconds into dates, in local time."""
    start = np.datetime64(clock.start.replace(tzinfo=None), "us")
    return lambda times_s: start + np.rint(1e6 * times_s).astype("timedelta64[us]")


def _finish(figure: "Figure", lowest: "Axes", clock: LocalTime) -> None:
    """Label the time below, and put the legend outside, where it covers nothing."""
    lowest.margins(x=0.0)
    lowest.set_xlabel(f"Local time ({clock.offset})")
    _legend(figure)


def _legend(figure: "Figure") -> None:
    figure.legend(loc="outside lower center", ncols=6)


# -- price and target ---------------------------------------------------------------------------------------


def _price_figure(recording: Recording, clock: LocalTime) -> "Figure":
    """Draw the power price, and below it what the policy wants of the fleets and what they draw."""
    figure, (above, below) = _new_figure(5.5, panels=2)
    local = _local(clock)
    price = recording.signals.get("price_usd_per_mwh")
    if price is not None:
        _draw_course(above, price, local, COLOURS["price"], "Power price")
    above.set(title="Power price, and the fleets' target and power", ylabel="Price [USD/MWh]")
    _draw_target(below, recording.signals.get("fleet_target_mw"), local)
    _draw_course(below, recording["fleet_power_mw"], local, COLOURS["fleet"], "Fleets")
    below.set(ylim=(0.0, None), ylabel="Fleet power [MW]")
    _finish(figure, below, clock)
    return figure


def _draw_target(axis: "Axes", target: Signal | None, local: Scale) -> None:
    """Draw the target, wide, as fleet power lies on it."""
    if target is None:
        return
    name = "Target of the policy"
    if target.time_s.size > MOST_POINTS:
        _draw_means(axis, target, local, COLOURS["target"], f"{name} (mean)", linewidth=3.0)
    else:
        _draw_line(axis, target, local, COLOURS["target"], name, linewidth=3.0)


# -- load duration ------------------------------------------------------------------------------------------


def _duration_figure(recording: Recording) -> "Figure":
    """Draw the share of the time that the site, and AI alone, are above each level."""
    figure, (axis,) = _new_figure(4.0)
    curves = (("site_power_mw", "Site with mining", "fleet"), ("ai_power_mw", "AI alone", "ai"))
    for name, title, colour in curves:
        levels_mw, shares = duration_curve(recording[name])
        axis.plot(100.0 * shares, levels_mw, color=COLOURS[colour], linewidth=1.6, label=title)
    limit_mw = recording["limit_mw"].maximum()
    axis.axhline(limit_mw, color=COLOURS["limit"], linestyle="--", linewidth=1.4, label="Limit (highest)")
    axis.set(title="Load-duration curve", xlim=(0.0, 100.0), ylim=(0.0, None))
    axis.set(xlabel="Share of the time that power is above [%]", ylabel="Power [MW]")
    _legend(figure)
    return figure


# -- spectrum -----------------------------------------------------------------------------------------------


def _spectrum_figure(curves: Sequence[Mapping[str, Any]]) -> "Figure":
    """Draw the power spectral density of the site and of AI alone."""
    figure, (axis,) = _new_figure(4.0)
    colours = {"site": "fleet", "ai": "ai", "within": "limit"}
    for curve in curves:
        colour = COLOURS[colours[curve["name"]]]
        axis.plot(curve["frequency_hz"], curve["density"], color=colour, linewidth=1.4, label=curve["title"])
    axis.set(title="Power spectral density", xscale="log", yscale="log")
    axis.set(xlabel="Frequency [Hz]", ylabel="Density [MW²/Hz]")
    _legend(figure)
    return figure
