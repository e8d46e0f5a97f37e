import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import run

from sim.engine.offers import cooptimised_offers
from sim.engine.prices import courses_of
from sim.errors import InputError
from sim.market.cooptimisation import ReserveProduct, best_offers
from sim.testing import a_scenario

HOUR_S = 3600.0
PRICES = "time_utc,da,rrs,reg\n" + "".join(
    f"2026-01-0{day}T{hour:02d}:00:00Z,{da},{rrs},{reg}\n"
    for day in (1, 2, 3)
    for hour in range(24)
    for da, rrs, reg in [(200.0 if hour < 6 else 110.0 if hour < 12 else 30.0, 5.0, 30.0)]
)
DAY_AHEAD = {"type": "file", "file": "prices.csv", "price_column": "da"}


def one(price, margin, called=0.02, *, downward=False, most=60.0, width=60.0, available=60.0):
    reserve = ReserveProduct(np.array([price]), np.array([most]), called, downward)
    return best_offers(np.array([width]), np.array([[margin]]), np.array([available]), (reserve,))[0, 0]


# with one fleet a reserve is sold above what it costs: d m while mining pays, (1 - d) |m| while it does not;
# the other way (1 - d) m while it pays, and d |m| while it does not
@pytest.mark.parametrize(("margin", "threshold"), [(50.0, 5.0), (10.0, 1.0), (-10.0, 9.0), (-50.0, 45.0)])
def test_a_reserve_up_is_sold_above_its_cost_in_mining(margin, threshold):
    assert one(threshold + 0.01, margin, called=0.1) == 60.0
    assert one(threshold - 0.01, margin, called=0.1) == 0.0


@pytest.mark.parametrize(("margin", "threshold"), [(50.0, 45.0), (10.0, 9.0), (-10.0, 1.0), (-50.0, 5.0)])
def test_a_reserve_down_is_sold_above_its_cost_in_mining(margin, threshold):
    assert one(threshold + 0.01, margin, called=0.1, downward=True) == 60.0
    assert one(threshold - 0.01, margin, called=0.1, downward=True) == 0.0


@given(
    margin=st.lists(st.floats(-100.0, 100.0), min_size=2, max_size=2),
    price=st.lists(st.floats(0.0, 100.0), min_size=3, max_size=3),
    available=st.floats(0.0, 90.0),
)
def test_offers_fit_beside_one_another_and_beat_every_corner(margin, price, available):
    widths, most, called = np.array([40.0, 30.0]), 25.0, (0.25, 0.02, 0.25)
    reserves = tuple(
        ReserveProduct(np.array([paid]), np.array([most]), share, downward)
        for paid, share, downward in zip(price, called, (False, False, True), strict=True)
    )
    margins = np.array(margin)
    offers = best_offers(widths, margins[:, None], np.array([available]), reserves)[:, 0]

    room_mw = min(available, widths.sum())
    assert np.all(offers >= 0.0)
    assert np.all(offers <= most)
    assert offers.sum() <= room_mw + 1e-5

    def worth(q):
        """Return the most that energy and these reserves earn, over how much is mined beside them."""
        room, held = min(room_mw - q[2], widths.sum()), q[0] + q[1]
        if held > room + 1e-5:
            return -np.inf
        best_first = widths[np.argsort(-margins)]
        bends = (0.0, best_first[0]) + np.array([0.0, q[0], q[1], held])[:, None]
        mined = {held, room, *np.clip([bends, bends - q[2]], held, room).ravel()}
        return max(worth_of(q, amount) for amount in mined)

    def worth_of(q, amount):
        x = filled(amount, widths, np.argsort(-margins))
        # what is called most takes what earns least, as no two are called on the same megawatt
        taken = filled(q[0], x, np.argsort(margins))
        taken_next = filled(q[1], x - taken, np.argsort(margins))
        given = filled(q[2], widths - x, np.argsort(-margins))
        calls = 0.25 * given - 0.25 * taken - 0.02 * taken_next
        return float((x + calls) @ margins + np.array(price) @ q)

    def filled(amount, places, order):
        found = np.zeros(2)
        for fleet in order:
            found[fleet] = min(amount - found.sum(), places[fleet])
        return found

    corners = [np.array(q) for q in np.ndindex(3, 3, 3)]
    best = max(worth(corner * most / 2.0) for corner in corners)
    assert worth(offers) >= best - 1e-3


def a_site(folder, services, limit_mw=200.0, **market):
    (folder / "prices.csv").write_text(PRICES)
    ancillary = [
        {"price": {"type": "file", "file": "prices.csv", "price_column": column}, "deployment": DEPLOYMENT} | rest
        for column, rest in services
    ]
    fields = {"day_ahead": DAY_AHEAD, "ancillary": ancillary, "power": DAY_AHEAD} | market
    policy = {"type": "price-threshold"}
    start = "2026-01-02T00:00:00Z"
    return a_scenario(folder, limit_mw=limit_mw, days=1.0, start=start, market=fields, policy=policy)


DEPLOYMENT = {"type": "scheduled", "calls": []}
RRS = {"service": "rrs", "cooptimised_up_to_mw": 20.0}
HASHPRICE = {"type": "fixed", "hashprice_usd_per_ph_day": 50.0}


def test_a_site_offers_where_it_pays_and_earns_more_than_with_a_fixed_offer(tmp_path):
    # break-even is 119 USD/MWh: at 200 mining for a reserve of 5 USD loses, at 110 and at 30 it runs anyway
    chosen = run(a_site(tmp_path, [("rrs", RRS)]))
    fixed = run(a_site(tmp_path, [("rrs", {"service": "rrs", "offer_mw": 20.0})]))
    none = run(a_site(tmp_path, []))
    award = chosen.recording["ancillary.rrs.award_mw"]

    assert award.at([0.0, 5.9 * HOUR_S, 6.0 * HOUR_S, 13.0 * HOUR_S]).tolist() == [0.0, 0.0, 20.0, 20.0]
    for other in (fixed, none):
        assert earned(chosen) > earned(other)


def offered(scenario):
    return cooptimised_offers(courses_of(scenario), scenario)


def earned(result):
    """Return margin and pay under a policy that follows the price."""
    metrics = result.metrics
    return metrics["mining_margin_usd"] + metrics.get("ancillary_revenue_usd", 0.0)


def test_offers_know_nothing_that_comes_after_the_gate(tmp_path):
    (tmp_path / "hash.csv").write_text(
        "time_utc,hp,btc\n2025-12-30T00:00:00Z,50,85000\n2026-01-02T01:00:00Z,500,85000\n"
    )
    bitcoin = {
        "type": "file",
        "file": "hash.csv",
        "time_column": "time_utc",
        "hashprice_column": "hp",
        "price_column": "btc",
        "publication_delay_s": 0.0,
    }
    plain = offered(a_site(tmp_path, [("rrs", RRS)]))["rrs"]
    later = offered(a_site(tmp_path, [("rrs", RRS)], bitcoin=bitcoin))["rrs"]
    other_real_time = {"type": "fixed", "price_usd_per_mwh": 900.0}
    real_time = offered(a_site(tmp_path, [("rrs", RRS)], power=other_real_time))["rrs"]

    # ten times the hashprice an hour into the run would make mining pay at 200 USD/MWh: it is not known
    hours_s = np.arange(24) * HOUR_S
    assert plain.at(hours_s).tolist() == 6 * [0.0] + 18 * [20.0]
    assert later.at(hours_s).tolist() == plain.at(hours_s).tolist()
    assert real_time.at(hours_s).tolist() == plain.at(hours_s).tolist()


def test_reserves_share_the_room(tmp_path):
    services = [
        ("rrs", {"service": "rrs", "cooptimised_up_to_mw": 50.0}),
        ("reg", {"service": "regulation-up", "cooptimised_up_to_mw": 40.0, "expected_call_fraction": 0.1}),
    ]
    offers = offered(a_site(tmp_path, [(c, {**s, "deployment": None}) for c, s in services]))

    # regulation pays 30 less 0.1 of the margin of 89: 21; rrs pays 5 less 0.02 of it: 3; 60 MW of room
    assert offers["regulation-up"].at(13.0 * HOUR_S) == 40.0
    assert offers["rrs"].at(13.0 * HOUR_S) == 20.0


@pytest.mark.parametrize(
    ("service", "market", "said"),
    [
        ({**RRS, "offer_mw": 5.0}, {}, "got offer_mw and cooptimised_up_to_mw"),
        (
            {"service": "rrs", "offer_mw": 5.0, "expected_call_fraction": 0.1},
            {},
            "belongs to cooptimised_up_to_mw",
        ),
        (RRS, {"day_ahead": None}, "needs a fleet and a day-ahead price"),
    ],
)
def test_what_makes_no_offer_is_refused(tmp_path, service, market, said):
    with pytest.raises(InputError, match=said):
        a_site(tmp_path, [("rrs", service)], **market)


def behind_the_meter(folder, generation):
    services = [("rrs", {"service": "rrs", "cooptimised_up_to_mw": 30.0})]
    return offered(a_site(folder, services, limit_mw=0.0, generation=generation))["rrs"]


def test_own_generation_is_room_to_offer_in(tmp_path):
    offer = behind_the_meter(tmp_path, {"type": "constant", "mw": 100.0})
    assert (offer.at(0.0), offer.at(13.0 * HOUR_S)) == (0.0, 30.0)


def test_of_own_generation_that_changes_an_offer_knows_the_day_before_alone(tmp_path):
    for name, later_mw in (("calm", 0.0), ("windy", 20.0)):
        rows = [(f"2026-01-0{2 + hour // 24}T{hour % 24:02}:00Z", 10.0 if hour < 3 else later_mw) for hour in range(30)]
        text = "".join(f"{when},{power_mw}\n" for when, power_mw in rows)
        (tmp_path / f"{name}.csv").write_text("time_utc,generation_mw\n" + text)
    calm, windy = (behind_the_meter(tmp_path, {"type": "file", "file": f"{name}.csv"}) for name in ("calm", "windy"))
    assert calm.value.tolist() == windy.value.tolist()
    assert windy.maximum() == 10.0  # what the wind gave when the gate closed: here, when the run began
