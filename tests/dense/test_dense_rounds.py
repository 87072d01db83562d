"""Tests of the dense second opinion itself: worked rounds, conservation, invariances, stop rules.

Expected values come from the model's text (M2, M3) or from arithmetic written out beside the test.
Run it as a program: it prints what passed and exits 1 if anything failed.
"""

import csv
import pathlib
import sys
import tempfile
import tomllib
import traceback

import numpy as np

import dense_rounds as dense
from check_dense import differences, flat, twins_agree
from dense_rounds import Instance, Settings, solve
from instances import random_case, write_case

CASES = 300


def single(capacity, need=1.0, weight=0.5, desire=None):
    """One provider, one recipient."""
    return Instance.of([capacity], [need], [[weight]], None if desire is None else [[desire]])


def two_by_two():
    return Instance.of([400.0, 300.0], [500.0, 300.0], [[0.6, 0.4], [0.3, 0.7]])


def first_rounds(instance, settings, count):
    """Per round (allocations, denominators, received), without any stop test."""
    state = dense.initial_state(instance, settings)
    rounds = []
    for t in range(1, count + 1):
        allocated, denominator = dense.compute(instance, settings, state,
                                               dense.publish(instance, state))
        dense.settle(instance, settings, state, allocated, t)
        dense.update_damping(instance, settings, state)
        rounds.append((allocated, denominator, allocated.sum(axis=0), state))
    return rounds


def random_cases():
    for index in range(CASES):
        case = random_case(5, index)
        for k in range(case.types):
            yield case.instance(k), case.settings


def mesh(seed, supply_ratio, agents=100, cycles=10):
    """Union of random cycles with shares of random weights: a mesh of degree near 20 (M1)."""
    rng = np.random.default_rng(seed)
    share = np.zeros((agents, agents))
    for _ in range(cycles):
        order = rng.permutation(agents)
        share[order, np.roll(order, 1)] = rng.standard_exponential(agents)
        share[np.roll(order, 1), order] = rng.standard_exponential(agents)
    share /= share.sum(axis=1, keepdims=True)
    need, capacity = np.exp(0.63 * rng.standard_normal((2, agents)))
    capacity *= supply_ratio * need.sum() / capacity.sum()
    return Instance.of(capacity, need, np.minimum(share, share.T))


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


# ---------------------------------------------------------------------------- worked rounds

def test_first_worked_round_has_the_seeds_digits():
    instance = Instance.of([300.0, 400.0], [500.0], [[0.6], [0.4]])
    allocated, denominator, received, _ = first_rounds(instance, Settings(), 1)[0]
    close(denominator, [300.0, 200.0])
    close(allocated[:, 0], [300.0, 400.0])
    close(received, [700.0])
    for settlement in ("stock", "stream"):
        result = solve(instance, Settings(settlement=settlement))
        assert (result.status, result.rounds) == (dense.NEEDS_MET, 2)
        close(result.trace["over"], [200.0, 0.0])
        close(result.trace["residual_l1"], [0.0, 0.0])
        close(result.recipients["satisfied"], [500.0])
        close(result.recipients["damping"], [0.8])
        assert list(result.trace["converged"]) == [0, 1]
        assert result.metrics["messages_allocated"] == 2


def test_first_worked_round_returns_the_surplus_in_proportion():
    instance = Instance.of([300.0, 400.0], [500.0], [[0.6], [0.4]])
    result = solve(instance, Settings())
    close(result.providers["capacity_left"], [300.0 * 200.0 / 700.0, 400.0 * 200.0 / 700.0])
    assert result.metrics["wasted_fraction"] == 0.0
    kept = solve(instance, Settings(return_surplus=False))
    close(kept.providers["capacity_left"], [0.0, 0.0])
    close(kept.metrics["wasted_fraction"], 200.0 / 500.0)


def test_second_worked_round_has_the_seeds_digits():
    one, two = first_rounds(two_by_two(), Settings(settlement="reallocate"), 2)
    close(one[1], [420.0, 360.0])
    assert np.array_equal(np.round(one[0], 3), [[285.714, 114.286], [125.0, 175.0]])
    assert np.array_equal(np.round(one[2], 3), [410.714, 289.286])
    assert np.array_equal(np.round(two[0], 3), [[370.370, 29.630], [234.375, 65.625]])
    assert np.array_equal(np.round(two[2], 3), [604.745, 95.255])


# ---------------------------------------------------------------------------- settlement

def test_relaxation_mixes_from_the_second_round():
    # y1 = received1, so round 2 claims and receives as in the worked round;
    # y2 = 0.75 y1 + 0.25 received2.
    result = solve(two_by_two(), Settings(settlement="reallocate", relaxation=0.25, max_rounds=2))
    y1, received2 = [410.7142857142857, 289.2857142857143], [604.7453703703704, 95.25462962962963]
    mixed = [0.75 * a + 0.25 * b for a, b in zip(y1, received2)]
    close(result.recipients["satisfied"], mixed)


def test_settled_amount_within_rounding_of_the_need_is_the_need():
    for error, residual in ((5e-13, 0.0), (2e-12, 2e-12)):
        result = solve(single(1.0 - error), Settings(max_rounds=1))
        close(result.recipients["residual"], [residual], 1e-15)
    assert solve(single(1.0 + 5e-13), Settings()).trace["over"][0] == 0.0


def test_dust_of_a_stock_is_wasted():
    # Two needs of 1 are met in round 1 and leave 1e-12, less than 1e-12 times the capacity of 2.
    instance = Instance.of([2.0 + 1e-12], [1.0, 1.0], [[0.5, 0.5]])
    result = solve(instance, Settings(cap="active_need"))
    assert result.providers["capacity_left"][0] == 0.0
    close(result.metrics["wasted_fraction"] * 2e12, 1.0, 1e-3)


def test_stock_conserves_capacity():
    for instance, settings in random_cases():
        if settings.settlement != "stock":
            continue
        result = solve(instance, settings)
        wasted = result.metrics["wasted_fraction"] * instance.need.sum()
        if instance.need.sum() > 0.0:
            total = result.providers["capacity_left"].sum() + result.recipients["satisfied"].sum()
            close((total + wasted) / max(1e-300, instance.capacity.sum()),
                  1.0 if instance.capacity.sum() > 0.0 else 0.0)


def test_providers_allocate_all_they_have_without_a_cap():
    for instance, settings in random_cases():
        if settings.cap == "none":
            state = dense.initial_state(instance, settings)
            allocated, denominator = dense.compute(instance, settings, state, instance.need)
            wanted = np.where(denominator > 0.0, instance.capacity, 0.0)
            np.testing.assert_allclose(allocated.sum(axis=1), wanted, rtol=1e-12)


def test_desire_bounds_claims_and_under_the_cap_deliveries():
    assert solve(single(3.0, desire=0.25), Settings(max_rounds=1)).trace["over"][0] == 2.0
    capped = solve(single(3.0, desire=0.25), Settings(max_rounds=1, cap="active_need"))
    close(capped.recipients["satisfied"], [0.25])
    close(capped.providers["capacity_left"], [2.75])
    nothing = solve(single(3.0, desire=0.0), Settings())
    assert nothing.recipients["satisfied"][0] == 0.0
    assert nothing.metrics["messages_allocated"] == 0


# ---------------------------------------------------------------------------- damping

def test_adaptive_damping_reads_the_last_three_over_allocations():
    rows = [((0, 1, 0), 0.5), ((1, 0, 1), 0.5), ((2, 1, 0), 1.0), ((1, 1, 1), 1.0),
            ((1, 1, 0), 1.0), ((2, 1, 1), 1.0), ((0, 1, 2), 0.8), ((0, 1, 1), 0.8),
            ((0, 0, 1), 0.8), ((0, 5e-10, 0), 1.0), ((0, 2e-9, 0), 0.5)]
    instance, settings = single(1.0), Settings()
    for history, wanted in rows:
        state = dense.initial_state(instance, settings)
        for number, over in enumerate(history):
            state.over = np.array([float(over)])
            dense.update_damping(instance, settings, state)
            if number < 2:
                assert state.damping[0] == 0.8
        assert state.damping[0] == wanted, (history, wanted, state.damping)


def test_uniform_damping_changes_no_amount():
    for instance, settings in random_cases():
        if settings.cap != "none" or np.isfinite(instance.desire).any():
            continue
        runs = [first_rounds(instance, Settings(settlement=settings.settlement, damping=rule), 3)
                for rule in ("none", 0.5)]
        for plain, damped in zip(*runs):
            np.testing.assert_allclose(damped[0], plain[0], rtol=1e-9,
                                       atol=1e-9 * instance.capacity.sum())
            np.testing.assert_allclose(damped[1], 0.5 * plain[1], rtol=1e-9,
                                       atol=1e-9 * instance.need.sum())


# ---------------------------------------------------------------------------- stop rules

def test_ample_reallocation_of_one_pair_is_a_two_cycle():
    # Received 2, 0, 2, 0 …: over 1, 0, 1, 0; the state saved after round 2 is back after round 4.
    result = solve(single(2.0), Settings(settlement="reallocate", damping="none"))
    assert (result.status, result.cycle_period, result.rounds) == (dense.CYCLE, 2, 4)
    close(result.trace["over"], [1.0, 0.0, 1.0, 0.0])
    # Under adaptive f is 0.8, 0.8, 0.5, 0.5 …: what was saved after round 2 never comes again, so
    # the match is with round 4.
    result = solve(single(2.0), Settings(settlement="reallocate"))
    assert (result.status, result.cycle_period, result.rounds) == (dense.CYCLE, 2, 6)
    close(result.trace["mean_damping"], [0.8, 0.8, 0.5, 0.5, 0.5, 0.5])
    assert list(result.trace["oscillating"]) == [0, 0, 1, 1, 1, 1]


def test_recurrence_of_period_one_is_stable():
    # Nothing moves after round 1, but f is 0.8, 0.8, 1, 1, 1: saved after round 4, met in round 5.
    result = solve(single(0.5), Settings(stop="needs"))
    assert (result.status, result.cycle_period, result.rounds) == (dense.STABLE, 1, 5)
    # d is 0.5, 0.2, 0.2: the denominators stand still in round 3.
    result = solve(single(0.5), Settings(stop="either"))
    assert (result.status, result.cycle_period, result.rounds) == (dense.STABLE, -1, 3)
    close(result.trace["denominator_change"], [np.nan, 0.6, 0.0])


def test_stop_chooses_who_may_end_a_run():
    for stop, status, rounds in (("needs", 1, 1), ("either", 1, 1), ("denominators", 2, 3)):
        result = solve(single(1.0), Settings(stop=stop))
        assert (result.status, result.rounds) == (status, rounds), stop
    assert solve(single(0.5), Settings(max_rounds=1)).status == dense.ROUND_LIMIT


def test_a_slow_satisfaction_is_not_stable():
    # D = 0.001 keeps d constant while x grows by 0.001 a round: d alone would stop at once.
    result = solve(single(10.0, desire=0.001), Settings(cap="active_need", max_rounds=50))
    assert result.status == dense.ROUND_LIMIT
    close(result.recipients["satisfied"], [0.05])


def test_meshes_behave_as_the_model_says():
    for seed in range(5):
        for ratio in (0.5, 1.0, 2.0):
            for settlement in ("stock", "stream"):
                result = solve(mesh(seed, ratio), Settings(settlement=settlement))
                assert 2 <= result.rounds <= 6, (seed, ratio, settlement, result.rounds)
        for ratio in (1.25, 2.0):
            result = solve(mesh(seed, ratio), Settings(settlement="reallocate"))
            assert (result.status, result.cycle_period) == (dense.CYCLE, 2), (seed, ratio)


# ---------------------------------------------------------------------------- metrics

def test_equality_figures_follow_their_definitions():
    rng = np.random.default_rng(3)
    for m in (1, 2, 20, 21, 41):
        q = rng.random(m)
        found = dense.equality(q)
        close(found["jain_index"], q.sum()**2 / (m * (q**2).sum()))
        close(found["gini"], np.abs(q[:, None] - q[None, :]).sum() / (2 * m * q.sum()))
        assert found["satisfaction_min"] == q.min()
        assert found["satisfaction_p05"] == sorted(q)[(m - 1) // 20]


def test_no_need_at_all_gives_the_stated_figures():
    metrics = solve(Instance.of([1.0], [0.0, 0.0], [[0.5, 0.5]]), Settings()).metrics
    wanted = {"satisfied_fraction": 1.0, "fully_met_fraction": 1.0, "over_fraction": 0.0,
              "wasted_fraction": 0.0, "jain_index": 1.0, "gini": 0.0, "satisfaction_min": 1.0,
              "satisfaction_p05": 1.0, "messages_published": 2, "messages_read": 1,
              "messages_allocated": 0}
    assert {name: metrics[name] for name in wanted} == wanted
    starved = solve(single(0.0), Settings()).metrics
    found = [starved[name] for name in ("jain_index", "gini", "satisfied_fraction")]
    assert found == [1.0, 0.0, 0.0]


def test_messages_are_counted_over_all_rounds():
    # The stock is gone after round 1, and the run ends stable in round 3.
    metrics = solve(Instance.of([0.5], [1.0, 1.0], [[0.5, 0.5]]), Settings()).metrics
    assert metrics["messages_published"] == 6
    assert metrics["messages_read"] == 3
    assert metrics["messages_allocated"] == 2


# ---------------------------------------------------------------------------- invariances

def test_powers_of_two_scale_amounts_bitwise():
    for instance, settings in random_cases():
        scaled = Instance(instance.capacity * 1024.0, instance.need * 1024.0, instance.weight,
                          instance.desire * 1024.0)
        one, other = solve(instance, settings), solve(scaled, settings)
        assert (one.status, one.rounds) == (other.status, other.rounds)
        assert np.array_equal(one.recipients["satisfied"] * 1024.0, other.recipients["satisfied"])
        assert np.array_equal(one.trace["over"] * 1024.0, other.trace["over"])


def test_an_idle_agent_changes_nothing():
    for instance, settings in random_cases():
        if settings.settlement == "reallocate":
            continue
        rows, columns = instance.weight.shape
        weight = np.full((rows + 1, columns + 1), 0.7)
        desire = np.full((rows + 1, columns + 1), np.inf)
        weight[:rows, :columns], desire[:rows, :columns] = instance.weight, instance.desire
        wider = Instance(np.append(instance.capacity, 0.0), np.append(instance.need, 0.0),
                         weight, desire)
        one, other = solve(instance, settings), solve(wider, settings)
        assert (one.status, one.rounds) == (other.status, other.rounds)
        np.testing.assert_allclose(other.recipients["satisfied"][:-1], one.recipients["satisfied"],
                                   atol=1e-12 * max(instance.need.max(), 1e-300), rtol=1e-12)


def test_twins_agree_outside_reallocate():
    rng = np.random.default_rng(1)
    agreed = [twins_agree(instance, settings, flat(solve(instance, settings)), rng)
              for instance, settings in random_cases() if settings.settlement != "reallocate"]
    assert np.mean(agreed) > 0.98, np.mean(agreed)


# ---------------------------------------------------------------------------- the checker

def test_every_changed_entry_is_reported():
    instance = two_by_two()
    table = flat(solve(instance, Settings(settlement="reallocate", max_rounds=9)))
    assert differences(table, table, instance, 1e-10) == []
    for name, value in table.items():
        changed = np.array(value) + (1 if value.dtype.kind in "iu" else 1e-7 * (1 + np.abs(value)))
        if np.isnan(value).any():
            changed = np.where(np.isnan(value), 0.0, value)
        assert differences(table, {**table, name: changed}, instance, 1e-10), name
        lacking = {key: x for key, x in table.items() if key != name}
        assert differences(table, lacking, instance, 1e-10), name


def test_written_cases_read_back_bitwise():
    for index in range(60):
        case = random_case(5, index)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            scenario = tomllib.loads(write_case(case, folder).read_text())
            assert scenario["round"] == vars(case.settings)
            check_files(case, folder)


def check_files(case, folder):
    def table(name):
        return list(csv.DictReader((folder / name).read_text().splitlines()))

    one = case.kind == "agents"
    needs = table("agents.csv" if one else "recipients.csv")
    name = "need" if case.types == 1 else f"need_{case.types}"
    assert [row["id"] for row in needs] == case.recipient_ids
    assert [float(row[name]) for row in needs] == list(case.need[:, -1])
    seen = np.zeros(case.weight.shape)
    ends = ("a", "b") if one else ("provider", "recipient")
    for edge in table("edges.csv"):
        p, r = case.provider_ids.index(edge[ends[0]]), case.recipient_ids.index(edge[ends[1]])
        assert float(edge["mr"]) == case.weight[p, r] and 0.0 < case.weight[p, r] <= 1.0
        assert float(edge.get("desire") or "inf") == case.desire[p, r]
        seen[p, r] += 1
        if one:
            seen[r, p] += 1
    assert np.array_equal(seen, case.weight > 0.0)
    assert not one or np.array_equal(case.weight, case.weight.T)


def main():
    tests = {name: test for name, test in globals().items() if name.startswith("test_")}
    failed = 0
    for name, test in tests.items():
        try:
            test()
            print("ok    ", name[5:].replace("_", " "))
        except Exception:
            failed += 1
            print("FAILED", name[5:].replace("_", " "))
            traceback.print_exc()
    print(f"{len(tests) - failed} of {len(tests)} passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
