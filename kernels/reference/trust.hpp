// Plain serial twins of kernels/trust.hpp: the formulas of M6, one edge after the other, lane after
// lane, with the same fused multiply-adds and the same sums, so that tests may compare bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/reference/allocate.hpp"
#include "kernels/reference/reduce.hpp"
#include "kernels/trust.hpp"

namespace needflow::reference {

/// What i finds j to be: e in [0, 1], or NaN where there is no evidence. `edge` is the entry of
/// this copy.
template <int L>
[[nodiscard]] double evidence(const CsrView& network, const Audits<L>& audits, std::size_t edge,
                              std::size_t i, std::size_t j, std::size_t l) {
  constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
  const bool recognised =
      (network.weights.empty() && !network.narrow()) || network.weight(edge) > 0.0;
  if (!recognised || audits.exaggeration.values().empty()) return kNothing;
  const AuditRule& rule = audits.rules[l];
  double noise = 0.0;
  if (rule.noise > 0.0 || rule.audit < 1.0) {
    // RandomStream::words() of a stream whose key is given; the model's quantile, not the
    // reference's own, which a file may or may not see.
    const auto block =
        r123::Philox4x32()({{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j),
                             audits.network, rule.replicate}},
                           {{rule.stream_key[0], rule.stream_key[1]}});
    const std::uint64_t first = block[0] | std::uint64_t{block[1]} << 32;
    const std::uint64_t second = block[2] | std::uint64_t{block[3]} << 32;
    if (needflow::uniform_open_closed(second) > rule.audit) return kNothing;
    if (rule.noise > 0.0) {
      noise = rule.noise * needflow::inverse_normal(needflow::uniform_open(first));
    }
  }
  double sum = 0.0;
  double types = 0.0;
  for (std::size_t type = 0; type < audits.types; ++type) {
    const std::size_t first = type * network.rows();
    const bool auditor = audits.auditors.values().empty() || audits.auditors[first + i][l] != 0;
    const double exaggeration = audits.exaggeration[first + j][l];
    if (!auditor || std::isnan(exaggeration)) continue;
    sum += std::min(std::max(exaggeration + noise, 0.0), 1.0);
    types += 1.0;
  }
  return types > 0.0 ? 1.0 - sum / types : kNothing;
}

/// W of one edge.
[[nodiscard]] inline double effective_weight(double recognition, double trust, double reputation,
                                             const WeightRule& rule) {
  const double base = std::fma(1.0 - rule.global_share, trust, rule.global_share * reputation);
  const double square = base * base;
  switch (rule.power) {
    case TrustPower::zero:
      return recognition;
    case TrustPower::half:
      return recognition * std::sqrt(base);
    case TrustPower::one:
      return recognition * base;
    case TrustPower::two:
      return recognition * square;
    case TrustPower::three:
      return recognition * (square * base);
    case TrustPower::four:
      break;
  }
  return recognition * (square * square);
}

/// The entries of row i.
[[nodiscard]] inline RowRange entries_of(const CsrView& network, std::size_t i) {
  return {static_cast<std::size_t>(network.offsets[i]),
          static_cast<std::size_t>(network.offsets[i + 1])};
}

template <int L>
void trust_of_counts(const CsrView& network, const PerLane<std::uint8_t, L>& updates,
                     const EvidenceCounts<L>& counts, const TrustRows<L>& made,
                     Threads /*threads*/ = Threads::one) {
  for (std::size_t row = 0; row < network.rows(); ++row) {
    const RowRange edges = entries_of(network, row);
    for (std::size_t l = 0; l < L; ++l) {
      if (updates[l] == 0) continue;
      made.trust_sum[row][l] = row_sum(edges.end - edges.begin, [&](std::size_t k, double sum) {
        const std::size_t e = edges.begin + k;
        const double good = counts.good[e][l];
        made.trust[e][l] = (good + 1.0) / ((good + counts.bad[e][l]) + 2.0);
        return sum + made.trust[e][l];
      });
    }
  }
}

/// What row j's auditors saw of it.
template <int L>
void note_findings(const CsrView& network, const Audits<L>& audits, std::size_t j, std::size_t l,
                   const AuditFindings<L>& findings) {
  const RowRange edges = entries_of(network, j);
  double auditors = 0.0;
  const double sum = row_sum(edges.end - edges.begin, [&](std::size_t k, double partial) {
    const std::size_t e = edges.begin + k;
    const auto i = static_cast<std::size_t>(network.columns[e]);
    const double found = evidence(network, audits, e, i, j, l);
    if (std::isnan(found)) return partial;
    auditors += 1.0;
    return partial + (1.0 - found);
  });
  double mean = sum / auditors;
  if (audits.types == 1 && audits.rules[l].noise == 0.0 && auditors > 0.0) {  // all saw the same
    mean = 1.0 - (1.0 - std::min(std::max(audits.exaggeration[j][l], 0.0), 1.0));
  }
  findings.auditors[j][l] = auditors;
  findings.observed[j][l] = auditors > 0.0 ? mean : std::numeric_limits<double>::quiet_NaN();
}

template <int L>
void update_trust(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                  const EvidenceCounts<L>& counts, const TrustRows<L>& made,
                  const AuditFindings<L>& findings, Threads threads = Threads::one) {
  for (std::size_t row = 0; row < network.rows(); ++row) {
    const RowRange edges = entries_of(network, row);
    for (std::size_t l = 0; l < L; ++l) {
      if (audits.updates[l] == 0) continue;
      for (std::size_t e = edges.begin; e < edges.end; ++e) {
        const auto other = static_cast<std::size_t>(network.columns[e]);
        const std::size_t i = rows == TrustRow::source ? row : other;
        const std::size_t j = rows == TrustRow::source ? other : row;
        const double found = evidence(network, audits, e, i, j, l);
        const double decay = audits.rules[l].decay;
        counts.good[e][l] = std::fma(decay, counts.good[e][l], std::isnan(found) ? 0.0 : found);
        counts.bad[e][l] = std::fma(decay, counts.bad[e][l], std::isnan(found) ? 0.0 : 1.0 - found);
      }
      if (!findings.observed.values().empty()) note_findings(network, audits, row, l, findings);
    }
  }
  reference::trust_of_counts(network, audits.updates, counts, made, threads);
}

template <int L>
void weigh_trust(const CsrView& network, TrustRow rows, const Weighting<L>& weighting,
                 LaneSpan<double, L> values, Threads /*threads*/ = Threads::one) {
  for (std::size_t row = 0; row < network.rows(); ++row) {
    const RowRange edges = entries_of(network, row);
    for (std::size_t e = edges.begin; e < edges.end; ++e) {
      const auto other = static_cast<std::size_t>(network.columns[e]);
      const std::size_t j = rows == TrustRow::source ? other : row;
      for (std::size_t l = 0; l < L; ++l) {
        if (weighting.updates[l] == 0) continue;
        const double reputation =
            weighting.reputation.values().empty() ? 1.0 : weighting.reputation[j][l];
        const bool open = weighting.open.values().empty() || weighting.open[j][l] != 0;
        values[e][l] =
            open ? effective_weight(network.weight(e), values[e][l], reputation, weighting.rules[l])
                 : 0.0;
      }
    }
  }
}

template <int L>
void update_and_weigh(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                      const Weighting<L>& weighting, const EvidenceCounts<L>& counts,
                      const TrustRows<L>& made, const AuditFindings<L>& findings,
                      Threads threads = Threads::one) {
  reference::update_trust(network, rows, audits, counts, made, findings, threads);
  reference::weigh_trust(network, rows, weighting, made.trust, threads);
}

/// One lane of eigentrust().
template <int L>
[[nodiscard]] EigenTrustEnd eigentrust_lane(const CsrView& network, LaneSpan<const double, L> trust,
                                            LaneSpan<const double, L> trust_sum,
                                            std::span<const double> start,
                                            const EigenTrustRule& rule, std::size_t l,
                                            LaneSpan<double, L> global) {
  const std::size_t agents = network.rows();
  const double kept = 1.0 - rule.restart;
  const auto start_of = [&](std::size_t j) {
    return start.empty() ? 1.0 / static_cast<double>(agents) : start[j];
  };
  EigenTrustEnd end;
  std::vector<double> shares(agents), stray(agents), changes(agents);
  for (std::size_t j = 0; j < agents; ++j) global[j][l] = start_of(j);
  do {
    for (std::size_t i = 0; i < agents; ++i) {
      const bool trusts = trust_sum[i][l] > 0.0;
      shares[i] = trusts ? global[i][l] * (1.0 / trust_sum[i][l]) : 0.0;
      stray[i] = trusts ? 0.0 : global[i][l];
    }
    const double to_start = rule.restart + kept * reference::block_sum(stray);
    for (std::size_t j = 0; j < agents; ++j) {
      const RowRange edges = entries_of(network, j);
      const double sum = row_sum(edges.end - edges.begin, [&](std::size_t k, double partial) {
        const std::size_t e = edges.begin + k;
        return std::fma(trust[e][l], shares[static_cast<std::size_t>(network.columns[e])], partial);
      });
      const double next = kept * sum + to_start * start_of(j);
      changes[j] = std::abs(next - global[j][l]);
      global[j][l] = next;
    }
    ++end.sweeps;
    end.change = reference::block_sum(changes);
  } while (end.change > rule.tolerance && end.sweeps < rule.sweeps);
  for (std::size_t j = 0; j < agents; ++j) end.largest = std::max(end.largest, global[j][l]);
  return end;
}

template <int L>
PerLane<EigenTrustEnd, L> eigentrust(
    const CsrView& network, LaneSpan<const double, L> trust, LaneSpan<const double, L> trust_sum,
    std::span<const double> start, const PerLane<EigenTrustRule, L>& rules,
    const PerLane<std::uint8_t, L>& updates, LaneSpan<double, L> global,
    EigenTrustWorkspace<L>& /*workspace*/, Threads /*threads*/ = Threads::one) {
  PerLane<EigenTrustEnd, L> ends{};
  for (std::size_t l = 0; l < L; ++l) {
    if (updates[l] == 0) continue;
    ends[l] = eigentrust_lane(network, trust, trust_sum, start, rules[l], l, global);
  }
  return ends;
}

template <int L>
void scale_to_largest(const PerLane<EigenTrustEnd, L>& ends,
                      const PerLane<std::uint8_t, L>& updates, LaneSpan<double, L> global,
                      Threads /*threads*/ = Threads::one) {
  for (std::size_t j = 0; j < global.rows(); ++j) {
    for (std::size_t l = 0; l < L; ++l) {
      if (updates[l] != 0) global[j][l] /= ends[l].largest;
    }
  }
}

}  // namespace needflow::reference
