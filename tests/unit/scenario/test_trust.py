"""What no file may say: escape codes in texts, more generation lost than a grid has."""

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.scenario import load_scenario

ISLAND = Path(__file__).parents[3] / "scenarios" / "island.yaml"


@pytest.mark.parametrize("letter", ["\\u001b", "\\0", "\\u009b", "\\u202e"])
@pytest.mark.parametrize("field", ["question", "answer"])
def test_a_text_that_steers_a_terminal_is_refused(tmp_path, letter, field):
    path = tmp_path / "island.yaml"
    text = f'"red {letter}[31m"'
    lines = f"question: {text}" if field == "question" else f"answer: [{{say: {text}}}]"
    (tmp_path / "base.yaml").write_text(ISLAND.read_text())
    path.write_text(f"extends: base.yaml\nname: own\n{lines}\n")
    with pytest.raises(InputError) as refused:
        load_scenario(path)
    assert "steers a terminal" in str(refused.value)


def test_a_loss_above_the_grids_own_load_is_refused_with_what_is_allowed():
    with pytest.raises(InputError, match=r"take 4897 MW at a time; must be at most 900 MW"):
        load_scenario(ISLAND, overrides=["events.0.lost_mw=4897"])
    load_scenario(ISLAND, overrides=["events.0.lost_mw=900"])


def test_losses_at_one_time_count_together():
    losses = [f"{{type: generation-loss, at_s: {at_s}, lost_mw: 500.0}}" for at_s in (1.0, 2.0)]
    with pytest.raises(InputError, match="take 1000 MW at a time"):
        load_scenario(ISLAND, overrides=[f"events=[{', '.join(losses)}]"])


def test_words_in_any_language_are_taken():
    load_scenario(ISLAND, overrides=["question=Wie viel\u00a0MW? \u4f60\u597d \u00e9"])
