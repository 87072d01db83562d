"""Plain tables for the scripts of bench/: columns aligned, medians with their ranges."""
import statistics


def print_table(heading, head, rows, out=print):
    """Rows of texts; the first column to the left, the others to the right."""
    cells = [list(map(str, row)) for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    out(f"\n{heading}")
    for number, row in enumerate(cells):
        line = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        out("  " + "  ".join(line).rstrip())
        if number == 0:
            out("  " + "-" * (sum(widths) + 2 * (len(widths) - 1)))


def middle(values):
    return statistics.median(values) if values else None


def with_range(values, form="{:.2f}"):
    """"1.93 [1.88 … 2.01]", or a dash."""
    if not values:
        return "–"
    numbers = (middle(values), min(values), max(values))
    return "{} [{} … {}]".format(*(form.format(number) for number in numbers))


def seconds_text(seconds):
    """Three digits with a unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def size_text(agents, neighbors):
    return f"{agents:.0e}".replace("e+0", "e") + f", k {neighbors}"


def rows_over(names, cases):
    """A row a name: seconds of the first, and of the others times over the first's, turn by turn."""
    ours = names[0]
    rows = [[ours] + [seconds_text(middle(case["times"][ours])) for case in cases]]
    for name in names[1:]:
        rows.append([name] + [with_range([peer / own for peer, own in zip(case["times"].get(name, []),
                                                                         case["times"][ours])])
                              for case in cases])
    return rows
