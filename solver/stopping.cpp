#include "solver/stopping.hpp"

#include <cmath>

namespace needflow {

namespace {

// Two states are the same when amounts agree to this share of their scale (M2).
constexpr double kSameWithin = 1e-9;

/// |a_i − b_i| ≤ 1e-9 · scale_i for all rows of a lane. NaN never agrees. Ends at the first row
/// that differs, which in a run that goes on is mostly among the first few.
template <int L>
bool all_within(std::size_t lane, LaneSpan<const double, L> a, LaneSpan<const double, L> b,
                LaneSpan<const double, L> scale) {
  for (std::size_t i = 0; i < a.rows(); ++i) {
    if (!(std::abs(a[i][lane] - b[i][lane]) <= kSameWithin * scale[i][lane])) return false;
  }
  return true;
}

template <int L>
bool all_equal(std::size_t lane, LaneSpan<const double, L> a, LaneSpan<const double, L> b) {
  for (std::size_t i = 0; i < a.rows(); ++i) {
    if (a[i][lane] != b[i][lane]) return false;
  }
  return true;
}

template <int L>
LaneSpan<const double, L> lanes(const LaneVector<double>& values) {
  return LaneSpan<const double, L>(values);
}

}  // namespace

const char* status_name(Status status) {
  static constexpr const char* kNames[] = {"pending",     "needs_met", "stable", "cycle",
                                           "round_limit", "failed",    "invalid"};
  return kNames[static_cast<std::size_t>(status)];
}

template <int L>
bool Recurrence<L>::saves_after(std::int64_t round) {
  return round >= 2 && (round & (round - 1)) == 0;  // std::has_single_bit calls a function
}

template <int L>
void Recurrence<L>::reserve(std::size_t recipients, std::size_t providers, bool stock,
                            bool totals) {
  if (satisfied_.size() == recipients * L && available_.size() == (stock ? providers * L : 0)) {
    return;
  }
  for (auto* vector : {&satisfied_, &damping_, &over_, &over_previous_}) {
    vector->resize(recipients * L);
  }
  available_.resize(stock ? providers * L : 0);
  total_.resize(totals ? recipients * L : 0);
}

template <int L>
SavedRecipients<L> Recurrence<L>::recipients() {
  return {LaneSpan<double, L>(satisfied_), LaneSpan<double, L>(damping_),
          LaneSpan<double, L>(over_), LaneSpan<double, L>(over_previous_),
          LaneSpan<double, L>(total_)};
}

template <int L>
std::optional<std::int64_t> Recurrence<L>::period_after(std::int64_t round, std::size_t lane,
                                                        const RunState<L>& state) const {
  if (saved_round_[lane] == 0 || !matches(lane, state)) return {};
  return round - saved_round_[lane];
}

template <int L>
bool Recurrence<L>::matches(std::size_t lane, const RunState<L>& state) const {
  return all_within<L>(lane, state.satisfied, lanes<L>(satisfied_), state.need) &&
         all_equal<L>(lane, state.damping, lanes<L>(damping_)) &&
         all_within<L>(lane, state.over, lanes<L>(over_), state.need) &&
         all_within<L>(lane, state.over_previous, lanes<L>(over_previous_), state.need) &&
         all_within<L>(lane, state.available, lanes<L>(available_), state.capacity) &&
         all_within<L>(lane, state.total, lanes<L>(total_), state.need);
}

template <int L>
std::size_t Recurrence<L>::bytes() const {
  return sizeof(double) * (satisfied_.size() + damping_.size() + over_.size() +
                           over_previous_.size() + available_.size() + total_.size());
}

template class Recurrence<1>;
template class Recurrence<8>;
template class Recurrence<16>;

}  // namespace needflow
