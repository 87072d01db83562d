// The stop tests of M2 on states made by hand.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "solver/stopping.hpp"

using namespace needflow;
using Numbers = std::vector<double>;

TEST_CASE("denominators are settled within the tolerance of round 1, and only providers count") {
  const Numbers first{100.0, 100.0};
  CHECK(denominators_settled(Numbers{1.0, 1.0}, Numbers{50.0, 50.0}, Numbers{51.0, 49.0}, first,
                             0.01));
  CHECK_FALSE(denominators_settled(Numbers{1.0, 1.0}, Numbers{50.0, 50.0}, Numbers{51.01, 50.0},
                                   first, 0.01));
  CHECK(denominators_settled(Numbers{0.0, 1.0}, Numbers{50.0, 50.0}, Numbers{99.0, 50.0}, first,
                             0.01));
}

TEST_CASE("a denominator that was zero in round 1 has to stay where it is") {
  const Numbers capacity{1.0};
  const Numbers first{0.0};
  CHECK(denominators_settled(capacity, Numbers{0.0}, Numbers{0.0}, first, 0.01));
  CHECK_FALSE(denominators_settled(capacity, Numbers{1e-9}, Numbers{0.0}, first, 0.01));
}

TEST_CASE("amounts are settled within the squared tolerance of the need") {
  const Numbers need{1000.0};
  CHECK(amounts_settled(need, Numbers{10.0625}, Numbers{10.0}, 0.01));
  CHECK_FALSE(amounts_settled(need, Numbers{10.125}, Numbers{10.0}, 0.01));
}

namespace {

/// A state of one recipient and one provider that differs in one number at a time.
struct Sample {
  Numbers need{1.0};
  Numbers capacity{1.0};
  Numbers satisfied{0.5};
  Numbers damping{0.8};
  Numbers over{0.25};
  Numbers over_previous{0.125};
  Numbers available{0.5};
  Numbers total{0.75};

  [[nodiscard]] RunState state() const {
    return {satisfied, damping, over, over_previous, available, total};
  }
};

/// The period found when `changed` follows two rounds after the plain sample.
std::optional<std::int64_t> period_of(const Sample& changed) {
  const Sample plain;
  Recurrence recurrence(plain.need, plain.capacity);
  CHECK_FALSE(recurrence.period_after(1, plain.state()).has_value());
  CHECK_FALSE(recurrence.period_after(2, plain.state()).has_value());  // saved here, not before
  return recurrence.period_after(3, changed.state());
}

}  // namespace

TEST_CASE("a state equal to the saved one recurs, each number within its own tolerance") {
  CHECK(period_of(Sample{}) == 1);
  for (Numbers Sample::*amount : {&Sample::satisfied, &Sample::over, &Sample::over_previous,
                                  &Sample::available, &Sample::total}) {
    Sample near;
    (near.*amount)[0] += 0.9e-9;
    CHECK(period_of(near) == 1);
    Sample far;
    (far.*amount)[0] += 1.1e-9;
    CHECK_FALSE(period_of(far).has_value());
  }
}

TEST_CASE("damping recurs only when it is the same number") {
  Sample changed;
  changed.damping[0] = 0.8 + 1e-15;
  CHECK_FALSE(period_of(changed).has_value());
}

TEST_CASE("states are saved at powers of two and compared after the test") {
  const Sample plain;
  Sample other;
  other.satisfied[0] = 0.6;
  Recurrence recurrence(plain.need, plain.capacity);
  (void)recurrence.period_after(1, other.state());
  CHECK_FALSE(recurrence.period_after(2, plain.state()).has_value());
  CHECK_FALSE(recurrence.period_after(3, other.state()).has_value());
  CHECK(recurrence.period_after(4, plain.state()) == 2);  // against round 2; then round 4 is saved
  CHECK_FALSE(recurrence.period_after(5, other.state()).has_value());
  CHECK(recurrence.period_after(7, plain.state()) == 3);
}

TEST_CASE("status names are the ones that files promise") {
  const char* names[] = {"pending",     "needs_met", "stable", "cycle",
                         "round_limit", "failed",    "invalid"};
  for (int code = 0; code < 7; ++code) {
    CHECK(std::string(status_name(static_cast<Status>(code))) == names[code]);
  }
}
