"""More than one process: shards merged, and ranks of MPI, make the file that one process makes.

Parts are made with `sweep --shard i/n` and put together with `merge`; ranks are started by mpiexec where
the program is built with MPI (`needflow info` says which). Files are equal as test_same_bits.py says.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import h5py
import numpy as np

import program
from program import (BAD_INPUT, BIPARTITE, BIPARTITE_KEYS, DONE, INTERRUPTED, IO_ERROR, SOME_FAILED,
                     toml, wait_until)
from test_same_bits import KEEP_ALL, Bits, contents

# Many networks, points of unequal cost, two types, some points invalid.
MANY = toml(
    seed=7, network={"kind": "small_world", "agents": [12, 40, 90], "neighbors": [4, 5, 6], "count": 2},
    population={"replicates": 3, "types": 2, "supply_ratio": [0.4, 1.3]},
    round={"settlement": ["stock", "stream", "reallocate"], "max_rounds": 40})
# One network, traces and agents kept.
ONE = toml(seed=8, network={"agents": 60, "neighbors": 6},
           population={"replicates": 20, "supply_ratio": [0.5, 1.0]},
           round={"settlement": ["stock", "reallocate"], "max_rounds": 30}, output=KEEP_ALL)
# Data files: merging needs them again.
AID = toml(instance=BIPARTITE_KEYS, population={"supply_ratio": [0.5, 1.0, 2.0]},
           round={"settlement": ["stock", "stream", "reallocate"], "max_rounds": 30}, output=KEEP_ALL)
# Takes some seconds on one thread, so that it can be cut short.
LONG = toml(seed=9, network={"agents": [80, 200, 500], "neighbors": [6, 12], "count": 3},
            population={"replicates": 40, "supply_ratio": [0.5, 1.1]},
            round={"settlement": ["stock", "reallocate"], "stop": "needs", "max_rounds": 1500})


class Parts(Bits):

    def plain(self, scenario, *arguments, files=None, expect=DONE):
        return self.sweep(scenario, *arguments, name="plain.h5", files=files, expect=expect)

    def part(self, i, n, *arguments, expect=DONE):
        """Shard i of n of the scenario that was written last."""
        path = self.out / f"part{i}of{n}.h5"
        self.needflow("sweep", "scenario.toml", "-o", path, "--shard", f"{i}/{n}", *arguments,
                      expect=expect)
        return path

    def parts(self, n, *arguments):
        """All of them; the first has the invalid points."""
        def made(i):
            result = program.run("sweep", "scenario.toml", "-o", self.out / f"part{i}of{n}.h5",
                                 "--shard", f"{i}/{n}", *arguments, cwd=self.folder)
            self.assertIn(result.returncode, (DONE, SOME_FAILED), result.stderr)
            return self.out / f"part{i}of{n}.h5"
        return [made(i) for i in range(1, n + 1)]

    def merge(self, parts, *arguments, name="merged.h5", expect=DONE):
        result = self.needflow("merge", self.out / name, *parts, *arguments, expect=expect)
        return result, self.out / name


class Shards(Parts):

    def test_seven_shards_of_many_networks_make_the_whole_file(self):
        plain = self.plain(MANY, expect=SOME_FAILED)
        for threads in (1, 2):
            parts = self.parts(7, "--threads", threads)
            _, merged = self.merge(parts, "--overwrite", expect=SOME_FAILED)
            self.assert_same(plain, merged, f"seven shards on {threads} threads")
            for part in parts:
                part.unlink()

    def test_the_order_and_number_of_parts_do_not_matter(self):
        plain = self.plain(MANY, expect=SOME_FAILED)
        for n in (1, 2, 31):  # 31: some of them with very little to do
            _, merged = self.merge(self.parts(n)[::-1], "--overwrite", expect=SOME_FAILED)
            self.assert_same(plain, merged, f"{n} shards backwards")

    def test_traces_and_agents_of_one_network_survive_the_parts(self):
        plain = self.plain(ONE)
        _, merged = self.merge(self.parts(7))
        self.assert_same(plain, merged, "shards of one network")

    def test_a_scenario_with_data_files_is_merged_from_any_folder(self):
        plain = self.plain(AID, files=BIPARTITE)
        parts = self.parts(3)
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        self.needflow("merge", self.out / "merged.h5", *parts, cwd=elsewhere)
        self.assert_same(plain, self.out / "merged.h5", "a bipartite instance")
        (self.folder / "edges.csv").write_text("provider,recipient,mr\na,x,0.75\n")
        result, _ = self.merge(parts, name="changed.h5", expect=BAD_INPUT)
        self.assert_civil(result, ["part1of3.h5", str(self.folder)])
        self.assertFalse((self.out / "changed.h5").exists())

    def test_every_point_is_in_exactly_one_part(self):
        self.plain(MANY, expect=SOME_FAILED)
        seen = 0
        for part in self.parts(5):
            with h5py.File(part) as file:
                seen = seen + (file["status"][...].reshape(-1, 2)[:, 0] != 0).astype(int)
                self.assertEqual(5, file["shard"].attrs["count"])
        self.assertTrue(np.all(seen == 1))

    def test_parts_share_the_work_evenly(self):
        self.write(LONG)
        self.plain(LONG)
        with h5py.File(self.out / "plain.h5") as file:
            work = file["rounds"][...].astype(float) * file["network_edges"][...]
        shares = []
        for part in self.parts(4):
            with h5py.File(part) as file:
                shares.append(work[file["status"][...] != 0].sum() / work.sum())
        self.assertLess(max(shares), 1.3 / 4, shares)

    def test_a_part_is_a_result_file_that_every_reader_opens(self):
        import netCDF4
        import xarray
        self.write(ONE)
        part = self.part(2, 3)
        for engine in ("netcdf4", "h5netcdf"):
            with xarray.open_dataset(part, engine=engine, group="shard") as group:
                self.assertEqual(np.uint8, group["journal"].dtype)
            with xarray.open_dataset(part, engine=engine) as root:
                self.assertIn("status", root)
        with netCDF4.Dataset(part) as file:
            self.assertIn("journal", file["shard"].variables)


class Designed(Parts):
    """Parts of a grid of which the design leaves cells out, and what status says of them."""

    # agents 3 × supply_ratio 2 × settlement 2 × network 2 × replicate 3, of which 24 are left out.
    SCENARIO = toml(seed=7, network={"agents": [12, 40, 90], "neighbors": 4, "count": 2},
                    population={"replicates": 3, "supply_ratio": [0.4, 1.3]},
                    round={"settlement": ["stock", "reallocate"], "max_rounds": 40}) + \
        '[[design.exclude]]\nnetwork.agents = [40, 90]\nsettlement = "reallocate"\n'
    LEFT = 72 - 24

    def status(self, path):
        return json.loads(self.needflow("status", path, "--json").stdout)

    def test_shards_of_a_grid_with_cells_left_out_make_the_whole_file(self):
        plain = self.plain(self.SCENARIO)
        parts = self.parts(3)
        _, merged = self.merge(parts)
        self.assert_same(plain, merged, "shards of a design")
        missing = self.status(parts[1])["points"]
        result, fewer = self.merge([parts[0], parts[2]], "--allow-missing", name="fewer.h5")
        self.assertIn(f"{missing} points", result.stderr)
        with h5py.File(fewer) as file:
            self.assertEqual(24 + missing, (file["status"][...] == 0).sum())
            self.assertEqual(24, file["status"].attrs["excluded"])

    def test_status_of_a_finished_part_is_of_that_part(self):
        for scenario, points, types in ((self.SCENARIO, self.LEFT, 1), (MANY, 3 * 3 * 2 * 3 * 2 * 3, 2)):
            self.write(scenario)
            parts = self.parts(3, "--overwrite")
            found = [self.status(part) for part in parts]
            self.assertEqual([1, 2, 3], [status["shard"] for status in found])
            self.assertEqual([3] * 3, [status["shards"] for status in found])
            self.assertEqual(points, sum(status["points"] for status in found))
            for part, status in zip(parts, found):
                with h5py.File(part) as file:
                    here = (file["status"][...].reshape(-1, types)[:, 0] != 0).sum()
                    self.assertEqual(file["status"].size // types, status["grid_points"])
                self.assertEqual((here, here), (status["points"], status["done"]))
                self.assertEqual("finished", status["state"])
                text = self.needflow("status", part).stdout
                self.assertIn(f"shard        {status['shard']}/3 of a grid of", text)
                self.assertIn(f"done         {here} of {here} (100.0 %)", text)

    def test_status_of_a_part_that_was_cut_short_counts_what_this_part_lacks(self):
        self.write(LONG)
        name = self.out / "cut.h5"
        # No machine is fast enough to finish within a microsecond.
        self.needflow("sweep", "scenario.toml", "-o", name, "--shard", "2/3", "--max-walltime", "0.000001",
                      expect=INTERRUPTED)
        cut = self.status(name)
        self.needflow("sweep", "scenario.toml", "-o", name, "--shard", "2/3", "--resume")
        whole = self.status(name)
        self.assertEqual(("stopped", 2, 3), (cut["state"], cut["shard"], cut["shards"]))
        self.assertEqual((whole["points"], whole["done"]), (cut["points"], whole["points"]))
        self.assertLess(cut["done"], cut["points"])
        self.assertLess(cut["points"], cut["grid_points"])
        for axis, values in cut["coverage"].items():
            self.assertEqual([value["points"] for value in whole["coverage"][axis]],
                             [value["done"] for value in whole["coverage"][axis]])
            self.assertEqual([value["points"] for value in values],
                             [value["points"] for value in whole["coverage"][axis]])
            self.assertEqual(cut["points"], sum(value["points"] for value in values))

    def test_status_of_a_sweep_with_cells_left_out_reaches_all_of_each_value(self):
        self.write(self.SCENARIO)
        self.needflow("sweep", "scenario.toml", "-o", self.out / "r.h5", "--max-walltime", "0.000001",
                      expect=INTERRUPTED)
        status = self.status(self.out / "r.h5")
        self.assertEqual((self.LEFT, 72), (status["points"], status["grid_points"]))
        points = {axis: [value["points"] for value in values]
                  for axis, values in status["coverage"].items()}
        # 12 points of a settlement at each number of agents; reallocate has agents 12 alone.
        self.assertEqual({"agents": [24, 12, 12], "supply_ratio": [24, 24], "settlement": [36, 12],
                          "network": [24, 24], "replicate": [16, 16, 16]}, points)
        self.needflow("sweep", "scenario.toml", "-o", self.out / "r.h5", "--resume")
        status = self.status(self.out / "r.h5")
        self.assertEqual(("finished", self.LEFT, self.LEFT),
                         (status["state"], status["done"], status["points"]))


class Refusals(Parts):

    def test_a_missing_shard_is_named(self):
        plain = self.plain(MANY, expect=SOME_FAILED)
        parts = self.parts(7)
        del parts[4], parts[2]
        result, merged = self.merge(parts, expect=BAD_INPUT)
        self.assert_civil(result, ["3/7", "5/7", "--allow-missing"])
        self.assertFalse(merged.exists())
        result, merged = self.merge(parts, "--allow-missing", expect=SOME_FAILED)
        with h5py.File(plain) as whole, h5py.File(merged) as file:
            pending = file["status"][...] == 0
            self.assertTrue(0 < pending.sum() < pending.size)
            for name in ("status", "satisfied_fraction", "rounds", "network_components"):
                self.assertEqual(whole[name][...][~pending].tobytes(), file[name][...][~pending].tobytes())
        self.assertIn(str(int(pending[..., 0].sum())), result.stderr)

    def test_a_shard_of_another_plan_is_refused(self):
        self.write(MANY)
        parts = self.parts(3)
        other = self.out / "other.h5"
        self.needflow("sweep", "scenario.toml", "-o", other, "--shard", "2/3", "--seed", "8",
                      expect=DONE)
        result, merged = self.merge([parts[0], other, parts[2]], expect=BAD_INPUT)
        self.assert_civil(result, ["other.h5", "seed"])
        self.assertFalse(merged.exists())

    def test_a_file_that_is_no_part_is_refused(self):
        plain = self.plain(ONE)
        parts = self.parts(2)
        text = self.folder / "scenario.toml"
        for wrong, says, code in ((plain, "no part", BAD_INPUT), (text, "scenario.toml", IO_ERROR),
                                  (self.out / "absent.h5", "absent.h5", IO_ERROR)):
            with self.subTest(wrong.name):
                result, merged = self.merge([*parts, wrong], expect=code)
                self.assert_civil(result, [says])
                self.assertFalse(merged.exists())

    def test_a_damaged_part_is_refused_whichever_byte_it_is(self):
        self.write(ONE)
        parts = self.parts(2)
        whole = parts[1].read_bytes()
        with h5py.File(parts[1]) as file:
            journal = file["shard/journal"]
            chunk = journal.id.get_chunk_info(0)
            middle = chunk.byte_offset + chunk.size // 2
        broken = bytearray(whole)
        broken[middle] ^= 0x10
        for damaged in (bytes(broken), whole[:len(whole) // 2], whole[:100], b""):
            parts[1].write_bytes(damaged)
            result, merged = self.merge(parts, expect=IO_ERROR)
            self.assert_civil(result, ["part2of2.h5"])
            self.assertFalse(merged.exists())
        parts[1].write_bytes(whole)
        self.merge(parts)

    def test_a_journal_that_is_damaged_inside_a_sound_file_is_refused(self):
        self.write(ONE)
        parts = self.parts(2)
        with h5py.File(parts[1], "r+") as file:
            journal = file["shard/journal"]
            values = journal[...]
            values[len(values) // 2] ^= 1
            journal[...] = values
        result, merged = self.merge(parts, expect=IO_ERROR)
        self.assert_civil(result, ["part2of2.h5", "damage"])
        self.assertFalse(merged.exists())

    def test_a_shard_that_cannot_be_is_refused_before_anything_runs(self):
        self.write(ONE)
        for shard in ("0/3", "4/3", "1", "1/0", "a/b", "1/3/5", "-1/3", "1/99999999999999999999"):
            result = self.needflow("sweep", "scenario.toml", "-o", self.out / "x.h5", "--shard", shard,
                                   expect=BAD_INPUT)
            self.assert_civil(result, ["shard"])
        self.assert_nothing_in(self.out)

    def test_an_existing_file_is_not_overwritten_unasked(self):
        self.write(ONE)
        parts = self.parts(2)
        _, merged = self.merge(parts)
        before = contents(merged)
        result, _ = self.merge(parts, expect=BAD_INPUT)
        self.assert_civil(result, ["merged.h5", "--overwrite"])
        self.merge(parts, "--overwrite")
        self.assertEqual(before, contents(merged))
        result, _ = self.merge(parts, "--overwrite", name=parts[0].name, expect=BAD_INPUT)
        self.assert_civil(result, [parts[0].name])


class Journals(Parts):

    def interrupted(self, name, *arguments, number=signal.SIGKILL):
        """A sweep that is cut short after it has written some results; its journal."""
        journal = self.out / f"{name}.journal"
        process = program.start("sweep", "scenario.toml", "-o", self.out / name, "--threads", 1, *arguments,
                                cwd=self.folder)
        self.addCleanup(process.kill)
        self.assertTrue(wait_until(lambda: journal.exists() and journal.stat().st_size > 20_000))
        process.send_signal(number)
        process.communicate(timeout=60)
        self.assertTrue(journal.exists())
        return journal

    def test_the_journal_of_a_killed_sweep_is_merged_as_far_as_it_goes(self):
        plain = self.plain(LONG)
        journal = self.interrupted("cut.h5")
        result, merged = self.merge([journal], expect=BAD_INPUT)
        self.assert_civil(result, ["cut.h5.journal", "--allow-missing"])
        self.merge([journal], "--allow-missing", expect=DONE)
        with h5py.File(plain) as whole, h5py.File(merged) as file:
            done = file["status"][...] != 0
            self.assertTrue(0 < done.sum() < done.size)
            for name in ("status", "rounds", "residual_l1"):
                self.assertEqual(whole[name][...][done].tobytes(), file[name][...][done].tobytes())

    def test_a_shard_that_was_cut_short_is_resumed_and_merged(self):
        plain = self.plain(LONG)
        self.interrupted("part1of2.h5", "--shard", "1/2", number=signal.SIGTERM)
        parts = self.parts(2, "--resume")
        _, merged = self.merge(parts)
        self.assert_same(plain, merged, "a shard that was resumed")


def launcher():
    """mpiexec of the MPI that the program was built with; None without one."""
    mpi = re.search(r"^MPI +(.*)$", program.run("info").stdout, re.MULTILINE)
    if not mpi or mpi.group(1).startswith("none"):
        return None
    if "Open MPI" in mpi.group(1):
        name = shutil.which("mpiexec.openmpi") or "mpiexec"
        return [name, "--allow-run-as-root", "--oversubscribe"]
    return [shutil.which("mpiexec.mpich") or "mpiexec"]


class WithoutMpi(Parts):

    def test_a_build_without_mpi_refuses_to_be_one_of_several_ranks(self):
        if launcher() is not None:
            self.skipTest("built with MPI")
        self.write(ONE)
        for found in ({"OMPI_COMM_WORLD_SIZE": "3"}, {"PMI_SIZE": "3"},
                      {"PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "3"}):  # srun --mpi=pmix
            with self.subTest(found):
                result = self.needflow("sweep", "scenario.toml", "-o", self.out / "r.h5", expect=BAD_INPUT,
                                       env=program.environment(**found))
                self.assert_civil(result, ["3 ranks", "without MPI"])
        for found in ({"PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "1"}, {"SLURM_STEP_NUM_TASKS": "3"}):
            self.needflow("info", env=program.environment(**found))


class Ranks(Parts):

    def setUp(self):
        super().setUp()
        self.launcher = launcher()
        if self.launcher is None:
            self.skipTest("built without MPI")

    def ranks(self, count, *arguments, name="ranks.h5", expect=DONE, launch=(), **environment):
        result = subprocess.run(
            [*self.launcher, *launch, "-n", str(count), program.binary, "sweep", "scenario.toml", "-o",
             self.out / name, *map(str, arguments)],
            cwd=self.folder, env=program.environment(**environment), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", timeout=program.TIMEOUT, check=False)
        self.assertEqual(expect, result.returncode, result.stderr)
        return result, self.out / name

    def start_ranks(self, count, *arguments):
        process = subprocess.Popen(
            [*self.launcher, "-n", str(count), program.binary, "sweep", "scenario.toml", "-o",
             self.out / "ranks.h5", "--threads", "1", *map(str, arguments)],
            cwd=self.folder, env=program.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        journals = [self.out / f"ranks.h5.journal.{rank}" for rank in range(count)]
        self.assertTrue(wait_until(lambda: all(j.exists() and j.stat().st_size > 6_000 for j in journals)))
        return process, journals

    def rank_processes(self):
        """The program's own processes: {rank: process number}."""
        found = {}
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                if words[0].decode() != str(program.binary) or str(self.out / "ranks.h5").encode() not in words:
                    continue
                with open(f"/proc/{entry}/environ", "rb") as file:
                    env = dict(line.split(b"=", 1) for line in file.read().split(b"\0") if b"=" in line)
                found[int(env.get(b"OMPI_COMM_WORLD_RANK", env.get(b"PMI_RANK", b"-1")))] = int(entry)
            except (OSError, IndexError):
                continue
        return found

    def test_one_two_and_three_ranks_make_the_whole_file(self):
        for scenario, expect in ((MANY, SOME_FAILED), (ONE, DONE)):
            plain = self.plain(scenario, "--overwrite", expect=expect)
            for count in (1, 2, 3):
                _, file = self.ranks(count, "--threads", 1 if count == 3 else 2, name=f"{count}.h5",
                                     expect=expect)
                self.assert_same(plain, file, f"{count} ranks")
                file.unlink()
        self.assert_nothing_in(self.out, but=["plain.h5"])

    def test_a_killed_rank_costs_no_result_and_any_number_of_ranks_finishes(self):
        plain = self.plain(LONG)
        for resume_with in (2, 3, 1):
            process, journals = self.start_ranks(2)
            os.kill(self.rank_processes()[1], signal.SIGKILL)
            process.communicate(timeout=60)
            self.assertNotEqual(0, process.returncode)
            self.assertTrue(all(journal.exists() for journal in journals))
            self.assertFalse((self.out / "ranks.h5").exists())
            if resume_with == 1:
                self.needflow("sweep", "scenario.toml", "-o", self.out / "ranks.h5", "--resume")
            else:
                self.ranks(resume_with, "--resume")
            self.assert_same(plain, self.out / "ranks.h5", f"resumed with {resume_with}")
            self.assert_nothing_in(self.out, but=["plain.h5", "ranks.h5"])
            (self.out / "ranks.h5").unlink()

    def test_what_one_rank_alone_cannot_do_ends_all_of_them(self):
        self.write(LONG)
        taken = self.out / "ranks.h5.journal.1"  # a folder where the second rank wants its journal
        taken.mkdir()
        (taken / "mine").write_text("")
        result, _ = self.ranks(2, "--overwrite", expect=IO_ERROR)
        self.assertIn(taken.name, result.stderr)
        self.assertTrue((taken / "mine").exists())

    def test_a_disk_that_is_full_for_all_ranks_ends_them_with_its_exit_code_and_loses_nothing(self):
        plain = self.plain(LONG)
        module = self.folder / "fail.so"
        subprocess.run([shutil.which("cc") or "gcc", "-shared", "-fPIC", "-o", module,
                        pathlib.Path(__file__).with_name("fail_sync.c"), "-ldl"], check=True)
        result, _ = self.ranks(2, expect=IO_ERROR, LD_PRELOAD=str(module), FAIL_WRITE="2")
        self.assertIn("No space left", result.stderr)
        self.assertNotIn("backtrace", result.stderr)  # MPICH's end with one-sided memory left over
        self.ranks(2, "--resume")
        self.assert_same(plain, self.out / "ranks.h5", "resumed after a full disk")

    def test_an_empty_journal_of_a_rank_that_died_at_once_is_in_nobodys_way(self):
        plain = self.plain(ONE)
        for name in ("journal", "journal.0", "journal.1", "journal.7"):
            (self.out / f"ranks.h5.{name}").write_text("")
        _, file = self.ranks(2, "--resume")
        self.assert_same(plain, file, "begun beside empty journals")
        self.assert_nothing_in(self.out, but=["plain.h5", "ranks.h5"])

    def test_a_signal_to_all_ranks_ends_them_resumable(self):
        plain = self.plain(LONG)
        process, journals = self.start_ranks(2)
        for number in self.rank_processes().values():
            os.kill(number, signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(INTERRUPTED, process.returncode, errors)
        self.assertTrue(all(journal.exists() for journal in journals))
        self.ranks(2, "--resume")
        self.assert_same(plain, self.out / "ranks.h5", "resumed after TERM")

    def test_journals_of_killed_ranks_are_merged(self):
        plain = self.plain(LONG)
        process, journals = self.start_ranks(3)
        for number in self.rank_processes().values():
            os.kill(number, signal.SIGKILL)
        process.communicate(timeout=60)
        _, merged = self.merge(journals, "--allow-missing")
        with h5py.File(plain) as whole, h5py.File(merged) as file:
            done = file["status"][...] != 0
            self.assertTrue(0 < done.sum() < done.size)
            self.assertEqual(whole["residual_l1"][...][done].tobytes(), file["residual_l1"][...][done].tobytes())


if __name__ == "__main__":
    program.main()
