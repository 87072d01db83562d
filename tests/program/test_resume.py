"""Sweeps that end early lose nothing: kills, signals, wall time, full disks, failing syncs, damaged
journals, points that kill the process (engineering.md 1–5, 19). Each time the file in the end
equals that of an uninterrupted run, byte for byte but for provenance and timing.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import h5py

import journals
import program
from program import BAD_INPUT, DONE, INTERRUPTED, IO_ERROR, SOME_FAILED, STATUSES, toml
from test_same_bits import contents

# A second of work in small points, and every kind of row.
GRID = toml(seed=5, network={"agents": [20, 60], "count": 2},
            population={"replicates": 3000, "supply_ratio": [0.7, 1.3]},
            round={"settlement": ["stock", "reallocate"]})
POINTS = 2 * 2 * 2 * 2 * 3000
RAGGED = toml(seed=6, network={"kind": "hub_spoke", "agents": [5, 30], "hub": [0, 10]},
              population={"replicates": 40, "types": 2}, output={"traces": True, "agents": True})
FAILED = STATUSES.index("failed")
SWEEP = ("sweep", "scenario.toml", "-o", "out/r.h5", "-q")


class Resumed(program.Case):
    """What the tests share: a reference, and ends that are compared with it."""

    scenario = GRID

    def setUp(self):
        super().setUp()
        self.write(self.scenario)
        self.journal = self.out / "r.h5.journal"

    def reference(self):
        if (self.folder / "ref.h5").exists():
            return contents(self.folder / "ref.h5")
        self.needflow("sweep", "scenario.toml", "-o", "ref.h5", "-q",
                      expect=SOME_FAILED if self.scenario is RAGGED else DONE)
        return contents(self.folder / "ref.h5")

    def stop_early(self, *arguments, seconds="0.1"):
        """A sweep that ran out of time; skips nothing."""
        result = self.needflow(*SWEEP, "--max-walltime", seconds, *arguments, expect=INTERRUPTED)
        self.assert_civil(result, ["--resume", "out/r.h5.journal"])
        return result

    def finish(self, *arguments, expect=DONE, **options):
        result = self.needflow(*SWEEP, "--resume", *arguments, expect=expect, **options)
        self.assert_nothing_in(self.out, but=["r.h5"])
        return result

    def assert_as_reference(self):
        one, other = self.reference(), contents(self.out / "r.h5")
        self.assertEqual([], [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)])

    def plan_hash(self):
        text = self.needflow("plan", "scenario.toml").stdout
        return int(text.split("plan hash")[1].split()[0], 16)


class Interrupted(Resumed):
    def test_a_sweep_that_ran_out_of_time_goes_on_and_computes_nothing_twice(self):
        self.stop_early()
        self.assertFalse((self.out / "r.h5").exists())
        first = journals.points(self.journal)
        self.assertEqual(len(first), len(set(first)))
        self.assertTrue(0 < len(first) < POINTS, len(first))
        self.stop_early("--resume")
        second = journals.points(self.journal)
        self.assertEqual(first, second[:len(first)])
        self.assertEqual(len(second), len(set(second)))
        self.finish()
        self.assert_as_reference()

    def test_a_signal_and_then_another_lose_nothing_that_the_journal_held(self):
        process = program.start(*SWEEP, cwd=self.folder)
        self.assertTrue(program.wait_until(
            lambda: self.journal.exists() and self.journal.stat().st_size > 100000))
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        # Which of two pending signals comes first is the kernel's choice.
        self.assertIn(process.returncode, (-signal.SIGINT, -signal.SIGTERM, INTERRUPTED))
        self.assertTrue(journals.points(self.journal))
        self.finish()
        self.assert_as_reference()

    def test_a_killed_sweep_goes_on_traces_agents_and_failures_included(self):
        self.scenario = RAGGED
        self.write(RAGGED)
        process = program.start(*SWEEP, cwd=self.folder)
        program.wait_until(lambda: self.journal.exists() and self.journal.stat().st_size > 30000)
        process.kill()
        process.communicate(timeout=30)
        self.finish(expect=SOME_FAILED)
        self.assert_as_reference()

    def test_slurms_end_of_the_job_stops_a_sweep_in_time(self):
        end = str(int(time.time()) + 2)
        self.write(toml(network={"agents": 60}, population={"replicates": 1000000}))
        result = self.needflow(*SWEEP, expect=INTERRUPTED,
                               env=program.environment(SLURM_JOB_END_TIME=end))
        self.assert_civil(result, ["wall time"])

    def test_a_live_sweep_is_seen_without_being_disturbed(self):
        process = program.start(*SWEEP, "--threads", "1", cwd=self.folder)
        self.assertTrue(program.wait_until(
            lambda: self.journal.exists() and self.journal.stat().st_size > 50000))
        process.send_signal(signal.SIGSTOP)
        status = json.loads(self.needflow("status", "out/r.h5", "--json").stdout)
        refused = self.needflow(*SWEEP, "--resume", expect=BAD_INPUT)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=30)
        self.assertEqual(DONE, process.returncode)
        self.assertEqual(("running", POINTS), (status["state"], status["points"]))
        self.assertTrue(0 < status["done"] < POINTS)
        self.assert_civil(refused, ["another process", "status"])
        self.assert_as_reference()


class Refusals(Resumed):
    def test_a_journal_is_not_overwritten_by_accident(self):
        self.stop_early()
        before = self.journal.read_bytes()
        self.assert_civil(self.needflow(*SWEEP, expect=BAD_INPUT),
                          ["--resume", "--overwrite", "out/r.h5.journal"])
        self.assertEqual(before, self.journal.read_bytes())
        self.needflow(*SWEEP, "--overwrite")
        self.assert_nothing_in(self.out, but=["r.h5"])
        self.assert_as_reference()

    def test_another_scenario_is_refused_with_what_differs(self):
        self.stop_early()
        result = self.needflow(*SWEEP, "--resume", "--seed", "6", "--set", "round.tolerance=0.02",
                               expect=BAD_INPUT)
        self.assert_civil(result, ["seed: 5 then, 6 now", "round.tolerance: 0.01 then, 0.02 now"])
        self.finish()
        self.assert_as_reference()

    def test_resume_without_a_journal_starts_afresh_and_a_finished_file_is_left_alone(self):
        self.finish()
        before = (self.out / "r.h5").stat()
        started = time.monotonic()
        self.finish()
        self.assertLess(time.monotonic() - started, 5)
        after = (self.out / "r.h5").stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        self.assert_civil(self.needflow(*SWEEP, "--resume", "--seed", "6", expect=BAD_INPUT),
                          ["seed: 5 then, 6 now"])

    def test_a_wall_time_that_is_none_is_refused(self):
        result = self.needflow(*SWEEP, "--max-walltime", "soon", expect=BAD_INPUT)
        self.assert_civil(result, ["--max-walltime", "'soon'", "30m"])


class Damage(Resumed):
    def damage(self, change):
        """Changes the journal's bytes and resumes; what resuming said."""
        self.stop_early()
        while self.journal.stat().st_size < 50000:  # more than a header, on a busy machine too
            self.stop_early("--resume")
        data = bytearray(self.journal.read_bytes())
        self.journal.write_bytes(change(data))
        result = self.needflow("sweep", "scenario.toml", "-o", "out/r.h5", "--resume",
                               "--log-level", "warning")
        self.assert_nothing_in(self.out, but=["r.h5"])
        self.assert_as_reference()
        return result

    def test_a_torn_tail_is_cut_off_and_said(self):
        said = self.damage(lambda data: data[:-5]).stderr
        self.assertIn("incomplete record", said)

    def test_a_flipped_bit_in_the_middle_keeps_what_precedes_it_and_is_said(self):
        def flip(data):
            data[len(data) // 2] ^= 16
            return data
        said = self.damage(flip).stderr
        self.assertIn("damaged after", said)
        self.assertIn("computed again", said)

    def test_a_destroyed_header_is_refused_and_destroys_nothing(self):
        self.stop_early()
        data = bytearray(self.journal.read_bytes())
        data[20] ^= 1
        self.journal.write_bytes(data)
        self.assert_civil(self.needflow(*SWEEP, "--resume", expect=IO_ERROR),
                          ["out/r.h5.journal", "--overwrite"])
        self.assertEqual(bytes(data), self.journal.read_bytes())


class PoisonPoints(Resumed):
    """A point that was in flight when the process died, as the in-flight table tells it."""

    def die_of(self, times, **marks):
        for _ in range(times):
            self.stop_early("--resume", seconds="0.02")
            (self.out / "r.h5.inflight").write_bytes(
                journals.in_flight(self.plan_hash(), **marks))

    def test_a_point_in_flight_in_three_deaths_is_given_up_and_tried_again_on_wish(self):
        last = POINTS - 1  # no session before gets that far
        self.die_of(3, points_running=[last])
        result = self.needflow(*SWEEP, "--resume", expect=SOME_FAILED)
        with h5py.File(self.out / "r.h5") as file:
            self.assertEqual(FAILED, file["status"][...].ravel()[last])
            self.assertEqual(1, (file["status"][...] == FAILED).sum())
            self.assertEqual([3], list(file["failures/attempts"][...]))
            self.assertIn("in flight when the process died, 3 times in a row",
                          file["failures/message"][0].decode())
        self.assertTrue(self.journal.exists(), result.stderr)
        self.needflow(*SWEEP, "--retry-failed")
        self.assert_nothing_in(self.out, but=["r.h5"])
        self.assert_as_reference()

    def test_deaths_that_are_not_in_a_row_give_up_nothing(self):
        for _ in range(3):
            self.die_of(2, points_running=[POINTS - 1], points_building=[POINTS - 3000])
            self.die_of(1, points_running=[POINTS - 2])
        self.finish()
        self.assert_as_reference()

    def test_two_deaths_or_deaths_of_those_told_to_stop_give_up_nothing(self):
        self.die_of(2, points_running=[POINTS - 1], points_building=[POINTS - 1])
        for _ in range(3):
            self.stop_early("--resume", seconds="0.02")
            (self.out / "r.h5.inflight").write_bytes(journals.in_flight(
                self.plan_hash(), points_running=[POINTS - 1], told_to_stop=True))
        self.finish()
        self.assert_as_reference()

    def test_a_network_whose_building_kills_three_times_is_given_up_with_all_its_points(self):
        self.die_of(3, points_building=[POINTS - 1])
        self.needflow(*SWEEP, "--resume", expect=SOME_FAILED)
        with h5py.File(self.out / "r.h5") as file:
            # agents 60, network 1: all supply ratios, settlements and replicates.
            failed = file["status"][...] == FAILED
            self.assertTrue(failed[1, :, :, 1].all())
            self.assertEqual(2 * 2 * 3000, failed.sum())


class FailingDisk(Resumed):
    """Errors of write and fdatasync at the n-th call, through a preloaded library."""

    def setUp(self):
        super().setUp()
        compiler = shutil.which("cc") or shutil.which("gcc")
        self.library = self.folder / "fail.so"
        source = pathlib.Path(__file__).with_name("fail_sync.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", self.library, source, "-ldl"],
                       check=True)

    def broken(self, **wishes):
        preload = f"{os.environ.get('LD_PRELOAD', '')} {self.library}".strip()
        return program.environment(LD_PRELOAD=preload, **wishes)

    def test_writes_that_fail_for_good_or_once_end_the_sweep_and_lose_nothing(self):
        for number in ("2", "3"):
            for once in ({}, {"FAIL_ONCE": "1"}):
                with self.subTest(number=number, **once):
                    env = self.broken(FAIL_WRITE=number, **once)
                    result = self.needflow(*SWEEP, "--resume", expect=None, env=env)
                    # A short write is taken up again; how many writes there are depends on the time.
                    if (number == "2" and not once) or result.returncode != DONE:
                        self.assertEqual(IO_ERROR, result.returncode, result.stderr)
                        self.assert_civil(result,
                                          ["out/r.h5.journal", "No space left", "--resume"])
                        self.finish()
                    self.assert_as_reference()
                    (self.out / "r.h5").unlink()

    def test_a_sync_that_fails_ends_the_sweep_and_loses_nothing(self):
        self.write(toml(network={"agents": 60}, population={"replicates": 900000}))
        result = self.needflow(*SWEEP, expect=IO_ERROR, env=self.broken(FAIL_SYNC="1"))
        self.assert_civil(result, ["out/r.h5.journal", "Input/output error", "--resume"])
        self.finish()
        self.assert_as_reference()

    def needflow(self, *arguments, expect=DONE, **options):
        if expect is not None:
            return super().needflow(*arguments, expect=expect, **options)
        return program.run(*arguments, cwd=self.folder, **options)


class Told(Resumed):
    def test_plan_and_status_tell_what_a_resume_would_skip(self):
        self.stop_early()
        held = len(set(journals.points(self.journal)))
        plan = self.needflow("plan", "scenario.toml", "-o", "out/r.h5").stdout
        self.assertIn(f"skips {held} of {POINTS} points", plan)
        status = json.loads(self.needflow("status", "out/r.h5", "--json").stdout)
        self.assertEqual(("stopped", held, 0), (status["state"], status["done"], status["failed"]))
        for values in status["coverage"].values():
            if len(values) < 100:
                self.assertEqual(held, sum(value["done"] for value in values))
        self.assertIn("--resume", self.needflow("status", "out/r.h5").stdout)
        self.finish()
        status = json.loads(self.needflow("status", "out/r.h5", "--json").stdout)
        self.assertEqual(("finished", POINTS), (status["state"], status["done"]))
        self.assert_civil(self.needflow("status", "nothing.h5", expect=IO_ERROR), ["nothing.h5"])

    def test_a_sweep_stopped_by_failures_keeps_its_journal_and_goes_on(self):
        self.write(RAGGED)
        self.scenario = RAGGED
        self.needflow(*SWEEP, "--fail-fast", expect=SOME_FAILED)
        self.assertTrue(self.journal.exists())
        self.finish(expect=SOME_FAILED)
        self.assert_as_reference()


if __name__ == "__main__":
    program.main()
