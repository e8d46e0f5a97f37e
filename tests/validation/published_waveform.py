"""Power within an iteration: closed forms against the spectrum of the waveform, and published limits."""

from functools import cache, partial

import numpy as np
from oscillation import (
    harmonic_amplitude_mw,
    square_wave_rms_mw,
)
from published import Absolute, Band, Evidence, Identity, Relative
from quick import run

from sim.ai.waveform import Iteration, Window, recorded_iterations, site_waveform
from sim.recording import Recording
from sim.testing import a_scenario

TITLE = "Training: power within the second"
CHOUKSE = "arXiv:2508.14318"
FOURIER = "Fourier series of a square wave, duty 0.8"
INDEPENDENT = "independent jobs with random phases, 1/sqrt(4)"
RATE_HZ = 1000.0
WINDOW = (7200.0, 7260.0)  # long after the start
WINDOW_S = WINDOW[1] - WINDOW[0]
HIGH_MW, LOW_MW = 100.0, 50.0
STEADY = Iteration(period_s=2.0, duty_fraction=0.8, low_fraction=LOW_MW / HIGH_MW, jitter_fraction=0.0)
MEAN_MW = 0.8 * HIGH_MW + 0.2 * LOW_MW


@cache
def run_jobs(count: int, period_s: float = STEADY.period_s) -> Recording:
    """Run as many jobs, alike and without a pause, as draw the mean power together; no miners."""
    job = {
        "type": "training",
        "gpus": 8000,
        "power_mw": MEAN_MW / count,
        "pue": 1.0,
        "iteration": {"period_s": period_s},
        "failures": {"per_node_day": 0.0},
        "checkpoint": {"interval_min": 1e5},
    }
    loads = [job | {"name": f"job{number}"} for number in range(count)]
    return run(a_scenario(loads=loads, fleets=[], days=0.2)).recording


def site_mw(recording: Recording, iteration: Iteration, window: Window) -> np.ndarray:
    """Return the samples of site power in a window in which every job swings alike."""
    specs = dict.fromkeys(recording.load_names, iteration)
    (wave,) = site_waveform(recording, [window], specs, RATE_HZ, seed=1)
    return wave.power_mw


@cache
def amplitudes_mw() -> np.ndarray:
    """Return the amplitude at each multiple of 1 / WINDOW_S of the steady wave, from its transform."""
    power_mw = site_mw(run_jobs(1), STEADY, WINDOW)
    return np.abs(np.fft.rfft(power_mw)) * 2.0 / power_mw.size


def harmonic_mw(n: int) -> float:
    return float(amplitudes_mw()[round(n * WINDOW_S / STEADY.period_s)])


def rms_ratio_of_four(count: int = 200) -> float:
    """Return the swing of four quarter jobs over that of one job, root mean square over many windows."""
    windows = [(WINDOW[1] + 20.0 * number, WINDOW[1] + 20.0 * number + 10.0) for number in range(count)]
    swings_mw = [site_mw(run_jobs(4), STEADY, window).std() for window in windows]
    one_mw = site_mw(run_jobs(1), STEADY, windows[0]).std()
    return float(np.sqrt(np.mean(np.square(swings_mw))) / one_mw)


def energy_in_band(period_s: float, low_hz: float = 0.2, high_hz: float = 3.0) -> float:
    """Return the share of the swing's energy from 0.2 to 3 Hz."""
    recording = run_jobs(1, period_s)
    power_mw = site_mw(recording, recorded_iterations(recording)["job0"], WINDOW)
    energy = np.abs(np.fft.rfft(power_mw - power_mw.mean())) ** 2
    frequency_hz = np.fft.rfftfreq(power_mw.size, 1.0 / RATE_HZ)
    return float(energy[(frequency_hz >= low_hz) & (frequency_hz <= high_hz)].sum() / energy.sum())


CASES = [
    *(
        Identity(
            f"V8 Amplitude of harmonic {n} of 50 MW",
            FOURIER,
            float(harmonic_amplitude_mw(HIGH_MW - LOW_MW, 0.8, n)),
            partial(harmonic_mw, n),
            Relative(1e-4),
            "MW",
        )
        for n in (1, 2, 3, 4, 6)
    ),
    Identity(
        "V8 Amplitude of harmonic 5 of 50 MW",
        f"{FOURIER}: sin(5 pi 0.8) = 0",
        0.0,
        partial(harmonic_mw, 5),
        Absolute(1e-6),
        "MW",
    ),
    Identity(
        "V8 Root mean square of 50 MW",
        FOURIER,
        square_wave_rms_mw(HIGH_MW - LOW_MW, 0.8),
        lambda: float(site_mw(run_jobs(1), STEADY, WINDOW).std()),
        Relative(1e-3),
        "MW",
    ),
    Identity("V8 Swing of four jobs over that of one", INDEPENDENT, 0.5, rms_ratio_of_four, Relative(0.01)),
    *(
        Evidence(
            f"V9 Energy from 0.2 to 3 Hz, iterations of {period_s:g} s",
            f"{CHOUKSE}: observed energy is from 0.2 to 3 Hz; most of it",
            0.5,
            partial(energy_in_band, period_s),
            Band(low=0.5),
        )
        for period_s in (1.0, 2.0, 3.0)
    ),
]
