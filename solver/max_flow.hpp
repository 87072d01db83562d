// A maximum flow from providers to recipients over unlimited edges, in whole units, with the cut
// that proves it (M10).
//
// Whole numbers, because push-relabel compares excesses with 0: in doubles a rest of rounding would
// wander for ever. And because a flow and a cut of exactly the same value prove each other, whoever
// found them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow {

/// An amount times a power of two, rounded.
using Units = std::int64_t;

/// Provider p may give supply[p] to the recipients in columns[offsets[p] … offsets[p + 1]), of whom
/// r takes demand[r] at most. Shapes: offsets P + 1, columns entries, supply P, demand R. Sums of
/// supply and of demand below 2^62.
struct Transport {
  std::span<const Offset> offsets;
  std::span<const Index> columns;
  std::span<const Units> supply;
  std::span<const Units> demand;

  [[nodiscard]] std::size_t begin(std::size_t p) const {
    return static_cast<std::size_t>(offsets[p]);
  }
  [[nodiscard]] std::size_t end(std::size_t p) const {
    return static_cast<std::size_t>(offsets[p + 1]);
  }
};

/// A flow and the cut of the same value: 1 marks who is on the source's side. No provider there has
/// a recipient beyond; the cut's value is the supply of providers beyond and the demand of
/// recipients on this side.
struct MaxFlow {
  Units value = 0;
  std::vector<Units> given;                   ///< an entry
  std::vector<std::uint8_t> near_providers;   ///< a provider
  std::vector<std::uint8_t> near_recipients;  ///< a recipient
};

/// Arcs of both directions with their ends, capacities and residuals, and what is given.
inline constexpr std::int64_t kFlowBytes = 80;

/// The same for the same input, on every machine.
///
/// Cost: where supply or demand can be used up by giving in proportion, provider by provider, 5 ns
/// an entry: most meshes but those whose supply is about their need. Otherwise Boost.Graph's
/// push-relabel from the start: 20 ns an entry at 2,000 entries, 35 at 20,000, 140 to 500 at
/// 200,000; checks and what is tried first add 0.1 to 0.7 of that. In times of push-relabel
/// (bench/peers/flow): giving in proportion where it is enough 0.26 (N = 100), 0.07 to 0.24 (1e3),
/// 0.03 (1e4); LEMON's Preflow 0.8–1.6 on meshes, 0.75–1.5 where providers are few, 2.3 on trade,
/// 2.2–5.5 on the Bitcoin ratings; Boykov–Kolmogorov 0.36–0.8 where providers are few and on the
/// ratings, but 2–3 on even meshes and 5 on trade, and no bound on its time is known that does not
/// grow with the amounts. Push-relabel is never far from the best, and comes with the Boost that is
/// needed anyway. Going on from what was given in proportion does not help it and costs
/// Boykov–Kolmogorov a factor of 4.
/// Memory: kFlowBytes an entry at most while it is sought.
[[nodiscard]] MaxFlow max_flow(const Transport& transport);

/// Why a flow is no maximum or its cut does not prove it, or an empty text. Looks at the numbers
/// alone, not at how they came about.
[[nodiscard]] std::string certificate_problem(const Transport& transport, const MaxFlow& flow);

/// max_flow(), checked. Throws std::runtime_error with the certificate's problem.
[[nodiscard]] MaxFlow proven_max_flow(const Transport& transport);

}  // namespace needflow
