#include "solver/sweep/shards.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <system_error>
#include <utility>

namespace needflow {

namespace {

// In visits of an entry by one lane of sixteen (bench/README.md, "Where the time of a sweep goes"):
// a round of 100 agents of 20 links spends a third of its time on 2,000 entries.
constexpr double kAgentVisits = 20.0;
constexpr double kAloneVisits = 3.0;   ///< a run without others beside it
constexpr double kBuildVisits = 60.0;  ///< an entry of a generated network, its metrics included

// A task that is more than this share of a shard is divided, at the price of building its network
// more than once; smaller ones even out by themselves.
constexpr double kWholeShare = 0.25;

/// The same task for some of its points.
NetworkTask part_of(const Sweep& sweep, const NetworkTask& task, std::vector<std::size_t> points,
                    std::optional<int> forced_lanes) {
  NetworkTask part = task;
  const auto all = static_cast<std::int64_t>(task.points.size());
  const auto some = static_cast<std::int64_t>(points.size());
  const auto scaled = [all, some](std::int64_t sum) {
    return sum / all * some + sum % all * some / all;
  };
  part.rounds = scaled(task.rounds);
  part.episodes = scaled(task.episodes);
  part.trust_rounds = scaled(task.trust_rounds);
  part.points = std::move(points);
  part.layout = choose_layout(run_sizes(sweep, part), forced_lanes);
  return part;
}

/// Who gets how much of something.
struct Quota {
  std::size_t to;
  double share;  ///< above 0
};

/// Deals a task's points so that at any moment each receiver has had about its share of the cost:
/// all get the same mixture of cheap and dear points, whatever the estimate missed. Calls
/// give(receiver, point, cost) for the points in ascending order.
template <class Give>
void deal(const NetworkTask& task, const TaskCost& cost, const std::vector<Quota>& quotas,
          const Give& give) {
  using Turn = std::pair<double, std::size_t>;  // what it has had over its share; ties: the first
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  for (std::size_t q = 0; q < quotas.size(); ++q) turns.emplace(0.0, q);
  for (std::size_t i = 0; i < task.points.size(); ++i) {
    const auto [had, q] = turns.top();
    turns.pop();
    give(quotas[q].to, task.points[i], cost.points[i]);
    turns.emplace(had + cost.points[i] / quotas[q].share, q);
  }
}

/// Cuts a line of big tasks into `count` pieces of equal cost (McNaughton's wrap-around): whom each
/// task is dealt to. At most count − 1 networks are built by one shard more than needed.
std::vector<std::vector<Quota>> wrap_around(const std::vector<double>& costs, std::size_t count) {
  const double all = std::accumulate(costs.begin(), costs.end(), 0.0);
  const double piece = all / static_cast<double>(count);
  std::vector<std::vector<Quota>> quotas(costs.size());
  std::size_t shard = 0;
  double room = piece;
  for (std::size_t t = 0; t < costs.size(); ++t) {
    double rest = costs[t];
    while (shard + 1 < count && rest > room) {
      if (room > 0.0) quotas[t].push_back({shard, room});
      rest -= room;
      room = piece;
      ++shard;
    }
    if (rest > 0.0) quotas[t].push_back({shard, rest});
    room -= rest;
  }
  return quotas;
}

/// A plan's tasks by who runs them.
class Dealer {
 public:
  Dealer(const Sweep& sweep, const Plan& plan, std::size_t count)
      : plan_(plan), loads_(count, 0.0) {
    costs_.reserve(plan.tasks.size());
    for (const NetworkTask& task : plan.tasks) costs_.push_back(cost_of(sweep, task));
  }

  /// Calls give(shard, task, points) for whatever the shards get.
  template <class Give>
  void deal_all(const Give& give) {
    std::vector<std::size_t> big;
    std::vector<std::size_t> small;
    double all = 0.0;
    for (const TaskCost& cost : costs_) all += cost.total();
    const double whole = kWholeShare * all / static_cast<double>(loads_.size());
    for (std::size_t t = 0; t < costs_.size(); ++t) {
      (costs_[t].total() > whole && loads_.size() > 1 ? big : small).push_back(t);
    }
    deal_big(big, give);
    deal_small(small, give);
  }

 private:
  template <class Give>
  void deal_big(const std::vector<std::size_t>& tasks, const Give& give) {
    std::vector<double> costs;
    costs.reserve(tasks.size());
    for (const std::size_t t : tasks) costs.push_back(costs_[t].total());
    const auto quotas = wrap_around(costs, loads_.size());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const std::size_t t = tasks[i];
      std::vector<std::vector<std::size_t>> hands(loads_.size());
      deal(plan_.tasks[t], costs_[t], quotas[i],
           [&](std::size_t shard, std::size_t point, double cost) {
             if (hands[shard].empty()) loads_[shard] += costs_[t].build;
             loads_[shard] += cost;
             hands[shard].push_back(point);
           });
      for (std::size_t shard = 0; shard < hands.size(); ++shard) {
        if (!hands[shard].empty()) give(shard, t, std::move(hands[shard]));
      }
    }
  }

  /// Dearest first, each to whom has least.
  template <class Give>
  void deal_small(std::vector<std::size_t> tasks, const Give& give) {
    std::stable_sort(tasks.begin(), tasks.end(), [this](std::size_t a, std::size_t b) {
      return costs_[a].total() > costs_[b].total();
    });
    using Load = std::pair<double, std::size_t>;
    std::priority_queue<Load, std::vector<Load>, std::greater<>> least;
    for (std::size_t shard = 0; shard < loads_.size(); ++shard) least.emplace(loads_[shard], shard);
    for (const std::size_t t : tasks) {
      const auto [load, shard] = least.top();
      least.pop();
      give(shard, t, plan_.tasks[t].points);
      least.emplace(load + costs_[t].total(), shard);
    }
  }

  const Plan& plan_;
  std::vector<TaskCost> costs_;
  std::vector<double> loads_;  ///< a shard
};

Plan empty_share(const Plan& plan) {
  Plan share;
  share.points = plan.points;
  share.largest_task_bytes = plan.largest_task_bytes;
  share.outcome_bytes = plan.outcome_bytes;
  return share;
}

/// A task and what it costs.
struct CostedTask {
  NetworkTask task;
  double cost;
};

/// Tasks of which none costs more than `most`, if it has more than one point.
std::vector<CostedTask> divided(const Sweep& sweep, const Plan& plan, double most,
                                std::optional<int> forced_lanes) {
  std::vector<CostedTask> parts;
  for (const NetworkTask& task : plan.tasks) {
    const TaskCost cost = cost_of(sweep, task);
    const auto wanted = static_cast<std::size_t>(std::min(1e9, cost.total() / most)) + 1;
    const std::size_t count = std::min(task.points.size(), wanted);
    if (count <= 1) {
      parts.push_back({task, cost.total()});
      continue;
    }
    std::vector<Quota> quotas(count);
    for (std::size_t i = 0; i < count; ++i) quotas[i] = {i, 1.0};
    std::vector<std::vector<std::size_t>> hands(count);
    std::vector<double> costs(count, cost.build);
    deal(task, cost, quotas, [&](std::size_t to, std::size_t point, double point_cost) {
      hands[to].push_back(point);
      costs[to] += point_cost;
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (hands[i].empty()) continue;
      parts.push_back({part_of(sweep, task, std::move(hands[i]), forced_lanes), costs[i]});
    }
  }
  return parts;
}

}  // namespace

std::optional<Shard> parse_shard(std::string_view text) {
  const auto number = [](std::string_view digits) -> std::size_t {
    std::size_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc{} && stop == end ? value : 0;
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const Shard shard{number(text.substr(0, slash)), number(text.substr(slash + 1))};
  if (shard.index < 1 || shard.index > shard.count || shard.count > kMostShards)
    return std::nullopt;
  return shard;
}

double TaskCost::total() const { return std::accumulate(points.begin(), points.end(), build); }

TaskCost cost_of(const Sweep& sweep, const NetworkTask& task) {
  const auto entries = static_cast<double>(task.entries);
  const auto agents = static_cast<double>(task.providers + task.recipients);
  TaskCost cost;
  if (sweep.instance->source == Source::generated) cost.build = kBuildVisits * entries;
  const double alone = task.layout.lanes == 1 ? kAloneVisits : 1.0;
  const double round =
      alone * (entries + kAgentVisits * agents) * static_cast<double>(sweep.types());
  PointReader reader(sweep);
  cost.points.reserve(task.points.size());
  for (const std::size_t point : task.points) {
    const Settings& settings = reader.at(point).settings;
    const auto episodes = static_cast<double>(settings.population.episodes);
    const auto rounds = static_cast<double>(assumed_rounds(settings.round));
    const double trust = settings.trusts() ? alone * kTrustRoundVisits * entries : 0.0;
    cost.points.push_back(episodes * (round * rounds + trust));
  }
  return cost;
}

Plan share_of(const Sweep& sweep, const Plan& plan, Shard shard, std::optional<int> forced_lanes) {
  if (shard.count == 1) return plan;
  Plan share = empty_share(plan);
  if (shard.index == 1) share.invalid = plan.invalid;
  std::map<std::size_t, std::vector<std::size_t>> hand;  // in the plan's order
  Dealer dealer(sweep, plan, shard.count);
  dealer.deal_all([&](std::size_t to, std::size_t task, std::vector<std::size_t> points) {
    if (to + 1 == shard.index) hand.emplace(task, std::move(points));
  });
  for (auto& [task, points] : hand) {
    share.tasks.push_back(part_of(sweep, plan.tasks[task], std::move(points), forced_lanes));
  }
  return share;
}

std::vector<Plan> bundles_of(const Sweep& sweep, const Plan& plan, std::size_t workers,
                             std::optional<int> forced_lanes) {
  // A bundle is a share of what remains (guided self-scheduling, Polychronopoulos and Kuck 1987);
  // an eighth a worker and not a half, since a worker's threads wait for each other at its end.
  constexpr double kShareOfRest = 0.125;
  constexpr double kSmallest = 1.0 / 256.0;  ///< of all, a worker
  double rest = 0.0;
  for (const NetworkTask& task : plan.tasks) rest += cost_of(sweep, task).total();
  const auto count = static_cast<double>(workers);
  const double least = rest * kSmallest / count;
  std::vector<CostedTask> parts =
      divided(sweep, plan, rest * kShareOfRest / count / 2.0, forced_lanes);
  std::vector<Plan> bundles;
  double room = 0.0;
  for (CostedTask& part : parts) {
    if (bundles.empty() || room <= 0.0) {
      bundles.push_back(empty_share(plan));
      room = std::max(least, rest * kShareOfRest / count);
    }
    room -= part.cost;
    rest -= part.cost;
    bundles.back().tasks.push_back(std::move(part.task));
  }
  if (bundles.empty()) bundles.push_back(empty_share(plan));
  bundles.front().invalid = plan.invalid;
  return bundles;
}

}  // namespace needflow
