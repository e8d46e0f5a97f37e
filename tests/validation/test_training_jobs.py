"""What the registry's cases of training jobs (published_training.py) do not say with one number."""

from published_training import SEEDS, llama_3_total


def test_llama_3_scatters_between_runs_as_much_as_its_one_published_run_allows():
    """Llama 3 405B, arXiv:2407.21783: 466 interruptions; 10 % is two standard deviations of such a count."""
    counts = [llama_3_total(seed) for seed in SEEDS]

    assert sum(420 <= count <= 512 for count in counts) >= 7
    assert len(set(counts)) > 1
