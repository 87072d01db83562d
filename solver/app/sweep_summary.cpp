#include "solver/app/sweep_summary.hpp"

#include <fmt/format.h>

#include <array>
#include <ostream>

#include "io/options.hpp"

namespace needflow::app {

namespace {

constexpr std::size_t kStatuses = static_cast<std::size_t>(Status::invalid) + 1;

/// Runs of one axis value, or of all.
struct Tally {
  std::array<std::size_t, kStatuses> by_status{};
  std::size_t solved = 0;
  double satisfied = 0.0;
  double jain = 0.0;
  double rounds = 0.0;

  void add(const Outcome& outcome) {
    ++by_status[static_cast<std::size_t>(outcome.status)];
    if (outcome.rounds < 0 || outcome.status == Status::failed) return;
    ++solved;
    satisfied += outcome.satisfaction.satisfied_fraction;
    jain += outcome.satisfaction.jain_index;
    rounds += static_cast<double>(outcome.rounds);
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

void print_axis(const Sweep& sweep, std::size_t which, const std::vector<PointOutcome>& outcomes,
                std::ostream& out) {
  const Axis& axis = sweep.axes[which];
  const std::vector<Dimension> dimensions = sweep.dimensions();
  std::size_t stride = 1;
  for (std::size_t d = which + 1; d < dimensions.size(); ++d) stride *= dimensions[d].length;
  std::vector<Tally> tallies(axis.values.size());
  for (const PointOutcome& point : outcomes) {
    Tally& tally = tallies[point.point / stride % axis.values.size()];
    for (const Outcome& type : point.types) tally.add(type);
  }
  for (std::size_t i = 0; i < tallies.size(); ++i) {
    out << fmt::format("{:<18} {:<12}{}\n", i == 0 ? axis.name : "", plain_text(axis.values[i]),
                       tallies[i].row());
  }
}

}  // namespace

void print_sweep_summary(const Sweep& sweep, const std::vector<PointOutcome>& outcomes,
                         std::ostream& out) {
  constexpr std::size_t kLongestAxis = 16;
  Tally all;
  for (const PointOutcome& point : outcomes) {
    for (const Outcome& type : point.types) all.add(type);
  }
  out << fmt::format("{}\n", sweep.title.empty() ? "Sweep" : sweep.title);
  out << fmt::format("{:<18} {:<12}{:>10} {:>10} {:>8}   ended as\n", "means over", "", "satisfied",
                     "Jain", "rounds");
  out << fmt::format("{:<18} {:<12}{}\n", "all points", "", all.row());
  for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
    if (sweep.axes[axis].values.size() <= kLongestAxis) print_axis(sweep, axis, outcomes, out);
  }
}

}  // namespace needflow::app
