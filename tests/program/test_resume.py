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
# No point of it ends before the test does.
ENDLESS = toml(network={"agents": 60, "neighbors": 8}, population={"replicates": 40, "supply_ratio": 0.5},
               round={"settlement": "reallocate", "relaxation": 0.37, "stop": "needs",
                      "max_rounds": 100000000})
SWEEP = ("sweep", "scenario.toml", "-o", "out/r.h5", "-q")


def is_held(number):
    """Whether a process is stopped (SIGSTOP)."""
    return pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "T"


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

    def stop_early(self, *arguments):
        """A sweep that ran out of time after it has computed something, and not all: on a busy machine it
        goes on, and on a fast one it is tried again, until that is so."""
        before = self.journal.read_bytes() if self.journal.exists() else None
        held = len(journals.points(self.journal)) if before else 0
        seconds = 0.1
        for _ in range(20):
            result = program.run(*SWEEP, "--max-walltime", f"{seconds:.9f}", *arguments, cwd=self.folder)
            if result.returncode == DONE:
                (self.out / "r.h5").unlink()
                if before is not None:
                    self.journal.write_bytes(before)
                seconds /= 4
                continue
            self.assertEqual(INTERRUPTED, result.returncode, result.stderr)
            self.assert_civil(result, ["--resume", "out/r.h5.journal"])
            if len(journals.points(self.journal)) > held:
                return result
            arguments = ("--resume",)
            seconds *= 2
        self.fail("no sweep could be stopped between its first and its last point")

    def caught(self, *arguments):
        """A sweep that is held still after its first results are in the journal; begun again where it was
        faster than this test."""
        for _ in range(50):
            process = program.start(*SWEEP, *arguments, cwd=self.folder)
            self.addCleanup(process.kill)
            program.wait_until(lambda p=process: p.poll() is not None or (
                self.journal.exists() and journals.points(self.journal)))
            if process.poll() is None:
                process.send_signal(signal.SIGSTOP)
                program.wait_until(lambda p=process: p.poll() is not None or is_held(p.pid))
            if process.poll() is None and self.journal.exists():
                return process
            process.communicate(timeout=60)
            for left in self.out.iterdir():
                left.unlink()
        return self.fail("no sweep was slow enough to be caught")

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
        process = self.caught()
        held = journals.points(self.journal)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        # Which of two pending signals comes first is the kernel's choice.
        self.assertIn(process.returncode, (-signal.SIGINT, -signal.SIGTERM, INTERRUPTED))
        self.assertEqual(held, journals.points(self.journal)[:len(held)])
        self.finish()
        self.assert_as_reference()

    def test_a_killed_sweep_goes_on_traces_agents_and_failures_included(self):
        self.scenario = RAGGED
        self.write(RAGGED)
        process = self.caught()
        held = journals.points(self.journal)
        process.kill()
        process.communicate(timeout=60)
        self.assertEqual(held, journals.points(self.journal)[:len(held)])
        self.finish(expect=SOME_FAILED)
        self.assert_as_reference()

    def test_slurms_end_of_the_job_stops_a_sweep_in_time(self):
        end = str(int(time.time()) + 2)
        self.write(ENDLESS)
        result = self.needflow(*SWEEP, expect=INTERRUPTED,
                               env=program.environment(SLURM_JOB_END_TIME=end))
        self.assert_civil(result, ["wall time"])

    def test_a_live_sweep_is_seen_without_being_disturbed(self):
        process = self.caught("--threads", "1")
        status = json.loads(self.needflow("status", "out/r.h5", "--json").stdout)
        refused = self.needflow(*SWEEP, "--resume", expect=BAD_INPUT)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
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
        self.finish()
        after = (self.out / "r.h5").stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        self.assert_civil(self.needflow(*SWEEP, "--resume", "--seed", "6", expect=BAD_INPUT),
                          ["seed: 5 then, 6 now"])

    OTHER_FILES = "the files that the scenario names hold something else"

    def test_a_finished_file_of_another_version_schema_or_data_is_refused_with_what_differs(self):
        self.write(RAGGED)
        self.needflow(*SWEEP, expect=SOME_FAILED)
        version = self.needflow("--version").stdout.split()[-1]
        for name, other, says in (("needflow_version", "9.9.9", f"needflow version: 9.9.9 then, {version} now"),
                                  ("schema_version", 7, "schema_version: 7 then, 1 now"),
                                  ("plan_hash", "0123456789abcdef", self.OTHER_FILES)):
            with h5py.File(self.out / "r.h5", "r+") as file:
                before = file.attrs[name]
                file.attrs.modify(name, other)
            self.assert_civil(self.needflow(*SWEEP, "--resume", expect=BAD_INPUT), [says, "--overwrite"])
            with h5py.File(self.out / "r.h5", "r+") as file:
                file.attrs.modify(name, before)
        self.finish()

    def test_another_version_or_schema_or_other_data_is_refused_with_what_differs(self):
        """A header as another version writes it: magic, journal version, byte order, fingerprint, schema."""
        self.stop_early()
        first, *others = journals.records(self.journal)
        version = self.needflow("--version").stdout.split()[-1].encode()
        header = first[1].replace(version, b"9" * len(version), 1)
        hashed = first[1].replace(self.plan_hash().to_bytes(8, "little"), bytes(8), 1)
        self.assertNotEqual(first[1], hashed)
        for payload, says in ((hashed, self.OTHER_FILES),
                              (first[1][:32] + b"\x07" + first[1][33:], "schema_version: 7 then, 1 now"),
                              (header, f"needflow version: {'9' * len(version)} then, {version.decode()} now")):
            data = b"".join(journals.record(*each) for each in [(first[0], payload), *others])
            self.journal.write_bytes(data)
            self.assert_civil(self.needflow(*SWEEP, "--resume", expect=BAD_INPUT), [says, "--overwrite"])
            self.assertEqual(data, self.journal.read_bytes())

    def test_the_journal_of_another_shard_is_refused(self):
        self.stop_early("--shard", "1/3")
        before = self.journal.read_bytes()
        for shard in (("--shard", "2/3"), ("--shard", "1/4"), ()):
            self.assert_civil(self.needflow(*SWEEP, "--resume", *shard, expect=BAD_INPUT),
                              ["of shard 1/3", shard[-1] if shard else "1/1", "--overwrite"])
        self.assertEqual(before, self.journal.read_bytes())
        self.finish("--shard", "1/3")

    def test_a_file_of_another_sweep_beside_the_journal_is_not_replaced_unasked(self):
        self.stop_early()
        self.needflow("sweep", "scenario.toml", "-o", "other.h5", "-q", "--seed", "6")
        other = (self.folder / "other.h5").rename(self.out / "r.h5")
        before = other.read_bytes()
        self.assert_civil(self.needflow(*SWEEP, "--resume", expect=BAD_INPUT),
                          ["out/r.h5", "another sweep", "--overwrite", "seed: 6 then, 5 now"])
        self.assertEqual(before, other.read_bytes())
        self.finish("--overwrite")
        self.assert_as_reference()

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

    def test_a_death_while_the_header_is_written_is_said_and_begins_afresh(self):
        self.stop_early()
        data = self.journal.read_bytes()
        header = 9 + int.from_bytes(data[:4], "little")
        for length in (0, 2, 8, 9, 30, header // 2, header - 1):
            with self.subTest(length=length):
                self.journal.write_bytes(data[:length])
                result = self.needflow(*SWEEP[:-1], "--resume", "--log-level", "warning")
                self.assertIn("ends within its header", result.stderr)
                self.assert_nothing_in(self.out, but=["r.h5"])
                self.assert_as_reference()
                (self.out / "r.h5").unlink()


class PoisonPoints(Resumed):
    """A point that was in flight when the process died, as the in-flight table tells it."""

    def begin_only(self):
        """Takes over what is there, and is told to stop before it computes much."""
        self.needflow(*SWEEP, "--resume", "--threads", "1", "--max-walltime", "0.000001", expect=INTERRUPTED)

    def die_of(self, times, **marks):
        for _ in range(times):
            self.begin_only()
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
        status = json.loads(self.needflow("status", "out/r.h5", "--json").stdout)
        self.assertEqual(("finished", POINTS, 1, 0), (status["state"], status["done"], status["failed"],
                                                      status["invalid"]))
        self.assertIn("--retry-failed", status["next"])
        self.needflow(*SWEEP, "--retry-failed")
        self.assert_nothing_in(self.out, but=["r.h5"])
        self.assert_as_reference()

    def test_deaths_that_are_not_in_a_row_give_up_nothing(self):
        for _ in range(3):
            self.die_of(2, points_running=[POINTS - 1], points_building=[POINTS - 3000])
            self.die_of(1, points_running=[POINTS - 2])
        self.finish()
        self.assert_as_reference()

    def test_of_several_journals_the_latest_count_of_deaths_holds(self):
        """One process died twice of a point; then two ranks, and not of it; then one of it again."""
        last = POINTS - 1
        self.stop_early()
        kind, payload = next(journals.records(self.journal))
        with open(self.journal, "ab") as file:
            file.write(journals.crash_marks({last: 2}, {}, turn=1))
        (self.out / "r.h5.journal.0").write_bytes(
            journals.record(kind, payload) + journals.crash_marks({last: 0, 7: 1}, {}, turn=2))
        (self.out / "r.h5.inflight").write_bytes(
            journals.in_flight(self.plan_hash(), points_running=[last]))
        self.finish()
        self.assert_as_reference()

    def test_two_deaths_or_deaths_of_those_told_to_stop_give_up_nothing(self):
        self.die_of(2, points_running=[POINTS - 1], points_building=[POINTS - 1])
        for _ in range(3):
            self.begin_only()
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
        self.module = self.folder / "fail.so"
        source = pathlib.Path(__file__).with_name("fail_sync.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", self.module, source, "-ldl"],
                       check=True)

    def broken(self, **wishes):
        preload = f"{os.environ.get('LD_PRELOAD', '')} {self.module}".strip()
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
        # Lasts longer than the second until the first sync; and one that is told to stop syncs at the end.
        self.write(toml(network={"agents": 100}, population={"replicates": 900000}))
        result = self.needflow(*SWEEP, "--threads", "1", expect=IO_ERROR, env=self.broken(FAIL_SYNC="1"))
        self.assert_civil(result, ["out/r.h5.journal", "Input/output error", "--resume"])
        result = self.needflow(*SWEEP, "--resume", "--max-walltime", "0.000001", expect=IO_ERROR,
                               env=self.broken(FAIL_SYNC="1"))
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
        status = json.loads(self.needflow("status", "out/r.h5", "--json").stdout)
        # Hub 10 of 5 agents: the invalid points come first, and the first of them ends it.
        self.assertEqual(("stopped", 160, 1, 0, 1), tuple(
            status[key] for key in ("state", "points", "done", "failed", "invalid")))
        self.finish(expect=SOME_FAILED)
        self.assert_as_reference()


if __name__ == "__main__":
    program.main()
