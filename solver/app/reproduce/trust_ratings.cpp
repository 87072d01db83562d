// Real ratings as trust: deceivers planted among the members of two Bitcoin platforms (M6).
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

constexpr std::size_t kEpisodes = 8;

/// A platform's members, trust starting from nothing or from their ratings.
void add_platform(const TrustStudy& study, const char* name, const char* folder,
                  const char* initial, FindingTable& table) {
  const std::string text = fmt::format(
      "seed = {}\n[instance]\nratings = \"{}/ratings.csv.gz\"\n[population]\nreplicates = "
      "4\nsupply_ratio = 0.7\nepisodes = {}\n[strategies]\naggressive_fraction = 0.1\nbias = "
      "0.5\n[trust]\nmode = \"on\"\naudit_noise = 0.3\ninitial = \"{}\"\n[output]\nagents = "
      "true\n",
      study.seed, folder, kEpisodes, initial);
  const Study runs(text, study.data, study.threads);
  const Scenario scenario = parse_scenario(text, "needflow reproduce", study.data, {});
  const std::vector<double> ratings =
      mean_ratings(*scenario.sweep.instance, runs.agents().front().strategy.size());
  for (const std::size_t episode : {1U, 2U, 4U, 8U}) {
    const auto called = [&](const char* what) {
      return fmt::format("{}, from {}, episode {}: {}", name, initial, episode, what);
    };
    const auto add = [&](const char* what, double F::*figure) {
      table.findings.push_back(unasked(called(what), measured(runs.at({}, figure, episode)), ""));
    };
    add("AUC", &F::trust_auc);
    add("gap", &F::trust_gap);
    add("honest satisfied", &F::satisfied_cooperative);
    add("deceivers satisfied", &F::satisfied_aggressive);
    for (const bool honest : {false, true}) {
      table.findings.push_back(
          unasked(called(honest ? "trust and rating, honest alone" : "trust and rating"),
                  measured(against_ratings(runs.agents(), ratings, kEpisodes, episode, honest)),
                  "rank correlation"));
    }
  }
}

}  // namespace

FindingTable ratings_as_trust(const TrustStudy& study) {
  FindingTable table{
      "ratings",
      "Real ratings as initial trust, one member in ten exaggerates by half, noise 0.3",
      {},
      {}};
  if (!std::filesystem::is_directory(study.data)) {
    table.remarks = {
        fmt::format("There is no folder {} with the instances; --data names it.", study.data)};
    return table;
  }
  for (const auto& [name, folder] :
       {std::pair{"Bitcoin OTC", "bitcoin_otc"}, std::pair{"Bitcoin Alpha", "bitcoin_alpha"}}) {
    for (const char* initial : {"neutral", "ratings"}) {
      add_platform(study, name, folder, initial, table);
    }
  }
  table.remarks = {
      "Deceivers are drawn, whatever their ratings: what trust learns of them cannot be in the "
      "ratings.",
      "Trust grows where there are audits: that of members whom many recognise rises with every "
      "episode,",
      "that of members whom nobody does (OTC: 1,278 of 5,881, Alpha: 588 of 3,783) stays at 1/2 "
      "or where",
      "ratings put it. Hence the correlation from neutral, and a bound on the AUC.",
      "Rank correlation: Spearman's, of the trust a member receives and the mean rating it "
      "received.",
      "One network a platform: intervals are those of the draws."};
  return table;
}

}  // namespace needflow::app
