import pytest
from pydantic import ValidationError

from sim.market.valuation import Multiple, ValuationSpec


def test_multiples_stand_in_order():
    with pytest.raises(ValidationError, match="low_ratio is 9; must not be above base_ratio, 6"):
        Multiple(low_ratio=9.0, base_ratio=6.0, high_ratio=12.0)


def test_the_defaults_are_the_middle_of_the_usual_ranges():
    valuation = ValuationSpec()
    miners, centers = valuation.mining_multiple, valuation.ai_multiple
    assert (miners.low_ratio, miners.base_ratio, miners.high_ratio) == (6.0, 9.0, 12.0)
    assert (centers.low_ratio, centers.base_ratio, centers.high_ratio) == (20.0, 22.0, 25.0)
