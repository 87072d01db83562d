"""Drawing primitives: each returns an SVG as text, the same bytes for the same numbers.

Okabe and Ito's colours for lines, with a marker and a dash of their own each; cividis for maps, with the
numbers written in where there is room. Small on purpose, so that a panel fills a phone's width and
its letters stay readable; titles and captions are the page's.
"""

import io

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from result_file import number

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999933"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]
DASHES = ["-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 3)), "-", (0, (1, 3)),
          (0, (8, 3))]
HATCHES = ["", "//", "..", "xx", "\\\\", "++", "oo", "--"]
# Letters stay letters, a fifth of the bytes of outlines. Verdana is as wide as what the layout was
# measured with.
FONTS = "'DejaVu Sans', Verdana, sans-serif"
MAP_COLOURS = "cividis"
PANEL = (4.6, 3.1)  # inches of 100 SVG units
MOST_WRITTEN = 12  # a map with more places on a side has no numbers in it
STYLE = {
    "svg.hashsalt": "needflow", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 10.0,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#dddddd",
    "grid.linewidth": 0.6, "axes.axisbelow": True, "legend.frameon": False, "legend.fontsize": 9.0,
    "axes.edgecolor": "#555555", "figure.facecolor": "white", "lines.linewidth": 1.6,
    "lines.markersize": 5.0, "path.simplify": False,
}


matplotlib.rcdefaults()  # whatever the user's matplotlibrc says
matplotlib.rcParams.update(STYLE)


def svg_of(draw, size=PANEL):
    """Calls draw(axes) and returns the figure."""
    figure = Figure(figsize=size, layout="constrained")
    canvas = FigureCanvasSVG(figure)
    draw(figure.add_subplot())
    out = io.StringIO()
    # Not savefig, which draws everything twice: the layout is made in the one drawing.
    canvas.print_svg(out, metadata={"Date": None, "Creator": None})
    return out.getvalue().replace("'DejaVu Sans'", FONTS)


def dash_of(i):
    return {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i % len(DASHES)],
            "marker": MARKERS[i % len(MARKERS)]}


def short(label, most=18):
    return label if len(label) <= most else label[:most - 1] + "…"


def legend_above(axes, count):
    """Above the axes, so that it covers no line; columns by the labels' lengths."""
    if count < 2:
        return
    handles, labels = axes.get_legend_handles_labels()
    longest = max((len(label) for label in labels), default=1)
    columns = max(1, min(4, 54 // (longest + 7)))
    axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncol=columns,
                borderaxespad=0.2, columnspacing=1.2, handlelength=2.6)


def use_log(positions):
    positions = np.asarray(positions, dtype=float)
    return len(positions) > 2 and positions.min() > 0 and positions.max() / positions.min() >= 20


def label_places(axis, positions, labels, most=8):
    """Ticks at the values themselves as far as they are few, else at some of them."""
    chosen = np.arange(len(positions))
    if len(positions) > most:
        chosen = np.unique(np.linspace(0, len(positions) - 1, most).round().astype(int))
    axis.set_major_locator(FixedLocator([positions[i] for i in chosen]))
    axis.set_minor_locator(NullLocator())
    words = {float(positions[i]): short(labels[i]) for i in chosen}
    axis.set_major_formatter(FuncFormatter(
        lambda value, _: words.get(min(words, key=lambda place: abs(place - value)), "")))


def crowded(positions, log):
    """True where ticks at the values would run into each other."""
    places = np.log(positions) if log else np.asarray(positions, dtype=float)
    span = places.max() - places.min()
    return len(places) > 8 or (span > 0 and np.diff(np.sort(places)).min() < 0.09 * span)


def set_x(axes, view):
    """The x axis of a view: numbers to scale, words side by side."""
    axes.set_xlabel(view.title)
    log = view.numeric and use_log(view.positions)
    if log:
        axes.set_xscale("log")
    # Bins stand at their means and are named by their ends: they get the ticks of a scale.
    if not view.numeric or not (view.binned or crowded(view.positions, log)):
        label_places(axes.xaxis, view.positions, view.labels)
    elif log:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axes.xaxis.set_minor_locator(NullLocator())
        label_places_apart(axes, view, log)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(7))
    if sum(len(short(label)) for label in view.labels[:8]) > 48 and not view.numeric:
        axes.tick_params(axis="x", rotation=40)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")


def label_places_apart(axes, view, log):
    """As many of the values as keep a tenth of the axis between them."""
    order = np.argsort(view.positions)
    places = np.log(view.positions) if log else view.positions
    span = places.max() - places.min()
    kept = []
    for i in order:
        if not kept or places[i] - places[kept[-1]] >= 0.12 * span:
            kept.append(i)
    label_places(axes.xaxis, view.positions[kept], [number(view.positions[i], 3) for i in kept],
                 len(kept))


def set_y(axes, low, high, share):
    """Shares from 0 to 1 where they use that range; else room for the numbers."""
    if share and (low < 0.5 or high > 0.98):
        axes.set_ylim(min(0.0, low) - 0.02, max(1.0, high) + 0.03)
    elif np.isfinite(low) and np.isfinite(high) and high == low:
        axes.set_ylim(low - max(0.5, abs(low) * 0.1), high + max(0.5, abs(high) * 0.1))


def beside(i, count):
    """Words have no distances: the rows of a place stand side by side."""
    return (i - (count - 1) / 2) * min(0.12, 0.7 / count)


def joined(view, order):
    """Runs of places that a line may join: all of numbers; of words those that are numbers in a row."""
    if view.numeric:
        return [order]
    parts = [[order[0]]]
    for before, here in zip(order, order[1:]):
        if is_number(view.labels[before]) and is_number(view.labels[here]):
            parts[-1].append(here)
        else:
            parts.append([here])
    return parts


def is_number(label):
    try:
        float(label.split(" / ")[0].replace(",", ""))
        return True
    except ValueError:
        return False


def lines(view, rows, y_title, share=False, diagonal=None):
    """`rows`: (label, mean, low, high) along the view, intervals NaN where there are none."""

    def draw(axes):
        values = np.concatenate([np.ravel(row[1]) for row in rows])
        order = np.argsort(view.positions, kind="stable")
        for i, (label, mean, low, high) in enumerate(rows):
            style = dash_of(i)
            places = view.positions + (0.0 if view.numeric else beside(i, len(rows)))
            parts = joined(view, order)
            if max(map(len, parts)) == 1:
                style["linestyle"] = "none"
            for part in parts:
                axes.plot(places[part], mean[part], label=short(label, 26) if part[0] == order[0] else None,
                          **style)
            known = np.isfinite(low)
            axes.vlines(places[known], low[known], high[known], color=style["color"], linewidth=2.4,
                        alpha=0.55)
        if diagonal is not None:
            axes.plot(view.positions, diagonal, color="#777777", linewidth=1.0, linestyle=":",
                      label="supply / need")
        set_x(axes, view)
        axes.set_ylabel(y_title)
        finite = values[np.isfinite(values)]
        if finite.size:
            set_y(axes, finite.min(), finite.max(), share)
        legend_above(axes, len(rows) + (diagonal is not None))

    return svg_of(draw, PANEL if len(rows) < 4 else (PANEL[0], PANEL[1] + 0.2))


def heat_map(x, y, values, low, high, unit=""):
    """`values[i_y, i_x]` between low and high, places side by side; NaN stays blank and is crossed."""

    log = low > 0 and high / low >= 20

    def draw(axes):
        axes.grid(False)
        shown = np.ma.masked_invalid(values)
        norm = (LogNorm if log else Normalize)(low, high)
        image = axes.imshow(shown, origin="lower", aspect="auto", cmap=MAP_COLOURS, norm=norm,
                            interpolation="none")
        for row, column in zip(*np.nonzero(~np.isfinite(values))):
            if values.size <= MOST_WRITTEN**2:
                axes.text(column, row, "×", ha="center", va="center", color="#888888")
        if max(values.shape) <= MOST_WRITTEN:
            write_in(axes, values, norm)
        for axis, view in ((axes.xaxis, x), (axes.yaxis, y)):
            label_places(axis, np.arange(len(view), dtype=float), view.labels, MOST_WRITTEN)
        axes.set_xlabel(x.title)
        axes.set_ylabel(y.title)
        if sum(len(short(label)) for label in x.labels[:MOST_WRITTEN]) > 30:
            axes.tick_params(axis="x", rotation=40)
            for label in axes.get_xticklabels():
                label.set_horizontalalignment("right")
        bar = axes.figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
        bar.outline.set_visible(False)
        bar.ax.minorticks_off()
        if log:
            bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        if unit:
            bar.set_label(unit)

    return svg_of(draw, (PANEL[0], min(4.6, max(2.5, 1.1 + 0.33 * len(y)))))


def write_in(axes, values, norm):
    few = values.shape[1] <= 8
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = norm.vmax > norm.vmin and norm(value) < 0.55
            axes.text(column, row, cell_text(value, 3 if few else 2), ha="center", va="center",
                      fontsize=8.5 if values.shape[1] <= 6 else 7, color="white" if dark else "black")


def cell_text(value, digits):
    """Short: 0.998, 12.5, 200, ≈0."""
    if abs(value) >= 1 or value == 0:
        return number(value, 3)
    words = f"{value:.{digits}f}".rstrip("0")
    return "≈0" if words in ("0.", "-0.") else words.rstrip(".") if value < 0.5 or words != "1." else "≈1"


def stacked(labels, parts, x_title):
    """Shares that add up: `parts` is (name, shares) from the bottom up."""

    def draw(axes):
        axes.grid(False)
        below = np.zeros(len(labels))
        for i, (name, shares) in enumerate(parts):
            axes.bar(range(len(labels)), shares, bottom=below, label=name, width=0.8, linewidth=0.5,
                     color=COLOURS[i % len(COLOURS)], hatch=HATCHES[i % len(HATCHES)], edgecolor="white")
            below = below + shares
        label_places(axes.xaxis, np.arange(len(labels), dtype=float), labels, MOST_WRITTEN)
        if sum(len(short(label)) for label in labels) > 44:
            axes.tick_params(axis="x", rotation=40)
            for label in axes.get_xticklabels():
                label.set_horizontalalignment("right")
        axes.set_xlabel(x_title)
        axes.set_ylabel("share of runs")
        axes.set_ylim(0, 1.0)
        legend_above(axes, max(2, len(parts)))

    return svg_of(draw)


def bands(x, rows, x_title, y_title, share=False, log=False):
    """`rows`: (label, middle, low, high) over x; the band between low and high."""

    values = np.concatenate([np.ravel(row[1]) for row in rows])
    positive = values[np.isfinite(values) & (values > 0)]
    log = log and use_log(positive)

    def drawn(numbers, least=np.nan):
        return np.where(numbers > 0, numbers, least) if log else numbers

    def draw(axes):
        every = max(1, len(x) // 12)
        for i, (label, middle, low, high) in enumerate(rows):
            style = dash_of(i)
            least = positive.min() if log else 0.0
            axes.fill_between(x, drawn(low, least), drawn(high), color=style["color"], alpha=0.14,
                              linewidth=0)
            axes.plot(x, drawn(middle), label=short(label, 26), markevery=(i * every // len(rows), every),
                      **style)
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title)
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
        if log:
            axes.set_yscale("log")
        elif share and np.isfinite(values).any():
            set_y(axes, np.nanmin(values), np.nanmax(values), True)
        legend_above(axes, len(rows))

    return svg_of(draw)


def steps(rows, x_title, y_title):
    """Cumulative shares: `rows` is (label, sorted values, cumulated shares)."""

    def draw(axes):
        for i, (label, values, shares) in enumerate(rows):
            style = dash_of(i)
            axes.step(values, shares, where="post", label=short(label, 26), color=style["color"],
                      linestyle=style["linestyle"])
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title)
        axes.set_ylim(0, 1.02)
        legend_above(axes, len(rows))

    return svg_of(draw)


def bars(labels, rows, x_title, y_title):
    """Bars side by side: `rows` is (label, heights)."""

    def draw(axes):
        axes.grid(False, axis="x")
        width = 0.8 / len(rows)
        for i, (label, heights) in enumerate(rows):
            axes.bar(np.arange(len(labels)) + (i - (len(rows) - 1) / 2) * width, heights, width,
                     label=short(label, 26), color=COLOURS[i % len(COLOURS)],
                     hatch=HATCHES[i % len(HATCHES)] if len(rows) > 1 else "", edgecolor="white",
                     linewidth=0.5)
        label_places(axes.xaxis, np.arange(len(labels), dtype=float), labels, MOST_WRITTEN)
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title)
        legend_above(axes, len(rows))

    return svg_of(draw)


def dots(x, y, x_title, y_title, share=True):
    """A cloud of points; above 3,000 of them an evenly spaced choice."""

    def draw(axes):
        chosen = slice(None, None, max(1, len(x) // 3000))
        axes.plot(x[chosen], y[chosen], linestyle="none", marker="o", markersize=4, alpha=0.6,
                  color=COLOURS[0], markeredgewidth=0)
        axes.set_xlabel(x_title)
        axes.set_ylabel(y_title)
        if use_log(x):
            axes.set_xscale("log")
        if share:
            set_y(axes, 0.0, 1.0, True)

    return svg_of(draw)


def network_picture(places, pairs, degrees):
    """Agents as points, coloured by their links where these differ."""
    one = degrees.min() == degrees.max()
    colours = {"color": COLOURS[0]} if one else {"c": degrees, "cmap": MAP_COLOURS}

    def draw(axes):
        axes.set_axis_off()
        from_, to = pairs[:, 0], pairs[:, 1]
        x = np.column_stack([places[from_, 0], places[to, 0], np.full(len(pairs), np.nan)]).ravel()
        y = np.column_stack([places[from_, 1], places[to, 1], np.full(len(pairs), np.nan)]).ravel()
        thin = float(np.clip(60.0 / max(1, len(pairs)), 0.12, 0.6))
        axes.plot(x, y, color="#555555", linewidth=0.6, alpha=thin)
        shown = axes.scatter(places[:, 0], places[:, 1], s=34, zorder=3, edgecolors="white",
                             linewidths=0.6, **colours)
        axes.set_aspect("equal")
        if one:
            return
        bar = axes.figure.colorbar(shown, ax=axes, fraction=0.05, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("links of the agent")
        bar.locator = MaxNLocator(5, integer=True)
        bar.update_ticks()

    return svg_of(draw, (PANEL[0], 4.0))
