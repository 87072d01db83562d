#include "solver/app/sweep_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <vector>

#include "io/options.hpp"

namespace needflow::app {

namespace {

constexpr std::size_t kStatuses = static_cast<std::size_t>(Status::invalid) + 1;

/// What the summary needs of a run.
struct Shown {
  Status status;
  std::int64_t rounds;
  double satisfied;
  double jain;
};

/// Runs of one axis value, or of all.
struct Tally {
  std::array<std::size_t, kStatuses> by_status{};
  std::size_t solved = 0;
  double satisfied = 0.0;
  double jain = 0.0;
  double rounds = 0.0;

  void add(const Shown& run) {
    ++by_status[static_cast<std::size_t>(run.status)];
    if (run.rounds < 0 || run.status == Status::failed) return;
    ++solved;
    satisfied += run.satisfied;
    jain += run.jain;
    rounds += static_cast<double>(run.rounds);
  }

  [[nodiscard]] std::string row() const {
    const auto mean = [this](double sum) {
      return solved == 0 ? std::string("–")
                         : fmt::format("{:.4f}", sum / static_cast<double>(solved));
    };
    const std::string mean_rounds =
        solved == 0 ? "–" : fmt::format("{:.1f}", rounds / static_cast<double>(solved));
    return fmt::format("{:>10} {:>10} {:>8}   {}", mean(satisfied), mean(jain), mean_rounds,
                       statuses());
  }

  [[nodiscard]] std::string statuses() const {
    std::string text;
    for (std::size_t status = 0; status < kStatuses; ++status) {
      if (by_status[status] == 0) continue;
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", by_status[status],
                          status_name(static_cast<Status>(status)));
    }
    return text;
  }
};

/// The runs of an axis's values, one tally each.
struct AxisTally {
  std::size_t axis = 0;
  std::size_t stride = 0;  ///< points between two values
  std::size_t left = 0;    ///< points until the next value
  std::size_t value = 0;
  std::vector<Tally> tallies;

  /// To the next point's value; points come in order, so that nothing is divided.
  void move_on() {
    if (left == 0) {
      left = stride;
      value = value + 1 < tallies.size() ? value + 1 : 0;
    }
    --left;
  }
};

/// Axes short enough to show.
std::vector<AxisTally> shown_axes(const Sweep& sweep) {
  constexpr std::size_t kLongestAxis = 16;
  const std::vector<Dimension> dimensions = sweep.dimensions();
  std::vector<AxisTally> shown;
  std::size_t stride = 1;
  for (std::size_t d = dimensions.size(); d-- > 0;) {
    if (d < sweep.axes.size() && dimensions[d].length <= kLongestAxis) {
      shown.push_back({d, stride, stride, 0, std::vector<Tally>(dimensions[d].length)});
    }
    stride *= dimensions[d].length;
  }
  std::reverse(shown.begin(), shown.end());
  return shown;
}

void print_axis(const Axis& axis, const std::vector<Tally>& tallies, std::ostream& out) {
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    std::string value = plain_text(axis.values[i]);
    for (const Axis& other : axis.along) value += ", " + plain_text(other.values[i]);
    out << fmt::format("{:<18} {:<12}{}\n", i == 0 ? axis.name : "", value, tallies[i].row());
  }
}

}  // namespace

void print_sweep_summary(const Sweep& sweep, const Outcomes& outcomes, std::ostream& out) {
  Tally all;
  std::size_t excluded = 0;
  std::vector<AxisTally> axes = shown_axes(sweep);
  const auto rounds = outcomes.integers(metric_index("rounds"));
  const auto satisfied = outcomes.reals(metric_index("satisfied_fraction"));
  const auto jain = outcomes.reals(metric_index("jain_index"));
  for (std::size_t point = 0, run = 0; point < outcomes.points(); ++point) {
    for (AxisTally& axis : axes) axis.move_on();
    if (sweep.excludes(point)) {
      ++excluded;
      run += outcomes.runs_per_point();
      continue;
    }
    const bool ended = outcomes.statuses()[run] != Status::pending;
    for (std::size_t i = 0; i < outcomes.runs_per_point(); ++i, ++run) {
      // Episodes that this point does not have.
      if (ended && outcomes.statuses()[run] == Status::pending) continue;
      const Shown shown{outcomes.statuses()[run], rounds[run], satisfied[run], jain[run]};
      all.add(shown);
      for (AxisTally& axis : axes) axis.tallies[axis.value].add(shown);
    }
  }
  out << fmt::format("{}\n", sweep.title.empty() ? "Sweep" : sweep.title);
  out << fmt::format("{:<18} {:<12}{:>10} {:>10} {:>8}   ended as\n", "means over", "", "satisfied",
                     "Jain", "rounds");
  out << fmt::format("{:<18} {:<12}{}\n", "all points", "", all.row());
  for (const AxisTally& axis : axes) print_axis(sweep.axes[axis.axis], axis.tallies, out);
  if (excluded > 0) {
    out << fmt::format("{} points are left out by the design and pending in the file\n", excluded);
  }
}

}  // namespace needflow::app
