// Packets by old tables and by no tables: cases worked by hand, and what must hold whatever is
// drawn.
#include <doctest/doctest.h>

#include <oneapi/tbb/task_arena.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "solver/error.hpp"
#include "solver/greedy_routes.hpp"
#include "solver/link_states.hpp"
#include "solver/stale_routes.hpp"
#include "tests/solver/routing_support.hpp"

using namespace needflow;
using namespace needflow::tests;

namespace {

std::vector<Index> everybody(const Network& network) {
  std::vector<Index> all(network.agents());
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

bool adds_up(const RouteShares& shares) {
  return shares.optimal + shares.one_more + shares.two_or_more + shares.lost == shares.pairs;
}

bool same(const RouteShares& a, const RouteShares& b) {
  return a.pairs == b.pairs && a.optimal == b.optimal && a.one_more == b.one_more &&
         a.two_or_more == b.two_or_more && a.lost == b.lost && a.detoured == b.detoured &&
         a.unconnected == b.unconnected && a.live_links == b.live_links && a.links == b.links &&
         same_bits(a.stretch, b.stretch);
}

/// Packets over `now` by tables of the whole network.
RouteShares after_whole(const Network& network, const Parts& now, const StaleRouteOptions& options,
                        const std::vector<Index>& destinations) {
  return measure_routes_between(network, {}, {now.agents, now.links}, options, destinations,
                                Threads::one);
}

StaleRouteOptions restless(std::int64_t age) {
  StaleRouteOptions options;
  options.age = age;
  options.rates = {
      .link_fail = 0.05, .link_recover = 0.3, .agent_fail = 0.01, .agent_recover = 0.2};
  return options;
}

}  // namespace

// Agents 0 … 5 in a ring, the link 0–1 down: the path 1 2 3 4 5 0 is left. Tables of the whole ring
// send opposite pairs to the lower neighbour: 0→1→3, 1→0→4, 2→1→5, 3→2→0, 4→3→1, 5→0→2. Worked by
// hand, all that is not plain:
//   to 1: 0 5 4 3 2 1 is optimal (5 may not turn back and leaves its table's 0 aside);
//         5 0 5 4 3 2 1 turns at the dead link: 6 hops, 4 would do.
//   to 0: 1 2 3 4 5 0 optimal; 2 1 2 3 4 5 0 is 6 for 4; 3 2 1 2 3 4 5 0 is 7 for 3.
//   to 2: 0 5 4 3 2 optimal; 5 0 5 4 3 2 is 5 for 3.     to 3: 0 5 4 3 optimal.
//   to 5: 1 2 3 4 5 optimal; 2 1 2 3 4 5 is 5 for 3.     to 4: 1 2 3 4 optimal.
TEST_CASE("in a ring of six with a dead link each packet takes the detour worked out by hand") {
  const Network ring = network_of(NetworkKind::ring, 6);
  Parts now(ring);
  now.cut(ring, 0, 1);
  StaleRouteOptions options;
  options.hop_limit = 7;
  const RouteShares all = after_whole(ring, now, options, everybody(ring));
  CHECK(all.pairs == 30);
  CHECK(all.optimal == 25);
  CHECK(all.one_more == 0);
  CHECK(all.two_or_more == 5);
  CHECK(all.lost == 0);
  CHECK(all.detoured == 11);
  CHECK(all.links == 6);
  CHECK(all.live_links == 5);
  CHECK(all.stretch ==
        doctest::Approx((25 + 6.0 / 4 + 6.0 / 4 + 7.0 / 3 + 5.0 / 3 + 5.0 / 3) / 30));

  options.hop_limit = 0;  // six hops: 3 → 0 needs a seventh
  CHECK(after_whole(ring, now, options, everybody(ring)).lost == 1);
  CHECK(after_whole(ring, now, options, everybody(ring)).two_or_more == 4);
  options.hop_limit = 5;
  CHECK(after_whole(ring, now, options, everybody(ring)).lost == 3);

  const auto to = [&](Index d) { return after_whole(ring, now, options, {d}); };
  options.hop_limit = 7;
  CHECK(to(0).two_or_more == 2);
  CHECK(to(0).detoured == 3);
  CHECK(to(1).two_or_more == 1);
  CHECK(to(1).detoured == 2);
  CHECK(to(2).two_or_more == 1);
  CHECK(to(3).optimal == 5);
  CHECK(to(3).detoured == 1);
  CHECK(to(4).optimal == 5);
  CHECK(to(5).two_or_more == 1);
}

// Where tables may send a packet back, 0 ↔ 5 and 1 ↔ 2 play ball with what the dead link stops: to
// 1 from 0 and 5, to 0 from 1, 2 and 3, to 2 from 0 and 5, to 5 from 1 and 2.
TEST_CASE("packets that may turn back by their tables are lost in loops, and the loops end") {
  const Network ring = network_of(NetworkKind::ring, 6);
  Parts now(ring);
  now.cut(ring, 0, 1);
  StaleRouteOptions options;
  options.turn_back = true;
  options.hop_limit = std::int64_t{1} << 60;  // only the test for loops ends them
  const RouteShares all = after_whole(ring, now, options, everybody(ring));
  CHECK(all.lost == 9);
  CHECK(all.optimal == 21);
  CHECK(adds_up(all));
}

// Three ways from 0 to 5: by 1, by 3 4 and by 2 6 7. With 0–1 down, 0 goes by 3, which told it 2
// hops, and not by 2, which told it 3. 2 itself, with a table that says 0, gets there one hop late.
TEST_CASE("a detour goes to the neighbour that was nearest when tables were made") {
  const Network network = network_from_edges(
      8, {{0, 1}, {1, 5}, {0, 3}, {3, 4}, {4, 5}, {0, 2}, {2, 6}, {6, 7}, {7, 5}});
  Parts now(network);
  now.cut(network, 0, 1);
  const RouteShares shares = after_whole(network, now, {}, {5});
  CHECK(shares.optimal == 6);
  CHECK(shares.one_more == 1);
  CHECK(shares.two_or_more == 0);
  CHECK(shares.detoured == 2);
}

// 0 – 1 – 2 – 3 and 0 – 4 – 3: with all up, 0 → 3 goes by 4. That link is down when tables are made
// and up when packets travel: the table's way is one hop longer than need be, and nobody detours.
TEST_CASE("a link that came back is not used before the tables are made anew") {
  const Network network = network_from_edges(5, {{0, 1}, {1, 2}, {2, 3}, {0, 4}, {3, 4}});
  Parts then(network);
  then.cut(network, 0, 4);
  const RouteShares shares = measure_routes_between(network, {then.agents, then.links}, {}, {},
                                                    std::vector<Index>{3}, Threads::one);
  CHECK(shares.pairs == 4);
  CHECK(shares.optimal == 3);
  CHECK(shares.one_more == 1);
  CHECK(shares.detoured == 0);
}

// A square 0 – 1 – 3, 0 – 2 – 3 with latencies 1 + 1 and 2 + 2, and tables from when 1 – 3 was
// down.
TEST_CASE("by latency a way of as many hops that is slower counts as one more") {
  Network network = network_from_edges(4, {{0, 1}, {1, 3}, {0, 2}, {2, 3}});
  network.latency.assign(8, 2.0F);
  for (const auto& [a, b] : {std::pair{0, 1}, {1, 0}, {1, 3}, {3, 1}}) {
    network.latency[entry_of(network, static_cast<std::size_t>(a), static_cast<std::size_t>(b))] =
        1.0F;
  }
  Parts then(network);
  then.cut(network, 1, 3);
  StaleRouteOptions options;
  options.metric = RouteMetric::latency;
  const RouteShares shares = measure_routes_between(network, {then.agents, then.links}, {}, options,
                                                    std::vector<Index>{3}, Threads::one);
  CHECK(shares.optimal == 1);   // 2
  CHECK(shares.one_more == 1);  // 0: 4 instead of 2
  // 1 went by 0 and 2: 5 instead of 1, three hops instead of one.
  CHECK(shares.two_or_more == 1);
  CHECK(shares.stretch == doctest::Approx((1.0 + 2.0 + 5.0) / 3));
}

TEST_CASE("tables of age 0, and any tables where nothing fails, are optimal") {
  Numbers numbers(11);
  for (Network network : {mesh_of(80, 6), network_of(NetworkKind::ring, 9)}) {
    set_latencies(network, numbers);
    for (auto& latency : network.latency) latency *= 1.3F;
    for (const RouteMetric metric : {RouteMetric::hops, RouteMetric::latency}) {
      StaleRouteOptions fresh = restless(0);
      fresh.metric = metric;
      StaleRouteOptions calm;
      calm.metric = metric;
      calm.rates = {};
      calm.age = 100;
      for (const StaleRouteOptions& options : {fresh, calm}) {
        const RouteShares shares = measure_routes(network, options, 3, 0, Threads::one);
        CHECK(shares.pairs > 0);
        CHECK(shares.optimal == shares.pairs);
        CHECK(shares.detoured == 0);
        CHECK(shares.stretch == doctest::Approx(1.0));
      }
    }
  }
}

TEST_CASE("shares add up, and pairs are those that a path of live parts connects now") {
  for (const std::int64_t k : {2, 4, 8}) {
    const Network network = mesh_of(60, k);
    const StaleRouteOptions options = restless(7);
    const RouteShares shares = measure_routes(network, options, 9, 2, Threads::one);
    CHECK(adds_up(shares));
    LinkStates states(network, options.rates, 9, 2, Threads::one);
    for (int round = 0; round < 7; ++round) states.advance();
    Parts now(network);
    now.agents.assign(states.agents().begin(), states.agents().end());
    now.links.assign(states.links().begin(), states.links().end());
    const auto distance = floyd_warshall(network, now, false);
    std::int64_t connected = 0;
    std::int64_t apart = 0;
    for (std::size_t s = 0; s < 60; ++s) {
      for (std::size_t d = 0; d < 60; ++d) {
        if (s == d || now.agents[s] == 0 || now.agents[d] == 0) continue;
        (distance[s][d] < kInfinity ? connected : apart) += 1;
      }
    }
    CHECK(shares.pairs == connected);
    CHECK(shares.unconnected == apart);
  }
}

TEST_CASE("shares are the same bits on any number of threads") {
  Numbers numbers(12);
  Network network = mesh_of(1200, 8);
  set_latencies(network, numbers);
  const ManyThreads many(4);
  for (const RouteMetric metric : {RouteMetric::hops, RouteMetric::latency}) {
    StaleRouteOptions options = restless(5);
    options.metric = metric;
    options.destinations = 200;
    const RouteShares alone = measure_routes(network, options, 1, 0, Threads::one);
    const GreedyOptions greedy{.destinations = 200};
    const RouteShares seen = measure_greedy(network, greedy, {}, {}, 1, 0, Threads::one);
    CHECK(alone.pairs > 100'000);
    for (const int size : {1, 2, 4}) {
      oneapi::tbb::task_arena arena(size);
      arena.execute([&] {
        CHECK(same(alone, measure_routes(network, options, 1, 0, Threads::all)));
        CHECK(same(seen, measure_greedy(network, greedy, {}, {}, 1, 0, Threads::all)));
      });
    }
  }
}

TEST_CASE("links fail and recover with their probabilities, and both ends of one agree") {
  const Network network = mesh_of(1000, 20);
  LinkStates states(network, {.link_fail = 0.05, .link_recover = 0.2}, 1, 0, Threads::one);
  const std::vector<std::uint8_t> before(states.links().begin(), states.links().end());
  states.advance();
  const auto links = states.links();
  double up = 0;
  double failed = 0;
  double recovered = 0;
  for_links(network, [&](std::size_t, std::size_t, std::size_t e, std::size_t back) {
    CHECK(links[e] == links[back]);
    up += before[e];
    failed += before[e] == 1 && links[e] == 0 ? 1 : 0;
    recovered += before[e] == 0 && links[e] == 1 ? 1 : 0;
  });
  const double down = 10'000 - up;
  const auto within = [](double count, double of, double p) {
    return std::abs(count - of * p) <= 4.5 * std::sqrt(of * p * (1 - p));
  };
  CHECK(within(down, 10'000, 0.2));  // the long run: 0.05 / 0.25
  CHECK(within(failed, up, 0.05));
  CHECK(within(recovered, down, 0.2));
  CHECK(std::all_of(states.agents().begin(), states.agents().end(),
                    [](std::uint8_t a) { return a == 1; }));
}

TEST_CASE("agents fail and recover with probabilities of their own") {
  const Network network = network_of(NetworkKind::ring, 10'000);
  LinkStates states(
      network, {.link_fail = 0.5, .link_recover = 0.5, .agent_fail = 0.1, .agent_recover = 0.3}, 1,
      0, Threads::one);
  const std::vector<std::uint8_t> before(states.agents().begin(), states.agents().end());
  states.advance();
  double up = 0;
  double failed = 0;
  double recovered = 0;
  for (std::size_t i = 0; i < 10'000; ++i) {
    up += before[i];
    failed += before[i] == 1 && states.agents()[i] == 0 ? 1 : 0;
    recovered += before[i] == 0 && states.agents()[i] == 1 ? 1 : 0;
  }
  CHECK(up == doctest::Approx(7'500).epsilon(0.026));        // 4.5 standard deviations
  CHECK(failed / up == doctest::Approx(0.1).epsilon(0.16));  // likewise
  CHECK(recovered / (10'000 - up) == doctest::Approx(0.3).epsilon(0.14));
}

TEST_CASE("what never recovers, and what starts whole, is up in round 0 and draws by round") {
  const Network network = mesh_of(200, 10);
  for (const FailureRates& rates :
       {FailureRates{.link_fail = 0.3},
        FailureRates{.link_fail = 0.3, .link_recover = 0.3, .start_whole = true}}) {
    LinkStates states(network, rates, 1, 0, Threads::one);
    CHECK(states.live_entries() == std::vector<std::uint8_t>(network.columns.size(), 1));
    states.advance();
    const auto first = states.live_entries();
    CHECK(std::count(first.begin(), first.end(), 0) > 0);
    states.advance();
    CHECK(states.live_entries() != first);
    LinkStates other(network, rates, 1, 1, Threads::one);
    other.advance();
    CHECK(other.live_entries() != first);
  }
}

TEST_CASE("a dead agent sends nothing, gets nothing and passes nothing on") {
  const Network ring = network_of(NetworkKind::ring, 6);
  Parts now(ring);
  now.agents[2] = 0;
  const RouteShares shares = after_whole(ring, now, {}, everybody(ring));
  CHECK(shares.pairs == 20);  // five agents on the path 3 4 5 0 1
  CHECK(shares.unconnected == 0);
  CHECK(shares.live_links == 4);
  now.agents[5] = 0;  // 3 4 and 0 1
  const RouteShares halves = after_whole(ring, now, {}, everybody(ring));
  CHECK(halves.pairs == 4);
  CHECK(halves.unconnected == 8);
}

TEST_CASE("a sample of destinations has no doubles, and is all of them where it could be") {
  const std::vector<Index> some = sampled_agents(100, 30, 1, 0);
  CHECK(some.size() == 30);
  CHECK(std::adjacent_find(some.begin(), some.end(), std::greater_equal<>()) == some.end());
  CHECK(some.back() < 100);
  CHECK(some != sampled_agents(100, 30, 1, 1));
  CHECK(sampled_agents(7, 0, 1, 0) == std::vector<Index>{0, 1, 2, 3, 4, 5, 6});
  CHECK(sampled_agents(7, 9, 1, 0) == sampled_agents(7, 0, 1, 0));
}

TEST_CASE("every agent is as likely as any other to be in a sample") {
  std::vector<int> chosen(100, 0);
  for (std::uint32_t index = 0; index < 400; ++index) {
    for (const Index i : sampled_agents(100, 50, 1, index)) ++chosen[static_cast<std::size_t>(i)];
  }
  for (const int count : chosen) CHECK(std::abs(count - 200) <= 45);  // 4.5 standard deviations
}

TEST_CASE("shares of many destinations are those of each alone, added up") {
  const Network network = mesh_of(150, 5);
  Numbers numbers(13);
  const Parts then(network, numbers, 0.05, 0.1);
  const Parts now(network, numbers, 0.1, 0.2);
  const auto to = [&](std::span<const Index> destinations) {
    return measure_routes_between(network, {then.agents, then.links}, {now.agents, now.links}, {},
                                  destinations, Threads::one);
  };
  const RouteShares all = to(everybody(network));
  RouteShares sum;
  for (Index d = 0; d < 150; ++d) {
    const RouteShares one = to(std::span(&d, 1));
    sum.pairs += one.pairs;
    sum.optimal += one.optimal;
    sum.one_more += one.one_more;
    sum.two_or_more += one.two_or_more;
    sum.lost += one.lost;
    sum.detoured += one.detoured;
    sum.unconnected += one.unconnected;
  }
  CHECK(all.optimal == sum.optimal);
  CHECK(all.one_more == sum.one_more);
  CHECK(all.two_or_more == sum.two_or_more);
  CHECK(all.lost == sum.lost);
  CHECK(all.detoured == sum.detoured);
  CHECK(all.unconnected == sum.unconnected);
  CHECK(all.two_or_more > 0);
  CHECK(all.lost > 0);
}

// A path 0 1 2 3 4 bent like a horseshoe: 0 lies beside 4, and no step from 0 comes nearer to 4.
TEST_CASE("packets to the nearest neighbour get stuck where no neighbour is nearer") {
  const Network path = network_from_edges(5, {{0, 1}, {1, 2}, {2, 3}, {3, 4}});
  const std::vector<double> x{0, 0, 1, 2, 2};
  const std::vector<double> y{0, 2, 3, 2, 0};
  const GreedyOptions options{.rule = GreedyRule::nearest};
  const RouteShares shares = measure_greedy(path, options, {x, y}, {}, 1, 0, Threads::one);
  // To 4: from 0 (4 away squared; 1 is 8 away) stuck; from 1 (8; 2 is 10 away) stuck; 2, 3 arrive.
  // To 3: 0 (8; 1 is 4) → 1 (4; 2 is 2) → 2 → 3 arrives, as do 1, 2, 4. By symmetry to 0 and 1;
  // to 2 all arrive.
  CHECK(shares.pairs == 20);
  CHECK(shares.lost == 4);
  CHECK(shares.optimal == 16);

  // 0 – 1 – 2 with 1 far aside: 1 would be the way from 0 to 2 and back, but it is not nearer.
  const Network aside = network_from_edges(3, {{0, 1}, {1, 2}});
  const std::vector<double> along{0, 0, 1};
  const std::vector<double> off{0, 5, 0};
  CHECK(measure_greedy(aside, options, {along, off}, {}, 1, 0, Threads::one).lost == 2);

  // Agents 0 … 5 at 0 … 5 on a circle of circumference 6: from 4 to 0 it is 2, not 4.
  const Network ring = network_of(NetworkKind::ring, 6);
  const std::vector<double> round{0, 1, 2, 3, 4, 5};
  const std::vector<double> level(6, 0.0);
  CHECK(measure_greedy(ring, options, {round, level, 6.0}, {}, 1, 0, Threads::one).optimal == 30);
  CHECK(measure_greedy(ring, options, {round, level}, {}, 1, 0, Threads::one).optimal < 30);
}

TEST_CASE("who sees as far as the network reaches routes optimally, and who sees less wanders") {
  const Network ring = network_of(NetworkKind::ring, 6);
  const auto with_view = [&](std::int64_t view) {
    return measure_greedy(ring, {.view = view}, {}, {}, 1, 0, Threads::one);
  };
  CHECK(with_view(3).optimal == 30);
  CHECK(with_view(2).optimal == 30);  // opposite pairs: both ways are shortest
  // View 1: the twelve pairs two apart go 2 or 4 hops, whichever side is drawn; never back.
  const RouteShares near = with_view(1);
  CHECK(near.pairs == 30);
  CHECK(near.lost == 0);
  CHECK(near.one_more == 0);
  CHECK(near.optimal + near.two_or_more == 30);
  CHECK(near.two_or_more > 0);
  CHECK(near.two_or_more < 12);
  CHECK(measure_greedy(ring, {.view = 1, .hop_limit = 3}, {}, {}, 1, 0, Threads::one).lost ==
        near.two_or_more);
}

TEST_CASE("greedy packets avoid what is down and turn back only at a dead end") {
  const Network ring = network_of(NetworkKind::ring, 6);
  Parts now(ring);
  now.cut(ring, 0, 1);
  const RouteShares shares = measure_greedy(ring, {.view = 1, .hop_limit = 100}, {},
                                            {now.agents, now.links}, 1, 0, Threads::one);
  CHECK(shares.pairs == 30);
  CHECK(shares.lost == 0);      // it turns at the ends of the path and comes by
  CHECK(shares.one_more == 0);  // on a path whoever goes wrong walks every extra hop twice
  CHECK(shares.two_or_more > 0);
  CHECK(adds_up(shares));
}

TEST_CASE("options that mean nothing are refused") {
  const Network network = mesh_of(10, 3);
  const auto refused = [&](StaleRouteOptions options) {
    CHECK(!stale_routes_problem(options).empty());
    CHECK_THROWS_AS((void)measure_routes(network, options, 1, 0, Threads::one), InvalidPoint);
  };
  refused({.rates = {.link_fail = 1.5}});
  refused({.rates = {.agent_recover = -0.1}});
  refused({.rates = {.agent_fail = std::nan("")}});
  refused({.age = -1});
  refused({.hop_limit = -1});
  refused({.destinations = -1});
  CHECK_THROWS_AS(
      (void)measure_greedy(network, {.rule = GreedyRule::nearest}, {}, {}, 1, 0, Threads::one),
      InvalidPoint);
  CHECK_THROWS_AS((void)measure_greedy(network, {.view = -1}, {}, {}, 1, 0, Threads::one),
                  InvalidPoint);
}
