// One measurement for ranks.py, on as many ranks as it is started on; rank 0 says it as JSON.
//   ranks_case round AGENTS NEIGHBORS ROUNDS THREADS   seconds of one run's rounds, and of exchange
//   ranks_case messages VALUES                         what the messages of a round take
//   ranks_case pattern AGENTS NEIGHBORS TURNS          seconds of building a mesh: on the first
//   rank, by all
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "solver/ranks/rank_pattern.hpp"
#include "solver/ranks/rank_run.hpp"

namespace needflow::bench {

namespace {

/// Seconds of one call, the slowest rank's; the median of a few.
template <class Work>
double seconds_a_call(Communicator& ranks, int calls, const Work& work) {
  constexpr int kTimes = 7;
  std::vector<double> seconds;
  for (int time = 0; time < kTimes; ++time) {
    ranks.barrier();
    const auto started = std::chrono::steady_clock::now();
    for (int call = 0; call < calls; ++call) work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
    seconds.push_back(ranks.largest(taken.count() / calls));
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

/// Two columns a row: every `apart`-th value of the others is wanted.
std::vector<Index> columns_apart(const Communicator& ranks, std::span<const RankPart> parts,
                                 std::size_t apart) {
  std::vector<Index> columns;
  for (int rank = 0; rank < ranks.size(); ++rank) {
    const RankPart part = parts[static_cast<std::size_t>(rank)];
    if (rank == ranks.rank()) continue;
    for (std::size_t i = 0; i < part.count; i += apart) {
      columns.push_back(static_cast<Index>(part.first + i));
    }
  }
  return columns;
}

void measure_messages(Communicator& ranks, std::size_t values) {
  const std::vector<RankPart> parts = split_rows(values, ranks.size());
  const auto fetch_seconds = [&](std::size_t apart, std::size_t& received) {
    std::vector<Index> columns = columns_apart(ranks, parts, apart);
    Halo halo(ranks, parts, columns);
    received = halo.received();
    std::vector<double> seen(halo.seen(), 1.0);
    return seconds_a_call(ranks, 3, [&] { halo.fetch(seen, Threads::one); });
  };
  std::array<std::int64_t, 4> sums{};
  const double small = seconds_a_call(ranks, 200, [&] { ranks.add(sums); });
  std::size_t all = 0;
  std::size_t half = 0;
  const double all_seconds = fetch_seconds(1, all);
  const double half_seconds = fetch_seconds(2, half);
  if (!ranks.first()) return;
  std::cout << fmt::format(
      "{{\"sum_seconds\": {}, \"all_values\": {}, \"all_seconds\": {}, \"list_values\": {}, "
      "\"list_seconds\": {}}}\n",
      small, all, all_seconds, half, half_seconds);
}

void measure_round(Communicator& ranks, std::int64_t agents, std::int64_t neighbors,
                   std::int64_t rounds, int threads) {
  Sweep sweep;
  sweep.instance = std::make_shared<Instance>();
  sweep.network_metrics = NetworkMetrics::none;
  sweep.base.seed = 1;
  sweep.base.network.agents = agents;
  sweep.base.network.neighbors = neighbors;
  sweep.base.population.supply_ratio = 0.5;
  // Goes on to its limit where supply is short (M2).
  sweep.base.round.settlement = SettlementKind::reallocate;
  sweep.base.round.max_rounds = rounds;
  RankLoad load;
  const OutcomeBatch outcome = run_on_ranks(sweep, ranks, threads, {}, {}, load);
  const double slowest = ranks.largest(load.round_seconds);
  const double exchange = ranks.largest(load.exchange_seconds);
  if (!ranks.first()) return;
  std::cout << fmt::format("{{\"rounds\": {}, \"seconds\": {}, \"exchange\": {}}}\n",
                           outcome.outcomes[0].rounds, slowest, exchange);
}

/// The same mesh built whole on the first rank and sent out (an observer asks for that), and by all
/// ranks, taking turns; a thread a rank.
void measure_pattern(Communicator& ranks, std::int64_t agents, std::int64_t neighbors,
                     std::int64_t turns) {
  Sweep sweep;
  sweep.instance = std::make_shared<Instance>();
  sweep.base.seed = 1;
  sweep.base.network.agents = agents;
  sweep.base.network.neighbors = neighbors;
  const Point point = sweep.point(0);
  const auto parts = split_rows(static_cast<std::size_t>(agents), ranks.size());
  std::array<std::vector<double>, 2> seconds;
  for (std::int64_t turn = 0; turn < 2 * turns; ++turn) {
    NetworkObserver look;
    if (turn % 2 == 0) look = [](const Network&) {};
    ranks.barrier();
    const auto started = std::chrono::steady_clock::now();
    const Network rows = pattern_of_rank(ranks, parts, sweep, point, Threads::one, look);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
    seconds[turn % 2 == 0 ? 0 : 1].push_back(ranks.largest(taken.count()));
  }
  if (!ranks.first()) return;
  std::cout << fmt::format("{{\"first_seconds\": [{}], \"all_seconds\": [{}]}}\n",
                           fmt::join(seconds[0], ", "), fmt::join(seconds[1], ", "));
}

}  // namespace

}  // namespace needflow::bench

int main(int argc, char** argv) {
  using namespace needflow;
  const std::unique_ptr<Communicator> ranks = join_ranks(argc, argv);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&words](std::size_t i) { return std::stoll(words.at(i)); };
  if (words.at(0) == "messages") {
    bench::measure_messages(*ranks, static_cast<std::size_t>(number(1)));
  } else if (words.at(0) == "pattern") {
    bench::measure_pattern(*ranks, number(1), number(2), number(3));
  } else {
    bench::measure_round(*ranks, number(1), number(2), number(3), static_cast<int>(number(4)));
  }
  return 0;
}
