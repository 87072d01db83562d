// The recurrence test of M2 on states made by hand; what else a run stops by, whether denominators
// and amounts still move, is said by tests/kernels/test_stock.cpp and test_settle.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "solver/stopping.hpp"

using namespace needflow;

namespace {

/// A state of one recipient and one provider that differs in one number at a time.
struct Sample {
  double need = 1.0;
  double capacity = 1.0;
  double satisfied = 0.5;
  double damping = 0.8;
  double over = 0.25;
  double over_previous = 0.125;
  double available = 0.5;
  double total = 0.75;
};

/// The sample in one lane of L; the others hold NaN, which never recurs.
template <int L>
struct State {
  std::vector<double> need, capacity, satisfied, damping, over, over_previous, available, total;

  State(const Sample& sample, std::size_t lane) {
    const auto fill = [lane](std::vector<double>& values, double value) {
      values.assign(L, std::numeric_limits<double>::quiet_NaN());
      values[lane] = value;
    };
    fill(need, sample.need);
    fill(capacity, sample.capacity);
    fill(satisfied, sample.satisfied);
    fill(damping, sample.damping);
    fill(over, sample.over);
    fill(over_previous, sample.over_previous);
    fill(available, sample.available);
    fill(total, sample.total);
  }

  [[nodiscard]] RunState<L> view() const {
    using Span = LaneSpan<const double, L>;
    return {Span(need), Span(capacity),      Span(satisfied), Span(damping),
            Span(over), Span(over_previous), Span(available), Span(total)};
  }
};

/// What the kernels do in the round after `round` for a lane that saves.
template <int L>
void save(Recurrence<L>& recurrence, const Sample& sample, std::size_t lane, std::int64_t round) {
  recurrence.reserve(1, 1, true, true);
  const SavedRecipients<L> to = recurrence.recipients();
  to.satisfied[0][lane] = sample.satisfied;
  to.damping[0][lane] = sample.damping;
  to.over[0][lane] = sample.over;
  to.over_previous[0][lane] = sample.over_previous;
  to.total[0][lane] = sample.total;
  recurrence.available()[0][lane] = sample.available;
  recurrence.saved(lane, round);
}

/// The period found when `changed` follows a round after the plain sample.
template <int L>
std::optional<std::int64_t> period_in(const Sample& changed, std::size_t lane) {
  Recurrence<L> recurrence;
  const State<L> state(changed, lane);
  CHECK_FALSE(recurrence.period_after(2, lane, state.view()).has_value());  // nothing saved yet
  save(recurrence, Sample{}, lane, 2);
  const auto period = recurrence.period_after(3, lane, state.view());
  for (std::size_t other = 0; other < L; ++other) {
    if (other != lane) CHECK_FALSE(recurrence.period_after(3, other, state.view()).has_value());
  }
  recurrence.forget(lane);
  CHECK_FALSE(recurrence.period_after(3, lane, state.view()).has_value());
  return period;
}

/// The same in a run alone and in every lane of a batch.
std::optional<std::int64_t> period_of(const Sample& changed) {
  const auto period = period_in<1>(changed, 0);
  for (std::size_t lane = 0; lane < 8; ++lane) CHECK(period_in<8>(changed, lane) == period);
  for (std::size_t lane = 0; lane < 16; ++lane) CHECK(period_in<16>(changed, lane) == period);
  return period;
}

}  // namespace

TEST_CASE("a state equal to the saved one recurs, each number within its own tolerance") {
  CHECK(period_of(Sample{}) == 1);
  for (double Sample::*amount : {&Sample::satisfied, &Sample::over, &Sample::over_previous,
                                 &Sample::available, &Sample::total}) {
    Sample near;
    near.*amount += 0.9e-9;
    CHECK(period_of(near) == 1);
    Sample far;
    far.*amount += 1.1e-9;
    CHECK_FALSE(period_of(far).has_value());
  }
}

TEST_CASE("the tolerance of an amount is a share of the need, and of stock one of the capacity") {
  Sample plain;
  plain.need = 100.0;
  Sample far = plain;
  far.satisfied += 1.1e-9;
  CHECK(period_of(far) == 1);
  far.available += 1.1e-9;
  CHECK_FALSE(period_of(far).has_value());
  far.capacity = 100.0;
  CHECK(period_of(far) == 1);
}

TEST_CASE("what is not there is not compared") {
  Recurrence<1> recurrence;
  save(recurrence, Sample{}, 0, 2);
  Sample changed;
  changed.available = changed.total = 9.0;
  const State<1> state(changed, 0);
  RunState<1> view = state.view();
  CHECK_FALSE(recurrence.period_after(3, 0, view).has_value());
  view.available = {};
  CHECK_FALSE(recurrence.period_after(3, 0, view).has_value());
  view.total = {};
  CHECK(recurrence.period_after(3, 0, view) == 1);
}

TEST_CASE("damping recurs only when it is the same number") {
  Sample changed;
  changed.damping = 0.8 + 1e-15;
  CHECK_FALSE(period_of(changed).has_value());
}

TEST_CASE("states are saved at powers of two") {
  for (std::int64_t round = -1; round < 200; ++round) {
    bool power = false;
    for (std::int64_t two = 2; two < 200; two *= 2) power = power || round == two;
    CHECK(Recurrence<1>::saves_after(round) == power);
    CHECK(Recurrence<16>::saves_after(round) == power);
  }
}

TEST_CASE("a period counts from the round whose state was saved last") {
  const State<1> plain({}, 0);
  Sample other;
  other.satisfied = 0.6;
  const State<1> elsewhere(other, 0);
  Recurrence<1> recurrence;
  save(recurrence, Sample{}, 0, 2);
  CHECK_FALSE(recurrence.period_after(3, 0, elsewhere.view()).has_value());
  CHECK(recurrence.period_after(4, 0, plain.view()) == 2);  // against round 2
  save(recurrence, Sample{}, 0, 4);
  CHECK_FALSE(recurrence.period_after(5, 0, elsewhere.view()).has_value());
  CHECK(recurrence.period_after(7, 0, plain.view()) == 3);
}

TEST_CASE("nothing is held before a run is long enough to recur") {
  Recurrence<8> recurrence;
  CHECK(recurrence.bytes() == 0);
  CHECK(recurrence.recipients().satisfied.values().empty());
  recurrence.reserve(3, 5, false, false);
  CHECK(recurrence.bytes() == 8 * 8 * 4 * 3);
  CHECK(recurrence.available().values().empty());
  CHECK(recurrence.recipients().total.values().empty());
}

TEST_CASE("status names are the ones that files promise") {
  const char* names[] = {"pending",     "needs_met", "stable", "cycle",
                         "round_limit", "failed",    "invalid"};
  for (int code = 0; code < 7; ++code) {
    CHECK(std::string(status_name(static_cast<Status>(code))) == names[code]);
  }
}
