// A round and its kernels. Names read
//   round/N:1000/k:20/L:1/threads:1                     one round of RoundSolver, publish to
//   converge in_turn/N:1000/k:20/L:8/threads:1                   the two passes and the settlement
//   alone compute_denominators/N:1000/k:20/L:8/threads:2      one kernel
// and the time of a line is that of one round or one call. Nothing is timed before its bits were
// compared with those of the plain twin.
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
};

// Bytes of the model: 4 a column and 8 a weight for each visit of an entry; 112 an agent for the
// element-wise phase. Lanes multiply the vectors and leave the matrix as it is.
Cost cost_of(Kernel kernel, const Recognition& recognition, int lanes) {
  constexpr double kVisitBytes = 12.0;
  constexpr double kAgentBytes = 112.0;
  const auto entries = static_cast<double>(recognition.provider_rows.entries());
  const double agents = static_cast<double>(recognition.recipients()) * lanes;
  switch (kernel) {
    case Kernel::settle:
      return {0.0, 0.0, kAgentBytes * agents};
    case Kernel::in_turn:
      return {entries, 2.0 * entries, 2.0 * kVisitBytes * entries + kAgentBytes * agents};
    case Kernel::settlements:  // it fetches the need and the returned share of each recipient
      return {entries, 2.0 * entries, kVisitBytes * entries};
    default:
      return {entries, entries, kVisitBytes * entries};
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
        cost.visits * machine.gather_seconds(rows, lanes, threads) / per_call;
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

// --- a round as RoundSolver does it
// ---------------------------------------------------------------

// Enough that the preparations of a run disappear behind its rounds.
constexpr std::int64_t kRounds = 16;

/// `reallocate` under `needs` goes on to its limit when there is less supply than need.
RoundSettings endless_rounds(std::int64_t rounds) {
  RoundSettings settings;
  settings.settlement = SettlementKind::reallocate;
  settings.stop = StopRule::needs;
  settings.max_rounds = rounds;
  return settings;
}

/// The same rounds from the plain twins; compared are vectors that everything else follows from.
class PlainRounds {
 public:
  PlainRounds(const Recognition& recognition, std::span<const double> need,
              std::span<const double> capacity)
      : recognition_(recognition),
        need_(need),
        capacity_(capacity),
        active_(need.size()),
        denominator_(capacity.size()),
        scale_(capacity.size()),
        received_(need.size()),
        messages_(need.size()),
        recipients_(need.size()) {
    std::fill(recipients_.damping.begin(), recipients_.damping.end(), 1.0);
  }

  void step() {
    for (std::size_t r = 0; r < need_.size(); ++r) {
      active_[r] = std::max(0.0, need_[r] - recipients_.satisfied[r]) * recipients_.damping[r];
    }
    const PublishedNeeds<1> ledger{LaneSpan<const double, 1>(active_)};
    const LaneSpan<double, 1> scale(scale_);
    reference::compute_denominators<1>(recognition_.by_provider(), ledger,
                                       LaneSpan<const double, 1>(capacity_),
                                       LaneSpan<double, 1>(denominator_), scale);
    reference::gather_deliveries<1>(recognition_.by_recipient(), ledger, scale, Cap::none,
                                    LaneSpan<double, 1>(received_),
                                    LaneSpan<std::int32_t, 1>(messages_));
    reference::settle<1>(
        {.settlement = SettlementKind::reallocate, .history = rounds_++},
        recipients_.state(LaneSpan<const double, 1>(need_), LaneSpan<const double, 1>(received_)));
  }

  [[nodiscard]] bool same_as(const RoundSolver& solver) const {
    const auto same = [](std::span<const double> a, std::span<const double> b) {
      return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
    };
    return same(solver.denominator(), denominator_) && same(solver.received(), received_) &&
           same(solver.satisfied(), recipients_.satisfied) &&
           same(solver.damping(), recipients_.damping) && same(solver.over(), recipients_.over);
  }

 private:
  const Recognition& recognition_;
  std::span<const double> need_, capacity_;
  std::vector<double> active_, denominator_, scale_, received_;
  std::vector<std::int32_t> messages_;
  RecipientVectors<1> recipients_;
  int rounds_ = 0;
};

std::string round_difference(const Recognition& recognition, const Amounts& amounts,
                             Threads threads) {
  PlainRounds plain(recognition, amounts.need[0], amounts.capacity[0]);
  RoundSolver solver(recognition, endless_rounds(3), threads);
  std::string found;
  (void)solver.run(amounts.need[0], amounts.capacity[0], [&](const RoundSolver& now) {
    plain.step();
    if (!plain.same_as(now)) found = fmt::format("round {} differs from its twins", now.round());
  });
  return found;
}

void time_round(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const auto recognition = workbench.recognition(size);
  const Settings settings = settings_of(size);
  Amounts amounts =
      draw_population(settings.population, recognition->recipients(), settings.seed, 0, 0);
  apply_supply_ratio(amounts, *settings.population.supply_ratio);
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
    count(state, workbench, cost_of(Kernel::in_turn, *recognition, 1), recognition->recipients(), 1,
          inside, seconds);
  });
}

std::string name_of(const char* what, Size size, int lanes) {
  return fmt::format("{}/{}/L:{}", what, size_name(size), lanes);
}

template <int L>
void add_kernels(Workbench& workbench, Size size, int threads) {
  for (const Kernel kernel : {Kernel::in_turn, Kernel::denominators, Kernel::deliveries,
                              Kernel::settlements, Kernel::settle}) {
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
      add_kernels<1>(workbench, size, threads);
      add_kernels<8>(workbench, size, threads);
    }
  }
}

}  // namespace needflow::bench
