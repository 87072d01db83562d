#!/usr/bin/env python3
"""Make the CSV files of the real data sets in data/ from the published files they come from.

    scripts/make_data.py INPUT_DIR            writes data/aid2022, data/trade2006, data/bitcoin_otc
                                              and data/bitcoin_alpha
    scripts/make_data.py INPUT_DIR --check    makes them in a temporary folder and compares

INPUT_DIR is a folder with the publishers' CSV files named in data/README.md; Python's standard
library is enough. The counts that data/README.md states are counted here and printed beside what
they should be. When one is off, nothing is written and the exit code is 1.

Amounts are added as decimals, hence exactly, and a share is one correctly rounded division: the
files come out the same, byte for byte, on any machine.
"""

import argparse
import csv
import gzip
import hashlib
import io
import shutil
import sys
import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"

# The start of the sha256 of each input. Publishers revise their tables: another copy may be just as
# right and still give other counts, and then this is the line to look at first.
SHA256 = {
    "dac2a_bilateral_aid_2022.csv": "c2503af96829991e",
    "dac2a_names_iso3.csv": "092576e9e7c0117c",
    "fts_requirements_funding_global.csv": "4fa1b64feef2895b",
    "soc-sign-bitcoinalpha.csv": "9b392d2ab6c9c612",
    "soc-sign-bitcoinotc.csv": "3f17ed3d8b86b79a",
    "trade_2006_countries.csv": "7f14791878a62a7c",
    "trade_2006_flows.csv": "ecb88e9171a71dfd",
}


class DataError(Exception):
    """An input that is not what it should be."""


class Counts:
    """What was counted, beside what it should be."""

    def __init__(self):
        self.rows = []

    def expect(self, where, what, found, expected):
        mark = "" if found == expected else "<-- off"
        self.rows.append((where, what, str(found), str(expected), mark))

    def off(self):
        return sum(1 for row in self.rows if row[-1])

    def print(self):
        table = [("where", "what", "found", "expected", "")] + self.rows
        widths = [max(map(len, column)) for column in zip(*table)]
        for row in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def read_columns(source, name, columns, counts):
    """The named columns of one input file: a list of rows, each a list of texts."""
    path = source / name
    if not path.is_file():
        raise DataError(f"{path}: no such file (data/README.md names the files the folder holds)")
    data = path.read_bytes()
    known = SHA256[name]
    counts.expect(name, "sha256", hashlib.sha256(data).hexdigest()[: len(known)], known)
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""))
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; it has {', '.join(header)}")
    places = [header.index(column) for column in columns]
    return [[row[place] for place in places] for row in rows]


def write_table(path, header, rows):
    """One CSV file (RFC 4180 quoting, LF line ends), gzipped where the name says so."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    data = text.getvalue().encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed(data) if path.suffix == ".gz" else data)


def packed(data):
    """Gzip with neither file name nor time in its header: both differ from one run to the next."""
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
        file.write(data)
    return raw.getvalue()


def number(value):
    """The fewest digits that read back as the same double, never with an exponent."""
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


def share(part, whole):
    return float(part) / float(whole)


def extremes(values):
    return f"{min(values):.3g} to {max(values):.3g}"


def make_aid2022(source, target, counts):
    """Official donors, and the countries that response plans asked for in 2022 (bipartite).

    A donor's total runs over all its recipients, those without a plan included: what it gives
    elsewhere is capacity too, and without it the donor would seem to recognise the others more.
    """
    given, received, flows = defaultdict(Decimal), defaultdict(Decimal), {}
    columns = ["donor", "recipient", "humanitarian_musd"]
    for donor, recipient, musd in read_columns(
        source, "dac2a_bilateral_aid_2022.csv", columns, counts
    ):
        if musd:
            flows[donor, recipient] = Decimal(musd)
            given[donor] += Decimal(musd)
            received[recipient] += Decimal(musd)

    names = dict(read_columns(source, "dac2a_names_iso3.csv", ["iso3", "name"], counts))
    nameless = sorted(received.keys() - set(names.values()))
    if nameless:
        raise DataError(f"dac2a_names_iso3.csv: no row for the recipients {', '.join(nameless)}")

    required = required_2022(source, counts)
    need = {names.get(code, code): musd for code, musd in required.items()}

    edges = [
        (donor, recipient, min(share(flow, given[donor]), share(flow, received[recipient])))
        for (donor, recipient), flow in sorted(flows.items())
        if recipient in need
    ]
    unreached = need.keys() - {recipient for _, recipient, _ in edges}
    unnamed = need.keys() - set(names.values())
    ratio = sum(given.values()) / sum(need.values())
    largest = max(flows, key=flows.get)

    def expect(what, found, expected):
        counts.expect("aid2022", what, found, expected)

    expect("donors", len(given), 47)
    expect("recipients", len(need), 67)
    expect("recipients without an edge", len(unreached), 5)
    expect("recipients known by ISO code only", ", ".join(sorted(unnamed)), "ABW, CUW")
    expect("both donor and recipient", ", ".join(sorted(given.keys() & need.keys())), "Türkiye")
    expect("edges", len(edges), 930)
    expect("mr", extremes([mr for *_, mr in edges]), "1.69e-06 to 0.779")
    expect("capacity, million USD", round(sum(given.values())), 21144)
    expect("need, million USD", round(sum(need.values())), 50104)
    expect("capacity in % of need", round(100 * ratio), 42)
    expect("largest flow", " to ".join(largest), "Türkiye to Syrian Arab Republic")
    expect("largest flow, million USD", round(flows[largest]), 4616)
    expect("it in % of what is given", round(100 * flows[largest] / sum(given.values())), 22)

    def sorted_rows(amounts):
        return [(name, number(amounts[name])) for name in sorted(amounts)]

    folder = target / "aid2022"
    write_table(folder / "providers.csv", ["id", "capacity"], sorted_rows(given))
    write_table(folder / "recipients.csv", ["id", "need"], sorted_rows(need))
    rows = [(donor, recipient, number(mr)) for donor, recipient, mr in edges]
    write_table(folder / "edges.csv", ["provider", "recipient", "mr"], rows)


def required_2022(source, counts):
    """What the response plans of 2022 asked for, where they did: million USD by ISO code."""
    required = defaultdict(Decimal)
    columns = ["countryCode", "year", "requirements"]
    for code, year, usd in read_columns(
        source, "fts_requirements_funding_global.csv", columns, counts
    ):
        if year == "2022" and usd:
            required[code] += Decimal(usd) / 1_000_000
    return {code: musd for code, musd in required.items() if musd > 0}


def make_trade2006(source, target, counts):
    """World trade in goods, 2006 (agent network): every country is provider and recipient.

    Shares are taken of the sum of the flows, not of the rounded exports beside them, so that no
    country's shares add up to more than 1.
    """
    exported, imported, flows = defaultdict(Decimal), defaultdict(Decimal), {}
    columns = ["iso_o", "iso_d", "flow_musd"]
    for exporter, importer, musd in read_columns(source, "trade_2006_flows.csv", columns, counts):
        flow = Decimal(musd)
        if flow > 0:
            flows[exporter, importer] = flow
            exported[exporter] += flow
            imported[importer] += flow

    columns = ["iso", "imports_musd", "exports_musd"]
    table = read_columns(source, "trade_2006_countries.csv", columns, counts)
    agents = [(iso, Decimal(imports), Decimal(exports)) for iso, imports, exports in table]
    unlike = 0
    for iso, need, capacity in agents:
        apart = max(abs(imported[iso] - need) / need, abs(exported[iso] - capacity) / capacity)
        unlike += apart > Decimal("1e-8")  # the table's totals have nine significant digits

    place = {agent[0]: position for position, agent in enumerate(agents)}
    pairs = [(a, b) for a, b in flows if place[a] < place[b] and (b, a) in flows]
    pairs.sort(key=lambda pair: (place[pair[0]], place[pair[1]]))
    edges = [
        (a, b, min(share(flows[a, b], exported[a]), share(flows[b, a], exported[b])))
        for a, b in pairs
    ]

    def expect(what, found, expected):
        counts.expect("trade2006", what, found, expected)

    expect("countries", len(agents), 166)
    expect("flows > 0", len(flows), 17088)
    expect("countries whose totals differ from their flows", unlike, 0)
    expect("pairs with mr > 0", len(edges), 7558)
    expect("mr", extremes([mr for *_, mr in edges]), "1.43e-11 to 0.233")
    expect("need, million USD", round(sum(need for _, need, _ in agents)), 12214025)
    expect("capacity, million USD", round(sum(capacity for *_, capacity in agents)), 12214025)

    folder = target / "trade2006"
    rows = [(iso, number(need), number(capacity)) for iso, need, capacity in agents]
    write_table(folder / "agents.csv", ["id", "need", "capacity"], rows)
    write_table(folder / "edges.csv", ["a", "b", "mr"], [(a, b, number(mr)) for a, b, mr in edges])


def make_bitcoin(name, expected, source, target, counts):
    """Who trusts whom on a Bitcoin platform (ratings): needflow itself makes recognition of them (M1).

    The ratings stay as they are, distrust included, in the order given; only the time is left out.
    """
    columns = ["source", "target", "rating"]
    ratings = read_columns(source, f"soc-sign-{name.replace('_', '')}.csv", columns, counts)
    pairs = {(a, b) for a, b, _ in ratings if a != b}
    trusts = {(a, b) for a, b, rating in ratings if int(rating) > 0}
    mutual = {(a, b) for a, b in trusts if (b, a) in trusts}

    def expect(what, found, expected):
        counts.expect(name, what, found, expected)

    expect("ratings", len(ratings), expected["ratings"])
    expect("of oneself, or of the same member twice", len(ratings) - len(pairs), 0)
    grades = [int(rating) for *_, rating in ratings]
    expect("rating", f"{min(grades)} to {max(grades)}", "-10 to 10")
    expect("ids", len({member for pair in pairs for member in pair}), expected["ids"])
    expect("ratings > 0", len(trusts), expected["positive"])
    expect("pairs with mr > 0", len(mutual) // 2, expected["pairs"])
    expect("ids in such a pair", len({a for a, _ in mutual}), expected["paired"])

    write_table(target / name / "ratings.csv.gz", columns, ratings)


def make_bitcoin_otc(*arguments):
    make_bitcoin("bitcoin_otc", {"ratings": 35592, "ids": 5881, "positive": 32029, "pairs": 13438,
                                 "paired": 4603}, *arguments)


def make_bitcoin_alpha(*arguments):
    make_bitcoin("bitcoin_alpha", {"ratings": 24186, "ids": 3783, "positive": 22650, "pairs": 9678,
                                   "paired": 3195}, *arguments)


def file_names(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def content(path):
    """What files are compared by; .gz by its inside, since zlib builds pack it differently."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def differences(made, committed):
    """One line for each made file that the committed folder lacks or has otherwise."""
    for name in file_names(made):
        if not (committed / name).is_file():
            yield f"data/{name}: missing"
        elif content(made / name) != content(committed / name):
            yield f"data/{name}: differs from what the input gives"


def run(source, made, check):
    counts = Counts()
    for make in (make_aid2022, make_trade2006, make_bitcoin_otc, make_bitcoin_alpha):
        make(source, made, counts)
    counts.print()
    if counts.off():
        raise DataError(f"{counts.off()} of the {len(counts.rows)} values above are off")
    if check:
        unlike = list(differences(made, DATA))
        if unlike:
            raise DataError("\n".join(unlike))
        print("data/ holds what the input gives")
        return
    for name in file_names(made):
        (DATA / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made / name, DATA / name)
        print(f"written: data/{name}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input_dir", type=Path, metavar="INPUT_DIR")
    parser.add_argument("--check", action="store_true", help="compare with data/, write nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(options.input_dir, Path(folder), options.check)
        except DataError as error:
            sys.exit(f"make_data.py: {error}")
        except (ValueError, ArithmeticError) as error:
            sys.exit(f"make_data.py: an input holds something that is no number: {error}")


if __name__ == "__main__":
    main()
