#include "solver/rounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/reduce.hpp"

namespace needflow {

RoundSolver::RoundSolver(const Recognition& recognition, const RoundSettings& settings,
                         Threads threads, Peers* peers)
    : settings_(settings),
      threads_(threads),
      peers_(peers),
      rounds_(recognition, BatchTraits::of(settings), threads, peers) {}

RunReport RoundSolver::run(std::span<const double> need, std::span<const double> capacity,
                           const RoundObserver& observer, std::span<const double> claims) {
  need_ = need;
  capacity_ = capacity;
  claims_ = claims;
  rounds_.start(0, settings_, need, capacity, 1.0, claims);
  if (observer) {
    rounds_.keep_received();
    residual_.resize(need.size());
    for (std::size_t r = 0; r < need.size(); ++r) residual_[r] = need[r] * claim_of(r);
    denominator_before_.assign(capacity.size(), 0.0);
  }
  while (rounds_.busy(0)) {
    rounds_.publish();
    rounds_.compute();
    rounds_.deliver();
    rounds_.aggregate();
    if (observer) {
      observer(*this);
      remember();
    }
    rounds_.converge();
  }
  return rounds_.report(0);
}

void RoundSolver::remember() {
  for (std::size_t r = 0; r < need_.size(); ++r) {
    residual_[r] = std::max(0.0, need_[r] - satisfied()[r]) * claim_of(r);
  }
  std::copy(denominator().begin(), denominator().end(), denominator_before_.begin());
}

bool RoundSolver::converged(std::size_t r) const {
  return has_converged(need_[r], satisfied()[r], over()[r], settings_.tolerance);
}

template <class Term>
double RoundSolver::sum_recipients(const Term& term) const {
  if (peers_ == nullptr) return block_sum(need_.size(), threads_, term);
  return peers_->sum_recipient_blocks(block_sums(need_.size(), threads_, term));
}

template <class Predicate>
std::int64_t RoundSolver::count_all(std::size_t count, const Predicate& predicate) const {
  return sum_over(peers_, static_cast<std::int64_t>(count_if_index(count, predicate)));
}

TraceRow RoundSolver::trace_row() const {
  const auto recipients =
      peers_ != nullptr ? static_cast<std::size_t>(peers_->sizes().recipients) : need_.size();
  const std::span<const double> first = of(rounds_.denominator_first());
  const auto residual = [this](std::size_t r) { return std::max(0.0, need_[r] - satisfied()[r]); };
  const auto change = [&](std::size_t p) {
    if (!(capacity_[p] > 0.0 && first[p] > 0.0)) return 0.0;
    return std::abs(denominator()[p] - denominator_before_[p]) / first[p];
  };
  const double total_need = sum_recipients([this](std::size_t r) { return need_[r]; });
  const double total = sum_recipients([this](std::size_t r) { return satisfied()[r]; });
  const double damping_sum = sum_recipients([this](std::size_t r) { return damping()[r]; });
  TraceRow row;
  row.round = round();
  row.residual_l1 = sum_recipients(residual);
  row.satisfied_fraction = total_need > 0.0 ? total / total_need : 1.0;
  row.over = rounds_.total_over(0);
  row.converged = count_all(need_.size(), [this](std::size_t r) { return converged(r); });
  row.denominator_change = block_max(capacity_.size(), 0.0, change);
  if (peers_ != nullptr) row.denominator_change = peers_->largest(row.denominator_change);
  if (row.round == 1) row.denominator_change = std::numeric_limits<double>::quiet_NaN();
  row.mean_damping = recipients == 0 ? 1.0 : damping_sum / static_cast<double>(recipients);
  if (settings_.damping == DampingKind::adaptive) {
    row.oscillating =
        count_all(need_.size(), [this](std::size_t r) { return damping()[r] == 0.5; });
  }
  row.active_providers = count_all(capacity_.size(), [this](std::size_t p) {
    return available()[p] > 0.0 && denominator()[p] > 0.0;
  });
  return row;
}

std::size_t RoundSolver::bytes() const {
  return rounds_.bytes() + (residual_.size() + denominator_before_.size()) * sizeof(double);
}

}  // namespace needflow
