// M2: a run is rounds, and a round is five steps: publish, compute, deliver, aggregate, converge –
// for L runs on one network side by side (L = 1 is a run alone).
//
// Runs are lanes: they start when a lane is free, have settings, rounds and ends of their own, and
// share nothing but the matrix that is streamed for all of them at once. A lane's numbers do not
// depend on L, on its neighbours or on when they came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/lane_moves.hpp"
#include "kernels/settle.hpp"
#include "kernels/stock.hpp"
#include "solver/acceleration.hpp"
#include "solver/ledger.hpp"
#include "solver/peers.hpp"
#include "solver/recognition.hpp"
#include "solver/row_gatherer.hpp"
#include "solver/settings.hpp"
#include "solver/stopping.hpp"

namespace needflow {

/// Messages of a run by kind (M8).
struct MessageCounts {
  std::int64_t published = 0;  ///< R a round
  std::int64_t read = 0;       ///< P a round
  std::int64_t allocated = 0;  ///< nonzero v_pr
};

/// How a run of one need type ended.
struct RunReport {
  Status status = Status::pending;
  std::int64_t rounds = 0;
  std::int64_t cycle_period = -1;  ///< 1 for `stable` by recurrence, −1 unless recurrence ended it
  double wasted = 0.0;             ///< amount (M3)
  MessageCounts messages;
};

/// What the runs of a batch have in common, and what some of them may need: vectors that nobody
/// needs are not allocated. The cap decides which kernel runs, so it is one for all lanes.
struct BatchTraits {
  Cap cap = Cap::none;
  StatePrecision state = StatePrecision::f64;  ///< likewise
  bool stock = false;                          ///< some run uses up its capacity
  bool relaxes = false;                        ///< some run has ω < 1 and no acceleration
  std::int64_t acceleration_depth = 0;         ///< the most of any run; 0: none accelerates

  /// The traits of one run.
  [[nodiscard]] static BatchTraits of(const RoundSettings& settings);
  /// Also room for a run with these settings, whose cap and precision must be the same.
  void include(const RoundSettings& settings);
};

/// On cache lines of its own, and so are its tallies: neighbours on the heap may belong to other
/// threads.
template <int L>
class alignas(64) LaneRounds {
 public:
  /// Keeps a reference to `recognition`. With Threads::all a round's row blocks go to the threads
  /// of the caller's arena. With peers (one lane only) the rows of `recognition` are those of the
  /// agents held here, and its columns count the agents seen (solver/peers.hpp): a round is then
  /// called by all of them together, and reports and sums are those of the whole network.
  LaneRounds(const Recognition& recognition, const BatchTraits& traits, Threads threads,
             Peers* peers = nullptr);

  /// From the next round on every lane allocates by weights of its own; for L > 1.
  void set_weights(const LaneWeights& weights) { rows_.set_weights(weights); }

  /// Starts a run in a free lane. need: R amounts ≥ 0; capacity: P amounts ≥ 0, each times
  /// `capacity_factor`; all finite. They are read when the next round begins – lanes that start
  /// together on the same amounts are filled together – and one lane may read them until it ends.
  /// claims: what each recipient multiplies its residual by before it publishes it (M6), R numbers
  /// ≥ 0 that are read until the run ends; empty: 1. A 0 is a closed column W_·r: nothing of what r
  /// asks for is heard, so nobody allocates to it.
  void start(std::size_t lane, const RoundSettings& settings, std::span<const double> need,
             std::span<const double> capacity, double capacity_factor = 1.0,
             std::span<const double> claims = {});

  /// Lanes that have a run which has not ended.
  [[nodiscard]] bool busy(std::size_t lane) const {
    return lanes_[lane].busy && lanes_[lane].report.status == Status::pending;
  }
  [[nodiscard]] bool any_busy() const;

  // One round of every busy lane. The first four leave `report().status` at pending, so that
  // somebody may look at the state; converge() decides.
  void publish();
  void compute();
  void deliver();
  void aggregate();
  void converge();
  /// All five.
  void round() {
    publish();
    compute();
    deliver();
    aggregate();
    converge();
  }

  [[nodiscard]] const RunReport& report(std::size_t lane) const { return lanes_[lane].report; }

  // The state after the last round. A lane that has ended keeps its numbers until the next round.
  [[nodiscard]] LaneSpan<const double, L> need() const { return need_; }
  [[nodiscard]] LaneSpan<const double, L> capacity() const { return capacity_; }
  [[nodiscard]] PublishedNeeds<L> ledger() const { return ledger_.active_needs(); }
  [[nodiscard]] LaneSpan<const double, L> satisfied() const { return read(satisfied_); }
  [[nodiscard]] LaneSpan<const double, L> damping() const { return read(damping_); }
  [[nodiscard]] LaneSpan<const double, L> over() const { return read(over_); }
  [[nodiscard]] LaneSpan<const double, L> denominator() const { return read(denominator_); }
  [[nodiscard]] LaneSpan<const double, L> denominator_first() const {
    return read(denominator_first_);
  }
  [[nodiscard]] StoredSpan<const double, L> scale() const { return scale_.read(); }
  [[nodiscard]] LaneSpan<const double, L> available() const {
    return available_.empty() ? capacity_ : read(available_);
  }
  /// Σ over_r of the last round.
  [[nodiscard]] double total_over(std::size_t lane) const { return lanes_[lane].total_over; }

  /// What recipients receive is settled at once and gone, unless somebody wants to see it.
  void keep_received() { received_.resize(need_rows() * L); }
  [[nodiscard]] LaneSpan<const double, L> received() const { return read(received_); }
  /// 1 for recipients that have received something since their run began; for runs with claims.
  [[nodiscard]] LaneSpan<const std::uint8_t, L> has_received() const { return read(has_received_); }
  [[nodiscard]] const Recognition& recognition() const { return recognition_; }

  /// Bytes of state held, the recognition matrix not counted.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Lane {
    bool busy = false;
    bool starts = false;  ///< the spans below wait to be read
    bool saves = false;   ///< this round saves the state of the round before
    std::span<const double> need;
    std::span<const double> capacity;
    std::span<const double> claims;
    double capacity_factor = 1.0;
    RoundSettings settings;
    RunReport report;
    double total_over = 0.0;
    double asked = 0.0;       ///< Σ of the degrees of recipients with a claim, this round
    double asked_next = 0.0;  ///< the same for the round to come
    double offered = 0.0;     ///< Σ of the degrees of providers with something to give
    bool unmet = false;
    bool moved = false;  ///< some amount
    bool denominators_moved = false;
    bool overflowed = false;
  };

  template <class Vector>
  [[nodiscard]] static LaneSpan<const typename Vector::value_type, L> read(const Vector& values) {
    return LaneSpan<const typename Vector::value_type, L>(values);
  }
  template <class Vector>
  [[nodiscard]] static LaneSpan<double, L> write(Vector& values) {
    return LaneSpan<double, L>(values);
  }
  [[nodiscard]] std::size_t need_rows() const { return recognition_.recipients(); }
  [[nodiscard]] std::int64_t all_recipients() const {
    return peers_ != nullptr ? peers_->sizes().recipients : static_cast<std::int64_t>(need_rows());
  }
  [[nodiscard]] std::int64_t all_providers() const {
    return peers_ != nullptr ? peers_->sizes().providers
                             : static_cast<std::int64_t>(recognition_.providers());
  }
  [[nodiscard]] bool bounded() const { return !recognition_.by_provider().desire.empty(); }
  [[nodiscard]] bool edge_bounds() const { return bounded() || traits_.cap != Cap::none; }

  [[nodiscard]] std::span<const double> recipient_degrees() const {
    return recognition_.agent_network ? provider_degrees_ : recipient_degrees_;
  }
  void fill_starting_lanes();
  void take_starting_lanes(std::vector<LaneFill<L>>& needs, std::vector<LaneFill<L>>& capacities);
  /// Returns the degrees of recipients that nobody hears.
  [[nodiscard]] double start_claims(std::size_t lane);
  void publish_claims(std::size_t begin, std::size_t end, LaneSpan<const double, L> received,
                      SettleTally<L>& tally);
  void borrow(const Lane& run);
  [[nodiscard]] PerLane<SettleRule, L> settle_rules() const;
  [[nodiscard]] PerLane<StockRule, L> stock_rules() const;
  [[nodiscard]] RecipientState<L> recipient_state();
  [[nodiscard]] ProviderState<L> provider_state();
  [[nodiscard]] RunState<L> run_state(const Lane& lane) const;
  /// Turns what this process found into what all peers did.
  void hear_offers();
  void hear_settlements();
  /// Gathers what everybody receives, then what accelerated lanes make of it.
  void gather_and_accelerate();
  void take_in_deliveries();
  void count_messages();
  /// The messages of lanes that are 255 and not 0.
  void count_entries(const PerLane<std::uint8_t, L>& lanes);
  void settle_stock();
  void keep_stock(bool gathers);
  [[nodiscard]] Status end_of(std::size_t lane);

  const Recognition& recognition_;
  BatchTraits traits_;
  Threads threads_;
  Peers* peers_;  ///< null: this run holds all agents
  RowGatherer<L> rows_;
  ProviderPasses<L> providers_;
  SettlePass<L> settle_;
  LaneMoves<L> moves_;
  PerLane<Lane, L> lanes_{};

  LaneSpan<const double, L> need_;
  LaneSpan<const double, L> capacity_;
  LaneVector<double> own_need_, own_capacity_;  ///< empty while a single lane borrows
  Ledger<L> ledger_;
  // providers, P × L
  LaneVector<double> available_;  ///< stock only
  LaneVector<double> denominator_, denominator_first_;
  StoredVector<L> scale_;
  // recipients, R × L
  LaneVector<double> satisfied_, damping_, over_, over_previous_;
  LaneVector<double> total_;                ///< y_r, only where some ω < 1
  StoredVector<L> returned_;                ///< stock only
  LaneVector<double> received_;             ///< only if somebody looks
  LaneVector<std::uint8_t> has_received_;   ///< only where some run has claims
  bool claims_ = false;                     ///< some run does
  LaneVector<double> mixed_;                ///< what lanes settle, where some accelerate
  std::vector<Accelerator> accelerators_;   ///< one a lane, likewise
  LaneVector<std::uint8_t> asks_, offers_;  ///< for counting messages, once that is needed
  Recurrence<L> recurrence_;
  std::vector<double> provider_degrees_;   ///< entries of a row with D > 0
  std::vector<double> recipient_degrees_;  ///< of a bipartite instance
  double all_degrees_ = 0.0;
  // a block of rows each
  LaneVector<StockTally<L>> provider_tallies_;
  LaneVector<SettleTally<L>> recipient_tallies_;
  LaneVector<PerLane<std::int64_t, L>> message_tallies_;
};

/// What a LaneRounds<L> will hold for P providers and R recipients at most, for planning.
[[nodiscard]] std::size_t round_state_bytes(std::size_t providers, std::size_t recipients,
                                            int lanes, const BatchTraits& traits);

}  // namespace needflow
