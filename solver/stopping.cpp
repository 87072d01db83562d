#include "solver/stopping.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace needflow {

namespace {

// Two states are the same when amounts agree to this share of their scale (M2).
constexpr double kSameWithin = 1e-9;

/// |a_i − b_i| ≤ share · scale_i for all i. NaN never agrees.
bool all_within(std::span<const double> a, std::span<const double> b, std::span<const double> scale,
                double share) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= share * scale[i])) return false;
  }
  return true;
}

void copy_to(std::vector<double>& target, std::span<const double> source) {
  target.assign(source.begin(), source.end());
}

}  // namespace

const char* status_name(Status status) {
  static constexpr const char* kNames[] = {"pending",     "needs_met", "stable", "cycle",
                                           "round_limit", "failed",    "invalid"};
  return kNames[static_cast<std::size_t>(status)];
}

bool denominators_settled(std::span<const double> capacity, std::span<const double> denominator,
                          std::span<const double> before, std::span<const double> first,
                          double tolerance) {
  for (std::size_t p = 0; p < capacity.size(); ++p) {
    if (capacity[p] > 0.0 && !(std::abs(denominator[p] - before[p]) <= tolerance * first[p])) {
      return false;
    }
  }
  return true;
}

bool amounts_settled(std::span<const double> need, std::span<const double> satisfied,
                     std::span<const double> before, double tolerance) {
  return all_within(satisfied, before, need, tolerance * tolerance);
}

std::optional<std::int64_t> Recurrence::period_after(std::int64_t round, const RunState& state) {
  std::optional<std::int64_t> period;
  if (saved_round_ > 0 && matches(state)) period = round - saved_round_;
  if (round >= 2 && std::has_single_bit(static_cast<std::uint64_t>(round))) save(round, state);
  return period;
}

bool Recurrence::matches(const RunState& state) const {
  return std::equal(state.damping.begin(), state.damping.end(), damping_.begin()) &&
         all_within(state.satisfied, satisfied_, need_, kSameWithin) &&
         all_within(state.over, over_, need_, kSameWithin) &&
         all_within(state.over_previous, over_previous_, need_, kSameWithin) &&
         all_within(state.available, available_, capacity_, kSameWithin) &&
         all_within(state.total, total_, need_, kSameWithin);
}

void Recurrence::save(std::int64_t round, const RunState& state) {
  saved_round_ = round;
  copy_to(satisfied_, state.satisfied);
  copy_to(damping_, state.damping);
  copy_to(over_, state.over);
  copy_to(over_previous_, state.over_previous);
  copy_to(available_, state.available);
  copy_to(total_, state.total);
}

std::size_t Recurrence::bytes() const {
  return sizeof(double) * (satisfied_.size() + damping_.size() + over_.size() +
                           over_previous_.size() + available_.size() + total_.size());
}

}  // namespace needflow
