"""Whatever a user, a disk or a signal does, the program ends with the promised exit code, says in a
few lines what is wrong and where, and leaves nothing half-done (shared pages: interface.md, "The
program"; engineering.md 2, 4, 5).

The rows of mistakes.py become a test each. The option table's own rows are tried with every wrong
type, with values just outside their range and with unknown words.
"""

import json
import re
import resource
import shutil
import signal
import subprocess

import h5py
import numpy as np

import program
from mistakes import COMMAND_LINES, DESIGNS, GRID, INSTANCES, NETWORKS, OUTPUTS, RUN, SCENARIOS, SWEEP
from program import (AGENTS, AGENTS_KEYS, BAD_INPUT, BIPARTITE, BIPARTITE_KEYS, INTERRUPTED,
                     IO_ERROR, SOME_FAILED, STATUSES, toml)

PENDING, INVALID = STATUSES.index("pending"), STATUSES.index("invalid")


class Refused(program.Case):
    """One test a row of mistakes.py."""

    def check(self, mistake):
        self.write(mistake.scenario, mistake.files)
        before = {path.name for path in self.out.iterdir()}
        result = self.needflow(*mistake.arguments, expect=mistake.code, timeout=10)
        self.assert_civil(result, mistake.says)
        self.assertEqual("", result.stdout)
        self.assert_nothing_in(self.out, but=before)
        for name in before:
            self.assertEqual("old", (self.out / name).read_text())


def add_rows():
    for mistake in COMMAND_LINES + SCENARIOS + INSTANCES + NETWORKS + DESIGNS + OUTPUTS:
        name = "test_" + mistake.name
        if hasattr(Refused, name):
            raise ValueError(f"two rows are called {mistake.name}")
        setattr(Refused, name, lambda self, row=mistake: self.check(row))


add_rows()


class RefusedInTime(program.Case):

    def test_an_output_of_too_long_a_name_is_refused_before_any_work(self):
        self.write("")
        result = self.needflow("sweep", "scenario.toml", "-o", "out/" + "x" * 300,
                               expect=IO_ERROR)
        self.assert_civil(result, ["x" * 300, "too long"])
        self.assertNotIn("1 of 1 points", result.stderr)


class OptionTable(program.Case):
    """Every option of `info --options` refuses what its row does not allow."""

    class Option:
        def __init__(self, section, cells):
            self.section = section
            self.name, self.takes, self.default, _, axis, used_with, _ = cells
            self.name = self.name.strip("`")
            self.key = f"{section}.{self.name}" if section else self.name
            self.is_axis = axis == "yes"
            self.on_instance = used_with == "[instance]"
            numbers = re.search(r"(an integer|a number) in ([(\[])(\S+), (\S+)\]", self.takes)
            self.kind = numbers.group(1) if numbers else None
            self.open_low = bool(numbers) and numbers.group(2) == "("
            self.low, self.high = (map(float, numbers.group(3, 4)) if numbers else (None, None))
            # [design]'s lists and tables: their mistakes are rows of mistakes.py.
            self.is_structure = re.match(r"lists of|tables of|a table of", self.takes) is not None
            words = re.search(r"one of (.*)", self.takes)
            self.words = words.group(1).split(", ") if words else []
            # A few numbers and no others; test_trust.py has what else they refuse.
            self.is_list_of_numbers = bool(self.words) and all(
                re.fullmatch(r"[\d.]+", word) for word in self.words)
            if self.is_list_of_numbers:
                self.words = []

        def text(self, value):
            """A scenario that gives the option this value, written as TOML."""
            text = f"[{self.section}]\n{self.name} = {value}\n" if self.section else \
                f"\n{self.name} = {value}\n"
            if self.key == "network.file":
                text += 'kind = "file"\n'
            if self.key == "trust.initial":
                text += '[instance]\nratings = "ratings.csv"\n'
            if self.key in ("design.method", "design.samples", "design.shift"):  # go together
                others = {"method": '"sobol"', "samples": "2", "ranges": "{agents = [5, 9]}"}
                others.pop(self.name, None)
                text += "".join(f"{name} = {value}\n" for name, value in others.items())
            return text + ('file = "links.csv"\n' if value == '"file"' else "")

        @property
        def example(self):
            """A value it takes."""
            return self.default if self.default != "none" else '"links.csv"'

        def written(self, number):
            return str(int(number)) if self.kind == "an integer" else repr(float(number))

    @classmethod
    def setUpClass(cls):
        cls.options = []
        section = ""
        for line in program.run("info", "--options").stdout.splitlines():
            heading = re.match(r"## \[(\w+)\]", line)
            section = heading.group(1) if heading else section
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("| `") and len(cells) == 7:
                cls.options.append(cls.Option(section, cells))

    def refuse(self, option, value, *says):
        with self.subTest(f"{option.key} = {value}"):
            self.write(option.text(value))
            result = self.needflow(*SWEEP, expect=BAD_INPUT, timeout=10)
            self.assert_civil(result, ("scenario.toml line 2", option.key, *says))
            self.assert_nothing_in(self.out)

    def accept(self, option, value):
        with self.subTest(f"{option.key} = {value}"):
            self.write(option.text(value), {"links.csv": "a,b\n1,2\n", **program.RATINGS})
            self.needflow("plan", "scenario.toml", "--quiet", timeout=10)

    def test_the_table_has_the_promised_options(self):
        promised = """title seed network.kind network.agents network.neighbors network.hub
            network.beta network.shard_size network.file network.count recognition.weights
            recognition.shape population.replicates population.need population.need_mean population.need_cv population.capacity
            population.capacity_cv population.supply_ratio population.provider_fraction
            population.recipient_fraction population.types population.episodes
            instance.providers instance.recipients instance.agents instance.edges
            instance.ratings round.settlement round.damping round.cap round.tolerance round.stop
            round.max_rounds round.return_surplus round.relaxation output.traces
            output.agents""".split()
        keys = [option.key for option in self.options]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertLessEqual(set(promised), set(keys))
        order = [keys.index(key) for key in promised if key != "population.episodes"]
        self.assertEqual(sorted(order), order)

    def test_numbers_outside_the_range_are_refused_with_the_range(self):
        for option in self.options:
            if option.kind is None:
                continue
            step = 1 if option.kind == "an integer" else 1e-9
            below = option.low if option.open_low else option.low - step
            outside = [option.written(below), option.written(-1e9)]
            if option.high < 2.0**63:
                above = option.high + step if step == 1 else option.high * (1 + 1e-9)
                outside.append(option.written(above))
            for value in outside:
                self.refuse(option, value, value, option.takes)

    def test_the_ends_of_the_range_are_accepted(self):
        for option in self.options:
            if option.kind is None or option.key == "network.agents":  # its end needs 2^31 agents
                continue
            low = 1e-300 if option.open_low else option.low
            high = min(option.high, 2.0**62)
            self.accept(option, option.written(low))
            if option.is_axis:  # counts multiply the points that plan looks at
                self.accept(option, option.written(high))

    def test_words_that_are_not_known_are_refused_with_those_that_are(self):
        for option in self.options:
            if option.words and option.words != ["true", "false"]:
                self.refuse(option, '"nonsense"', '"nonsense"', option.takes)
                self.refuse(option, json.dumps(option.words[0].upper() + "x"), option.takes)
                for word in option.words:
                    self.accept(option, json.dumps(word))

    def test_values_of_the_wrong_type_are_refused(self):
        for option in self.options:
            wrong = {"true": "true or false", "7": "number or integer", "0.5": "a number",
                     '"nonsense"': "a string", "1979-05-27": "", "07:32:00": "", "{a = 1}": ""}
            if option.takes == "true or false":
                del wrong["true"]
            if option.takes in ("a string", "a file name"):
                del wrong['"nonsense"']
            if option.kind:
                del wrong["7"]
            if option.kind == "a number" or option.is_list_of_numbers:
                del wrong["0.5"]
            if option.is_structure:
                del wrong["{a = 1}"]
            for value in wrong:
                self.refuse(option, value, option.takes)

    def test_what_is_no_axis_refuses_arrays(self):
        for option in self.options:
            if not option.is_axis and not option.is_structure:
                self.refuse(option, f"[{option.example}]", "axis", option.takes)

    def test_every_axis_refuses_no_values_nested_ones_and_one_twice(self):
        for option in self.options:
            if option.is_axis:
                self.refuse(option, "[]", "[]")
                self.refuse(option, f"[[{option.example}]]", "nested")
                self.refuse(option, f"[{option.example}, {option.example}]", "twice")
                self.accept(option, f"[{option.example}]")

    def test_the_command_line_refuses_the_same(self):
        for option in self.options:
            with self.subTest(option.key):
                self.write("")
                result = self.needflow(*RUN, "--set", f"{option.key}=[[1]]", expect=BAD_INPUT)
                self.assert_civil(result, ("--set", option.key))


class InvalidPoints(program.Case):
    """Points without a solution are rows; the others finish (exit code 3)."""

    def check(self, scenario, invalid, says, files=None):
        result_file = self.sweep(scenario, files=files, expect=SOME_FAILED)
        self.assert_nothing_in(self.out, but=["result.h5"])
        with h5py.File(result_file) as file:
            status = file["status"][...].ravel()
            self.assertEqual(invalid, np.flatnonzero(status == INVALID).tolist())
            self.assertTrue(np.all((status > PENDING) & (status != STATUSES.index("failed"))))
            solved = status != INVALID
            self.assertTrue(np.all(np.isfinite(file["satisfied_fraction"][...].ravel()[solved])))
            self.assertTrue(np.all(file["rounds"][...].ravel()[solved] >= 1))
            self.assertTrue(np.all(np.isnan(file["jain_index"][...].ravel()[~solved])))
            self.assertTrue(np.all(file["messages_read"][...].ravel()[~solved] == -1))
            self.assertEqual(invalid, file["failures/point"][...].tolist())
            for message in file["failures/message"].asstr()[...]:
                for fragment in says:
                    self.assertIn(fragment, message)

    def test_a_hub_beyond_the_agents_is_invalid(self):
        self.check(toml(network={"kind": "hub_spoke", "agents": [4, 9], "hub": [0, 4, 6]}),
                   [1, 2], ["network.hub", "4 agents", "0 to 3"])

    def test_a_hub_matters_to_hub_and_spoke_alone(self):
        self.check(toml(network={"kind": ["ring", "hub_spoke", "full_mesh"], "agents": 4,
                                 "hub": 9}), [1], ["network.hub = 9"])

    def test_uniform_needs_of_too_large_a_spread_are_invalid(self):
        self.check(toml(network={"agents": 9}, population={"need": ["uniform", "lognormal"],
                                                           "need_cv": [0.577, 0.578]}),
                   [1], ["need_cv", "0.578", "0.577"])

    def test_uniform_capacities_of_too_large_a_spread_are_invalid(self):
        self.check(toml(network={"agents": 9}, population={"capacity": ["lognormal", "uniform"],
                                                           "capacity_cv": [0.5, 2]}),
                   [3], ["capacity_cv", "2"])

    def test_a_supply_without_capacity_is_invalid(self):
        self.check(toml(instance=BIPARTITE_KEYS, population={"supply_ratio": [0, 0.5]}), [1],
                   ["supply_ratio", "0.5", "capacity 0"],
                   {**BIPARTITE, "providers.csv": "id,capacity\na,0\nb,0\n"})

    def test_a_supply_without_need_is_invalid(self):
        self.check(toml(instance=AGENTS_KEYS, population={"supply_ratio": [2.0, 0]}), [0],
                   ["supply_ratio", "2", "need 0"],
                   {**AGENTS, "agents.csv": "id,need,capacity\np,0,1\nq,0,1\nr,0,1\ns,0,1\n"})

    def test_a_supply_without_capacity_of_one_type_is_invalid_for_all(self):
        with h5py.File(self.sweep(
                toml(instance=BIPARTITE_KEYS, population={"supply_ratio": 1.0}),
                files={**BIPARTITE, "providers.csv": "id,capacity_1,capacity_2\na,1,0\nb,1,0\n",
                       "recipients.csv": "id,need_1,need_2\nx,1,1\ny,1,1\nz,1,1\n"},
                expect=SOME_FAILED)) as file:
            self.assertEqual([INVALID, INVALID], file["status"][...].tolist())
            self.assertIn("type 2", file["failures/message"].asstr()[0])

    def test_invalid_points_are_told_as_they_come_and_not_all_of_them(self):
        self.write(toml(network={"kind": "hub_spoke", "agents": 4,
                                 "hub": list(range(3, 43))}))
        result = self.needflow(*SWEEP, expect=SOME_FAILED)
        self.assert_civil(result, ["point 1", "hub = 4", "invalid", "39 failed or invalid"])
        self.assertNotIn("hub = 40", result.stderr)

    def test_plan_names_the_invalid_points(self):
        self.write(toml(network={"kind": "hub_spoke", "agents": [4, 9], "hub": [0, 6]}))
        result = self.needflow("plan", "scenario.toml")
        self.assertRegex(result.stdout, r"invalid +1 points")
        self.assertIn("point 1 (agents = 4, hub = 6)", result.stdout)

    FOUR_OF_SIX = toml(network={"kind": "hub_spoke", "agents": 4, "hub": [0, 4, 1, 5, 6, 7]})

    def statuses(self, *arguments):
        path = self.sweep(self.FOUR_OF_SIX, "--threads", 1, "--overwrite", *arguments,
                          expect=SOME_FAILED)
        with h5py.File(path) as file:
            status = file["status"][...]
            self.assertEqual(np.flatnonzero(status == INVALID).tolist(),
                             file["failures/point"][...].tolist())
            return status

    def test_fail_fast_stops_at_the_first_and_leaves_the_rest_pending(self):
        status = self.statuses("--fail-fast")
        self.assertEqual(1, np.sum(status == INVALID))
        self.assertEqual(5, np.sum(status == PENDING))

    def test_max_failures_allows_that_many(self):
        for most in (0, 1, 3):
            status = self.statuses("--max-failures", most)
            self.assertEqual(most + 1, np.sum(status == INVALID))
            self.assertEqual(5 - most, np.sum(status == PENDING))
        for most in (4, 100):
            status = self.statuses("--max-failures", most)
            self.assertEqual((4, 0), (np.sum(status == INVALID), np.sum(status == PENDING)))

    def test_a_stopped_sweep_says_how_many_points_are_pending(self):
        self.write(self.FOUR_OF_SIX)
        result = self.needflow(*SWEEP, "--fail-fast", expect=SOME_FAILED)
        self.assert_civil(result, ["stopped", "5 are pending"])

    def test_fail_fast_of_a_sound_sweep_finishes_it(self):
        with h5py.File(self.sweep(GRID, "--fail-fast")) as file:
            self.assertTrue(np.all(file["status"][...] > PENDING))


class FullDisk(program.Case):
    """A result file that cannot be written leaves the old one or none, and the journal."""

    LARGE = toml(network={"agents": 1000}, output={"traces": True, "agents": True})

    def limited(self, limit, *arguments):
        def limit_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return self.needflow(*SWEEP, *arguments, expect=IO_ERROR, preexec_fn=limit_files)

    def test_no_file_appears_when_writing_fails(self):
        self.write(self.LARGE)
        self.needflow(*SWEEP)
        size = (self.out / "r.h5").stat().st_size
        (self.out / "r.h5").unlink()
        self.assertGreater(size, 50000)
        for limit in (0, 1, 4096, size // 2, size - 4000):
            with self.subTest(limit):
                result = self.limited(limit)
                self.assert_civil(result, ["out/r.h5", "File too large", "free"])
                kept = [] if limit < 4096 else ["r.h5.journal"]  # not even a header fits
                self.assert_nothing_in(self.out, but=kept)
                (self.out / "r.h5.journal").unlink(missing_ok=True)

    def test_the_old_file_survives_when_writing_its_replacement_fails(self):
        self.write(self.LARGE, {"out/r.h5": "old"})
        result = self.limited(4096, "--overwrite")
        self.assert_civil(result, ["out/r.h5"])
        self.assert_nothing_in(self.out, but=["r.h5", "r.h5.journal"])
        self.assertEqual("old", (self.out / "r.h5").read_text())

    def test_run_fails_in_the_same_way(self):
        self.write(self.LARGE)

        def limit_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        result = self.needflow(*RUN, "-o", "out/r.h5", expect=IO_ERROR, preexec_fn=limit_files)
        self.assert_civil(result, ["out/r.h5", "File too large"])
        self.assert_nothing_in(self.out)

    def test_a_full_file_system_is_told_and_left_clean(self):
        """A file system of 32 KiB in a mount namespace of its own, gone with its last process."""
        unshare, mount = shutil.which("unshare"), shutil.which("mount")
        script = ('mount -t tmpfs -o size=32k none out || exit 111; printf old > out/r.h5; '
                  '"$@"; code=$?; ls -A out >&2; cat out/r.h5 >&2; exit $code')
        if not unshare or not mount:
            self.skipTest("unshare or mount is not installed")
        self.write(self.LARGE)
        result = subprocess.run(
            [unshare, "--mount", "sh", "-c", script, "sh", program.binary, *SWEEP, "--overwrite"],
            cwd=self.folder, env=program.environment(), text=True, capture_output=True,
            timeout=program.TIMEOUT, check=False)
        if result.returncode == 111 or "unshare" in result.stderr:
            self.skipTest("mounting is not permitted here")
        self.assertEqual(IO_ERROR, result.returncode, result.stderr)
        self.assert_civil(result, ["out/r.h5", "No space left", "free"])
        self.assertTrue(result.stderr.endswith("\nr.h5\nr.h5.journal\nold"), result.stderr)

    def test_tables_for_people_that_cannot_be_written_are_an_output_error(self):
        self.write(toml(network={"agents": 5}))
        for arguments in (RUN, ("plan", "scenario.toml"), ("info",), ("info", "--options")):
            with self.subTest(arguments), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([program.binary, *arguments], cwd=self.folder, stdout=full,
                                      stderr=subprocess.PIPE, text=True, check=False,
                                      env=program.environment(), timeout=program.TIMEOUT)
                self.assertEqual(IO_ERROR, done.returncode, done.stderr)


class Interrupted(program.Case):
    """Signals end a sweep between points: exit code 75, nothing half-written, a journal."""

    # Minutes of work in points of a millisecond, and one point of minutes.
    MANY = toml(network={"agents": 100}, population={"replicates": 100000})

    def start(self, command, scenario, *arguments):
        self.write(scenario)
        process = program.start(command, "scenario.toml", "-o", "out/r.h5", *arguments,
                                cwd=self.folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def begin(self, command="sweep", scenario=MANY, *arguments):
        process = self.start(command, scenario, *arguments)
        self.assertTrue(program.wait_until(lambda: any(entry.name.startswith(".")
                                                       for entry in self.out.iterdir())),
                        "the program made no temporary file")
        program.wait_until(lambda: False, 0.2)  # it now computes
        self.assertIsNone(process.poll(), "the program ended too early to be interrupted")
        return process

    def end(self, process, timeout=20):
        stdout, stderr = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def test_a_signal_ends_a_sweep_with_75_and_leaves_its_journal_alone(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            with self.subTest(number.name):
                process = self.begin()
                process.send_signal(number)
                result = self.end(process)
                self.assertEqual(INTERRUPTED, result.returncode, result.stderr)
                self.assert_civil(result, ["interrupted", number.name[3:], "100000", "out/r.h5",
                                           "--resume"])
                self.assert_nothing_in(self.out, but=["r.h5.journal"])
                (self.out / "r.h5.journal").unlink()

    def test_a_signal_at_the_moment_the_temporary_appears_leaves_a_journal_at_most(self):
        for _ in range(8):
            process = self.start("sweep", toml(population={"replicates": 20000}))
            while not any(self.out.iterdir()) and process.poll() is None:
                pass  # any sleep would come too late
            process.send_signal(signal.SIGINT)
            result = self.end(process)
            self.assertEqual(INTERRUPTED, result.returncode, result.stderr)
            (self.out / "r.h5.journal").unlink(missing_ok=True)
            self.assert_nothing_in(self.out)

    def test_the_old_file_survives_an_interrupt(self):
        (self.out / "r.h5").write_text("old")
        process = self.begin("sweep", self.MANY, "--overwrite")
        process.send_signal(signal.SIGINT)
        self.assertEqual(INTERRUPTED, self.end(process).returncode)
        self.assert_nothing_in(self.out, but=["r.h5", "r.h5.journal"])
        self.assertEqual("old", (self.out / "r.h5").read_text())

    def test_a_killed_sweep_leaves_no_file_of_the_outputs_name(self):
        process = self.begin()
        process.kill()
        self.assertEqual(-signal.SIGKILL, self.end(process).returncode)
        self.assertFalse((self.out / "r.h5").exists())
        # What a killed one left is in nobody's way, once it is clear that nobody wants it.
        self.write(GRID)
        self.assert_civil(self.needflow(*SWEEP, expect=BAD_INPUT), ["--resume", "--overwrite"])
        self.needflow(*SWEEP, "--overwrite")
        self.assert_nothing_in(self.out, but=["r.h5"])
        with h5py.File(self.out / "r.h5") as file:
            self.assertEqual((2, 3), file["status"].shape)

    def test_a_signal_ends_a_run_and_leaves_nothing(self):
        scenario = toml(network={"agents": 300000}, round={"settlement": "reallocate",
                                                           "stop": "needs", "max_rounds": 10**8})
        process = self.begin("run", scenario)
        process.send_signal(signal.SIGINT)
        result = self.end(process)
        self.assertEqual(INTERRUPTED, result.returncode, result.stderr)
        self.assert_nothing_in(self.out)

    def test_a_batch_without_room_in_memory_is_run_one_lane_at_a_time(self):
        self.write(toml(network={"agents": 1000000, "neighbors": 4}, population={"replicates": 4}))
        found = []
        for megabytes in (8000, 600):  # eight lanes take over 1 GB, one takes 0.3
            size = megabytes * 2**20
            self.needflow(*SWEEP, "--overwrite", "--threads", "1", preexec_fn=lambda size=size:
                          resource.setrlimit(resource.RLIMIT_AS, (size, size)))
            with h5py.File(self.out / "r.h5") as file:
                found.append(file["satisfied_fraction"][...].tobytes())
        self.assertEqual(*found)


if __name__ == "__main__":
    program.main()
