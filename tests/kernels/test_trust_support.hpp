// What the tests of kernels/trust.hpp share: random symmetric networks, everything an episode of
// trust reads for L runs side by side, and one episode made with the fast kernels or their twins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/reference/trust.hpp"
#include "kernels/trust.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace needflow::tests {

/// A network of links between the given pairs, each with the same weight from both ends.
inline CsrMatrix linked(std::size_t agents, const std::vector<Triplet>& links) {
  std::vector<Triplet> both;
  for (const auto& [i, j, weight] : links) {
    both.emplace_back(i, j, weight);
    both.emplace_back(j, i, weight);
  }
  return csr_from(agents, agents, both);
}

/// About `degree` links an agent; the last agent has none, agent 0 has one to every second. One
/// recognition in eight is 0.
inline CsrMatrix random_network(Numbers& numbers, std::size_t agents, std::size_t degree) {
  std::vector<Triplet> links;
  for (std::size_t i = 0; i + 1 < agents; ++i) {
    for (std::size_t j = i + 1; j + 1 < agents; ++j) {
      const bool spoke = i == 0 && j % 2 == 0;
      if (!spoke && numbers.below(agents) >= degree) continue;
      links.emplace_back(i, j, numbers.below(8) == 0 ? 0.0 : 1.0 - numbers.unit());
    }
  }
  return linked(agents, links);
}

/// Agent 3 is linked to all others, and each to the next.
inline CsrMatrix hub_network(std::size_t agents) {
  std::vector<Triplet> links;
  for (std::size_t i = 0; i < agents; ++i) {
    const double weight = i % 11 == 0 ? 0.0 : 1.0 / static_cast<double>(i);
    if (i != 3) links.emplace_back(3, i, weight);
    if (i != 3 && i != 2 && i + 1 < agents) links.emplace_back(i, i + 1, weight);
  }
  return linked(agents, links);
}

/// The place of (j, i) for the entry (i, j).
inline std::vector<std::size_t> reverse_entries(const CsrMatrix& network) {
  std::vector<std::size_t> reverse;
  for (std::size_t i = 0; i < network.rows(); ++i) {
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const auto j = static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]);
      const auto begin = network.columns.begin() + network.offsets[j];
      const auto end = network.columns.begin() + network.offsets[j + 1];
      const auto found = std::lower_bound(begin, end, static_cast<Index>(i));
      reverse.push_back(static_cast<std::size_t>(found - network.columns.begin()));
    }
  }
  return reverse;
}

/// Values of entries, E × L, as the other copy orders them.
inline std::vector<double> reversed(const CsrMatrix& network, const std::vector<double>& values) {
  const std::vector<std::size_t> reverse = reverse_entries(network);
  const std::size_t lanes = reverse.empty() ? 1 : values.size() / reverse.size();
  std::vector<double> other(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    other[i] = values[reverse[i / lanes] * lanes + i % lanes];
  }
  return other;
}

/// All that an episode's end reads, for L runs.
template <int L>
struct TrustCase {
  CsrMatrix network;
  std::vector<double> good, bad;       ///< by source
  std::vector<double> exaggeration;    ///< of each need type, one after the other
  std::vector<std::uint8_t> auditors;  ///< likewise
  std::vector<double> reputation;
  std::vector<std::uint8_t> open;
  std::vector<double> start;
  Audits<L> rules{};  ///< its spans are set by audits()
  PerLane<WeightRule, L> weights{};
  PerLane<EigenTrustRule, L> sweeps{};

  [[nodiscard]] Audits<L> audits() const {
    Audits<L> all = rules;
    all.exaggeration = in<L>(exaggeration);
    all.auditors = LaneSpan<const std::uint8_t, L>(auditors);
    return all;
  }
  [[nodiscard]] Weighting<L> weighting() const {
    return {weights, rules.updates, in<L>(reputation), LaneSpan<const std::uint8_t, L>(open)};
  }
};

inline constexpr TrustPower kPowers[] = {TrustPower::zero, TrustPower::half,  TrustPower::one,
                                         TrustPower::two,  TrustPower::three, TrustPower::four};

/// Draws are made for some edges of every lane, or of none.
enum class AuditKind { every_edge, noisy, sampled };

/// Every lane has rules of its own; lane L / 2 of many is left alone.
template <int L>
TrustCase<L> random_case(Numbers& numbers, CsrMatrix network, AuditKind kind,
                         std::size_t types = 1) {
  TrustCase<L> made;
  const std::size_t agents = network.rows();
  const std::size_t edges = network.columns.size();
  made.network = std::move(network);
  for (std::size_t i = 0; i < edges * L; ++i) {
    made.good.push_back(10.0 * numbers.unit());
    made.bad.push_back(numbers.below(3) == 0 ? 0.0 : 10.0 * numbers.unit());
  }
  for (std::size_t i = 0; i < types * agents * L; ++i) {
    const std::size_t which = numbers.below(6);
    made.exaggeration.push_back(which == 0 ? kNan : which == 1 ? 0.0 : 1.2 * numbers.unit() - 0.1);
    made.auditors.push_back(numbers.below(4) != 0);
  }
  for (std::size_t i = 0; i < agents * L; ++i) {
    made.reputation.push_back(1.0 - numbers.unit());
    made.open.push_back(numbers.below(7) != 0);
  }
  double total = 0.0;
  for (std::size_t i = 0; i < agents; ++i) {
    made.start.push_back(numbers.below(3) == 0 ? 1.0 + numbers.unit() : 0.0);
    total += made.start.back();
  }
  if (total == 0.0) made.start.clear();
  for (double& share : made.start) share /= total;
  made.rules.network = 3;
  made.rules.types = types;
  for (std::size_t l = 0; l < L; ++l) {
    AuditRule& rule = made.rules.rules[l];
    rule.decay = 0.5 + 0.5 * numbers.unit();
    if (kind != AuditKind::every_edge) rule.noise = l % 3 == 2 ? 0.0 : 0.3 * numbers.unit();
    if (kind == AuditKind::sampled) rule.audit = numbers.unit();
    rule.stream_key = audit_stream(7, l).key();
    rule.replicate = static_cast<std::uint32_t>(100 * l);
    made.rules.updates[l] = L > 1 && l == L / 2 ? 0 : 1;
    made.weights[l] = {numbers.unit(), kPowers[numbers.below(6)]};
    made.sweeps[l] = {0.05 + 0.9 * numbers.unit(), 1e-10, l % 4 == 1 ? 3 : 200};
  }
  return made;
}

/// Lane l alone.
template <int L>
TrustCase<1> lane_of(const TrustCase<L>& batch, std::size_t l) {
  TrustCase<1> lane;
  lane.network = batch.network;
  lane.start = batch.start;
  lane.good = lane_of<L>(batch.good, l);
  lane.bad = lane_of<L>(batch.bad, l);
  lane.exaggeration = lane_of<L>(batch.exaggeration, l);
  lane.reputation = lane_of<L>(batch.reputation, l);
  for (std::size_t i = l; i < batch.auditors.size(); i += L) {
    lane.auditors.push_back(batch.auditors[i]);
  }
  for (std::size_t i = l; i < batch.open.size(); i += L) lane.open.push_back(batch.open[i]);
  lane.rules.types = batch.rules.types;
  lane.rules.network = batch.rules.network;
  lane.rules.rules[0] = batch.rules.rules[l];
  lane.rules.updates[0] = batch.rules.updates[l];
  lane.weights[0] = batch.weights[l];
  lane.sweeps[0] = batch.sweeps[l];
  return lane;
}

/// What an episode's end leaves of one copy.
struct TrustCopy {
  std::vector<double> good, bad, trust, weights, sums;
};

template <int L>
struct TrustOutcome {
  TrustCopy by_source, by_target;
  std::vector<double> observed, auditors, global;
  PerLane<EigenTrustEnd, L> ends{};

  [[nodiscard]] std::array<const std::vector<double>*, 13> all() const {
    return {&by_source.good, &by_source.bad, &by_source.trust, &by_source.weights, &by_source.sums,
            &by_target.good, &by_target.bad, &by_target.trust, &by_target.weights, &by_target.sums,
            &observed,       &auditors,      &global};
  }
};

inline constexpr const char* kOutcomeNames[] = {
    "α by source", "β by source", "T by source", "W by source", "Σ T by source",
    "α by target", "β by target", "T by target", "W by target", "Σ T by target",
    "observed",    "auditors",    "global trust"};

/// The name of the first output that differs in a bit, empty if none does.
template <int L>
std::string difference(const TrustOutcome<L>& a, const TrustOutcome<L>& b) {
  for (std::size_t which = 0; which < a.all().size(); ++which) {
    if (tests::first_difference(*a.all()[which], *b.all()[which]) != kNone) {
      return kOutcomeNames[which];
    }
  }
  for (std::size_t l = 0; l < L; ++l) {
    if (a.ends[l].sweeps != b.ends[l].sweeps) return "sweeps";
    if (!same_bits(a.ends[l].change, b.ends[l].change)) return "change";
    if (!same_bits(a.ends[l].largest, b.ends[l].largest)) return "largest";
  }
  return "";
}

enum class Made { fast, plain };

template <int L>
TrustCopy empty_copy(const TrustCase<L>& given, std::vector<double> good, std::vector<double> bad) {
  TrustCopy copy{std::move(good), std::move(bad), {}, {}, {}};
  copy.trust.assign(copy.good.size(), kUnwritten);
  copy.sums.assign(given.network.rows() * L, kUnwritten);
  return copy;
}

/// Counts, T and its sums, findings by target.
template <int L>
void update_copy(const TrustCase<L>& given, TrustRow rows, Made made, Threads threads,
                 TrustCopy& copy, TrustOutcome<L>& outcome) {
  const EvidenceCounts<L> counts{out<L>(copy.good), out<L>(copy.bad)};
  const TrustRows<L> left{out<L>(copy.trust), out<L>(copy.sums)};
  AuditFindings<L> findings;
  if (rows == TrustRow::target) {
    outcome.observed.assign(copy.sums.size(), kUnwritten);
    outcome.auditors.assign(copy.sums.size(), kUnwritten);
    findings = {out<L>(outcome.observed), out<L>(outcome.auditors)};
  }
  const CsrView network = given.network.view();
  if (made == Made::fast) {
    needflow::update_trust<L>(network, rows, given.audits(), counts, left, findings, threads);
  } else {
    reference::update_trust<L>(network, rows, given.audits(), counts, left, findings, threads);
  }
  copy.weights = copy.trust;
  if (made == Made::fast) {
    needflow::weigh_trust<L>(network, rows, given.weighting(), out<L>(copy.weights), threads);
  } else {
    reference::weigh_trust<L>(network, rows, given.weighting(), out<L>(copy.weights), threads);
  }
}

/// One episode's end: both copies and EigenTrust.
template <int L>
TrustOutcome<L> episode_end(const TrustCase<L>& given, Made made, Threads threads = Threads::one) {
  TrustOutcome<L> end;
  end.by_source = empty_copy(given, given.good, given.bad);
  end.by_target =
      empty_copy(given, reversed(given.network, given.good), reversed(given.network, given.bad));
  update_copy(given, TrustRow::source, made, threads, end.by_source, end);
  update_copy(given, TrustRow::target, made, threads, end.by_target, end);
  end.global.assign(given.network.rows() * L, kUnwritten);
  EigenTrustWorkspace<L> workspace;
  const auto trust = in<L>(end.by_target.trust);
  const auto sums = in<L>(end.by_source.sums);
  const auto& updates = given.rules.updates;
  const CsrView network = given.network.view();
  if (made == Made::fast) {
    end.ends = needflow::eigentrust<L>(network, trust, sums, given.start, given.sweeps, updates,
                                       out<L>(end.global), workspace, threads);
    needflow::scale_to_largest<L>(end.ends, updates, out<L>(end.global), threads);
  } else {
    end.ends = reference::eigentrust<L>(network, trust, sums, given.start, given.sweeps, updates,
                                        out<L>(end.global), workspace, threads);
    reference::scale_to_largest<L>(end.ends, updates, out<L>(end.global), threads);
  }
  return end;
}

/// Lane l of what a batch left, as if it had run alone.
template <int L>
TrustOutcome<1> lane_of(const TrustOutcome<L>& batch, std::size_t l) {
  TrustOutcome<1> lane;
  for (auto [from, to] : {std::pair(&batch.by_source, &lane.by_source),
                          std::pair(&batch.by_target, &lane.by_target)}) {
    *to = {lane_of<L>(from->good, l), lane_of<L>(from->bad, l), lane_of<L>(from->trust, l),
           lane_of<L>(from->weights, l), lane_of<L>(from->sums, l)};
  }
  lane.observed = lane_of<L>(batch.observed, l);
  lane.auditors = lane_of<L>(batch.auditors, l);
  lane.global = lane_of<L>(batch.global, l);
  lane.ends[0] = batch.ends[l];
  return lane;
}

}  // namespace needflow::tests
