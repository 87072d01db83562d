#include "solver/trust_figures.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/reduce.hpp"

namespace needflow {

namespace {

using F = TrustFigures;

constexpr TrustMetric kMetrics[] = {
    {"trust_mean", "mean trust over all directed links, after the episode's update", "1",
     &F::trust_mean, nullptr},
    {"trust_variance",
     "variance over agents of the mean trust they receive, after the episode's update", "1",
     &F::trust_variance, nullptr},
    {"trust_gap",
     "mean received trust of cooperative recipients less that of aggressive and strategic ones, "
     "after the episode's update",
     "1", &F::trust_gap, nullptr},
    {"trust_auc",
     "chance that a cooperative recipient receives more trust than an aggressive or strategic one, "
     "ties half, after the episode's update",
     "1", &F::trust_auc, nullptr},
    {"satisfied_cooperative", "satisfied need / need of all cooperative recipients in the episode",
     "1", &F::satisfied_cooperative, nullptr},
    {"satisfied_aggressive", "satisfied need / need of all aggressive recipients in the episode",
     "1", &F::satisfied_aggressive, nullptr},
    {"satisfied_strategic", "satisfied need / need of all strategic recipients in the episode", "1",
     &F::satisfied_strategic, nullptr},
    {"satisfied_deceptive",
     "satisfied need / need of all aggressive and strategic recipients in the episode", "1",
     &F::satisfied_deceptive, nullptr},
    {"deception_gain", "satisfied_deceptive less satisfied_cooperative", "1", &F::deception_gain,
     nullptr},
    {"flag_precision",
     "share of aggressive and strategic recipients among those flagged in this episode or before",
     "1", &F::flag_precision, nullptr},
    {"flag_recall",
     "share of aggressive and strategic recipients that were flagged in this episode or before",
     "1", &F::flag_recall, nullptr},
    {"first_flag_episode",
     "episode at whose end somebody was flagged first; -1 up to then and without detection", "1",
     nullptr, &F::first_flag_episode},
    {"flagged_count", "recipients flagged at the end of the episode", "recipients", nullptr,
     &F::flagged_count},
    {"quarantined_count", "recipients that nobody served in the episode, for they were flagged",
     "recipients", nullptr, &F::quarantined_count},
    {"eigentrust_sweeps", "sweeps of EigenTrust in the episode's update", "1", nullptr,
     &F::eigentrust_sweeps},
};

/// Σx / Σn over the recipients chosen: 1 where their need is 0, NaN where nobody is chosen.
template <class Chosen>
double satisfied_of(std::span<const Strategy> strategies, std::span<const double> need,
                    std::span<const double> satisfied, const Chosen& chosen) {
  if (std::none_of(strategies.begin(), strategies.end(), chosen)) return F::kNone;
  const auto sum = [&](std::span<const double> values) {
    return block_sum(values.size(), Threads::one,
                     [&](std::size_t r) { return chosen(strategies[r]) ? values[r] : 0.0; });
  };
  const double total = sum(need);
  return total > 0.0 ? sum(satisfied) / total : 1.0;
}

constexpr auto deceives = [](Strategy strategy) { return strategy != Strategy::cooperative; };

/// Means of equal trust differ by their rounding; less than this is a tie.
constexpr double kTie = 1e-12;

/// The share of pairs (honest, deceptive) in which the honest one has more trust, ties half, by
/// ranks. Sorts both.
double area_under_curve(std::vector<double>& honest, std::vector<double>& deceptive) {
  std::sort(honest.begin(), honest.end());
  std::sort(deceptive.begin(), deceptive.end());
  double halves = 0.0;  // whole numbers up to 2 · pairs
  std::size_t below = 0;
  std::size_t up_to = 0;
  for (const double trust : honest) {
    while (below < deceptive.size() && deceptive[below] < trust - kTie) ++below;
    while (up_to < deceptive.size() && deceptive[up_to] <= trust + kTie) ++up_to;
    halves += static_cast<double>(below + up_to);
  }
  return halves /
         (2.0 * static_cast<double>(honest.size()) * static_cast<double>(deceptive.size()));
}

double mean(std::span<const double> values) {
  return block_sum(values) / static_cast<double>(values.size());
}

}  // namespace

std::span<const TrustMetric> trust_metrics() { return kMetrics; }

void measure_strategies(std::span<const Strategy> strategies, std::span<const double> need,
                        std::span<const double> satisfied, TrustFigures& figures) {
  const auto of = [&](Strategy strategy) {
    return satisfied_of(strategies, need, satisfied,
                        [strategy](Strategy other) { return other == strategy; });
  };
  figures.satisfied_cooperative = of(Strategy::cooperative);
  figures.satisfied_aggressive = of(Strategy::aggressive);
  figures.satisfied_strategic = of(Strategy::strategic);
  figures.satisfied_deceptive = satisfied_of(strategies, need, satisfied, deceives);
  figures.deception_gain = figures.satisfied_deceptive - figures.satisfied_cooperative;
}

void measure_received_trust(std::span<const Strategy> strategies, std::span<const double> received,
                            std::size_t first, TrustFigures& figures) {
  std::vector<double> all;
  std::vector<double> honest;
  std::vector<double> deceptive;
  for (std::size_t node = 0; node < received.size(); ++node) {
    if (std::isnan(received[node])) continue;
    all.push_back(received[node]);
    if (node < first) continue;
    (deceives(strategies[node - first]) ? deceptive : honest).push_back(received[node]);
  }
  if (all.empty()) return;
  const double centre = mean(all);
  figures.trust_variance =
      block_sum(all.size(), Threads::one,
                [&](std::size_t i) { return (all[i] - centre) * (all[i] - centre); }) /
      static_cast<double>(all.size());
  if (honest.empty() || deceptive.empty()) return;
  figures.trust_gap = mean(honest) - mean(deceptive);
  figures.trust_auc = area_under_curve(honest, deceptive);
}

void measure_flags(std::span<const Strategy> strategies, std::span<const std::uint8_t> flagged,
                   std::span<const std::uint8_t> ever, std::int64_t episode,
                   std::int64_t first_before, TrustFigures& figures) {
  double deceivers = 0.0;
  double caught = 0.0;
  double all = 0.0;
  figures.flagged_count = 0;
  for (std::size_t r = 0; r < strategies.size(); ++r) {
    deceivers += deceives(strategies[r]) ? 1.0 : 0.0;
    all += ever[r];
    caught += deceives(strategies[r]) ? ever[r] : 0.0;
    figures.flagged_count += flagged[r];
  }
  if (all > 0.0) figures.flag_precision = caught / all;
  if (deceivers > 0.0) figures.flag_recall = caught / deceivers;
  const bool is_first = first_before < 0 && figures.flagged_count > 0;
  figures.first_flag_episode = is_first ? episode : first_before;
}

}  // namespace needflow
