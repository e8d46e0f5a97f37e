"""What the defaults of a training job say of a node, against the measured power of one.

Depth and levels only: how long a stall lasts, one node with a local disk does not tell.
"""

from collections.abc import Callable
from functools import cache, partial

from node_model import GPU_FRACTION, NodeModel, measured_node_fraction, node_fraction, training_energy_ratio
from node_trace import NodeTrace
from published import DATA, Calibration, Relative

TITLE = "Training: measured power of one 8xH100 node"
SOURCE = "grantwilkins/training_profile, h100-traces"
FILES = [f"h100x8_training_power_ckpt{steps}.csv.gz" for steps in (10, 100, 1000)]
NODE_STATES = ("stall", "loading", "idle")


@cache
def trace(file: str) -> NodeTrace:
    return NodeTrace.read(DATA / file)


def node_over_loaded(file: str, state: str) -> float:
    """Return IT power of the measured node in a state over its loaded level; the rest of it as assumed."""
    levels = {
        "stall": trace(file).stall_fraction,
        "loading": trace(file).loading_fraction,
        "idle": trace(file).idle_fraction,
    }
    return measured_node_fraction(state, levels[state](), trace(file).plateau_fraction())


def energy_ratio(file: str) -> float:
    measured = trace(file)
    return training_energy_ratio(measured, NodeModel(measured, measured.plateau_fraction()))


def case(
    file: str, what: str, measured: Callable[[], float], ours: Callable[[], float], fraction: float
) -> Calibration:
    """Return a case whose published number is measured in the file, where there is one."""
    published = measured() if (DATA / file).is_file() else float("nan")
    steps = file.removeprefix("h100x8_training_power_ckpt").removesuffix(".csv.gz")
    return Calibration(
        f"{what} (ckpt{steps})", f"{SOURCE}/ckpt{steps}", published, ours, Relative(fraction), needs=file
    )


def of_file(file: str) -> list[Calibration]:
    """Return the cases of one file."""
    fractions = [
        case(
            file,
            f"Node: {state} over computing",
            partial(node_over_loaded, file, state),
            partial(node_fraction, state),
            0.05,
        )
        for state in NODE_STATES
    ]
    return [
        *fractions,
        case(file, "GPU idle over TDP", lambda: trace(file).idle_fraction(), lambda: GPU_FRACTION["idle"], 0.1),
        case(
            file,
            "GPU with a context over TDP",
            lambda: trace(file).loading_fraction(),
            lambda: GPU_FRACTION["loading"],
            0.05,
        ),
        case(
            file,
            "GPU in a stall over computing",
            lambda: trace(file).stall_fraction() / trace(file).plateau_fraction(),
            lambda: GPU_FRACTION["stall"] / GPU_FRACTION["compute"],
            0.05,
        ),
        case(file, "Energy of training over measured", lambda: 1.0, partial(energy_ratio, file), 0.05),
    ]


CASES = [each for file in FILES for each in of_file(file)]
