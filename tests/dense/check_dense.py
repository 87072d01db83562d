"""Compares the program with the dense second opinion (M2, M3) on random small instances.

    check_dense.py BINARY [--count 200] [--seed 1] [--only INDEX] [--keep FOLDER]
    check_dense.py --agreement [--count 200] [--seed 1]    without a program: how often twins agree

`reallocate` is not a contraction: rounding may grow until two right programs differ in every digit.
So each case is first run against its own twins (agents permuted; permuted and in another unit).
Where the twins differ by more than 1e-12 the run is cut to fewer rounds; a case whose twins never
agree is skipped as chaotic and counted. In all others the program must agree to 1e-10, statuses,
rounds and counts exactly. Amounts are compared on the scale of the need or capacity they belong to.
Exit code 1 if anything differs.
"""

import argparse
import dataclasses
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

import h5py
import numpy as np

from dense_rounds import solve
from instances import random_case, twin, write_case

TWIN_TOLERANCE = 1e-12
PROGRAM_TOLERANCE = 1e-10
SHORTER_RUNS = (30, 12, 5, 2)

METRICS = ("satisfied_fraction fully_met_fraction over_fraction wasted_fraction residual_l1 "
           "residual_max jain_index gini satisfaction_min satisfaction_p05 messages_published "
           "messages_read messages_allocated").split()
TRACE = ("round residual_l1 satisfied_fraction over converged denominator_change mean_damping "
         "oscillating active_providers").split()
RECIPIENTS = "need satisfied damping residual degree".split()
PROVIDERS = "capacity capacity_left degree".split()
AMOUNTS = "residual_l1 residual_max over satisfied residual capacity_left".split()
EXACT = ("status rounds cycle_period messages_published messages_read messages_allocated round "
         "converged oscillating active_providers need capacity damping degree").split()


# ---------------------------------------------------------------------------- comparing

def flat(result):
    """A result as one table: status, metric, trace/…, recipients/…, providers/… -> array."""
    table = {"status": result.status, "rounds": result.rounds, "cycle_period": result.cycle_period}
    table.update(result.metrics)
    for group in ("trace", "recipients", "providers"):
        table.update({f"{group}/{name}": x for name, x in getattr(result, group).items()})
    return {name: np.asarray(x) for name, x in table.items()}


def scale_of(name, instance):
    """What a difference of 1e-10 is relative to, if that is more than the value itself."""
    leaf = name.split("/")[-1]
    if leaf in EXACT:
        return 0.0
    if name.startswith("recipients/"):
        return instance.need
    if name.startswith("providers/"):
        return instance.capacity
    if leaf in ("residual_l1", "residual_max", "over"):
        return max(instance.need.sum(), instance.capacity.sum())
    return 1.0


def differences(expected, found, instance, tolerance):
    """Lines naming every entry of `expected` that `found` lacks or disagrees with."""
    lines = []
    for name, want in expected.items():
        have = found.get(name)
        if have is None:
            lines.append(f"{name}: missing or without its dimension `type`, want {want}")
        elif want.shape != have.shape:
            lines.append(f"{name}: shape {have.shape}, want {want.shape}")
            if have.ndim == want.ndim == 1:
                n = min(len(have), len(want))
                lines += unequal_entries(name, want[:n], have[:n], 0.0, tolerance)
        else:
            lines += unequal_entries(name, want, have, scale_of(name, instance), tolerance)
    return lines


def unequal_entries(name, want, have, scale, tolerance):
    exact = name.split("/")[-1] in EXACT
    with np.errstate(invalid="ignore"):
        allowed = 0.0 if exact else tolerance * np.maximum(scale, np.abs(want))
        right = (np.abs(have.astype(float) - want) <= allowed) | (np.isnan(want) & np.isnan(have))
    wrong = np.argwhere(~np.asarray(right))
    lines = [f"{name}{list(at) if len(at) else ''}: program {have[tuple(at)]!r}, "
             f"dense {want[tuple(at)]!r}" for at in wrong[:3]]
    return lines + ([f"{name}: {len(wrong) - 3} more"] if len(wrong) > 3 else [])


# ---------------------------------------------------------------------------- twins

def twins_agree(instance, settings, expected, rng):
    """(permuted, permuted and in another unit): does the dense run agree with itself?"""
    answers = []
    for unit in (1.0, 3.0):
        other = twin(instance, rng, unit)
        found = undo(other, unit, flat(solve(other.instance, settings)), expected)
        answers.append(not differences(expected, found, instance, TWIN_TOLERANCE))
    return answers


def undo(other, unit, table, original):
    """A twin's table in the original order and unit."""
    back = dict(table)
    for name, x in table.items():
        group, leaf = name.split("/") if "/" in name else ("", name)
        if leaf in AMOUNTS:
            x = x / unit
        if group in ("recipients", "providers"):
            order = other.recipient_order if group == "recipients" else other.provider_order
            x = x[np.argsort(order)]
        back[name] = original[name] if leaf in ("need", "capacity") else x
    return back


def reliable_run(case, rng):
    """The settings, shortened if they must be, under which the twins of every type agree.

    Returns (settings or None, tables of the types, agreement at full length).
    """
    at_full_length = None
    for limit in (case.settings.max_rounds,) + SHORTER_RUNS:
        if limit > case.settings.max_rounds:
            continue
        settings = dataclasses.replace(case.settings, max_rounds=limit)
        tables = [flat(solve(case.instance(k), settings)) for k in range(case.types)]
        agreement = np.all([twins_agree(case.instance(k), settings, tables[k], rng)
                            for k in range(case.types)], axis=0)
        if at_full_length is None:
            at_full_length = agreement
        if agreement.all():
            return settings, tables, at_full_length
    return None, None, at_full_length


# ---------------------------------------------------------------------------- the program

def run_program(binary, case, settings, folder):
    """(lines of complaint, one table per need type read from the result file)."""
    scenario = write_case(case, folder, settings)
    output = folder / "out.h5"
    command = [binary, "run", str(scenario), "-o", str(output), "--quiet", "--overwrite"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return [f"exit code {done.returncode}: {done.stderr.strip()}"], []
    with h5py.File(output, "r") as file:
        return wrong_ids(file, case), [read_type(file, case, k) for k in range(case.types)]


def read_type(file, case, k):
    """What the file says about need type k; datasets that are not there are left out."""
    table = {name: of_type(file[name][()], k, case.types)
             for name in ["status", "rounds", "cycle_period"] + METRICS if name in file}
    table.update(read_trace(file, k))
    for group, names in (("recipients", RECIPIENTS), ("providers", PROVIDERS)):
        for name in names:
            path = f"{stored_group(case, group)}/{name}"
            if path in file:
                table[f"{group}/{name}"] = of_type(file[path][()], k, case.types, name == "degree")
    return table


def stored_group(case, group):
    return "agents" if case.kind == "agents" else group


def of_type(values, k, types, may_be_shared=False):
    """Type k's part of a dataset; None if it lacks the dimension `type` that it should have."""
    values = np.asarray(values)
    if types == 1 or (may_be_shared and values.ndim == 1):
        return values
    return values[..., k] if values.shape[-1:] == (types,) else None


def read_trace(file, k):
    """The rows of point k in the ragged arrays."""
    if "trace/row_size" not in file:
        return {}
    ends = np.cumsum(np.atleast_1d(file["trace/row_size"][()]))
    if k >= len(ends):
        return {}
    rows = slice(ends[k - 1] if k else 0, ends[k])
    names = [f"trace/{name}" for name in TRACE]
    return {name: file[name][rows] for name in names if name in file}


def wrong_ids(file, case):
    """Lines about stored ids that are not those of the input in its order."""
    lines = []
    for group, wanted in (("recipients", case.recipient_ids), ("providers", case.provider_ids)):
        path = f"{stored_group(case, group)}/id"
        found = [str(x) for x in file[path].asstr()[()]] if path in file else list(wanted)
        if found != list(wanted):
            lines.append(f"{path}: not in input order, {found[:5]} instead of {wanted[:5]}")
    return lines


# ---------------------------------------------------------------------------- main

def check_case(binary, case, settings, tables, keep):
    """Lines of what differs between the program and the dense run."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        lines, found = run_program(binary, case, settings, folder)
        for k, table in enumerate(found):
            of = f"type {k + 1}: " if case.types > 1 else ""
            lines += [of + line for line in differences(tables[k], table, case.instance(k),
                                                        PROGRAM_TOLERANCE)]
        if lines and keep:
            shutil.copytree(folder, keep, dirs_exist_ok=True)
    return lines


def describe(case, settings):
    shape = "x".join(str(n) for n in case.weight.shape)
    bound = ", finite desires" if np.isfinite(case.desire).any() else ""
    chosen = ", ".join(f"{key}={value}" for key, value in vars(settings).items())
    return f"{case.kind} {shape}, {case.types} type(s), {len(case.edges)} edges{bound}; {chosen}"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary", nargs="?")
    parser.add_argument("--count", type=int, default=200, help="cases (default 200)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="this one case")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the files of failing cases here")
    parser.add_argument("--agreement", action="store_true", help="twins only, no program")
    arguments = parser.parse_args()
    if not arguments.binary and not arguments.agreement:
        parser.error("name the program, or say --agreement")
    return arguments


def main():
    arguments = parse_arguments()
    tally, failures = Counter(), 0
    only = arguments.only
    for index in range(arguments.count) if only is None else [only]:
        case = random_case(arguments.seed, index)
        rng = np.random.default_rng([arguments.seed, index, 1])
        settings, tables, (permuted, all_twins) = reliable_run(case, rng)
        settlement = case.settings.settlement
        all_twins = permuted and all_twins
        tally[settlement, "cases"] += 1
        tally[settlement, "permuted"] += bool(permuted)
        tally[settlement, "all twins"] += bool(all_twins)
        tally[settlement, "shortened"] += settings is not None and not all_twins
        tally[settlement, "skipped"] += settings is None
        if settings is None or arguments.agreement:
            continue
        keep = arguments.keep / f"{arguments.seed}-{index}" if arguments.keep else None
        lines = check_case(arguments.binary, case, settings, tables, keep)
        if lines:
            failures += 1
            print(f"case {index} of seed {arguments.seed}: {describe(case, settings)}")
            print("\n".join("  " + line for line in lines), flush=True)
    print_summary(tally, failures, compared=not arguments.agreement)
    return 1 if failures else 0


def print_summary(tally, failures, compared):
    print("settlement   cases  permuted twin agrees  both twins agree  shortened  skipped (chaotic)")
    for settlement in ("stock", "stream", "reallocate"):
        n = [tally[settlement, what]
             for what in ("cases", "permuted", "all twins", "shortened", "skipped")]
        print(f"{settlement:11}  {n[0]:5}  {n[1]:20}  {n[2]:16}  {n[3]:9}  {n[4]:17}")
    cases = sum(n for (_, what), n in tally.items() if what == "cases")
    skipped = sum(n for (_, what), n in tally.items() if what == "skipped")
    if compared:
        print(f"{cases - skipped} compared, {skipped} skipped as chaotic, "
              f"{failures} with differences")


if __name__ == "__main__":
    sys.exit(main())
