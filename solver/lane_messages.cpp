// The messages of a round (M8), and what a run with peers hears from them besides.
#include "kernels/messages.hpp"
#include "solver/lane_rounds.hpp"
#include "solver/tallies.hpp"

namespace needflow {

namespace {

template <int L>
void flag_stored(StoredSpan<const double, L> stored, std::span<std::uint8_t> flags) {
  if (stored.holds_floats()) {
    flag_positive(stored.template as<float>().values(), flags);
  } else {
    flag_positive(stored.values(), flags);
  }
}

}  // namespace

/// Where every provider offers, or every recipient asks, the sums of degrees count the messages;
/// only lanes with both kinds of silence are counted entry by entry.
template <int L>
void LaneRounds<L>::count_messages() {
  PerLane<std::uint8_t, L> mixed{};
  bool any_mixed = false;
  for (std::size_t l = 0; l < L; ++l) {
    Lane& lane = lanes_[l];
    if (!busy(l)) continue;
    if (lane.offered != all_degrees_ && lane.asked != all_degrees_) {
      mixed[l] = 255;
      any_mixed = true;
      continue;
    }
    lane.report.messages.allocated +=
        static_cast<std::int64_t>(lane.offered == all_degrees_ ? lane.asked : lane.offered);
  }
  if (any_mixed) count_entries(mixed);
}

/// From the side on which fewer rows are left, which is mostly a fraction of them: stocks are used
/// up or needs met. Agents that are silent in all lanes cost nothing.
template <int L>
void LaneRounds<L>::count_entries(const PerLane<std::uint8_t, L>& lanes) {
  asks_.resize(ledger_.active_needs().active.rows() * L);
  offers_.resize(scale_.elements());
  flag_stored<L>(ledger_.active_needs().active, asks_);
  flag_stored<L>(scale(), offers_);
  using Flags = LaneSpan<std::uint8_t, L>;
  const auto count = [&](Flags flags) {
    return sum_over(peers_, static_cast<std::int64_t>(keep_lanes<L>(flags, lanes)));
  };
  const std::int64_t asking = count(Flags(asks_));
  const std::int64_t offering = count(Flags(offers_));
  const bool by_recipient = asking <= offering;
  const CsrView matrix = by_recipient ? recognition_.by_recipient() : recognition_.by_provider();
  const LaneSpan<const std::uint8_t, L> own = Flags(by_recipient ? asks_ : offers_);
  const LaneSpan<const std::uint8_t, L> others = Flags(by_recipient ? offers_ : asks_);
  message_tallies_.resize(blocks_of(matrix.rows()));
  for_row_blocks(matrix.rows(), threads_, [=, this](std::size_t begin, std::size_t end) {
    PerLane<std::int64_t, L> messages{};
    needflow::count_messages<L>(matrix, own, others, {begin, end}, messages);
    message_tallies_[begin / kRowBlock] = messages;
  });
  PerLane<std::int64_t, L> messages{};
  for (const auto& counted : message_tallies_) {
    for (std::size_t l = 0; l < L; ++l) messages[l] += counted[l];
  }
  if (peers_ != nullptr) peers_->add(messages);
  for (std::size_t l = 0; l < L; ++l) lanes_[l].report.messages.allocated += messages[l];
}

template <int L>
void LaneRounds<L>::hear_offers() {
  Lane& lane = lanes_[0];
  std::array<std::int64_t, 2> sums{lane.denominators_moved ? 1 : 0,
                                   static_cast<std::int64_t>(lane.offered)};
  peers_->add(sums);
  lane.denominators_moved = sums[0] > 0;
  lane.offered = static_cast<double>(sums[1]);
  peers_->fetch_providers(scale_.doubles());
}

template <int L>
void LaneRounds<L>::hear_settlements() {
  Lane& lane = lanes_[0];
  std::array<std::int64_t, 4> sums{lane.unmet ? 1 : 0, lane.moved ? 1 : 0, lane.overflowed ? 1 : 0,
                                   static_cast<std::int64_t>(lane.asked_next)};
  peers_->add(sums);
  lane.unmet = sums[0] > 0;
  lane.moved = sums[1] > 0;
  lane.overflowed = sums[2] > 0;
  lane.asked_next = static_cast<double>(sums[3]);
  lane.total_over =
      peers_->sum_recipient_blocks(block_totals(recipient_tallies_, &SettleTally<L>::over));
}

template void LaneRounds<1>::count_messages();
template void LaneRounds<1>::count_entries(const PerLane<std::uint8_t, 1>&);
template void LaneRounds<1>::hear_offers();
template void LaneRounds<1>::hear_settlements();
template void LaneRounds<8>::count_messages();
template void LaneRounds<8>::count_entries(const PerLane<std::uint8_t, 8>&);
template void LaneRounds<8>::hear_offers();
template void LaneRounds<8>::hear_settlements();
template void LaneRounds<16>::count_messages();
template void LaneRounds<16>::count_entries(const PerLane<std::uint8_t, 16>&);
template void LaneRounds<16>::hear_offers();
template void LaneRounds<16>::hear_settlements();

}  // namespace needflow
