// Cost: kernels/row_passes.hpp has the model of the rows. Each pass goes tile by tile: what the
// rows gathered is taken in element by element while it is in the first-level cache, and nothing
// but state goes to memory: 120 B an agent and lane a round of `reallocate` (48 a provider, 72 a
// recipient; 24 less once all lanes are known to move), about 168 in `stock`. Whole sweeps for
// publishing, copies, sums and stop tests were another 130.
#include "solver/lane_rounds.hpp"

#include <algorithm>
#include <cmath>

#include "solver/tallies.hpp"

namespace needflow {

namespace {

/// Rows whose gathered numbers wait in a buffer on the stack: 16 KiB for 16 lanes. 64 rows are 2 %
/// slower at N = 100, 32 rows 5 %: each tile has tables of rules made for it.
template <int L>
constexpr std::size_t kTileRows = L == 1 ? kRowBlock : 128;

template <int L>
struct alignas(64) Tile {
  std::array<double, kTileRows<L> * L> values;
  [[nodiscard]] LaneSpan<double, L> rows(std::size_t count) {
    return LaneSpan<double, L>(std::span<double>(values).first(count * L));
  }
};

/// Calls work(begin, end) for the tiles of a block of rows.
template <int L, class Work>
void for_tiles(std::size_t begin, std::size_t end, const Work& work) {
  for (; begin < end; begin += kTileRows<L>) work(begin, std::min(end, begin + kTileRows<L>));
}

/// Entries of each row that a message may take: those with D_pr > 0.
std::vector<double> degrees_of(const CsrView& rows) {
  std::vector<double> degrees(rows.rows());
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    const auto begin = static_cast<std::size_t>(rows.offsets[i]);
    const auto end = static_cast<std::size_t>(rows.offsets[i + 1]);
    std::size_t closed = 0;
    for (std::size_t e = begin; e < end && !rows.desire.empty(); ++e) {
      closed += rows.desire[e] > 0.0 ? 0 : 1;
    }
    degrees[i] = static_cast<double>(end - begin - closed);
  }
  return degrees;
}

/// Of a sum of degrees, which is a whole number.
double whole_sum(Peers* peers, double sum) {
  return static_cast<double>(sum_over(peers, static_cast<std::int64_t>(sum)));
}

bool uses_up(const RoundSettings& settings) { return settings.settlement == SettlementKind::stock; }

}  // namespace

BatchTraits BatchTraits::of(const RoundSettings& settings) {
  BatchTraits traits;
  traits.cap = settings.cap;
  traits.state = settings.state;
  traits.include(settings);
  return traits;
}

void BatchTraits::include(const RoundSettings& settings) {
  stock = stock || uses_up(settings);
  if (settings.accelerates()) {
    acceleration_depth = std::max(acceleration_depth, settings.acceleration_depth);
    return;
  }
  relaxes =
      relaxes || (settings.settlement == SettlementKind::reallocate && settings.relaxation < 1.0);
}

template <int L>
LaneRounds<L>::LaneRounds(const Recognition& recognition, const BatchTraits& traits,
                          Threads threads, Peers* peers)
    : recognition_(recognition),
      traits_(traits),
      threads_(threads),
      peers_(peers),
      rows_(recognition, traits.cap),
      providers_(provider_passes<L>()),
      settle_(settle_pass<L>()),
      moves_(lane_moves<L>()),
      // Bounds are looked up again when surplus goes back, and a lone run may be watched.
      ledger_(peers == nullptr ? recognition.recipients() : peers->sizes().recipients_seen,
              L > 1 && !edge_bounds(), traits.state),
      provider_tallies_(blocks_of(recognition.providers())),
      recipient_tallies_(blocks_of(recognition.recipients())),
      message_tallies_(std::max(provider_tallies_.size(), recipient_tallies_.size())) {
  const std::size_t providers = recognition.providers() * L;
  const std::size_t recipients = recognition.recipients() * L;
  for (auto* vector : {&denominator_, &denominator_first_}) vector->resize(providers);
  scale_.resize(peers == nullptr ? providers : peers->sizes().providers_seen, traits.state);
  for (auto* vector : {&satisfied_, &damping_, &over_, &over_previous_}) {
    vector->resize(recipients);
  }
  if (traits_.stock) {
    available_.resize(providers);
    returned_.resize(peers == nullptr ? recipients : peers->sizes().recipients_seen, traits.state);
  }
  if (traits_.relaxes) total_.resize(recipients);
  if (traits_.acceleration_depth > 0) mixed_.resize(recipients);
  provider_degrees_ = degrees_of(recognition.by_provider());
  if (!recognition.agent_network) recipient_degrees_ = degrees_of(recognition.by_recipient());
  for (const double degree : provider_degrees_) all_degrees_ += degree;
  all_degrees_ = whole_sum(peers_, all_degrees_);
  if constexpr (L > 1) {
    own_need_.resize(recipients);
    own_capacity_.resize(providers);
    need_ = read(own_need_);
    capacity_ = read(own_capacity_);
  }
}

template <int L>
void LaneRounds<L>::start(std::size_t lane, const RoundSettings& settings,
                          std::span<const double> need, std::span<const double> capacity,
                          double capacity_factor, std::span<const double> claims) {
  Lane& run = lanes_[lane];
  run = {};
  run.busy = true;
  run.settings = settings;
  // ω belongs to `reallocate`; elsewhere it would double-count what x already holds.
  if (settings.settlement != SettlementKind::reallocate) run.settings.relaxation = 1.0;
  if (settings.damping == DampingKind::none) run.settings.damping_factor = 1.0;
  recurrence_.forget(lane);
  if (settings.accelerates()) {
    // Of the run's own depth: the same numbers whatever its neighbours have.
    if (accelerators_.empty()) accelerators_.resize(L, Accelerator(0, 1));
    accelerators_[lane] = Accelerator(need_rows(), settings.acceleration_depth);
  }
  run.starts = true;
  run.need = need;
  run.capacity = capacity;
  run.capacity_factor = capacity_factor;
  run.claims = claims;
}

template <int L>
bool LaneRounds<L>::any_busy() const {
  for (std::size_t l = 0; l < L; ++l) {
    if (busy(l)) return true;
  }
  return false;
}

// 1. Every recipient publishes its residual and its damping.
template <int L>
void LaneRounds<L>::publish() {
  rows_.begin_round();
  fill_starting_lanes();
  ledger_.publish();
  if (peers_ != nullptr) peers_->fetch_recipients(ledger_.published());
  for (Lane& lane : lanes_) {
    ++lane.report.rounds;
    // An accelerated run's state is its history as well, so that no earlier one is compared.
    lane.saves = lane.busy && lane.report.status == Status::pending &&
                 !lane.settings.accelerates() && Recurrence<L>::saves_after(lane.report.rounds - 1);
    lane.asked = lane.asked_next;
    lane.report.messages.published += all_recipients();
    lane.report.messages.read += all_providers();
  }
}

// 2. Every provider reads the ledger and works out its factor alone.
template <int L>
void LaneRounds<L>::compute() {
  bool any_saves = false;
  for (std::size_t l = 0; l < L; ++l) any_saves = any_saves || (lanes_[l].saves);
  if (any_saves) {
    recurrence_.reserve(need_rows(), recognition_.providers(), traits_.stock, traits_.relaxes);
  }
  const PerLane<StockRule, L> rules = stock_rules();
  const ProviderState<L> state = provider_state();
  for_row_blocks(recognition_.providers(), threads_, [=, this](std::size_t begin, std::size_t end) {
    StockTally<L> tally;
    Tile<L> made;
    for_tiles<L>(begin, end, [&](std::size_t first, std::size_t last) {
      const LaneSpan<double, L> denominator = made.rows(last - first);
      rows_.denominators(ledger_.active_needs(), available(), {first, last}, denominator,
                         scale_.write().part(first, last));
      providers_.note_offers(rules, state, first, last, denominator, tally);
    });
    provider_tallies_[begin / kRowBlock] = tally;
  });
  const auto moved = any_of<L>(provider_tallies_, &StockTally<L>::moved);
  const auto offered = counts_of<L>(provider_tallies_, &StockTally<L>::offered);
  for (std::size_t l = 0; l < L; ++l) {
    lanes_[l].denominators_moved = moved[l] != 0;
    lanes_[l].offered = offered[l];
  }
  if (peers_ != nullptr) hear_offers();
}

// 3. Allocations reach their recipients, who gather them and settle while they are at hand.
template <int L>
void LaneRounds<L>::deliver() {
  count_messages();
  if (!mixed_.empty()) gather_and_accelerate();
  const PerLane<SettleRule, L> rules = settle_rules();
  const RecipientState<L> state = recipient_state();
  for_row_blocks(need_rows(), threads_, [=, this](std::size_t begin, std::size_t end) {
    SettleTally<L> tally;
    Tile<L> made;
    for_tiles<L>(begin, end, [&](std::size_t first, std::size_t last) {
      LaneSpan<double, L> received = made.rows(last - first);
      if (!mixed_.empty()) {
        received = write(mixed_).part(first, last);
      } else {
        if (!received_.empty()) received = write(received_).part(first, last);
        rows_.deliveries(ledger_.active_needs(), scale(), {first, last}, received);
      }
      settle_(rules, state, first, last, received, tally);
      if (claims_) publish_claims(first, last, received, tally);
    });
    recipient_tallies_[begin / kRowBlock] = tally;
  });
  over_.swap(over_previous_);
}

/// The mixing needs sums over all recipients before anybody can settle, hence a pass of its own.
template <int L>
void LaneRounds<L>::gather_and_accelerate() {
  for_row_blocks(need_rows(), threads_, [this](std::size_t begin, std::size_t end) {
    for_tiles<L>(begin, end, [&](std::size_t first, std::size_t last) {
      rows_.deliveries(ledger_.active_needs(), scale(), {first, last},
                       write(mixed_).part(first, last));
    });
  });
  if (!received_.empty()) std::copy(mixed_.begin(), mixed_.end(), received_.begin());
  for (std::size_t l = 0; l < L; ++l) {
    if (!busy(l) || !lanes_[l].settings.accelerates()) continue;
    const std::span<double> values(mixed_.data(), mixed_.size());
    accelerators_[l].advance(values.empty() ? values : values.subspan(l), L,
                             lanes_[l].settings.relaxation, threads_, peers_);
  }
}

// 4. What all of them add up to; surplus goes back or is lost.
template <int L>
void LaneRounds<L>::aggregate() {
  take_in_deliveries();
  if (traits_.stock) settle_stock();
  for (Lane& lane : lanes_) {
    if (lane.settings.settlement == SettlementKind::stream) lane.report.wasted += lane.total_over;
  }
}

// 5. The stop tests in M2's order.
template <int L>
void LaneRounds<L>::converge() {
  for (std::size_t l = 0; l < L; ++l) {
    if (!busy(l)) continue;
    if (lanes_[l].saves) recurrence_.saved(l, lanes_[l].report.rounds - 1);
    lanes_[l].report.status = end_of(l);
  }
}

template <int L>
Status LaneRounds<L>::end_of(std::size_t l) {
  Lane& lane = lanes_[l];
  const RoundSettings& settings = lane.settings;
  if (lane.overflowed || !std::isfinite(lane.total_over)) return Status::failed;
  if (settings.stop != StopRule::denominators && !lane.unmet) return Status::needs_met;
  if (settings.stop != StopRule::needs && lane.report.rounds >= 2 && !lane.denominators_moved &&
      !lane.moved) {
    return Status::stable;
  }
  std::optional<std::int64_t> period;
  if (!settings.accelerates()) {
    period = recurrence_.period_after(lane.report.rounds, l, run_state(lane));
  }
  // A state recurs where everybody's part of it does.
  if (sum_over(peers_, period ? 0 : 1) > 0) period.reset();
  if (period) {
    lane.report.cycle_period = *period;
    return *period == 1 ? Status::stable : Status::cycle;
  }
  return lane.report.rounds >= settings.max_rounds ? Status::round_limit : Status::pending;
}

template <int L>
PerLane<SettleRule, L> LaneRounds<L>::settle_rules() const {
  PerLane<SettleRule, L> rules;
  for (std::size_t l = 0; l < L; ++l) {
    const RoundSettings& settings = lanes_[l].settings;
    SettleRule& rule = rules[l];
    rule.settlement = settings.settlement;
    rule.adaptive_damping = settings.damping == DampingKind::adaptive;
    rule.damping_factor = settings.damping_factor;
    rule.tolerance = settings.tolerance;
    rule.relaxation = settings.accelerates() ? 1.0 : settings.relaxation;
    rule.returns_surplus = settings.return_surplus;
    rule.round = lanes_[l].report.rounds;
    rule.saves = lanes_[l].saves;
  }
  return rules;
}

template <int L>
PerLane<StockRule, L> LaneRounds<L>::stock_rules() const {
  PerLane<StockRule, L> rules;
  for (std::size_t l = 0; l < L; ++l) {
    const Lane& lane = lanes_[l];
    rules[l] = {uses_up(lane.settings), lane.settings.tolerance, lane.report.rounds, lane.saves};
  }
  return rules;
}

template <int L>
RecipientState<L> LaneRounds<L>::recipient_state() {
  RecipientState<L> state;
  state.need = need_;
  state.active = ledger_.active_needs().active;
  state.over = read(over_);
  state.satisfied = write(satisfied_);
  state.total = write(total_);
  state.damping = write(damping_);
  state.over_previous = write(over_previous_);
  state.next_active = ledger_.draft();
  state.returned = returned_.write();
  state.saved = recurrence_.recipients();
  state.returned_is_claim = !edge_bounds();
  state.degrees = recipient_degrees();
  return state;
}

template <int L>
ProviderState<L> LaneRounds<L>::provider_state() {
  return {capacity_,
          scale(),
          write(available_),
          write(denominator_),
          write(denominator_first_),
          recurrence_.available(),
          provider_degrees_};
}

template <int L>
RunState<L> LaneRounds<L>::run_state(const Lane& lane) const {
  // Where ω = 1 the total is no part of the state, whatever the neighbours keep.
  const bool relaxed = lane.settings.relaxation < 1.0;
  return {need_,
          capacity_,
          satisfied(),
          damping(),
          over(),
          read(over_previous_),
          read(available_),
          relaxed ? read(total_) : LaneSpan<const double, L>()};
}

template <int L>
void LaneRounds<L>::take_in_deliveries() {
  const auto over = totals_of<L>(recipient_tallies_, &SettleTally<L>::over);
  const auto unmet = any_of<L>(recipient_tallies_, &SettleTally<L>::unmet);
  const auto moved = any_of<L>(recipient_tallies_, &SettleTally<L>::moved);
  const auto overflowed = any_of<L>(recipient_tallies_, &SettleTally<L>::overflowed);
  const auto asked = counts_of<L>(recipient_tallies_, &SettleTally<L>::asked);
  for (std::size_t l = 0; l < L; ++l) {
    Lane& lane = lanes_[l];
    lane.total_over = over[l];
    lane.unmet = unmet[l] != 0;
    lane.moved = moved[l] != 0;
    lane.overflowed = overflowed[l] != 0;
    lane.asked_next = asked[l];
  }
  if (peers_ != nullptr) hear_settlements();
}

template <int L>
void LaneRounds<L>::settle_stock() {
  bool comes_back = false;
  for (std::size_t l = 0; l < L; ++l) {
    const Lane& lane = lanes_[l];
    comes_back = comes_back ||
                 (uses_up(lane.settings) && lane.settings.return_surplus && lane.total_over > 0.0);
  }
  keep_stock(comes_back);
  auto dust = totals_of<L>(provider_tallies_, &StockTally<L>::dust);
  if (peers_ != nullptr) {
    dust[0] = peers_->sum_provider_blocks(block_totals(provider_tallies_, &StockTally<L>::dust));
  }
  for (std::size_t l = 0; l < L; ++l) {
    Lane& lane = lanes_[l];
    if (!uses_up(lane.settings)) continue;
    if (!lane.settings.return_surplus) lane.report.wasted += lane.total_over;
    lane.report.wasted += dust[l];
  }
}

/// A_p after deliveries and returns. The pass over the rows is only needed where a cap held
/// something back or something comes back; lanes without surplus get 0 back.
template <int L>
void LaneRounds<L>::keep_stock(bool comes_back) {
  const bool capped = traits_.cap == Cap::active_need;
  if (comes_back && peers_ != nullptr) peers_->fetch_recipients(returned_.doubles());
  const PerLane<StockRule, L> rules = stock_rules();
  const ProviderState<L> state = provider_state();
  for_row_blocks(recognition_.providers(), threads_, [=, this](std::size_t begin, std::size_t end) {
    StockTally<L> tally;
    Tile<L> out;
    Tile<L> back;
    for_tiles<L>(begin, end, [&](std::size_t first, std::size_t last) {
      const LaneSpan<double, L> delivered = out.rows(last - first);
      const LaneSpan<double, L> returned = back.rows(last - first);
      if (edge_bounds() && (capped || comes_back)) {
        rows_.settlements(ledger_.active_needs(), scale(), returned_.read(), {first, last},
                          delivered, returned);
      } else if (comes_back) {
        rows_.returns(scale(), returned_.read(), {first, last}, returned);
      }
      using Read = LaneSpan<const double, L>;
      providers_.keep_stock(rules, state, first, last, capped ? Read(delivered) : Read(),
                            comes_back ? Read(returned) : Read(), tally);
    });
    provider_tallies_[begin / kRowBlock] = tally;
  });
}

template <int L>
std::size_t LaneRounds<L>::bytes() const {
  std::size_t doubles = 0;
  for (const auto* vector :
       {&own_need_, &own_capacity_, &available_, &denominator_, &denominator_first_, &satisfied_,
        &damping_, &over_, &over_previous_, &total_, &received_, &mixed_}) {
    doubles += vector->size();
  }
  std::size_t histories = 0;
  for (const Accelerator& history : accelerators_) histories += history.bytes();
  return rows_.bytes() + histories + doubles * sizeof(double) + scale_.bytes() + returned_.bytes() +
         ledger_.bytes() + recurrence_.bytes() + asks_.size() + offers_.size() +
         has_received_.size() + provider_tallies_.size() * sizeof(StockTally<L>) +
         recipient_tallies_.size() * sizeof(SettleTally<L>) +
         message_tallies_.capacity() * sizeof(PerLane<std::int64_t, L>);
}

template class LaneRounds<1>;
template class LaneRounds<8>;
template class LaneRounds<16>;

}  // namespace needflow
