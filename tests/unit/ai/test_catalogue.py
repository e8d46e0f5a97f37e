import pytest

from sim.ai.catalogue import SERVERS, STATES
from sim.ai.node_power import node_power_w, state_powers_mw, training_power_w

ALL = pytest.mark.parametrize("name", sorted(SERVERS))


def figures(server):
    yield from (server.gpu_rated_w, server.other_w, server.nameplate_w)
    yield from server.gpu_fractions.values()
    yield from server.other_fractions.values()


@ALL
def test_every_figure_has_a_source_and_every_state_a_figure(name):
    server = SERVERS[name]
    assert set(server.gpu_fractions) == set(server.other_fractions) == set(STATES)
    for figure in figures(server):
        assert figure.source
        assert figure.value > 0.0
        if "assumption" in figure.source or "computed" in figure.source:
            assert not figure.verified


@ALL
def test_no_state_exceeds_the_nameplate_even_with_every_gpu_at_its_rated_power(name):
    server = SERVERS[name]
    flat_out_w = server.gpus_per_node * server.gpu_rated_w.value + server.other_w.value
    assert flat_out_w <= server.nameplate_w.value
    for state in STATES:
        assert node_power_w(server, state) < flat_out_w
        assert node_power_w(server, state, floor_fraction=0.9) < flat_out_w


@ALL
def test_states_stand_in_the_order_of_their_activity(name):
    powers_w = {state: node_power_w(SERVERS[name], state) for state in STATES}
    order = ["down_cold", "down_context", "stall", "hang", "communicate", "compute"]
    assert sorted(order, key=powers_w.__getitem__) == order


@ALL
def test_gpus_draw_between_half_and_two_thirds_of_a_node_at_work(name):
    server = SERVERS[name]
    share = 1.0 - server.other_w.value / training_power_w(server, 0.2)
    assert 0.53 <= share <= 0.68


def test_a_rack_of_72_gpus_is_18_trays_of_132_kw():
    assert SERVERS["gb200-nvl72"].nameplate_w.value * 18 == pytest.approx(132e3)


def test_power_of_a_node_is_that_of_its_gpus_and_of_all_else():
    server = SERVERS["h100-hgx"]
    assert node_power_w(server, "stall") == pytest.approx(8 * 700 * 0.22 + 2850 * 0.85)
    assert training_power_w(server, 0.2) == pytest.approx(8 * 700 * (0.8 * 0.9 + 0.2 * 0.45) + 2850)


def test_a_floor_lifts_what_is_active_and_leaves_what_is_down():
    server = SERVERS["gb200-nvl72"]
    lifted = {state for state in STATES if node_power_w(server, state, 0.9) > node_power_w(server, state)}
    assert lifted == {"communicate", "stall", "hang", "warm_up"}


def test_powers_scale_with_nodes_or_to_what_is_given():
    server = SERVERS["h100-hgx"]
    free = state_powers_mw(server, 1000.0, 0.2)
    given = state_powers_mw(server, 1000.0, 0.2, loaded_mw=90.0)
    assert free["compute"] == pytest.approx(7.386)
    assert given["compute"] == pytest.approx(90.0)
    assert {state: power / given["compute"] for state, power in given.items()} == pytest.approx(
        {state: power / free["compute"] for state, power in free.items()}
    )
