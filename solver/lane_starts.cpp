// Runs that come into lanes, before the round in which they begin.
//
// Lanes whose runs have the same amounts – one draw, different ratios or rules – are filled
// together; groups of other amounts follow while the rows at hand are in the first-level cache.
// Group by group over all rows, on one thread, this was a tenth of 16 rounds of 16 lanes over 1e5
// agents.
#include <algorithm>
#include <vector>

#include "solver/lane_rounds.hpp"
#include "solver/tallies.hpp"

namespace needflow {

namespace {

constexpr std::size_t kRowsAtOnce = 128;

/// f of every recipient in round 1.
double first_damping(const RoundSettings& settings) {
  return settings.damping == DampingKind::constant ? settings.damping_factor : 1.0;
}

/// Fills rows [begin, end) for all groups of lanes.
template <int L>
void fill_rows(const LaneMoves<L>& moves, const std::vector<LaneFill<L>>& fills, std::size_t begin,
               std::size_t end, PerLane<double, L>& claiming) {
  for (std::size_t first = begin; first < end; first += kRowsAtOnce) {
    const std::size_t last = std::min(end, first + kRowsAtOnce);
    for (const LaneFill<L>& fill : fills) moves.fill(fill.part(first, last), claiming);
  }
}

}  // namespace

/// The lanes that start, by the amounts they start with: `needs` for recipients, `capacities` for
/// providers.
template <int L>
void LaneRounds<L>::take_starting_lanes(std::vector<LaneFill<L>>& needs,
                                        std::vector<LaneFill<L>>& capacities) {
  for (std::size_t first = 0; first < L; ++first) {
    if (!lanes_[first].starts) continue;
    LaneFill<L> need;
    LaneFill<L> capacity;
    need.amounts = lanes_[first].need;
    capacity.amounts = lanes_[first].capacity;
    for (std::size_t l = first; l < L; ++l) {
      Lane& run = lanes_[l];
      if (!run.starts || run.need.data() != need.amounts.data() ||
          run.capacity.data() != capacity.amounts.data()) {
        continue;
      }
      run.starts = false;
      need.starts[l] = capacity.starts[l] = 1;
      need.factor[l] = first_damping(run.settings);
      capacity.factor[l] = run.capacity_factor;
    }
    need.as_given = write(own_need_);
    need.scaled = ledger_.draft();
    need.degrees = recipient_degrees();
    capacity.scaled_again = write(available_);
    if constexpr (L > 1) capacity.scaled = write(own_capacity_);
    needs.push_back(need);
    if (L > 1 || !available_.empty()) capacities.push_back(capacity);
  }
}

template <int L>
void LaneRounds<L>::fill_starting_lanes() {
  PerLane<std::uint8_t, L> starts{};
  for (std::size_t l = 0; l < L; ++l) starts[l] = lanes_[l].starts ? 1 : 0;
  if (std::find(starts.begin(), starts.end(), 1) == starts.end()) return;
  std::vector<LaneFill<L>> needs;
  std::vector<LaneFill<L>> capacities;
  take_starting_lanes(needs, capacities);
  if constexpr (L == 1) borrow(lanes_[0]);
  for_row_blocks(need_rows(), threads_, [&, this](std::size_t begin, std::size_t end) {
    PerLane<double, L> claiming{};
    fill_rows<L>(moves_, needs, begin, end, claiming);
    recipient_tallies_[begin / kRowBlock].asked = claiming;
  });
  if (!capacities.empty()) {
    for_row_blocks(recognition_.providers(), threads_, [&](std::size_t begin, std::size_t end) {
      PerLane<double, L> nobody{};
      fill_rows<L>(moves_, capacities, begin, end, nobody);
    });
  }
  const auto asked = counts_of<L>(recipient_tallies_, &SettleTally<L>::asked);
  for (std::size_t l = 0; l < L; ++l) {
    if (starts[l] == 0) continue;
    const double unheard = lanes_[l].claims.empty() ? 0.0 : start_claims(l);
    lanes_[l].asked_next =
        static_cast<double>(sum_over(peers_, static_cast<std::int64_t>(asked[l] - unheard)));
  }
}

/// A single lane reads amounts where they are, unless they are to be scaled.
template <int L>
void LaneRounds<L>::borrow(const Lane& run) {
  need_ = LaneSpan<const double, L>(run.need);
  capacity_ = LaneSpan<const double, L>(run.capacity);
  if (run.capacity_factor == 1.0) return;
  own_capacity_.resize(run.capacity.size());
  for (std::size_t p = 0; p < run.capacity.size(); ++p) {
    own_capacity_[p] = run.capacity[p] * run.capacity_factor;
  }
  capacity_ = read(own_capacity_);
}

template void LaneRounds<1>::fill_starting_lanes();
template void LaneRounds<8>::fill_starting_lanes();
template void LaneRounds<16>::fill_starting_lanes();

}  // namespace needflow
