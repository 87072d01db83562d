"""What `run` and `plan` print, compared with committed pages in golden/, and M2's worked rounds,
digit by digit.

`test_golden.py BINARY SOURCE_DIR --generate` writes the pages anew: read the difference before you
commit it. Times and what depends on the machine are scrubbed. The worked rounds do not rest on the
pages: their digits are the model's, and the fractions behind them are written out here.
"""

import re
import sys

import program
from program import DONE

PAGES = {
    "seed_round.txt": ("run", "data/seed_round.toml"),
    "seed_round_two.txt": ("run", "data/seed_round_two.toml"),
    "aid2022.txt": ("run", "data/aid2022.toml"),
    "reproduce_rounds.txt": ("reproduce", "rounds", "--quick", "--networks", "3"),
    "reproduce_trust.txt": ("reproduce", "trust", "--quick", "--networks", "3"),
    "mesh_plan.txt": ("plan", "data/mesh.toml"),
    "mesh_sobol_plan.txt": ("plan", "data/mesh_sobol.toml"),
    "trust_plan.txt": ("plan", "data/trust.toml"),
    "mesh_steps_plan.txt": ("plan", "data/mesh_steps.toml"),
}
# What a line holds beyond these words differs from machine to machine and from moment to moment.
MACHINE_LINES = re.compile(r"^(time|threads)( +).*$", re.MULTILINE)


def printed(arguments, **environment):
    """stdout of a page's command, run in the repository, scrubbed."""
    result = program.run(*arguments, cwd=program.source, env=program.environment(**environment))
    if result.returncode != DONE or result.stderr:
        raise AssertionError(f"needflow {' '.join(arguments)}: exit code {result.returncode}\n"
                             f"{result.stderr}")
    return MACHINE_LINES.sub(r"\1\2…", result.stdout)


def page(name):
    return program.source / "tests" / "program" / "golden" / name


def rounds(text):
    """A printed run as [(rows of providers, rows of recipients)], one pair a round.

    Providers: {(provider, recipient): [active need, numerator, denominator, allocation]};
    recipients: {recipient: [residual, received, satisfied, over, damping, converged]}.
    """
    found = []
    for part in re.split(r"^Round \d+\n", text, flags=re.MULTILINE)[1:]:
        lines = [line.split() for line in part.split("\n\n")[0].splitlines()]
        turn = [line[0] for line in lines].index("recipient")
        found.append(({(line[0], line[1]): line[2:] for line in lines[1:turn]},
                      {line[0]: line[1:] for line in lines[turn + 1:]}))
    return found


def digits(*numbers):
    """Numbers as the tables print them: three decimals without trailing zeros."""
    return [f"{number:.3f}".rstrip("0").rstrip(".") for number in numbers]


class Pages(program.Case):

    def test_what_is_printed_is_what_was_committed(self):
        for name, arguments in PAGES.items():
            with self.subTest(name):
                self.assertEqual(page(name).read_text(encoding="utf-8"), printed(arguments))

    def test_threads_and_simd_targets_change_no_digit(self):
        usable = re.search(r"usable here: (\w+(, \w+)*)", program.run("info").stdout).group(1)
        for name, arguments in PAGES.items():
            expected = printed(arguments)
            for target in usable.split(", "):
                with self.subTest(f"{name}, {target}"):
                    self.assertEqual(expected, printed((*arguments, "--threads", "1"),
                                                       NEEDFLOW_SIMD=target))

    def test_the_page_of_options_is_the_table(self):
        reference = program.source / "io" / "options.md"
        if not reference.exists():
            self.skipTest("io/options.md is not there")
        self.assertEqual(reference.read_text(encoding="utf-8"),
                         program.run("info", "--options").stdout)

    def test_every_page_is_compared(self):
        self.assertEqual(sorted(PAGES), sorted(path.name for path in page("").iterdir()))


class WorkedRounds(program.Case):
    """M2: the worked round of seed 002, and the second one, two by two."""

    def rounds_of(self, scenario, *arguments):
        return rounds(self.needflow("run", program.source / "data" / scenario, *arguments).stdout)

    def test_the_worked_round_has_the_seeds_digits(self):
        for settlement in ("stock", "stream"):
            with self.subTest(settlement):
                first, second = self.rounds_of("seed_round.toml", "--set",
                                               f"round.settlement={settlement}")
                self.assertEqual({("P1", "R1"): ["500", "300", "300", "300"],
                                  ("P2", "R1"): ["500", "200", "200", "400"]}, first[0])
                self.assertEqual({"R1": ["500", "700", "500", "200", "0.8", "no"]}, first[1])
                self.assertEqual({("P1", "R1"): ["0", "0", "0", "0"],
                                  ("P2", "R1"): ["0", "0", "0", "0"]}, second[0])
                self.assertEqual({"R1": ["0", "0", "500", "0", "0.8", "yes"]}, second[1])

    def test_the_second_worked_round_has_the_models_digits(self):
        first, second = self.rounds_of("seed_round_two.toml")
        # MR 0.6, 0.4 | 0.3, 0.7; needs 500, 300: d = 300 + 120 and 150 + 210.
        self.assertEqual({("A", "R1"): ["500", "300", "420", "285.714"],
                          ("A", "R2"): ["300", "120", "420", "114.286"],
                          ("B", "R1"): ["500", "150", "360", "125"],
                          ("B", "R2"): ["300", "210", "360", "175"]}, first[0])
        self.assertEqual({"R1": ["500", "410.714", "410.714", "0", "0.8", "no"],
                          "R2": ["300", "289.286", "289.286", "0", "0.8", "no"]}, first[1])
        allocations = {pair: row[3] for pair, row in second[0].items()}
        self.assertEqual({("A", "R1"): "370.37", ("A", "R2"): "29.63", ("B", "R1"): "234.375",
                          ("B", "R2"): "65.625"}, allocations)
        self.assertEqual(["604.745", "95.255"], [second[1][r][1] for r in ("R1", "R2")])

    def test_the_digits_are_those_of_the_fractions(self):
        first, second = self.rounds_of("seed_round_two.toml")
        # Residuals of 625/7 and 75/7 in round 2: damped alike, so A shares 400 as 0.6·25 to 0.4·3.
        expected = [400 * 300 / 420, 400 * 120 / 420, 300 * 150 / 360, 300 * 210 / 360]
        self.assertEqual(digits(*expected), [row[3] for row in first[0].values()])
        self.assertEqual(digits(2000 / 7 + 125, 800 / 7 + 175),
                         [row[1] for row in first[1].values()])
        self.assertEqual(digits(625 / 7, 75 / 7), [row[0] for row in second[1].values()])
        expected = [400 * 15 / 16.2, 400 * 1.2 / 16.2, 300 * 7.5 / 9.6, 300 * 2.1 / 9.6]
        self.assertEqual(digits(*expected), [row[3] for row in second[0].values()])
        self.assertEqual(digits(expected[0] + expected[2], expected[1] + expected[3]),
                         [row[1] for row in second[1].values()])
        self.assertEqual(digits(0.8 * 625 / 7, 0.8 * 75 / 7),
                         [second[0]["A", r][0] for r in ("R1", "R2")])

    def test_what_was_left_of_the_stock_is_given_in_the_next_round(self):
        """With `stock` the second instance gives all of 700 in round 1: nothing is left."""
        _, second = self.rounds_of("seed_round_two.toml", "--set", "round.settlement=stock")
        self.assertEqual(["0"] * 4, [row[3] for row in second[0].values()])


def generate():
    for name, arguments in PAGES.items():
        page(name).parent.mkdir(exist_ok=True)
        page(name).write_text(printed(arguments), encoding="utf-8")


if __name__ == "__main__":
    if "--generate" in sys.argv:
        sys.argv.remove("--generate")
        program.find_binary()
        generate()
    else:
        program.main()
