#include "solver/rounds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/allocate.hpp"
#include "kernels/reduce.hpp"

namespace needflow {

namespace {

// A provider's rest at or below this share of C_p is dust: it would decay through the subnormals
// for ever (M2 `stock`).
constexpr double kDust = 1e-12;

LaneSpan<double, 1> lane(std::vector<double>& values) { return LaneSpan<double, 1>(values); }

}  // namespace

RoundSolver::RoundSolver(const Recognition& recognition, const RoundSettings& settings,
                         Threads threads)
    : recognition_(recognition),
      settings_(settings),
      threads_(threads),
      ledger_(recognition.recipients()),
      recurrence_({}, {}) {
  const std::size_t providers = recognition.providers();
  const std::size_t recipients = recognition.recipients();
  for (auto* vector :
       {&available_, &denominator_, &denominator_before_, &denominator_first_, &scale_}) {
    vector->resize(providers);
  }
  for (auto* vector : {&received_, &satisfied_, &satisfied_before_, &damping_, &over_oldest_,
                       &over_previous_, &over_, &returned_share_}) {
    vector->resize(recipients);
  }
  messages_.resize(recipients);
  converged_.resize(recipients);
  if (settings_.settlement == SettlementKind::stock) {
    delivered_.resize(providers);
    returned_.resize(providers);
  }
  // ω belongs to `reallocate`; elsewhere it would double-count what x already holds.
  if (settings_.settlement != SettlementKind::reallocate) settings_.relaxation = 1.0;
  if (settings_.relaxation < 1.0) total_.resize(recipients);
}

RunReport RoundSolver::run(std::span<const double> need, std::span<const double> capacity,
                           const RoundObserver& observer) {
  start(need, capacity);
  while (report_.status == Status::pending) {
    ++report_.rounds;
    publish();
    compute();
    deliver();
    aggregate();
    if (observer) observer(*this);
    report_.status = converge();
  }
  return report_;
}

void RoundSolver::start(std::span<const double> need, std::span<const double> capacity) {
  need_ = need;
  capacity_ = capacity;
  report_ = {};
  total_need_ = block_sum(need);
  recurrence_ = Recurrence(need, capacity);
  available_.assign(capacity.begin(), capacity.end());
  const bool constant = settings_.damping == DampingKind::constant;
  std::fill(damping_.begin(), damping_.end(), constant ? settings_.damping_factor : 1.0);
  for (auto* vector :
       {&denominator_, &satisfied_, &total_, &over_oldest_, &over_previous_, &over_}) {
    std::fill(vector->begin(), vector->end(), 0.0);
  }
  std::fill(converged_.begin(), converged_.end(), std::uint8_t{0});
}

// 1. Every recipient publishes its residual and its damping.
void RoundSolver::publish() {
  for_row_blocks(need_.size(), threads_, [this](std::size_t begin, std::size_t end) {
    ledger_.publish(begin, end, need_, satisfied_, damping_, converged_);
  });
  report_.messages.published += static_cast<std::int64_t>(need_.size());
}

// 2. Every provider reads the ledger and works out its factor alone.
void RoundSolver::compute() {
  denominator_before_.swap(denominator_);
  compute_denominators<1>(recognition_.by_provider(), ledger_.active_needs(), lane(available_),
                          lane(denominator_), lane(scale_), threads_);
  if (report_.rounds == 1) denominator_first_ = denominator_;
  report_.messages.read += static_cast<std::int64_t>(capacity_.size());
}

// 3. Allocations reach their recipients, who gather them.
void RoundSolver::deliver() {
  gather_deliveries<1>(recognition_.by_recipient(), ledger_.active_needs(), lane(scale_),
                       settings_.cap, lane(received_), LaneSpan<std::int32_t, 1>(messages_),
                       threads_);
  total_received_ = block_sum(received_, threads_);
  for (const std::int32_t count : messages_) report_.messages.allocated += count;
}

// 4. Recipients settle what they got; surplus goes back or is lost.
void RoundSolver::aggregate() {
  settle_recipients();
  total_over_ = block_sum(over_, threads_);
  if (settings_.settlement == SettlementKind::stock) settle_stock();
  if (settings_.settlement == SettlementKind::stream) report_.wasted += total_over_;
}

// 5. The stop tests in M2's order.
Status RoundSolver::converge() {
  if (!std::isfinite(total_received_)) return Status::failed;
  if (settings_.stop != StopRule::denominators &&
      std::find(converged_.begin(), converged_.end(), std::uint8_t{0}) == converged_.end()) {
    return Status::needs_met;
  }
  if (settings_.stop != StopRule::needs && report_.rounds >= 2 &&
      denominators_settled(capacity_, denominator_, denominator_before_, denominator_first_,
                           settings_.tolerance) &&
      amounts_settled(need_, satisfied_, satisfied_before_, settings_.tolerance)) {
    return Status::stable;
  }
  if (const auto period = recurrence_.period_after(report_.rounds, state())) {
    report_.cycle_period = *period;
    return *period == 1 ? Status::stable : Status::cycle;
  }
  return report_.rounds >= settings_.max_rounds ? Status::round_limit : Status::pending;
}

void RoundSolver::settle_recipients() {
  satisfied_before_ = satisfied_;
  SettleRule rule;
  rule.settlement = settings_.settlement;
  rule.adaptive_damping = settings_.damping == DampingKind::adaptive;
  rule.tolerance = settings_.tolerance;
  rule.relaxation = report_.rounds == 1 ? 1.0 : settings_.relaxation;
  rule.history = static_cast<int>(std::min<std::int64_t>(report_.rounds - 1, 2));
  settle<1>(rule,
            {LaneSpan<const double, 1>(need_), lane(received_), lane(satisfied_), lane(total_),
             lane(damping_), lane(over_oldest_), lane(over_previous_), lane(over_),
             lane(returned_share_), LaneSpan<std::uint8_t, 1>(converged_)},
            threads_);
}

// A_p ← A_p − delivered + returned. Without a cap all of A_p is delivered wherever d_p > 0 (M2
// conservation), which is exact where the sum Σ_r v_pr is not; the pass over the rows is then only
// needed for what comes back.
void RoundSolver::settle_stock() {
  const bool capped = settings_.cap == Cap::active_need;
  const bool comes_back = settings_.return_surplus && total_over_ > 0.0;
  if (capped || comes_back) {
    gather_settlements<1>(recognition_.by_provider(), ledger_.active_needs(), lane(scale_),
                          lane(returned_share_), settings_.cap, lane(delivered_), lane(returned_),
                          threads_);
  }
  if (!settings_.return_surplus) report_.wasted += total_over_;
  const auto rest = [&](std::size_t p) {
    double kept = denominator_[p] > 0.0 ? 0.0 : available_[p];
    if (capped) kept = std::max(0.0, available_[p] - delivered_[p]);
    return comes_back ? kept + returned_[p] : kept;
  };
  const auto is_dust = [this](std::size_t p, double amount) {
    return amount <= kDust * capacity_[p];
  };
  report_.wasted += block_sum(capacity_.size(), threads_, [&](std::size_t p) {
    const double amount = rest(p);
    return is_dust(p, amount) ? amount : 0.0;
  });
  for_row_blocks(capacity_.size(), threads_, [&](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      const double amount = rest(p);
      available_[p] = is_dust(p, amount) ? 0.0 : amount;
    }
  });
}

RunState RoundSolver::state() const {
  RunState state{satisfied_, damping_, over_, over_previous_, {}, total_};
  if (settings_.settlement == SettlementKind::stock) state.available = available_;
  return state;
}

TraceRow RoundSolver::trace_row() const {
  const auto recipients = need_.size();
  const auto residual = [this](std::size_t r) { return std::max(0.0, need_[r] - satisfied_[r]); };
  const auto change = [this](std::size_t p) {
    if (!(capacity_[p] > 0.0 && denominator_first_[p] > 0.0)) return 0.0;
    return std::abs(denominator_[p] - denominator_before_[p]) / denominator_first_[p];
  };
  TraceRow row;
  row.round = report_.rounds;
  row.residual_l1 = block_sum(recipients, threads_, residual);
  row.satisfied_fraction = total_need_ > 0.0 ? block_sum(satisfied_, threads_) / total_need_ : 1.0;
  row.over = total_over_;
  row.converged = std::count(converged_.begin(), converged_.end(), std::uint8_t{1});
  row.denominator_change = report_.rounds == 1 ? std::numeric_limits<double>::quiet_NaN()
                                               : block_max(capacity_.size(), 0.0, change);
  row.mean_damping =
      recipients == 0 ? 1.0 : block_sum(damping_, threads_) / static_cast<double>(recipients);
  if (settings_.damping == DampingKind::adaptive) {
    row.oscillating = std::count(damping_.begin(), damping_.end(), 0.5);
  }
  row.active_providers =
      static_cast<std::int64_t>(count_if_index(capacity_.size(), [this](std::size_t p) {
        return available_[p] > 0.0 && denominator_[p] > 0.0;
      }));
  return row;
}

std::size_t RoundSolver::bytes() const {
  const std::size_t provider_vectors = available_.size() + denominator_.size() +
                                       denominator_before_.size() + denominator_first_.size() +
                                       scale_.size() + delivered_.size() + returned_.size();
  const std::size_t recipient_vectors = received_.size() + satisfied_.size() +
                                        satisfied_before_.size() + total_.size() + damping_.size() +
                                        over_oldest_.size() + over_previous_.size() + over_.size() +
                                        returned_share_.size();
  return (provider_vectors + recipient_vectors) * sizeof(double) +
         messages_.size() * sizeof(std::int32_t) + converged_.size() + ledger_.bytes() +
         recurrence_.bytes();
}

std::size_t round_state_bytes(std::size_t providers, std::size_t recipients) {
  // Vectors of the class above plus the state that Recurrence saves, at their largest.
  return providers * 8 * sizeof(double) + recipients * (9 + 3 + 5) * sizeof(double) +
         recipients * (sizeof(std::int32_t) + 2);
}

}  // namespace needflow
