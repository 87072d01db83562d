// The public ledger of seed 002: all that agents learn of each other.
//
// Each entry tells (ρ_r, f_r, converged_r) and nothing else. Of these a computation reads the
// active need a_r = ρ_r f_r alone, so that is what is kept: needs, satisfaction, over-allocation
// histories, capacities and recognition stay with their owners; a provider's computation is given
// PublishedNeeds and its own row (kernels/row_sums.hpp).
// What it does leak: in round 1 nothing has been received, so the ρ_r published is the stated need.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/row_sums.hpp"
#include "kernels/stored.hpp"

namespace needflow {

/// R entries for each of L runs.
template <int L>
class Ledger {
 public:
  /// In place, a draft is written over the entry it will replace: for rounds in which nobody but
  /// its own recipient reads an entry after the providers have. It spares a stream of the caches.
  Ledger(std::size_t recipients, bool in_place, StatePrecision precision) {
    active_.resize(recipients * L, precision);
    draft_.resize(in_place ? 0 : recipients * L, precision);
  }

  /// What everybody may read in this round.
  [[nodiscard]] PublishedNeeds<L> active_needs() const { return {active_.read()}; }
  /// For the claims of recipients that other processes hold, as those published them.
  [[nodiscard]] std::span<double> published() { return active_.doubles(); }
  /// Where recipients write what they will publish next; nobody else reads it.
  [[nodiscard]] StoredSpan<double, L> draft() {
    return draft_.elements() == 0 ? active_.write() : draft_.write();
  }
  /// Phase 1: the drafts of all recipients become public.
  void publish() {
    if (draft_.elements() > 0) active_.swap(draft_);
  }

  [[nodiscard]] std::size_t bytes() const { return active_.bytes() + draft_.bytes(); }

 private:
  StoredVector<L> active_;
  StoredVector<L> draft_;
};

}  // namespace needflow
