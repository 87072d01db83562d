// Real ratings as trust: deceivers planted among the members of Bitcoin OTC (M6).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "io/scenario.hpp"
#include "solver/app/reproduce/study.hpp"
#include "solver/app/reproduce/trust.hpp"

namespace needflow::app {

namespace {

using F = TrustFigures;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Ranks from 0, those of equal values their mean.
std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) {
      ranks[order[i]] = 0.5 * static_cast<double>(begin + end - 1);
    }
    begin = end;
  }
  return ranks;
}

/// Spearman's rank correlation of the pairs that are both finite.
double rank_correlation(std::span<const double> a, std::span<const double> b) {
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) continue;
    x.push_back(a[i]);
    y.push_back(b[i]);
  }
  if (x.size() < 3) return kNaN;
  x = ranks_of(x);
  y = ranks_of(y);
  const double middle = 0.5 * static_cast<double>(x.size() - 1);
  double xy = 0.0;
  double xx = 0.0;
  double yy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - middle) * (y[i] - middle);
    xx += (x[i] - middle) * (x[i] - middle);
    yy += (y[i] - middle) * (y[i] - middle);
  }
  return xx > 0.0 && yy > 0.0 ? xy / std::sqrt(xx * yy) : kNaN;
}

/// Mean rating that an agent received; NaN where nobody rated it.
std::vector<double> mean_ratings(const Instance& instance, std::size_t agents) {
  std::vector<double> sum(agents, 0.0);
  std::vector<double> count(agents, 0.0);
  for (const Rating& rating : instance.ratings) {
    sum[static_cast<std::size_t>(rating.target)] += rating.value;
    count[static_cast<std::size_t>(rating.target)] += 1.0;
  }
  for (std::size_t i = 0; i < agents; ++i) sum[i] = count[i] > 0.0 ? sum[i] / count[i] : kNaN;
  return sum;
}

/// Of every draw: received trust after the episode against the mean rating received, over all or
/// over the honest.
NestedValues against_ratings(std::span<const AgentRows> draws, const std::vector<double>& ratings,
                             std::size_t episodes, std::size_t episode, bool honest_alone) {
  NestedValues values(1);
  for (const AgentRows& rows : draws) {
    std::vector<double> trust(ratings.size(), kNaN);
    for (std::size_t r = 0; r < ratings.size(); ++r) {
      if (honest_alone && rows.strategy[r] != 0) continue;
      trust[r] = rows.recipient_trust[r * episodes + episode - 1];
    }
    values[0].push_back(rank_correlation(trust, ratings));
  }
  return values;
}

}  // namespace

FindingTable ratings_as_trust(const TrustStudy& study) {
  FindingTable table{"ratings",
                     "Bitcoin OTC: ratings as initial trust, one member in ten exaggerates by half",
                     {},
                     {}};
  if (!std::filesystem::is_directory(study.data)) {
    table.remarks = {
        fmt::format("There is no folder {} with the instances; --data names it.", study.data)};
    return table;
  }
  constexpr std::size_t kEpisodes = 8;
  for (const char* initial : {"neutral", "ratings"}) {
    const std::string text = fmt::format(
        "seed = {}\n[instance]\nratings = \"bitcoin_otc/ratings.csv.gz\"\n[population]\nreplicates "
        "= 4\nsupply_ratio = 0.7\nepisodes = {}\n[strategies]\naggressive_fraction = 0.1\nbias = "
        "0.5\n[trust]\nmode = \"on\"\naudit_noise = 0.3\ninitial = \"{}\"\n[output]\nagents = "
        "true\n",
        study.seed, kEpisodes, initial);
    const Study runs(text, study.data, study.threads);
    const Scenario scenario = parse_scenario(text, "needflow reproduce", study.data, {});
    const std::vector<double> ratings =
        mean_ratings(*scenario.sweep.instance, runs.agents().front().strategy.size());
    for (const std::size_t episode : {1U, 2U, 4U, 8U}) {
      const auto name = [&](const char* what) {
        return fmt::format("from {}, episode {}: {}", initial, episode, what);
      };
      const auto add = [&](const char* what, double F::*figure) {
        table.findings.push_back(unasked(name(what), measured(runs.at({}, figure, episode)), ""));
      };
      add("AUC of planted deceivers", &F::trust_auc);
      add("gap", &F::trust_gap);
      add("honest satisfied", &F::satisfied_cooperative);
      add("deceivers satisfied", &F::satisfied_aggressive);
      for (const bool honest : {false, true}) {
        table.findings.push_back(
            unasked(name(honest ? "trust and mean rating, honest alone" : "trust and mean rating"),
                    measured(against_ratings(runs.agents(), ratings, kEpisodes, episode, honest)),
                    "rank correlation"));
      }
    }
  }
  table.remarks = {
      "Deceivers are drawn, whatever their ratings: what trust learns of them cannot be in the "
      "ratings.",
      "Trust grows where there are audits: who many recognise rises with every episode and who is "
      "recognised by",
      "nobody (1,278 of 5,881) stays at 1/2. That part of it goes with the ratings, and bounds the "
      "AUC.",
      "Rank correlation: Spearman's, of the trust a member receives and the mean rating it "
      "received."};
  return table;
}

}  // namespace needflow::app
