// Trust (M6): the end of an episode, and a round on trust's weights. Names read
//   trust_update/N:1000000/k:30/L:1/target/threads:1   counts and T of one copy
//   trust_draws/…                                      the same with noise and sampled audits
//   trust_weigh/…                                      T to W of one copy
//   trust_both/…                                       the two in one pass
//   eigentrust/N:1000000/k:30/L:1/threads:1            from u to the end
//   trust_round/N:1000000/k:30/weights:trust/…         a round, pass 1 by source, pass 2 by target
//   trust_round/N:1000000/k:30/weights:recognition/…   the same round on one symmetric matrix
// and the time of a line is that of one call or one round. `of_stream` is the model's bytes per
// second over those of a read stream measured right after. Nothing is timed before its bits were
// compared with the plain twin's.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/workbench.hpp"
#include "kernels/reference/trust.hpp"
#include "kernels/trust.hpp"
#include "solver/rounds.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

enum class Work { update, draws, weigh, both };

struct WorkName {
  Work work;
  const char* name;
};
constexpr WorkName kWorks[] = {{Work::update, "trust_update"},
                               {Work::draws, "trust_draws"},
                               {Work::weigh, "trust_weigh"},
                               {Work::both, "trust_both"}};

/// Bytes an entry and lane: α, β read and written, T or W written, T read. An entry besides: MR for
/// weights; by source a column, for the agent it names.
double model_bytes(Work work, TrustRow rows, int lanes) {
  const double columns = rows == TrustRow::source ? 4.0 : 0.0;
  if (work == Work::weigh) return 16.0 * lanes + 8.0 + columns;
  const double drawn = work == Work::draws && columns == 0.0 ? 4.0 : 0.0;
  return 40.0 * lanes + columns + drawn + (work == Work::both ? 8.0 : 0.0);
}

/// One copy of trust on a network, as an episode of N agents leaves it.
template <int L>
class TrustBench {
 public:
  explicit TrustBench(std::shared_ptr<const Recognition> recognition)
      : recognition_(std::move(recognition)),
        agents_(recognition_->providers()),
        entries_(static_cast<std::size_t>(recognition_->provider_rows.entries())),
        seen_(agents_ * L),
        reputation_(agents_ * L),
        sums_(agents_ * L),
        observed_(agents_ * L),
        auditors_(agents_ * L) {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      seen_[i] = i % 10 < 3 ? 0.3 + 1e-3 * static_cast<double>(i % 97) : 0.0;
      reputation_[i] = 0.5 + 1e-3 * static_cast<double>(i % 89);
    }
    for (auto* values : {&good_, &bad_, &trust_}) values->assign(entries_ * L, 0.0);
  }

  void run(Work work, TrustRow rows, bool plain, Threads threads) {
    CsrView network = recognition_->by_provider();
    const EvidenceCounts<L> counts{span(good_), span(bad_)};
    const TrustRows<L> made{span(trust_), span(sums_)};
    AuditFindings<L> findings;
    if (rows == TrustRow::target) findings = {span(observed_), span(auditors_)};
    const Audits<L> seen = audits(work);
    const Weighting<L> how = weighting();
    if (work == Work::weigh) {
      plain ? reference::weigh_trust<L>(network, rows, how, made.trust)
            : needflow::weigh_trust<L>(network, rows, how, made.trust, threads);
    } else if (work == Work::both) {
      plain ? reference::update_and_weigh<L>(network, rows, seen, how, counts, made, findings)
            : needflow::update_and_weigh<L>(network, rows, seen, how, counts, made, findings,
                                            threads);
    } else {
      network.weights = {};  // all recognise each other
      plain ? reference::update_trust<L>(network, rows, seen, counts, made, findings)
            : needflow::update_trust<L>(network, rows, seen, counts, made, findings, threads);
    }
  }

  [[nodiscard]] std::string difference(Work work, TrustRow rows, Threads threads) {
    restart();
    run(work, rows, true, threads);
    const auto plain = trust_;
    const auto plain_sums = sums_;
    restart();
    run(work, rows, false, threads);
    const bool same = same_bits(plain, trust_) && same_bits(plain_sums, sums_);
    return same ? "" : "trust differs from that of the plain twin";
  }

  /// T of an episode, and what eigentrust() makes of it.
  PerLane<EigenTrustEnd, L> iterate(Threads threads) {
    PerLane<std::uint8_t, L> all{};
    all.fill(1);
    return eigentrust<L>(recognition_->by_provider(), span(trust_), span(sums_), {}, {}, all,
                         span(reputation_), workspace_, threads);
  }

  [[nodiscard]] std::size_t entries() const { return entries_; }
  [[nodiscard]] std::size_t agents() const { return agents_; }

 private:
  template <class Vector>
  [[nodiscard]] static LaneSpan<double, L> span(Vector& values) {
    return LaneSpan<double, L>(values);
  }
  void restart() {
    for (std::size_t i = 0; i < good_.size(); ++i) {
      good_[i] = 0.01 * static_cast<double>(i % 1009);
      bad_[i] = 0.01 * static_cast<double>(i % 757);
      trust_[i] = 0.5;
    }
  }
  [[nodiscard]] Audits<L> audits(Work work) const {
    Audits<L> made;
    made.exaggeration = LaneSpan<const double, L>(seen_);
    for (std::size_t l = 0; l < L; ++l) {
      made.updates[l] = 1;
      made.rules[l].replicate = static_cast<std::uint32_t>(l);
      made.rules[l].stream_key = audit_stream(1, 0).key();
      if (work == Work::draws) made.rules[l].noise = 0.1;
      if (work == Work::draws) made.rules[l].audit = 0.5;
    }
    return made;
  }
  [[nodiscard]] Weighting<L> weighting() const {
    Weighting<L> made;
    made.updates.fill(1);
    made.reputation = LaneSpan<const double, L>(reputation_);
    return made;
  }

  std::shared_ptr<const Recognition> recognition_;
  std::size_t agents_;
  std::size_t entries_;
  GatheredVector<double> seen_, reputation_, sums_, observed_, auditors_;
  LaneVector<double> good_, bad_, trust_;
  EigenTrustWorkspace<L> workspace_;
};

/// Kept from case to case of one size.
template <int L>
TrustBench<L>& trust_bench(Workbench& workbench, Size size) {
  struct Kept {
    Size size{};
    std::unique_ptr<TrustBench<L>> made;
  };
  static Kept kept;
  if (kept.made == nullptr || kept.size != size) {
    kept.made.reset();
    kept.made = std::make_unique<TrustBench<L>>(workbench.recognition(size));
    kept.size = size;
  }
  return *kept.made;
}

void count_bytes(benchmark::State& state, Workbench& workbench, double bytes, Threads threads,
                 double seconds) {
  state.counters["model_bytes/s"] = per_second(bytes);
  constexpr double kTooShort = 0.01;  // a trial call; its share would be noise
  if (seconds < kTooShort) return;
  const double per_call = seconds / static_cast<double>(state.iterations());
  state.counters["of_stream"] = bytes / per_call / workbench.machine().read_bandwidth(threads);
}

template <int L>
void time_trust(benchmark::State& state, Workbench& workbench, Work work, TrustRow rows, Size size,
                int threads) {
  TrustBench<L>& trust = trust_bench<L>(workbench, size);
  run_in_arena(threads, [&] {
    const Threads inside = threads_of(threads);
    if (!workbench.accept(state, trust.difference(work, rows, inside))) return;
    const double start = seconds_now(inside);
    for ([[maybe_unused]] auto iteration : state) trust.run(work, rows, false, inside);
    const double seconds = seconds_now(inside) - start;
    const double bytes = model_bytes(work, rows, L) * static_cast<double>(trust.entries());
    count_bytes(state, workbench, bytes, inside, seconds);
  });
}

template <int L>
void time_eigentrust(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  TrustBench<L>& trust = trust_bench<L>(workbench, size);
  run_in_arena(threads, [&] {
    const Threads inside = threads_of(threads);
    // Leaves T and, on this symmetric start, its sums by source.
    if (!workbench.accept(state, trust.difference(Work::update, TrustRow::source, inside))) return;
    PerLane<EigenTrustEnd, L> ends{};
    const double start = seconds_now(inside);
    for ([[maybe_unused]] auto iteration : state) ends = trust.iterate(inside);
    const double seconds = seconds_now(inside) - start;
    std::int64_t sweeps = 0;
    for (const EigenTrustEnd& end : ends) sweeps = std::max(sweeps, end.sweeps);
    state.counters["sweeps"] = static_cast<double>(sweeps);
    const double per_sweep = static_cast<double>(trust.entries()) * (4.0 + 8.0 * L) +
                             static_cast<double>(trust.agents()) * 48.0 * L;
    count_bytes(state, workbench, per_sweep * static_cast<double>(sweeps), inside, seconds);
  });
}

/// Rounds on a network whose two passes read one matrix or two.
void time_round(benchmark::State& state, Workbench& workbench, bool on_trust, Size size,
                int threads) {
  const auto recognition = workbench.recognition(size);
  Recognition two;
  if (on_trust) {
    two = *recognition;
    two.agent_network = false;
    two.recipient_degree = two.provider_degree;
    two.recipient_rows_if_bipartite = two.provider_rows;
    // T by source and by target of agents who think alike of everybody else.
    for (std::size_t i = 0; i < two.providers(); ++i) {
      const auto end = static_cast<std::size_t>(two.provider_rows.offsets[i + 1]);
      for (auto e = static_cast<std::size_t>(two.provider_rows.offsets[i]); e < end; ++e) {
        const auto j = static_cast<std::size_t>(two.provider_rows.columns[e]);
        two.provider_rows.weights[e] *= j % 10 < 3 ? 0.4 : 0.9;
        two.recipient_rows_if_bipartite.weights[e] *= i % 10 < 3 ? 0.4 : 0.9;
      }
    }
  }
  const Amounts amounts = amounts_of(size, 0);
  run_in_arena(threads, [&] {
    RoundSolver solver(on_trust ? two : *recognition, endless_rounds(kRounds), threads_of(threads));
    while (state.KeepRunningBatch(kRounds)) {
      (void)solver.run(amounts.need[0], amounts.capacity[0]);
    }
    state.counters["edges/s"] =
        per_second(static_cast<double>(recognition->provider_rows.entries()));
  });
}

template <int L>
void add_trust(Workbench& workbench, Size size, int threads) {
  for (const WorkName& each : kWorks) {
    for (const TrustRow rows : {TrustRow::source, TrustRow::target}) {
      add_case(fmt::format("{}/{}/L:{}/{}", each.name, size_name(size), L,
                           rows == TrustRow::source ? "source" : "target"),
               threads, [&workbench, each, rows, size, threads](benchmark::State& state) {
                 time_trust<L>(state, workbench, each.work, rows, size, threads);
               });
    }
  }
  add_case(fmt::format("eigentrust/{}/L:{}", size_name(size), L), threads,
           [&workbench, size, threads](benchmark::State& state) {
             time_eigentrust<L>(state, workbench, size, threads);
           });
}

/// Three arrays of so many numbers are held twice while bits are compared.
constexpr double kMostNumbers = 4e7;

}  // namespace

void register_trust(Workbench& workbench) {
  for (const Size size : kSizes) {
    const double entries = static_cast<double>(size.agents * size.neighbors);
    for (const int threads : workbench.thread_counts()) {
      add_trust<1>(workbench, size, threads);
      if (entries * 8 <= kMostNumbers) add_trust<8>(workbench, size, threads);
      if (entries * 16 <= kMostNumbers) add_trust<16>(workbench, size, threads);
      for (const bool on_trust : {false, true}) {
        add_case(fmt::format("trust_round/{}/weights:{}", size_name(size),
                             on_trust ? "trust" : "recognition"),
                 threads, [&workbench, on_trust, size, threads](benchmark::State& state) {
                   time_round(state, workbench, on_trust, size, threads);
                 });
      }
    }
  }
}

}  // namespace needflow::bench
