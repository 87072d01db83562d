// M3: the final states of runs that were lanes, measured many at a time.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "solver/lane_rounds.hpp"
#include "solver/statistics.hpp"

namespace needflow {

/// Final states of runs that have ended, until there are enough of them to be measured side by
/// side: the statistics of one run cost as much as those of L.
template <int L>
class FinishedStates {
 public:
  /// With more recipients a run is measured on its own: sorting is then done that way too.
  FinishedStates(std::size_t recipients, Threads inside)
      : inside_(inside), room_(L > 1 && recipients <= kNetworkRows ? L : 1) {
    for (auto* values : {&need_, &satisfied_, &over_}) values->resize(recipients * room_);
  }

  [[nodiscard]] std::size_t free_places() const { return room_ - count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

  /// Takes in the final states of some lanes, in ascending order and no more than there are free
  /// places.
  void add(const LaneRounds<L>& rounds, std::span<const std::size_t> lanes,
           const std::array<double, L>& tolerance) {
    LaneChoice<L> chosen{};
    for (const std::size_t lane : lanes) chosen[lane] = 1;
    moves_.take(rounds.need(), chosen, need_.data() + count_, room_);
    moves_.take(rounds.satisfied(), chosen, satisfied_.data() + count_, room_);
    moves_.take(rounds.over(), chosen, over_.data() + count_, room_);
    for (const std::size_t lane : lanes) {
      wasted_[count_] = rounds.report(lane).wasted;
      tolerance_[count_] = tolerance[lane];
      ++count_;
    }
  }

  /// The figures of all that were added, in order; then the places are free again.
  [[nodiscard]] std::span<const Satisfaction> measure() {
    const std::size_t count = count_;
    count_ = 0;
    if (room_ == 1) {
      figures_[0] =
          measure_satisfaction(need_, satisfied_, over_, wasted_[0], tolerance_[0], inside_);
    } else {
      using Lanes = LaneSpan<const double, L>;
      measure_spread<L>({Lanes(need_), Lanes(satisfied_), Lanes(over_), wasted_, tolerance_},
                        workspace_, std::span<Satisfaction, L>(figures_), inside_);
    }
    return std::span(figures_).first(count);
  }

 private:
  Threads inside_;
  std::size_t room_;
  std::size_t count_ = 0;
  LaneMoves<L> moves_ = lane_moves<L>();
  LaneVector<double> need_, satisfied_, over_;
  std::array<double, L> wasted_{};
  std::array<double, L> tolerance_{};
  std::array<Satisfaction, L> figures_;
  SpreadWorkspace workspace_;
};

}  // namespace needflow
