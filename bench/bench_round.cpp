// A round and its kernels. Names read
//   round/N:1000/k:20/L:1/threads:1                   one round of RoundSolver, publish to converge
//   lanes/N:1000/k:20/L:8/threads:1                   one round of LaneRounds with every lane busy
//   lanes/N:1000/k:20/L:16/lanes:f32/threads:1        the same, what is gathered stored as floats
//   compute_denominators/N:1000/k:20/L:8/threads:2    one kernel
// and the time of a line is that of one round or one call. Nothing is timed before its bits were
// compared with those of the plain twin, and those of a batch with those of runs alone.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "bench/workbench.hpp"
#include "kernels/reference/allocate.hpp"
#include "kernels/reference/settle.hpp"
#include "solver/population.hpp"
#include "solver/rounds.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

/// What one call of a case is modelled to cost.
struct Cost {
  double entries;  ///< stored entries, each counted once however many passes visit it
  double visits;   ///< random rows fetched
  double bytes;    ///< read and written
  int row;         ///< a fetched row is as long as this many doubles
};

// Bytes of the model: 4 a column and 8 a weight for each visit of an entry; vectors read or written
// once in order, 8 B an agent and lane each. Lanes multiply the vectors and leave the matrix as it
// is. Gathered vectors are taken to be in cache.
constexpr double kVisitBytes = 12.0;
// Read: what is received, need, x, over, the one before. Written: x, over, f, the next claim.
constexpr double kSettleBytes = 8.0 * 9;
// Read: d, d of before, d(1), C. Written: d, d(1).
constexpr double kOfferBytes = 8.0 * 6;
// A round of `reallocate` passes d and received on in cache. Providers: read C, d, d(1), write d,
// d(1), s; recipients: read a and the settlement's other four, write its four.
constexpr double kRoundBytes = 8.0 * (6 + 9);
// Of these s is written and a read and written as what is gathered is stored.
constexpr double kStoredNumbers = 3.0;

Cost cost_of_round(const Recognition& recognition, int lanes, StatePrecision state) {
  const auto entries = static_cast<double>(recognition.provider_rows.entries());
  const double agents = static_cast<double>(recognition.recipients()) * lanes;
  // A row of 8 floats is a cache line's visit all the same.
  const bool floats = stored_bytes(state, lanes) < sizeof(double);
  const double spared = kStoredNumbers * static_cast<double>(8 - stored_bytes(state, lanes));
  return {entries, 2.0 * entries, 2.0 * kVisitBytes * entries + (kRoundBytes - spared) * agents,
          floats ? 8 : lanes};
}

Cost cost_of(Kernel kernel, const Recognition& recognition, int lanes) {
  const auto entries = static_cast<double>(recognition.provider_rows.entries());
  const double agents = static_cast<double>(recognition.recipients()) * lanes;
  switch (kernel) {
    case Kernel::settle:
      return {0.0, 0.0, kSettleBytes * agents, lanes};
    case Kernel::note_offers:
      return {0.0, 0.0, kOfferBytes * agents, lanes};
    case Kernel::settlements:  // it fetches the need and the returned share of each recipient
      return {entries, 2.0 * entries, kVisitBytes * entries, lanes};
    default:
      return {entries, entries, kVisitBytes * entries, lanes};
  }
}

/// Rates, and the shares of the machine's limits, which are measured right after the case. Call
/// within the arena of the case.
void count(benchmark::State& state, Workbench& workbench, const Cost& cost, std::size_t rows,
           int lanes, Threads threads, double seconds) {
  if (cost.entries > 0.0) {
    state.counters["edges/s"] = per_second(cost.entries);
    state.counters["edge_lanes/s"] = per_second(cost.entries * lanes);
  }
  state.counters["model_bytes/s"] = per_second(cost.bytes);
  constexpr double kTooShort = 0.01;  // a trial call; its share would be noise
  if (seconds < kTooShort) return;
  const double per_call = seconds / static_cast<double>(state.iterations());
  Machine& machine = workbench.machine();
  state.counters["of_stream"] = cost.bytes / per_call / machine.read_bandwidth(threads);
  if (cost.visits > 0.0) {
    state.counters["of_gather"] =
        cost.visits * machine.gather_seconds(rows, cost.row, threads) / per_call;
  }
}

template <int L>
void time_kernel(benchmark::State& state, Workbench& workbench, Kernel kernel, Size size,
                 int threads) {
  KernelCase<L>& kernels = workbench.kernel_case<L>(size);
  run_in_arena(threads, [&] {
    const Threads inside = threads_of(threads);
    if (!workbench.accept(state, kernels.difference(kernel, inside))) return;
    const double start = seconds_now(inside);
    for ([[maybe_unused]] auto iteration : state) kernels.run(kernel, inside);
    const double seconds = seconds_now(inside) - start;
    count(state, workbench, cost_of(kernel, kernels.recognition(), L),
          kernels.recognition().recipients(), L, inside, seconds);
  });
}

// Enough for a state that has a past when bits are compared.
constexpr std::int64_t kCompared = 3;

/// The same rounds from the plain twins; compared are vectors that everything else follows from.
class PlainRounds {
 public:
  PlainRounds(const Recognition& recognition, std::span<const double> need,
              std::span<const double> capacity, StatePrecision state)
      : recognition_(recognition),
        rounds_to_floats_(state == StatePrecision::f32),
        need_(need),
        capacity_(capacity),
        active_(need.begin(), need.end()),
        denominator_(capacity.size()),
        scale_(capacity.size()),
        received_(need.size()),
        satisfied_(need.size()),
        damping_(need.size()),
        over_(need.size()),
        over_previous_(need.size()) {
    for (std::size_t r = 0; r < need.size(); ++r) stored(active_).put(r, 0, need[r]);
  }

  void step() {
    using Write = LaneSpan<double, 1>;
    using Read = LaneSpan<const double, 1>;
    const PublishedNeeds<1> ledger{Read(active_)};
    reference::denominators<1>(recognition_.by_provider(), ledger, Read(capacity_),
                               {0, capacity_.size()}, Write(denominator_), stored(scale_));
    reference::deliveries<1>(recognition_.by_recipient(), ledger, Read(scale_), Cap::none,
                             {0, need_.size()}, Write(received_));
    RecipientState<1> state;
    state.need = Read(need_);
    state.active = Read(active_);
    state.over = Read(over_);
    state.satisfied = Write(satisfied_);
    state.damping = Write(damping_);
    state.over_previous = Write(over_previous_);
    state.next_active = stored(active_);  // element by element: nothing is read after it is written
    SettleTally<1> tally;
    reference::settle<1>({{{.settlement = SettlementKind::reallocate, .round = ++rounds_}}}, state,
                         0, need_.size(), Read(received_), tally);
    over_.swap(over_previous_);
  }

  [[nodiscard]] bool same_as(const LaneRounds<1>& rounds) const {
    return same_bits(rounds.denominator().values(), denominator_) &&
           same_bits(rounds.scale().values(), scale_) &&
           same_bits(rounds.satisfied().values(), satisfied_) &&
           same_bits(rounds.damping().values(), damping_) &&
           same_bits(rounds.over().values(), over_);
  }
  [[nodiscard]] bool same_as(const RoundSolver& solver) const {
    return same_bits(solver.denominator(), denominator_) && same_bits(solver.scale(), scale_) &&
           same_bits(solver.received(), received_) && same_bits(solver.satisfied(), satisfied_) &&
           same_bits(solver.damping(), damping_) && same_bits(solver.over(), over_);
  }

 private:
  [[nodiscard]] StoredSpan<double, 1> stored(std::vector<double>& values) const {
    return {LaneSpan<double, 1>(values), rounds_to_floats_};
  }

  const Recognition& recognition_;
  bool rounds_to_floats_;
  std::span<const double> need_, capacity_;
  std::vector<double> active_, denominator_, scale_, received_;
  std::vector<double> satisfied_, damping_, over_, over_previous_;
  std::int64_t rounds_ = 0;
};

std::string round_difference(const Recognition& recognition, const Amounts& amounts,
                             Threads threads) {
  PlainRounds plain(recognition, amounts.need[0], amounts.capacity[0], StatePrecision::f64);
  RoundSolver solver(recognition, endless_rounds(kCompared), threads);
  std::string found;
  (void)solver.run(amounts.need[0], amounts.capacity[0], [&](const RoundSolver& now) {
    plain.step();
    if (!plain.same_as(now)) found = fmt::format("round {} differs from its twins", now.round());
  });
  return found;
}

void time_round(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const auto recognition = workbench.recognition(size);
  const Amounts amounts = amounts_of(size, 0);
  run_in_arena(threads, [&] {
    const Threads inside = threads_of(threads);
    if (!workbench.accept(state, round_difference(*recognition, amounts, inside))) return;
    RoundSolver solver(*recognition, endless_rounds(kRounds), inside);
    std::int64_t fewest = kRounds;
    const double start = seconds_now(inside);
    while (state.KeepRunningBatch(kRounds)) {
      fewest = std::min(fewest, solver.run(amounts.need[0], amounts.capacity[0]).rounds);
    }
    const double seconds = seconds_now(inside) - start;
    if (!workbench.accept(state, fewest == kRounds ? "" : "the run ended before its limit")) return;
    count(state, workbench, cost_of_round(*recognition, 1, StatePrecision::f64),
          recognition->recipients(), 1, inside, seconds);
  });
}

/// Starts a run in every lane.
template <int L>
void start_all(LaneRounds<L>& rounds, const std::vector<Amounts>& amounts,
               const RoundSettings& settings) {
  for (std::size_t l = 0; l < L; ++l) {
    rounds.start(l, settings, amounts[l].need[0], amounts[l].capacity[0]);
  }
}

template <int L>
bool same_lane(const LaneRounds<L>& batch, std::size_t lane, const LaneRounds<1>& alone) {
  const auto same = [lane](StoredSpan<const double, L> a, StoredSpan<const double, 1> b) {
    for (std::size_t i = 0; i < b.rows(); ++i) {
      const double in_batch = a.at(i, lane);
      if (std::memcmp(&in_batch, b[i], sizeof(double)) != 0) return false;
    }
    return a.rows() == b.rows();
  };
  return same(batch.denominator(), alone.denominator()) && same(batch.scale(), alone.scale()) &&
         same(batch.satisfied(), alone.satisfied()) && same(batch.damping(), alone.damping()) &&
         same(batch.over(), alone.over());
}

/// A single lane against the plain twins, a batch against single lanes.
template <int L>
std::string lanes_difference(const Recognition& recognition, const std::vector<Amounts>& amounts,
                             StatePrecision state, Threads threads) {
  const RoundSettings settings = endless_rounds(kCompared, state);
  const BatchTraits traits = BatchTraits::of(settings);
  LaneRounds<L> batch(recognition, traits, threads);
  start_all<L>(batch, amounts, settings);
  for (std::int64_t round = 0; round < kCompared; ++round) batch.round();
  for (std::size_t l = 0; l < L; ++l) {
    const auto& need = amounts[l].need[0];
    const auto& capacity = amounts[l].capacity[0];
    if constexpr (L == 1) {
      PlainRounds plain(recognition, need, capacity, state);
      for (std::int64_t round = 0; round < kCompared; ++round) plain.step();
      if (!plain.same_as(batch)) return "a single lane differs from the plain twins";
    } else {
      LaneRounds<1> alone(recognition, traits, threads);
      alone.start(0, settings, need, capacity);
      for (std::int64_t round = 0; round < kCompared; ++round) alone.round();
      if (!same_lane<L>(batch, l, alone)) return fmt::format("lane {} differs from a run alone", l);
    }
  }
  return {};
}

template <int L>
void time_lanes(benchmark::State& state, Workbench& workbench, Size size, StatePrecision precision,
                int threads) {
  const auto recognition = workbench.recognition(size);
  std::vector<Amounts> amounts;
  for (std::size_t l = 0; l < L; ++l) amounts.push_back(amounts_of(size, l));
  run_in_arena(threads, [&] {
    const Threads inside = threads_of(threads);
    if (!workbench.accept(state, lanes_difference<L>(*recognition, amounts, precision, inside))) {
      return;
    }
    const RoundSettings settings = endless_rounds(kRounds, precision);
    LaneRounds<L> rounds(*recognition, BatchTraits::of(settings), inside);
    bool all_busy = true;
    const double start = seconds_now(inside);
    while (state.KeepRunningBatch(kRounds)) {
      start_all<L>(rounds, amounts, settings);
      for (std::int64_t round = 0; round < kRounds; ++round) {
        for (std::size_t l = 0; l < L; ++l) all_busy = all_busy && rounds.busy(l);
        rounds.round();
      }
    }
    const double seconds = seconds_now(inside) - start;
    if (!workbench.accept(state, all_busy ? "" : "a run ended before its limit")) return;
    count(state, workbench, cost_of_round(*recognition, L, precision), recognition->recipients(), L,
          inside, seconds);
  });
}

std::string name_of(const char* what, Size size, int lanes) {
  return fmt::format("{}/{}/L:{}", what, size_name(size), lanes);
}

template <int L>
void add_lanes(Workbench& workbench, Size size, int threads) {
  add_case(name_of("lanes", size, L), threads,
           [&workbench, size, threads](benchmark::State& state) {
             time_lanes<L>(state, workbench, size, StatePrecision::f64, threads);
           });
  add_case(name_of("lanes", size, L) + "/lanes:f32", threads,
           [&workbench, size, threads](benchmark::State& state) {
             time_lanes<L>(state, workbench, size, StatePrecision::f32, threads);
           });
  for (const Kernel kernel : kKernels) {
    add_case(name_of(kernel_name(kernel), size, L), threads,
             [&workbench, kernel, size, threads](benchmark::State& state) {
               time_kernel<L>(state, workbench, kernel, size, threads);
             });
  }
}

}  // namespace

void register_rounds(Workbench& workbench) {
  for (const Size size : kSizes) {
    for (const int threads : workbench.thread_counts()) {
      add_case(name_of("round", size, 1), threads,
               [&workbench, size, threads](benchmark::State& state) {
                 time_round(state, workbench, size, threads);
               });
      for (const int lanes : kLaneWidths) {
        with_lane_width(lanes, [&]<int L>() { add_lanes<L>(workbench, size, threads); });
      }
    }
  }
}

}  // namespace needflow::bench
