// The fairest optimum of M10 by decomposition; see solver/optimum.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "solver/optimum_units.hpp"

namespace needflow {

namespace {

__extension__ using Wide = unsigned __int128;

Units sum_of(const std::vector<Units>& values) {
  return std::accumulate(values.begin(), values.end(), Units{0});
}

/// Agents that share among themselves, ascending.
struct Part {
  std::vector<Index> providers;
  std::vector<Index> recipients;
};

/// A part as a network of its own.
struct PartNetwork {
  std::vector<Offset> offsets{0};
  std::vector<Index> columns;
  std::vector<std::size_t> entries;  ///< where each column stands in the whole network
  std::vector<Units> supply;
  std::vector<Units> need;
};

/// `supply` shared in proportion to needs that are no smaller in total; what rounding down leaves
/// goes to the first recipients, a unit each, so that Σ = supply.
std::vector<Units> in_proportion(const std::vector<Units>& need, Units supply) {
  const Units all = sum_of(need);
  std::vector<Units> demand(need.size());
  Units left = supply;
  for (std::size_t r = 0; r < need.size(); ++r) {
    demand[r] = static_cast<Units>(static_cast<Wide>(need[r]) * static_cast<Wide>(supply) /
                                   static_cast<Wide>(all));
    left -= demand[r];
  }
  for (std::size_t r = 0; left > 0; ++r) {
    if (r == need.size()) throw std::logic_error("a part of a network has more than it needs");
    if (demand[r] == need[r]) continue;
    ++demand[r];
    --left;
  }
  return demand;
}

class Decomposition {
 public:
  explicit Decomposition(const Transport& whole)
      : whole_(whole),
        given_(whole.columns.size(), 0),
        share_(whole.demand.size(), 1.0),
        place_(whole.demand.size(), kNowhere) {}

  void run() {
    const MaxFlow all = proven_max_flow(whole_);
    ++flows_;
    Part scarce;
    for (std::size_t p = 0; p < whole_.supply.size(); ++p) {
      if (all.near_providers[p] == 0) {
        scarce.providers.push_back(static_cast<Index>(p));
        continue;
      }
      for (std::size_t e = whole_.begin(p); e < whole_.end(p); ++e) given_[e] = all.given[e];
    }
    for (std::size_t r = 0; r < whole_.demand.size(); ++r) {
      // A need of no unit asks for nothing.
      if (all.near_recipients[r] == 0 && whole_.demand[r] > 0) {
        scarce.recipients.push_back(static_cast<Index>(r));
      }
    }
    parts_.push_back(std::move(scarce));
    while (!parts_.empty()) {
      const Part part = std::move(parts_.back());
      parts_.pop_back();
      if (!part.recipients.empty()) level_or_split(part);
    }
  }

  [[nodiscard]] const std::vector<Units>& given() const { return given_; }
  [[nodiscard]] FairestOptimum result() { return {std::move(share_), levels_, flows_}; }

 private:
  static constexpr Index kNowhere = -1;

  [[nodiscard]] PartNetwork network_of(const Part& part) {
    PartNetwork network;
    for (std::size_t i = 0; i < part.recipients.size(); ++i) {
      const auto r = static_cast<std::size_t>(part.recipients[i]);
      place_[r] = static_cast<Index>(i);
      network.need.push_back(whole_.demand[r]);
    }
    for (const Index provider : part.providers) {
      const auto p = static_cast<std::size_t>(provider);
      for (std::size_t e = whole_.begin(p); e < whole_.end(p); ++e) {
        const Index place = place_[static_cast<std::size_t>(whole_.columns[e])];
        if (place == kNowhere) continue;
        network.columns.push_back(place);
        network.entries.push_back(e);
      }
      network.offsets.push_back(static_cast<Offset>(network.columns.size()));
      network.supply.push_back(whole_.supply[p]);
    }
    for (const Index r : part.recipients) place_[static_cast<std::size_t>(r)] = kNowhere;
    return network;
  }

  void level_or_split(const Part& part) {
    const PartNetwork network = network_of(part);
    const Units supply = sum_of(network.supply);
    const std::vector<Units> demand = in_proportion(network.need, supply);
    const MaxFlow flow =
        proven_max_flow({network.offsets, network.columns, network.supply, demand});
    ++flows_;
    if (flow.value == supply) {
      const double share = static_cast<double>(supply) / static_cast<double>(sum_of(network.need));
      for (const Index r : part.recipients) share_[static_cast<std::size_t>(r)] = share;
      for (std::size_t i = 0; i < flow.given.size(); ++i) {
        given_[network.entries[i]] = flow.given[i];
      }
      ++levels_;
      return;
    }
    Part poorer;
    Part richer;
    for (std::size_t p = 0; p < part.providers.size(); ++p) {
      (flow.near_providers[p] == 0 ? poorer : richer).providers.push_back(part.providers[p]);
    }
    for (std::size_t r = 0; r < part.recipients.size(); ++r) {
      (flow.near_recipients[r] == 0 ? poorer : richer).recipients.push_back(part.recipients[r]);
    }
    parts_.push_back(std::move(richer));
    parts_.push_back(std::move(poorer));
  }

  const Transport& whole_;
  std::vector<Units> given_;
  std::vector<double> share_;
  std::vector<Index> place_;  ///< a recipient: its number in the part at hand
  std::vector<Part> parts_;
  std::size_t levels_ = 0;
  std::size_t flows_ = 0;
};

}  // namespace

std::string fairness_problem(const Transport& transport, std::span<const Units> given) {
  const std::size_t recipients = transport.demand.size();
  std::vector<Units> received(recipients, 0);
  for (std::size_t e = 0; e < given.size(); ++e) {
    received[static_cast<std::size_t>(transport.columns[e])] += given[e];
  }
  const auto slack = static_cast<double>(recipients);
  for (std::size_t p = 0; p < transport.supply.size(); ++p) {
    // The poorest it could give to, and the richest it gives to, each in its own favour.
    double poorest = 1.0;
    double richest = 0.0;
    Units used = 0;
    for (std::size_t e = transport.begin(p); e < transport.end(p); ++e) {
      const auto r = static_cast<std::size_t>(transport.columns[e]);
      if (given[e] < 0 || received[r] > transport.demand[r]) return "an amount out of bounds";
      used += given[e];
      if (transport.demand[r] == 0) continue;
      const auto need = static_cast<double>(transport.demand[r]);
      const auto satisfied = static_cast<double>(received[r]);
      if (received[r] < transport.demand[r])
        poorest = std::min(poorest, (satisfied + slack) / need);
      if (given[e] > 0) richest = std::max(richest, (satisfied - slack) / need);
    }
    if (used > transport.supply[p]) return fmt::format("provider {} gives more than it has", p);
    constexpr double kRounding = 1e-15;
    if (richest > poorest + kRounding) {
      return fmt::format("provider {} gives to a share of {} and leaves one of {}", p, richest,
                         poorest);
    }
    if (used < transport.supply[p] && poorest < 1.0) {
      return fmt::format("provider {} keeps {} units beside a share of {}", p,
                         transport.supply[p] - used, poorest);
    }
  }
  return {};
}

FairestOptimum fairest_optimum(const StockProblem& problem) {
  const ProblemUnits units = units_of(problem, BoundNeeds::no);
  const Transport whole{problem.by_provider.offsets, problem.by_provider.columns, units.supply,
                        units.demand};
  Decomposition decomposition(whole);
  decomposition.run();
  const std::string trouble = fairness_problem(whole, decomposition.given());
  if (!trouble.empty()) {
    throw std::runtime_error(fmt::format("the fairest optimum is not proven: {}", trouble));
  }
  return decomposition.result();
}

}  // namespace needflow
