// The providers' side of a round (kernels/stock.hpp): bits against the plain twins, lanes against
// runs alone, and the statements of M2 about denominators, stock and dust, each threshold from both
// sides.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/reference/stock.hpp"
#include "kernels/stock.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

/// P providers and L lanes; an empty vector is a part of the state that is not there.
struct Providers {
  std::vector<double> capacity, scale, available, denominator, first, saved_available;
  std::vector<double> made, delivered, returned;  ///< of the round's passes, for all rows
  std::vector<double> degrees;

  template <int L>
  [[nodiscard]] ProviderState<L> state() {
    return {in<L>(capacity),
            in<L>(scale),
            out<L>(available),
            out<L>(denominator),
            out<L>(first),
            out<L>(saved_available),
            degrees};
  }
  template <int L>
  [[nodiscard]] static LaneSpan<const double, L> part(const std::vector<double>& of,
                                                      RowRange range) {
    return in<L>(of).part(range.begin, range.end);
  }
  [[nodiscard]] std::array<std::vector<double>*, 9> all() {
    return {&capacity, &scale,           &available, &denominator, &first,
            &made,     &saved_available, &delivered, &returned};
  }
};

std::string difference(Providers a, Providers b) {
  static constexpr const char* kNames[] = {"capacity",        "scale",     "available",
                                           "denominator",     "first",     "made",
                                           "saved_available", "delivered", "returned"};
  for (std::size_t i = 0; i < a.all().size(); ++i) {
    const std::size_t at = tests::first_difference(*a.all()[i], *b.all()[i]);
    if (at != tests::kNone) return std::string(kNames[i]) + " at " + std::to_string(at);
  }
  return "";
}

template <int L>
std::string difference(const StockTally<L>& a, const StockTally<L>& b) {
  for (std::size_t k = 0; k < 4; ++k) {
    if (tests::first_difference(a.dust[k], b.dust[k]) != tests::kNone) return "dust";
  }
  if (a.moved != b.moved) return "moved";
  return a.offered == b.offered ? "" : "offered";
}

/// Denominators that rest, move a little or a lot; deliveries of nothing, some and a bit too much;
/// rests at either side of dust.
Providers awkward_providers(Numbers& numbers, std::size_t rows, std::size_t lanes) {
  const double steps[] = {1.0, 1.0, 1.005, 0.995, 1.02, 0.5};
  const double uses[] = {0.0, 0.5, 1.0, 1.0 - 1e-15, 1.0 - 5e-13, 1.0 - 5e-12, 1.0 + 1e-15};
  Providers made;
  for (std::size_t p = 0; p < rows; ++p) {
    made.degrees.push_back(static_cast<double>(numbers.below(9)));
  }
  for (std::size_t i = 0; i < rows * lanes; ++i) {
    const double capacity = numbers.amount();
    const double first = numbers.amount();
    const double before = first * steps[numbers.below(6)];
    made.capacity.push_back(capacity);
    made.scale.push_back(numbers.amount() / 1000.0);
    made.available.push_back(numbers.below(2) == 0 ? capacity : capacity * numbers.unit());
    made.first.push_back(first);
    made.denominator.push_back(before);
    made.made.push_back(before * steps[numbers.below(6)]);
    made.saved_available.push_back(kUnwritten);
    made.delivered.push_back(made.available.back() * uses[numbers.below(7)]);
    made.returned.push_back(numbers.below(2) == 0 ? 0.0 : 1e-12 * capacity * 2.0 * numbers.unit());
  }
  return made;
}

template <int L>
PerLane<StockRule, L> any_rules(Numbers& numbers) {
  constexpr double kTolerances[] = {0.0, 0.005, 0.01, 0.1};
  PerLane<StockRule, L> rules;
  for (StockRule& rule : rules) {
    rule.stock = numbers.below(3) != 0;
    rule.tolerance = kTolerances[numbers.below(4)];
    rule.round = 1 + static_cast<std::int64_t>(numbers.below(3));
    rule.saves = numbers.below(3) == 0;
  }
  return rules;
}

/// Which of the round's passes ran, and whether somebody saves.
struct Parts {
  bool delivered = true;
  bool returned = true;
  bool saved = true;
  bool degrees = true;
};

template <int L>
void run_both(const ProviderPasses<L>& pass, const PerLane<StockRule, L>& rules, Providers& given,
              RowRange range, StockTally<L>& tally) {
  pass.note_offers(rules, given.state<L>(), range.begin, range.end,
                   Providers::part<L>(given.made, range), tally);
  pass.keep_stock(rules, given.state<L>(), range.begin, range.end,
                  Providers::part<L>(given.delivered, range),
                  Providers::part<L>(given.returned, range), tally);
}

template <int L>
void check_against_twin(std::size_t rows, const Parts& parts) {
  Numbers numbers(50 + rows);
  const PerLane<StockRule, L> rules = any_rules<L>(numbers);
  Providers before = awkward_providers(numbers, rows, L);
  if (!parts.delivered) before.delivered = {};
  if (!parts.returned) before.returned = {};
  if (!parts.saved) before.saved_available = {};
  if (!parts.degrees) before.degrees = {};
  for (const RowRange range : ranges_of(rows)) {
    // An empty part means that a pass has not run, which a range of no rows cannot say.
    if (range.begin == range.end) continue;
    Providers expected = before;
    Providers actual = before;
    StockTally<L> expected_tally;
    expected_tally.dust[2].fill(0.25);  // what a range adds up to is added to what was there
    StockTally<L> tally = expected_tally;
    run_both<L>({reference::note_offers<L>, reference::keep_stock<L>}, rules, expected, range,
                expected_tally);
    run_both<L>(provider_passes<L>(), rules, actual, range, tally);
    CAPTURE(L);
    CAPTURE(rows);
    CAPTURE(range.begin);
    CAPTURE(range.end);
    CHECK(difference(actual, expected) == "");
    CHECK(difference(tally, expected_tally) == "");
  }
}

template <int L>
void check_lanes() {
  constexpr std::size_t kRows = 90;
  Numbers numbers(51);
  const PerLane<StockRule, L> rules = any_rules<L>(numbers);
  const Providers batch = awkward_providers(numbers, kRows, L);
  for (std::size_t l = 0; l < L; ++l) {
    Providers alone = batch;
    for (auto* values : alone.all()) *values = tests::lane_of<L>(*values, l);
    StockTally<1> own;
    run_both<1>(provider_passes<1>(), {rules[l]}, alone, {0, kRows}, own);
    for (const double poison : {kNan, kInfinity, 0.0, -1.0}) {
      Providers beside = batch;
      for (auto* values : beside.all()) {
        for (std::size_t i = 0; i < values->size(); ++i) {
          if (i % L != l) (*values)[i] = poison == -1.0 ? (*values)[i] : poison;
        }
      }
      StockTally<L> tally;
      run_both<L>(provider_passes<L>(), rules, beside, {0, kRows}, tally);
      CAPTURE(L);
      CAPTURE(l);
      CAPTURE(poison);
      for (auto* values : beside.all()) *values = tests::lane_of<L>(*values, l);
      CHECK(difference(beside, alone) == "");
      CHECK(tally.moved[l] == own.moved[0]);
      for (std::size_t k = 0; k < 4; ++k) CHECK(tally.dust[k][l] == own.dust[k][0]);
    }
  }
}

/// Whether denominators moved, for a few providers of one lane in a round after the first.
bool moved(std::vector<double> capacity, std::vector<double> now, std::vector<double> before,
           std::vector<double> first, double tolerance) {
  Providers given;
  given.capacity = capacity;
  given.scale = given.available = capacity;
  given.denominator = before;
  given.first = first;
  given.made = now;
  StockTally<1> tally;
  const PerLane<StockRule, 1> rules{{{true, tolerance, 2, false}}};
  provider_passes<1>().note_offers(rules, given.state<1>(), 0, capacity.size(), in<1>(given.made),
                                   tally);
  CHECK(given.denominator == now);
  CHECK(given.first == first);
  return tally.moved[0] == 1;
}

/// What one provider keeps, and the dust.
struct Kept {
  double available = 0.0;
  double dust = 0.0;
};

Kept kept(double capacity, double available, double denominator, std::vector<double> delivered,
          std::vector<double> returned, bool stock = true) {
  Providers given;
  given.capacity = {capacity};
  given.scale = {1.0};
  given.available = {available};
  given.denominator = {denominator};
  given.first = {denominator};
  StockTally<1> tally;
  const PerLane<StockRule, 1> rules{{{stock, 0.01, 2, false}}};
  provider_passes<1>().keep_stock(rules, given.state<1>(), 0, 1, in<1>(delivered), in<1>(returned),
                                  tally);
  return {given.available[0], tally.dust[0][0]};
}

}  // namespace

TEST_CASE("The providers' loops agree with their twins bit for bit on every SIMD target") {
  const Parts some_parts[] = {{},
                              {.delivered = false},
                              {.returned = false},
                              {.delivered = false, .returned = false},
                              {.saved = false, .degrees = false}};
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const std::size_t rows : {1, 2, 7, 8, 9, 64, 511, 512, 513, 1025}) {
      for (const Parts& parts : some_parts) {
        check_against_twin<1>(rows, parts);
        check_against_twin<8>(rows, parts);
        check_against_twin<16>(rows, parts);
      }
    }
  }
}

TEST_CASE("A provider's lane goes as it would alone, whatever its neighbours hold") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    check_lanes<8>();
    check_lanes<16>();
  }
}

TEST_CASE("denominators are settled within the tolerance of round 1, and only providers count") {
  const std::vector<double> first{100.0, 100.0};
  CHECK_FALSE(moved({1.0, 1.0}, {50.0, 50.0}, {51.0, 49.0}, first, 0.01));
  CHECK(moved({1.0, 1.0}, {50.0, 50.0}, {51.01, 50.0}, first, 0.01));
  CHECK(moved({1.0, 1.0}, {50.0, 50.0}, {50.0, 48.99}, first, 0.01));
  CHECK_FALSE(moved({0.0, 1.0}, {50.0, 50.0}, {99.0, 50.0}, first, 0.01));
}

TEST_CASE("a denominator that was zero in round 1 has to stay where it is") {
  CHECK_FALSE(moved({1.0}, {0.0}, {0.0}, {0.0}, 0.01));
  CHECK(moved({1.0}, {1e-9}, {0.0}, {0.0}, 0.01));
}

TEST_CASE("Round 1 sets the denominators that later rounds are measured by") {
  Providers given;
  given.capacity = given.scale = given.available = {1.0, 1.0};
  given.denominator = {7.0, 7.0};  // of a run before
  given.first = {9.0, 9.0};
  given.made = {40.0, 50.0};
  StockTally<1> tally;
  provider_passes<1>().note_offers({}, given.state<1>(), 0, 2, in<1>(given.made), tally);
  CHECK(given.first == std::vector<double>{40.0, 50.0});
  CHECK(given.denominator == std::vector<double>{40.0, 50.0});
}

TEST_CASE("What a provider had is saved before it gives anything away, in the lanes that save") {
  Providers given;
  for (auto* values :
       {&given.capacity, &given.scale, &given.denominator, &given.first, &given.made}) {
    values->assign(8, 1.0);
  }
  for (int l = 0; l < 8; ++l) given.available.push_back(10.0 + l);
  given.saved_available.assign(8, kUnwritten);
  PerLane<StockRule, 8> rules;
  rules[2].saves = rules[7].saves = true;
  StockTally<8> tally;
  provider_passes<8>().note_offers(rules, given.state<8>(), 0, 1, in<8>(given.made), tally);
  for (std::size_t l = 0; l < 8; ++l) {
    CHECK(given.saved_available[l] == (rules[l].saves ? given.available[l] : kUnwritten));
  }
}

TEST_CASE("Degrees are added up of the providers that have something to give") {
  Providers given;
  for (auto* values :
       {&given.capacity, &given.available, &given.denominator, &given.first, &given.made}) {
    values->assign(24, 1.0);
  }
  given.scale.assign(24, 0.0);
  given.degrees = {5, 2, 13};
  given.scale[0 * 8 + 3] = given.scale[2 * 8 + 3] = given.scale[1 * 8 + 6] = 0.5;
  StockTally<8> tally;
  provider_passes<8>().note_offers({}, given.state<8>(), 0, 3, in<8>(given.made), tally);
  CHECK(tally.offered == PerLane<double, 8>{0, 0, 0, 18, 0, 0, 2, 0});
}

TEST_CASE("Without a cap a provider that anyone asks gives all it has, another one nothing") {
  CHECK(kept(10.0, 6.0, 1e-300, {}, {}).available == 0.0);
  CHECK(kept(10.0, 6.0, 0.0, {}, {}).available == 6.0);
  CHECK(kept(10.0, 6.0, 3.0, {}, {2.5}).available == 2.5);
}

TEST_CASE("Under a cap a provider keeps what it has not delivered, and never less than nothing") {
  CHECK(kept(10.0, 6.0, 3.0, {4.0}, {}).available == 2.0);
  CHECK(kept(10.0, 6.0, 3.0, {4.0}, {1.5}).available == 3.5);
  CHECK(kept(10.0, 6.0, 3.0, {std::nextafter(6.0, 7.0)}, {1.5}).available == 1.5);
}

TEST_CASE("A rest at or below 1e-12 of the capacity is swept away as dust") {
  const double dust = 1e-12 * 3.0;
  CHECK(kept(3.0, 1.0, 1.0, {}, {dust}).available == 0.0);
  CHECK(kept(3.0, 1.0, 1.0, {}, {dust}).dust == dust);
  const double more = std::nextafter(dust, 1.0);
  CHECK(kept(3.0, 1.0, 1.0, {}, {more}).available == more);
  CHECK(kept(3.0, 1.0, 1.0, {}, {more}).dust == 0.0);
}

TEST_CASE("Capacity that is renewed stays as it is") {
  const Kept after = kept(10.0, 10.0, 3.0, {4.0}, {1.0}, false);
  CHECK(after.available == 10.0);
  CHECK(after.dust == 0.0);
}
