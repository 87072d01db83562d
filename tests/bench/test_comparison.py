"""Tests of the comparison with other libraries (bench/peers, bench/scaling.py): what decides whether an answer is
right and a goal reached. Needs none of those libraries.

Expected values are arithmetic written out beside the test. Prints what passed and exits 1 if anything failed.
"""

import pathlib
import sys
import traceback

import numpy as np

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path[:0] = [str(BENCH), str(BENCH / "peers"), str(BENCH / "peers" / "graph")]
sys.dont_write_bytecode = True

import compare_graph  # noqa: E402
import goals  # noqa: E402
import measuring  # noqa: E402
import scaling  # noqa: E402
import tables  # noqa: E402


def answer(x, received, d):
    return np.array([[x], [received], [d]])


def test_an_answer_off_by_more_than_allowed_is_seen_in_each_of_its_three_parts():
    right = answer(50.0, 60.0, 7.0)
    for part in range(3):
        wrong = right.copy()
        wrong[part] *= 1.0 + 1e-11
        assert measuring.difference(wrong, right, np.array([100.0])) > measuring.AGREEMENT
    assert measuring.difference(right, right, np.array([100.0])) == 0.0


def test_amounts_count_on_the_scale_of_the_need_and_denominators_on_their_own():
    right, need = answer(1e-6, 1e-6, 1e-6), np.array([100.0])
    # 1e-14 beside a need of 100 is a share of 1e-16; beside a denominator of 1e-6 it is one of 1e-8.
    assert np.isclose(measuring.difference(answer(1e-6 + 1e-14, 1e-6, 1e-6), right, need), 1e-16, rtol=1e-3)
    assert np.isclose(measuring.difference(answer(1e-6, 1e-6, 1e-6 + 1e-14), right, need), 1e-8, rtol=1e-3)


def test_an_answer_that_is_no_number_or_of_another_size_never_agrees():
    right, need = answer(1.0, 1.0, 1.0), np.array([1.0])
    assert measuring.difference(answer(np.nan, 1.0, 1.0), right, need) == np.inf
    assert measuring.difference(np.ones((3, 2)), right, need) == np.inf


def test_ratios_pair_the_times_of_the_same_turn():
    case = {"times": {"needflow": [1.0, 2.0, 4.0], "Eigen": [6.0, 4.0, 4.0]}}
    assert measuring.ratios(case, "Eigen") == [6.0, 2.0, 1.0]
    assert measuring.ratios(case, "PETSc") == []


def test_shares_of_the_limits_follow_the_cost_model():
    # 1,000 entries and 10 agents in 1 µs: 25,120 bytes, 2,000 visits and 4,000 operations.
    case = {"entries": 1000, "agents": 10, "times": {"needflow": [1e-6]},
            "limits": {"stream": [50.24e9], "gather": [4e9], "fma": [100e9]}}
    shares = measuring.shares(case)
    assert np.isclose(shares["stream"], 0.5) and np.isclose(shares["gather"], 0.5)
    assert np.isclose(shares["fma"], 0.04)


def test_a_goal_is_reached_by_the_median_at_least_or_at_most():
    cells = lambda values, **how: goals.Row("x", 2.0, values, **how).cells()[3]  # noqa: E731
    assert cells([1.0, 2.0, 9.0]) == "reached"
    assert cells([1.0, 1.9, 9.0]) == "not reached"
    assert cells([1.0, 2.0, 9.0], at_most=True) == "reached"
    assert cells([1.0, 2.1, 9.0], at_most=True) == "not reached"


def test_a_goal_measured_while_others_were_at_work_is_neither_reached_nor_missed():
    case = {"agents": 1000, "neighbors": 20, "threads": 1, "entries": 1, "refused": {},
            "times": {"needflow": [1.0], "Eigen": [9.0]}, "idle": [0.95, 0.5, 0.6]}
    verdict = lambda: [row.cells()[3] for row in goals.peer_rows(goals.Results({"cases": [case]}, {}, {}, {}))  # noqa: E731
                       if row.what.endswith("1 thr., over Eigen")]
    assert verdict() == [goals.BUSY]
    case["idle"] = [0.95, 0.5, 0.97]
    assert verdict() == ["reached"]


def test_without_any_file_no_goal_is_reached_or_missed():
    lines = []
    goals.print_goals(goals.Results({}, {}, {}, {}), out=lines.append)
    assert "reached 0, not reached 0" in lines[-1]
    assert sum(goals.NOT_MEASURED in line for line in lines) > 22


def test_lanes_gain_their_width_times_the_ratio_of_times():
    bench = {"lanes/N:100/k:20/L:1/threads:1": {"time": [10.0]},
             "lanes/N:100/k:20/L:16/threads:1": {"time": [20.0]}}
    row = next(iter(goals.lane_rows(goals.Results({}, bench, {}, {}))))
    assert row.values[0] == 8.0 and row.cells()[3] == "reached"


def test_lanes_of_floats_gain_over_one_lane_of_doubles():
    bench = {"lanes/N:100000/k:20/L:1/threads:2": {"time": [10.0]},
             "lanes/N:100000/k:20/L:16/lanes:f32/threads:2": {"time": [32.0]}}
    rows = {row.what: row for row in goals.lane_rows(goals.Results({}, bench, {}, {}))}
    assert rows["16 lanes stored f32 over one lane, N=1e+05, 2 thr."].values[0] == 5.0


def test_the_fitted_exponent_of_a_power_law_is_its_power():
    slope, error = scaling.exponent([(x, 3.0 * x**1.25) for x in (10.0, 100.0, 1000.0, 5000.0)])
    assert np.isclose(slope, 1.25) and error < 1e-12
    assert scaling.exponent([(1.0, 1.0), (2.0, 2.0)]) is None


def test_durations_and_sizes_of_plan_are_read_as_it_writes_them():
    assert scaling.seconds_from("0.4 s") == 0.4
    assert scaling.seconds_from("2 min 07 s") == 127.0
    assert scaling.seconds_from("1 d 3 h") == 97200.0


def test_times_are_shown_with_a_unit_that_fits():
    assert [tables.seconds_text(s) for s in (2.0, 0.0123, 4.56e-6, 7e-9)] == ["2 s", "12.3 ms", "4.56 µs", "7 ns"]


def test_answers_about_a_graph_agree_number_by_number():
    assert compare_graph.agree([2, 7858, 42], [2.0, 7858.0, 42.0])
    assert compare_graph.agree([0.1], [0.1 * (1.0 + 1e-12)]) and not compare_graph.agree([0.1], [0.1001])
    assert not compare_graph.agree([2, 7858], [2, 7858, 42])


def main():
    failed = 0
    for name, test in [item for item in globals().items() if item[0].startswith("test_")]:
        try:
            test()
            print(f"passed {name}")
        except Exception:  # noqa: BLE001  a failing test must not stop the others
            failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
