"""Whatever a user, a disk or a signal does, the program ends with the promised exit code, says in a
few lines what is wrong and where, and leaves nothing half-done (shared page interface.md: exit codes
0, 2, 3, 4, 75; engineering.md 2, 4, 5).

Mistakes are rows of tables; each becomes a test of its own. The option table's own rows are tried
with every wrong type, with values just outside their range and with unknown words.
"""

import gzip
import json
import re
import resource
import shutil
import signal
import subprocess

import h5py
import numpy as np

import program
from program import (AGENTS, AGENTS_KEYS, BAD_INPUT, BIPARTITE, BIPARTITE_KEYS, DONE, INTERRUPTED,
                     IO_ERROR, RATINGS, RATINGS_KEYS, SOME_FAILED, STATUSES, table, toml)

SWEEP = ("sweep", "scenario.toml", "-o", "out/r.h5")
RUN = ("run", "scenario.toml")
GRID = toml(network={"agents": [5, 6]}, population={"replicates": 3})
CSV = {**BIPARTITE, **AGENTS, **RATINGS}
PENDING, INVALID = STATUSES.index("pending"), STATUSES.index("invalid")


class Mistake:
    """What is wrong, how it is tried, and what stderr must say about it.

    `scenario` is the text of scenario.toml (None: no such file); `files` replaces some of CSV.
    """

    def __init__(self, name, says, scenario="", files=None, arguments=SWEEP, code=BAD_INPUT):
        self.name = name
        self.says = says
        self.scenario = scenario
        self.files = {**CSV, **(files or {})}
        self.arguments = arguments
        self.code = code


def in_scenario(name, text, *says, **more):
    return Mistake(name, ("scenario.toml", *says), text, **more)


def in_table(name, file, text, *says, code=BAD_INPUT):
    """A wrong CSV file, read as part of the instance that it belongs to."""
    keys = (RATINGS_KEYS if file.startswith("ratings") else
            AGENTS_KEYS if file in AGENTS else BIPARTITE_KEYS)
    keys = {key: file if file.startswith(value) else value for key, value in keys.items()}
    return Mistake(name, (file, *says), toml(instance=keys), {file: text}, code=code)


def on_command_line(name, arguments, *says, scenario="", **more):
    return Mistake(name, says, scenario, arguments=arguments, **more)


COMMAND_LINES = [
    on_command_line("no_subcommand_is_refused", (), "subcommand", "--help"),
    on_command_line("an_unknown_subcommand_is_refused_by_its_name", ("swep", "scenario.toml"),
                    "swep"),
    on_command_line("no_scenario_is_refused", ("run",), "SCENARIO"),
    on_command_line("a_second_scenario_is_refused", ("run", "scenario.toml", "another.toml"),
                    "another.toml"),
    on_command_line("an_unknown_option_is_refused", (*RUN, "--qiet"), "--qiet"),
    on_command_line("a_sweep_without_output_is_refused", ("sweep", "scenario.toml"), "output"),
    on_command_line("a_missing_scenario_is_an_input_error", ("run", "nowhere.toml"), "nowhere.toml",
                    "No such file", code=IO_ERROR),
    on_command_line("a_folder_is_no_scenario", ("run", "out"), "out", "directory", code=IO_ERROR),
    on_command_line("no_threads_are_refused", (*RUN, "--threads", "0"), "--threads", "0", "1"),
    on_command_line("threads_below_zero_are_refused", (*RUN, "--threads=-2"), "--threads", "-2"),
    on_command_line("too_many_threads_are_refused", (*RUN, "--threads", "100000"), "--threads",
                    "100000"),
    on_command_line("threads_in_words_are_refused", (*RUN, "--threads", "many"), "--threads",
                    "many"),
    on_command_line("half_a_thread_is_refused", (*RUN, "--threads", "1.5"), "--threads", "1.5"),
    on_command_line("an_unknown_log_level_is_refused", (*RUN, "--log-level", "loud"),
                    "--log-level", "loud", "warning"),
    on_command_line("a_setting_without_equals_sign_is_refused", (*RUN, "--set", "round.cap"),
                    "--set", "round.cap", "section.key=value"),
    on_command_line("an_unknown_setting_is_refused_with_the_nearest_known_one",
                    (*RUN, "--set", "network.agnts=5"), "--set", "network.agnts", "network.agents"),
    on_command_line("a_setting_out_of_range_is_refused", (*RUN, "--set", "round.tolerance=2"),
                    "--set", "round.tolerance", "2", "[0, 1]"),
    on_command_line("a_setting_of_the_wrong_type_is_refused", (*RUN, "--set", "network.agents=few"),
                    "--set", "network.agents", "few", "an integer"),
    on_command_line("a_setting_without_value_is_refused", (*RUN, "--set", "network.agents="),
                    "--set", "network.agents", "an integer"),
    on_command_line("a_setting_cannot_smuggle_in_another",
                    (*RUN, "--set", "round.tolerance=0.5\n[network]\nagents=9"), "round.tolerance"),
    on_command_line("wrong_settings_are_listed_at_once",
                    (*RUN, "--set", "a.b=1", "--set", "round.cap=most", "--set", "seed=-1"),
                    "a.b", "most", "active_need", "seed", "-1"),
    on_command_line("a_seed_below_zero_is_refused", (*RUN, "--seed", "-1"), "seed", "-1"),
    on_command_line("half_a_seed_is_refused", (*RUN, "--seed", "1.5"), "seed", "1.5"),
    on_command_line("a_seed_of_more_than_63_bits_is_refused",
                    (*RUN, "--seed", "9223372036854775808"), "seed", "9223372036854775808"),
    on_command_line("a_grid_is_not_run_without_a_point", RUN, "scenario.toml", "6 points",
                    "--point", "sweep", scenario=GRID),
    on_command_line("a_point_out_of_range_is_refused", (*RUN, "--point", "6"), "--point", "6", "5",
                    scenario=GRID),
    on_command_line("a_point_below_zero_is_refused", (*RUN, "--point=-1"), "--point", "-1",
                    scenario=GRID),
    on_command_line("a_huge_point_is_refused", (*RUN, "--point", "99999999999999999999"),
                    "--point", "99999999999999999999", scenario=GRID),
    on_command_line("failures_below_zero_are_refused", (*SWEEP, "--max-failures=-1"),
                    "--max-failures", "-1"),
    on_command_line("fail_fast_excludes_max_failures",
                    (*SWEEP, "--fail-fast", "--max-failures", "2"), "--fail-fast",
                    "--max-failures"),
]

SCENARIOS = [
    in_scenario("a_syntax_error_is_named_by_its_line", "seed = 1\ntitle = \n", "line 2"),
    in_scenario("an_open_bracket_is_named_by_its_line", "\n\n[network\nagents = 5\n", "line 3"),
    in_scenario("a_repeated_key_is_refused", "seed = 1\nseed = 2\n", "line 2", "seed"),
    in_scenario("a_number_of_more_than_64_bits_is_refused", "seed = 99999999999999999999\n",
                "line 1", "99999999999999999999"),
    in_scenario("text_that_is_not_utf_8_is_refused", b'seed = 1\ntitle = "\xff\xfe"\n', "line 2",
                "utf-8"),
    in_scenario("json_is_no_scenario", '{"seed": 1}\n', "line 1"),
    in_scenario("an_unknown_key_is_refused_with_the_nearest_known_one",
                "[network]\nneighbours = 5\n", "line 2", "network.neighbours",
                "network.neighbors"),
    in_scenario("an_unknown_top_key_is_refused_with_the_nearest_known_one", "sede = 1\n", "line 1",
                "sede", "seed"),
    in_scenario("a_key_in_the_wrong_section_is_refused_with_the_right_one",
                '[population]\nsettlement = "stock"\n', "line 2", "population.settlement",
                "round.settlement"),
    in_scenario("an_unknown_section_is_refused_with_the_nearest_known_one",
                "[popluation]\nreplicates = 2\n", "line 1", "popluation", "population"),
    in_scenario("a_section_this_version_does_not_know_is_refused", "[weather]\nrain = 1\n",
                "line 1", "weather", "network", "round"),
    in_scenario("a_section_given_as_a_value_is_refused", "network = 5\n", "line 1", "network",
                "[network]"),
    in_scenario("a_section_given_twice_is_refused", "[[network]]\nagents = 5\n", "line 1",
                "network"),
    in_scenario("a_table_for_a_value_is_refused", "[network.agents]\nlow = 1\n", "line 1",
                "network.agents", "an integer"),
    in_scenario("a_word_for_an_integer_is_refused", '[network]\nagents = "many"\n', "line 2",
                "network.agents", '"many"', "an integer"),
    in_scenario("a_fraction_for_an_integer_is_refused", "[network]\nagents = 5.0\n", "line 2",
                "network.agents", "5.0", "an integer"),
    in_scenario("an_integer_for_a_boolean_is_refused", "[round]\nreturn_surplus = 1\n", "line 2",
                "round.return_surplus", "1", "true or false"),
    in_scenario("a_date_is_refused", "[network]\nagents = 2022-01-31\n", "line 2",
                "network.agents", "date", "an integer"),
    in_scenario("nan_is_refused", "[round]\ntolerance = nan\n", "line 2", "round.tolerance", "nan",
                "[0, 1]"),
    in_scenario("an_infinity_is_refused", "[population]\nneed_mean = inf\n", "line 2",
                "population.need_mean", "inf"),
    in_scenario("an_unknown_word_is_refused_with_the_known_ones",
                '[round]\nsettlement = "barter"\n', "line 2", "round.settlement", "barter", "stock",
                "stream", "reallocate"),
    in_scenario("an_unknown_word_for_a_number_is_refused", '[round]\ndamping = "some"\n', "line 2",
                "round.damping", "some", "adaptive", "none", "(0, 1]"),
    in_scenario("an_empty_axis_is_refused", "[network]\nagents = []\n", "line 2", "network.agents",
                "[]"),
    in_scenario("an_axis_with_a_value_twice_is_refused", "[network]\nagents = [5, 6, 5]\n",
                "line 2", "network.agents", "5", "twice"),
    in_scenario("an_axis_with_a_number_written_two_ways_is_refused",
                "[population]\nsupply_ratio = [1, 1.0]\n", "line 2", "population.supply_ratio",
                "twice"),
    in_scenario("a_nested_axis_is_refused", "[network]\nagents = [[5, 6], [7]]\n", "line 2",
                "network.agents", "nested"),
    in_scenario("an_axis_with_one_wrong_value_is_refused",
                '[network]\nneighbors = [5, "table", "few", 0]\n', "line 2", "few", "0",
                "[1, 2147483647]"),
    in_scenario("several_mistakes_are_listed_at_once",
                'sede = 1\n[network]\nagents = 0\nneighbors = "few"\n[round]\ntolerance = -1\n'
                'cap = true\n[weather]\nrain = 1\n', "sede", "line 3", "network.agents = 0",
                "line 4", "few", "line 6", "round.tolerance", "line 7", "round.cap", "weather"),
    in_scenario("a_hundred_mistakes_are_cut_to_a_few_lines",
                "[network]\n" + "".join(f"key{i} = {i}\n" for i in range(100)), "80 more"),
    Mistake("a_grid_too_large_to_count_is_refused", ("2^40 points", "axis"),
            toml(network={"count": 1000000, "agents": [4, 5]}, population={"replicates": 1000000})),
    Mistake("a_result_file_is_no_scenario", ("old.h5", "result file", "scenario"), "",
            {"old.h5": b"\x89HDF\r\n\x1a\n" + bytes(100)}, ("run", "old.h5")),
    Mistake("a_result_file_of_another_name_is_no_scenario", ("old.dat", "line 1"), "",
            {"old.dat": b"\x89HDF\r\n\x1a\n" + bytes(100)}, ("run", "old.dat")),
]

INSTANCES = [
    in_scenario("forms_of_instances_cannot_be_mixed",
                toml(instance={**BIPARTITE_KEYS, "agents": "agents.csv"}), "[instance]",
                "providers", "agents", "ratings"),
    in_scenario("ratings_have_no_edges", toml(instance={**RATINGS_KEYS, "edges": "links.csv"}),
                "[instance]", "ratings", "edges"),
    in_scenario("agents_need_edges", toml(instance={"agents": "agents.csv"}), "instance.edges",
                "missing"),
    in_scenario("providers_need_recipients_and_edges", toml(instance={"providers": "x.csv"}),
                "instance.recipients", "instance.edges", "missing"),
    in_scenario("edges_need_their_ends", toml(instance={"edges": "edges.csv"}),
                "instance.providers", "instance.recipients", "missing"),
    in_scenario("an_instance_that_names_no_file_is_refused", "[instance]\n", "instance"),
    in_scenario("network_keys_mean_nothing_beside_an_instance",
                toml(instance=BIPARTITE_KEYS, network={"agents": 5}), "line 7", "network.agents"),
    in_scenario("drawn_needs_mean_nothing_beside_an_instance_with_its_own",
                toml(instance=AGENTS_KEYS, population={"need_mean": 5}), "line 6",
                "population.need_mean"),
    in_scenario("a_file_list_is_refused", toml(instance={"ratings": ["a.csv", "b.csv"]}), "line 2",
                "instance.ratings", "axis"),
    in_scenario("an_empty_file_name_is_refused_by_its_key", toml(instance={"ratings": ""}),
                "instance.ratings"),
    Mistake("a_folder_is_no_table", ("out", "directory"), toml(instance={"ratings": "out"}),
            code=IO_ERROR),
    in_table("a_missing_table_is_an_input_error", "edges.csv", None, "No such file",
             code=IO_ERROR),
    in_table("an_empty_table_is_refused", "providers.csv", "", "empty", "id"),
    in_table("a_missing_column_is_refused", "edges.csv", "provider,recipient\na,x\n", "line 1",
             "mr", "missing"),
    in_table("a_table_without_amounts_is_refused", "providers.csv", "id\na\nb\n", "capacity"),
    in_table("a_table_without_ids_is_refused", "recipients.csv", "need\n4\n", "line 1", "id"),
    in_table("an_unknown_column_is_refused_with_the_nearest_known_one", "edges.csv",
             "provider,recipient,mr,desires\na,x,1,1\n", "line 1", "desires", "desire"),
    in_table("a_repeated_column_is_refused", "recipients.csv", "id,need,need\nx,4,4\n", "line 1",
             "need", "twice"),
    in_table("semicolons_are_refused", "recipients.csv", "id;need\nx;4\n", "line 1", "';'",
             "comma"),
    in_table("a_line_with_too_few_fields_is_refused", "edges.csv",
             "provider,recipient,mr\na,x,1\nb,y\n", "line 3", "2 fields", "3"),
    in_table("a_line_with_too_many_fields_is_refused", "recipients.csv",
             "id,need\n\nx,4\ny,8,1\n", "line 4", "3 fields", "2"),
    in_table("a_need_of_nan_is_refused", "recipients.csv", "id,need\nx,4\ny,nan\nz,6\n", "line 3",
             "need", "nan"),
    in_table("an_infinite_need_is_refused", "recipients.csv", "id,need\nx,inf\ny,8\nz,6\n",
             "line 2", "need", "inf", "finite"),
    in_table("a_need_below_zero_is_refused", "recipients.csv", "id,need\nx,4\ny,8\nz,-6\n",
             "line 4", "need", "-6", "0 or more"),
    in_table("a_capacity_below_zero_is_refused", "providers.csv", "id,capacity\na,-1e-9\nb,5\n",
             "line 2", "capacity", "-1e-9", "0 or more"),
    in_table("a_huge_need_is_refused_with_the_largest_allowed", "recipients.csv",
             "id,need\nx,1e200\ny,8\nz,6\n", "line 2", "need", "1e200", "1e+100"),
    in_table("recognition_above_one_is_refused", "edges.csv", "provider,recipient,mr\na,x,1.01\n",
             "line 2", "mr", "1.01", "0 to 1"),
    in_table("recognition_below_zero_is_refused", "edges.csv", "provider,recipient,mr\na,x,-0.5\n",
             "line 2", "mr", "-0.5", "0 to 1"),
    in_table("a_desire_below_zero_is_refused", "edges.csv",
             "provider,recipient,mr,desire\na,x,0.5,-2\n", "line 2", "desire", "-2", "0 or more"),
    in_table("text_for_a_number_is_refused", "recipients.csv", "id,need\nx,four\ny,8\nz,6\n",
             "line 2", "need", "four", "number"),
    in_table("a_number_with_a_unit_is_refused", "recipients.csv", "id,need\nx,4 kg\ny,8\nz,6\n",
             "line 2", "need", "4 kg", "number"),
    in_table("an_empty_number_is_refused", "recipients.csv", "id,need\nx,4\ny,\nz,6\n", "line 3",
             "need", "no value"),
    in_table("an_empty_id_is_refused", "recipients.csv", "id,need\nx,4\n ,8\nz,6\n", "line 3", "id"),
    in_table("a_provider_given_twice_is_refused_with_both_lines", "providers.csv",
             "id,capacity\na,10\nb,5\na,3\n", "line 4", "'a'", "line 2"),
    in_table("an_edge_given_twice_is_refused_with_both_lines", "edges.csv",
             "provider,recipient,mr\na,x,0.5\nb,y,1\na,x,0.5\n", "line 4", "line 2"),
    in_table("an_unknown_id_in_an_edge_is_refused", "edges.csv",
             "provider,recipient,mr\na,x,0.5\nb,who,1\n", "line 3", "recipient", "'who'",
             "recipients.csv"),
    in_table("recognition_that_differs_by_direction_is_refused_with_both_lines", "links.csv",
             "a,b,mr\np,q,0.5\nq,r,0.25\nq,p,0.125\n", "line 4", "0.125", "0.5", "line 2"),
    in_table("an_edge_of_agents_given_twice_is_refused_with_both_lines", "links.csv",
             "a,b,mr\np,q,0.5\np,q,0.5\n", "line 3", "line 2"),
    in_table("an_edge_to_itself_is_refused", "links.csv", "a,b,mr\np,p,0.5\n", "line 2", "itself"),
    in_table("as_many_needs_as_capacities_are_asked_for", "providers.csv",
             "id,capacity_1,capacity_2\na,1,2\nb,3,4\n", "recipients.csv", "1", "2", "types"),
    in_table("a_gap_in_the_types_is_refused", "recipients.csv",
             "id,need_1,need_3\nx,4,1\ny,8,1\nz,6,1\n", "need_1", "need_2", "gap"),
    in_table("types_that_start_at_two_are_refused", "recipients.csv",
             "id,need_2\nx,4\ny,8\nz,6\n", "need_1"),
    in_table("one_type_given_two_ways_is_refused", "recipients.csv",
             "id,need,need_1\nx,4,1\ny,8,1\nz,6,1\n", "need"),
    in_table("empty_ratings_are_refused", "ratings.csv", "", "empty", "source"),
    in_table("ratings_without_a_line_are_refused", "ratings.csv", "source,target,rating\n",
             "no ratings"),
    in_table("a_rating_given_twice_is_refused_with_both_lines", "ratings.csv",
             "source,target,rating\n1,2,3\n2,1,3\n1,2,4\n", "line 4", "line 2"),
    in_table("a_rating_of_nan_is_refused", "ratings.csv", "source,target,rating\n1,2,nan\n2,1,3\n",
             "line 2", "rating", "nan"),
    in_table("a_quote_left_open_is_refused", "recipients.csv", 'id,need\n"x,4\ny,8\n', "line 2",
             "quote"),
    in_table("utf_16_is_refused", "recipients.csv", "id,need\nx,4\n".encode("utf-16"), "UTF-16",
             "UTF-8"),
    in_table("latin_1_is_refused_with_its_line", "recipients.csv",
             "id,need\nx,4\ncafé,8\n".encode("latin-1"), "line 3", "UTF-8"),
    in_table("a_truncated_gz_is_an_input_error", "providers.csv.gz",
             gzip.compress(BIPARTITE["providers.csv"].encode())[:-9], "truncated", code=IO_ERROR),
    in_table("a_damaged_gz_is_an_input_error", "providers.csv.gz", b"\x1f\x8b" + b"not gzip" * 8,
             "damaged", "gzip", code=IO_ERROR),
    in_table("a_gz_with_a_wrong_checksum_is_an_input_error", "providers.csv.gz",
             (lambda packed: packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:])(
                 gzip.compress(BIPARTITE["providers.csv"].encode())), "gzip", code=IO_ERROR),
    in_table("bytes_that_are_no_text_are_refused", "providers.csv.gz", bytes(range(256)),
             "line 1"),
    in_table("a_hundred_bad_lines_are_cut_to_a_few", "recipients.csv",
             "id,need\n" + "".join(f"r{i},-1\n" for i in range(100)), "line 2", "line 21", "more"),
]

OUTPUTS = [
    on_command_line("an_existing_output_is_refused", SWEEP, "out/r.h5", "exists", "--overwrite",
                    files={"out/r.h5": "old"}),
    on_command_line("an_existing_output_is_refused_by_run_too", (*RUN, "-o", "out/r.h5"),
                    "out/r.h5", "exists", "--overwrite", files={"out/r.h5": "old"}),
    on_command_line("an_output_in_a_missing_folder_is_an_output_error",
                    ("sweep", "scenario.toml", "-o", "out/nowhere/r.h5"), "out/nowhere/r.h5",
                    "No such file", code=IO_ERROR),
    on_command_line("a_folder_is_no_output", ("sweep", "scenario.toml", "-o", "out", "--overwrite"),
                    "out", "folder", code=IO_ERROR),
    on_command_line("an_output_below_a_file_is_an_output_error",
                    ("sweep", "scenario.toml", "-o", "edges.csv/r.h5"), "edges.csv/r.h5",
                    "Not a directory", code=IO_ERROR),
    on_command_line("an_output_in_proc_is_an_output_error",
                    ("sweep", "scenario.toml", "-o", "/proc/r.h5"), "/proc/r.h5", code=IO_ERROR),
    on_command_line("a_device_is_no_output",
                    ("sweep", "scenario.toml", "-o", "/dev/null", "--overwrite"), "/dev/null",
                    "regular file", code=IO_ERROR),
    on_command_line("an_empty_output_is_refused", ("sweep", "scenario.toml", "-o", ""), "write",
                    code=IO_ERROR),
    on_command_line("an_empty_output_is_refused_by_run_too", (*RUN, "-o", ""), "write",
                    code=IO_ERROR),
]


class Refused(program.Case):
    """One test a row of the tables above."""

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
    for mistake in COMMAND_LINES + SCENARIOS + INSTANCES + OUTPUTS:
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
    """Every option of `info --options` refuses what its row does not allow, and says what it does."""

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
            words = re.search(r"one of (.*)", self.takes)
            self.words = words.group(1).split(", ") if words else []

        def text(self, value):
            """A scenario that gives the option this value, written as TOML."""
            return f"[{self.section}]\n{self.name} = {value}\n" if self.section else \
                f"\n{self.name} = {value}\n"

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
            self.write(option.text(value))
            self.needflow("plan", "scenario.toml", "--quiet", timeout=10)

    def test_the_table_has_the_promised_options(self):
        promised = """title seed network.kind network.agents network.neighbors network.hub
            network.count recognition.weights recognition.shape population.replicates
            population.need population.need_mean population.need_cv population.capacity
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
            if option.takes == "a string":
                del wrong['"nonsense"']
            if option.kind:
                del wrong["7"]
            if option.kind == "a number":
                del wrong["0.5"]
            for value in wrong:
                self.refuse(option, value, option.takes)

    def test_what_is_no_axis_refuses_arrays(self):
        for option in self.options:
            if not option.is_axis:
                value = option.default if option.default != "none" else '"x.csv"'
                self.refuse(option, f"[{value}]", "axis", option.takes)

    def test_every_axis_refuses_no_values_nested_ones_and_one_twice(self):
        for option in self.options:
            if option.is_axis:
                self.refuse(option, "[]", "[]")
                self.refuse(option, f"[[{option.default}]]", "nested")
                self.refuse(option, f"[{option.default}, {option.default}]", "twice")
                self.accept(option, f"[{option.default}]")

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
    """A result file that cannot be written leaves the old one or none."""

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
                self.assert_nothing_in(self.out)

    def test_the_old_file_survives_when_writing_its_replacement_fails(self):
        self.write(self.LARGE, {"out/r.h5": "old"})
        result = self.limited(4096, "--overwrite")
        self.assert_civil(result, ["out/r.h5"])
        self.assert_nothing_in(self.out, but=["r.h5"])
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
        self.assertTrue(result.stderr.endswith("\nr.h5\nold"), result.stderr)

    def test_tables_for_people_that_cannot_be_written_are_an_output_error(self):
        self.write(toml(network={"agents": 5}))
        for arguments in (RUN, ("plan", "scenario.toml"), ("info",), ("info", "--options")):
            with self.subTest(arguments), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([program.binary, *arguments], cwd=self.folder, stdout=full,
                                      stderr=subprocess.PIPE, text=True, check=False,
                                      env=program.environment(), timeout=program.TIMEOUT)
                self.assertEqual(IO_ERROR, done.returncode, done.stderr)


class Interrupted(program.Case):
    """Signals end a sweep between points: exit code 75, nothing half-written."""

    # Minutes of work in points of a millisecond, and one point of minutes.
    MANY = toml(network={"agents": 100}, population={"replicates": 100000})

    def begin(self, command="sweep", scenario=MANY, *arguments):
        self.write(scenario)
        process = program.start(command, "scenario.toml", "-o", "out/r.h5", *arguments,
                                cwd=self.folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.assertTrue(program.wait_until(lambda: any(entry.name.startswith(".")
                                                       for entry in self.out.iterdir())),
                        "the program made no temporary file")
        program.wait_until(lambda: False, 0.2)  # it now computes
        self.assertIsNone(process.poll(), "the program ended too early to be interrupted")
        return process

    def end(self, process, timeout=20):
        stdout, stderr = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def test_a_signal_ends_a_sweep_with_75_and_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            with self.subTest(number.name):
                process = self.begin()
                process.send_signal(number)
                result = self.end(process)
                self.assertEqual(INTERRUPTED, result.returncode, result.stderr)
                self.assert_civil(result, ["interrupted", "100000", "out/r.h5"])
                self.assert_nothing_in(self.out)

    def test_the_old_file_survives_an_interrupt(self):
        (self.out / "r.h5").write_text("old")
        process = self.begin("sweep", self.MANY, "--overwrite")
        process.send_signal(signal.SIGINT)
        self.assertEqual(INTERRUPTED, self.end(process).returncode)
        self.assert_nothing_in(self.out, but=["r.h5"])
        self.assertEqual("old", (self.out / "r.h5").read_text())

    def test_a_killed_sweep_leaves_no_file_of_the_outputs_name(self):
        process = self.begin()
        process.kill()
        self.assertEqual(-signal.SIGKILL, self.end(process).returncode)
        self.assertFalse((self.out / "r.h5").exists())
        # What a killed one left is in nobody's way.
        self.write(GRID)
        self.needflow(*SWEEP)
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


if __name__ == "__main__":
    program.main()
