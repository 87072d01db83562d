// What seed 002 says the rounds are: a contraction, a Nash equilibrium, private, optimal, sparing
// with messages, self-healing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "solver/app/reproduce/rounds.hpp"
#include "solver/app/reproduce/study.hpp"
#include "solver/fits.hpp"
#include "solver/optimum.hpp"
#include "solver/population.hpp"
#include "solver/recognition.hpp"
#include "solver/rounds.hpp"

namespace needflow::app {

namespace {

constexpr std::array kSupplies = {0.25, 0.5, 1.0, 2.0};

/// One drawn instance on a partial mesh.
struct Drawn {
  Recognition recognition;
  std::vector<double> need;
  std::vector<double> capacity;
};

Drawn draw(const RoundsStudy& study, std::int64_t agents, std::int64_t neighbors, double supply,
           std::int64_t network, std::int64_t replicate) {
  NetworkSettings settings;
  settings.agents = agents;
  settings.neighbors = neighbors;
  const auto index = static_cast<std::uint32_t>(network);
  Drawn made;
  made.recognition =
      recognise(build_network(settings, study.seed, index), {}, study.seed, index, Threads::one);
  Amounts amounts = draw_population({}, static_cast<std::size_t>(agents), study.seed, index,
                                    static_cast<std::uint32_t>(replicate));
  apply_supply_ratio(amounts, supply);
  made.need = amounts.need.front();
  made.capacity = amounts.capacity.front();
  return made;
}

/// number(network, replicate) of each network and draw.
template <class Number>
NestedValues nested(std::int64_t networks, std::int64_t replicates, const Number& number) {
  NestedValues values(static_cast<std::size_t>(networks));
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::int64_t j = 0; j < replicates; ++j) {
      values[i].push_back(number(static_cast<std::int64_t>(i), j));
    }
  }
  return values;
}

/// |received in this round − received in the one before|, from round 2 on.
std::vector<double> steps_of_run(const Drawn& drawn, DampingKind damping) {
  RoundSettings settings;
  settings.settlement = SettlementKind::reallocate;
  settings.damping = damping;
  settings.max_rounds = 22;
  std::vector<double> before;
  std::vector<double> steps;
  RoundSolver solver(drawn.recognition, settings, Threads::one);
  (void)solver.run(drawn.need, drawn.capacity, [&](const RoundSolver& run) {
    const std::span<const double> now = run.received();
    double squares = 0.0;
    for (std::size_t r = 0; r < before.size(); ++r) {
      squares += (now[r] - before[r]) * (now[r] - before[r]);
    }
    if (!before.empty()) steps.push_back(std::sqrt(squares));
    before.assign(now.begin(), now.end());
  });
  return steps;
}

/// The mean factor from one step to the next.
double mean_factor(const std::vector<double>& steps) {
  if (steps.size() < 2 || !(steps.front() > 0.0) || !(steps.back() > 0.0)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::pow(steps.back() / steps.front(), 1.0 / static_cast<double>(steps.size() - 1));
}

/// Per cent of steps that are shorter than the one before, by more than rounding.
double shorter_steps(const std::vector<double>& steps) {
  double shorter = 0.0;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    shorter += steps[i] < steps[i - 1] * (1.0 - 1e-9) ? 1.0 : 0.0;
  }
  return steps.size() < 2 ? 100.0 : 100.0 * shorter / static_cast<double>(steps.size() - 1);
}

/// `claims` as RoundSolver::run() takes them; empty: all publish their residual.
std::vector<double> satisfied_in_stock(const Drawn& drawn, std::span<const double> claims = {}) {
  RoundSolver solver(drawn.recognition, RoundSettings{}, Threads::one);
  (void)solver.run(drawn.need, drawn.capacity, {}, claims);
  return {solver.satisfied().begin(), solver.satisfied().end()};
}

/// What eight recipients gain, each exaggerating alone, in per cent of its need: the mean, and the
/// share of them that gain anything.
struct Gain {
  double mean = 0.0;
  double gainers = 0.0;
};

Gain gain_of(const Drawn& drawn, double bias) {
  constexpr std::size_t kLiars = 8;
  const std::vector<double> honest = satisfied_in_stock(drawn);
  std::vector<double> claims(drawn.need.size(), 1.0);
  Gain gain;
  for (std::size_t i = 0; i < kLiars; ++i) {
    const std::size_t r = i * drawn.need.size() / kLiars;
    claims[r] = 1.0 + bias;
    const std::vector<double> lying = satisfied_in_stock(drawn, claims);
    claims[r] = 1.0;
    const double by = 100.0 * (lying[r] - honest[r]) / drawn.need[r];
    gain.mean += by / kLiars;
    gain.gainers += by > 1e-6 ? 100.0 / kLiars : 0.0;
  }
  return gain;
}

/// What the stock satisfies over the most that it could (M10), in per cent; what is the optimum but
/// for rounding counts as 100.
double efficiency_of(const Drawn& drawn) {
  const StockProblem stock{drawn.recognition.by_provider(), drawn.need, drawn.capacity};
  const Optimum optimum = find_optimum(stock, {.max_flow = true, .fairest = false});
  const std::vector<double> satisfied = satisfied_in_stock(drawn);
  const double total = std::accumulate(satisfied.begin(), satisfied.end(), 0.0);
  const double share = efficiency(total / optimum.total_need, optimum);
  return std::abs(share - 1.0) <= 1e-9 ? 100.0 : 100.0 * share;
}

/// The exponent of a power law through the means of networks.
Measured exponent(const Study& runs, const Study::Number& number) {
  const std::vector<CellFit> made = fits_against(runs.cells(number), "agents");
  for (const CurveFit& fit : made.empty() ? std::vector<CurveFit>() : made.front().fits) {
    if (fit.curve == Curve::power && fit.errors == ErrorModel::relative) {
      return fitted(fit.b, fit.b_error, fit.freedom, fit.count);
    }
  }
  return measured(NestedValues{});
}

double messages_a_round(const Outcome& run) {
  const MessageCounts& counts = run.messages;
  return static_cast<double>(counts.published + counts.read + counts.allocated) /
         static_cast<double>(run.rounds);
}

std::string sizes_text(const RoundsStudy& study, const std::string& kind,
                       const std::vector<std::string>& sizes) {
  return fmt::format(
      "seed = {}\n[network]\nkind = \"{}\"\nagents = [{}]\nneighbors = 20\ncount = "
      "{}\n[population]\nreplicates = 2\n",
      study.seed, kind, fmt::join(sizes, ", "), std::min<std::int64_t>(study.networks, 5));
}

}  // namespace

FindingTable contraction(const RoundsStudy& study) {
  FindingTable table{"contraction",
                     "Contraction (reallocate, N = 100, k = 20): a step is shorter than the last",
                     {},
                     {}};
  for (const DampingKind damping : {DampingKind::adaptive, DampingKind::none}) {
    for (const double supply : kSupplies) {
      NestedValues factors(static_cast<std::size_t>(study.networks));
      NestedValues shorter = factors;
      for (std::size_t i = 0; i < factors.size(); ++i) {
        for (std::int64_t replicate = 0; replicate < 2; ++replicate) {
          const std::vector<double> steps = steps_of_run(
              draw(study, 100, 20, supply, static_cast<std::int64_t>(i), replicate), damping);
          factors[i].push_back(mean_factor(steps));
          shorter[i].push_back(shorter_steps(steps));
        }
      }
      const std::string name = fmt::format(
          "damping {}, supply {}", damping == DampingKind::none ? "none" : "adaptive", supply);
      table.findings.push_back(
          within(name + ": mean factor a round", "< 1", 0, 0.999, measured(factors), ""));
      table.findings.push_back(
          throughout(name + ": shorter steps", "all", 100, 100, measured(shorter), "%"));
    }
  }
  table.remarks = {
      "A contraction shortens the step between two allocations by a factor below 1 in every round.",
      "Stock and stream only add to what was received, so that they rest without being one."};
  return table;
}

FindingTable nash(const RoundsStudy& study) {
  FindingTable table{"nash",
                     "Nash equilibrium (stock, N = 100, k = 20): nobody gains by claiming 1 + b "
                     "times its residual alone",
                     {},
                     {}};
  for (const double bias : {0.1, 0.5}) {
    for (const double supply : kSupplies) {
      NestedValues gains(static_cast<std::size_t>(study.networks));
      NestedValues gainers = gains;
      for (std::size_t i = 0; i < gains.size(); ++i) {
        const Drawn drawn = draw(study, 100, 20, supply, static_cast<std::int64_t>(i), 0);
        const Gain gain = gain_of(drawn, bias);
        gains[i] = {gain.mean};
        gainers[i] = {gain.gainers};
      }
      const std::string name = fmt::format("b = {}, supply {}", bias, supply);
      table.findings.push_back(
          within(name + ": gain", "none", -100, 0, measured(gains), "% of its need"));
      table.findings.push_back(
          throughout(name + ": who gains", "nobody", 0, 0, measured(gainers), "% of recipients"));
    }
  }
  table.remarks = {
      "Eight recipients a network, each alone against all others honest: it publishes 1 + b times",
      "its residual (M6), and what satisfies it is counted against its need."};
  return table;
}

FindingTable privacy(const RoundsStudy& study) {
  const NestedValues leaked = nested(study.networks, 1, [&](auto network, auto replicate) {
    const Drawn drawn = draw(study, 100, 20, 1.0, network, replicate);
    RoundSolver solver(drawn.recognition, RoundSettings{}, Threads::one);
    double told = 0.0;
    (void)solver.run(drawn.need, drawn.capacity, [&](const RoundSolver& run) {
      if (run.round() != 1) return;
      for (std::size_t r = 0; r < drawn.need.size(); ++r) {
        told += run.published_residual()[r] == drawn.need[r] ? 1.0 : 0.0;
      }
    });
    return 100.0 * told / static_cast<double>(drawn.need.size());
  });
  FindingTable table{"privacy", "Privacy: stated needs are not revealed", {}, {}};
  table.findings.push_back(ruled_out(
      finding("stated needs on the ledger in round 1", "0 %", 0, 0, measured(leaked), "%"),
      "nothing has been received before round 1, so the residual that is published is "
      "the stated need"));
  table.remarks = {
      "Whoever keeps the ledger's entries sees every later satisfaction as well: n - residual.",
      "Capacities, recognition and other allocations do stay with their owners."};
  return table;
}

FindingTable optimum(const RoundsStudy& study) {
  FindingTable table{"optimum",
                     "Global optimum: satisfied need over the most that the stock can satisfy",
                     {},
                     {"The most is a maximum flow over recognised pairs (M10)."}};
  for (const std::int64_t neighbors : {4, 20}) {
    for (const double supply : kSupplies) {
      const NestedValues found = nested(study.networks, 2, [&](auto network, auto replicate) {
        return efficiency_of(draw(study, 100, neighbors, supply, network, replicate));
      });
      table.findings.push_back(
          throughout(fmt::format("N = 100, k = {}, supply {}: efficiency", neighbors, supply),
                     "100 %", 99.9, 100, measured(found), "%"));
    }
  }
  return table;
}

FindingTable message_counts(const RoundsStudy& study) {
  std::vector<std::string> sizes = {"50", "100", "300", "1000", "3000"};
  if (study.large) sizes.insert(sizes.end(), {"10000", "100000"});
  FindingTable table{"messages", "Messages: O(P R) a round", {}, {}};
  const Study mesh(sizes_text(study, "partial_mesh", sizes), ".", study.threads);
  const Study full(sizes_text(study, "full_mesh", {"50", "100", "200", "400", "800"}) +
                       "[round]\nmax_rounds = 1\n",
                   ".", study.threads);
  const auto in_all = [](const Outcome& run) {
    return messages_a_round(run) * static_cast<double>(run.rounds);
  };
  table.findings.push_back(finding("full mesh: exponent of N, first round", "2", 2, 0.05,
                                   exponent(full, messages_a_round), ""));
  table.findings.push_back(finding("k = 20: exponent of N, mean round", "2", 2, 0.05,
                                   exponent(mesh, messages_a_round), ""));
  table.findings.push_back(
      finding("k = 20: exponent of N, whole run", "2", 2, 0.05, exponent(mesh, in_all), ""));
  for (const std::string& size : sizes) {
    const double central = 4.0 * std::stod(size);  // 2 (P + R)
    table.findings.push_back(unasked(
        fmt::format("k = 20, N = {}: messages of a round over a coordinator's 2 (P + R)", size),
        measured(mesh.at({{"agents", size}},
                         [&](const Outcome& run) { return messages_a_round(run) / central; })),
        ""));
  }
  table.remarks = {
      "Allocations go where there is recognition: with k links each, k N of them and not P R.",
      "Rounds with nothing left to give cost publications and reads alone."};
  return table;
}

FindingTable self_healing(const RoundsStudy&) {
  FindingTable table{"self_healing", "Faults: the system heals itself", {}, {}};
  for (const char* quantity :
       {"provider crash: satisfied share of a run without it", "recovery rounds"}) {
    Finding row = finding(quantity, "self-heals", std::numeric_limits<double>::quiet_NaN(), 0.0,
                          measured(NestedValues{}), "");
    row.reason = "not measured: faults (M5) cannot be simulated yet";
    table.findings.push_back(row);
  }
  return table;
}

}  // namespace needflow::app
