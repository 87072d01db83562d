#include "solver/sweep/lane_runs.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <numeric>
#include <utility>

#include "solver/sweep/draws.hpp"
#include "solver/sweep/finished_states.hpp"
#include "solver/sweep/point_rows.hpp"

namespace needflow {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

/// One thread's lanes.
template <int L>
class LaneCrew {
 public:
  explicit LaneCrew(const LaneWork& work)
      : work_(work),
        reader_(work.sweep),
        draws_(work.sweep, work.recognition.recipients()),
        rounds_(work.recognition, work.queue.traits(), work.inside),
        finished_(work.recognition.recipients(), work.inside),
        flight_(work.deliver.flights()),
        short_rounds_(has_short_rounds(work.recognition)) {}

  void work() {
    for (std::size_t lane = 0; lane < L && !queue_empty_; ++lane) fill(lane);
    auto before = Clock::now();
    handed_over_ = before;
    // Asked to stop, what is under way is given up: its rounds may go on for long.
    while (rounds_.any_busy() && !work_.deliver.stopped()) {
      rounds_.round();
      const auto now = Clock::now();
      share_time(seconds_between(before, now));
      before = now;
      finish_lanes();
      if (now - handed_over_ >= kLongestKept) {
        hand_over();
        handed_over_ = now;
      }
      refill();
    }
    measure();
    hand_over();
  }

  /// After an exception: what was under way has no result. What had ended keeps its own.
  void give_up(const std::exception_ptr& problem) {
    const auto rethrow = [&]() -> OutcomeBatch { std::rethrow_exception(problem); };
    const auto lose = [&](const Run& run) {
      fail(run, outcome_of(work_.sweep, run.point, rethrow));
    };
    for (const Waiting& waiting : waiting_) lose(waiting.occupant.run);
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (running_[lane]) lose(occupants_[lane].run);
    }
    hand_over();
  }

 private:
  // A batch is handed over when it is full, or has waited as long as nobody minds: a point alone
  // takes 0.7 µs to be put into the journal, in a batch of 64 a thirtieth of that.
  static constexpr std::size_t kFullBatch = 64;
  static constexpr auto kLongestKept = std::chrono::milliseconds(10);

  /// A run in a lane, or one whose state waits to be measured.
  struct Occupant {
    Run run{};
    double seconds = 0.0;
    Optimum optimum{};
    SettlementKind settlement = SettlementKind::stock;
  };
  struct Waiting {
    Occupant occupant;
    Outcome outcome;
    AgentRows agents;
  };

  /// Whether a round takes microseconds: then what is done between rounds is felt.
  static bool has_short_rounds(const Recognition& recognition) {
    constexpr Offset kSlowEntries = 20'000;
    return recognition.provider_rows.entries() * L < kSlowEntries * 16;
  }

  /// Fills free lanes: where rounds are short, once half of all are free or some have been for two
  /// rounds. That costs 6 % more rounds and saves a tenth of a sweep of short runs: lanes that
  /// begin together are silent together (kernels/lane_rows.hpp), want no history at first, and are
  /// filled and emptied together. Waiting for three quarters gains 1 % more there, but a long run
  /// would lose more than two rounds. With 20,000 agents rounds are all there is, and waiting costs
  /// 5 %.
  void refill() {
    constexpr int kLongestWait = 2;
    const auto free = L - static_cast<int>(std::count(running_.begin(), running_.end(), true));
    if (free == 0) return;
    if (short_rounds_ && 2 * free < L && waited_++ < kLongestWait) return;
    for (std::size_t lane = 0; lane < L && !queue_empty_; ++lane) {
      if (!running_[lane]) fill(lane);
    }
    waited_ = 0;
  }

  /// Starts the next run that can be started; the time it takes counts as that of the next round.
  void fill(std::size_t lane) {
    while (!queue_empty_) {
      const std::optional<Run> run = work_.deliver.stopped() ? std::nullopt : work_.queue.next();
      if (!run) {
        queue_empty_ = true;
        return;
      }
      const OutcomeBatch trouble = outcome_of(work_.sweep, run->point, [&] {
        start(lane, *run);
        return OutcomeBatch{};
      });
      if (trouble.points.empty()) return;
      flight_.end(lane);
      fail(*run, trouble);
    }
  }

  /// The row of a run without a result; `trouble` speaks for the whole point.
  void fail(const Run& run, OutcomeBatch trouble) {
    trouble.outcomes.resize(1);
    work_.parts.add(work_.sweep, work_.recognition, run, std::move(trouble), batch_);
  }

  void start(std::size_t lane, const Run& run) {
    flight_.begin(lane, run.point);
    const Point& point = reader_.at(run.point);
    const std::shared_ptr<const Draw> draw = draws_.draw_of(point);
    for (std::size_t type = 0; type < draw->amounts.types(); ++type) {
      (void)capacity_factor(*draw, point, type);  // a point is invalid if one of its types is
    }
    const std::span<const double> need = draw->amounts.need[run.type];
    const std::span<const double> capacity = draw->amounts.capacity[run.type];
    const double factor = capacity_factor(*draw, point, run.type);
    const Optimum optimum = work_.optima.of(point, run.type, need, capacity, factor);
    draw_in_use_[lane] = draw;
    tolerance_[lane] = point.settings.round.tolerance;
    rounds_.start(lane, point.settings.round, need, capacity, factor);
    occupants_[lane] = {run, 0.0, optimum, point.settings.round.settlement};
    running_[lane] = true;
  }

  void share_time(double seconds) {
    const auto busy = static_cast<double>(std::count(running_.begin(), running_.end(), true));
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (running_[lane]) occupants_[lane].seconds += seconds / busy;
    }
  }

  /// Takes what has ended out of its lanes.
  void finish_lanes() {
    ended_.clear();
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (!running_[lane] || rounds_.busy(lane)) continue;
      running_[lane] = false;
      flight_.end(lane);
      Waiting waiting{occupants_[lane], outcome_from(rounds_.report(lane), work_.recognition), {}};
      if (work_.sweep.agents) {
        size_agent_rows(waiting.agents, work_.recognition, 1);
        keep_agent_rows(waiting.agents, rounds_, lane);
      }
      if (waiting.outcome.status == Status::failed) {
        place(std::move(waiting));
        continue;
      }
      waiting_.push_back(std::move(waiting));
      ended_.push_back(lane);
    }
    for (std::size_t first = 0; first < ended_.size();) {
      const std::size_t some = std::min(ended_.size() - first, finished_.free_places());
      finished_.add(rounds_, std::span(ended_).subspan(first, some), tolerance_);
      first += some;
      if (finished_.free_places() == 0) measure();
    }
  }

  void measure() {
    if (finished_.empty()) return;
    const auto began = Clock::now();
    const std::span<const Satisfaction> figures = finished_.measure();
    const double each = seconds_between(began, Clock::now()) / static_cast<double>(figures.size());
    for (std::size_t i = 0; i < figures.size(); ++i) {
      Waiting& waiting = waiting_[i];
      waiting.outcome.satisfaction = figures[i];
      put_optimum(waiting.occupant.optimum, waiting.occupant.settlement, waiting.outcome);
      waiting.occupant.seconds += each;
      place(std::move(waiting_[i]));
    }
    waiting_.erase(waiting_.begin(),
                   waiting_.begin() + static_cast<std::ptrdiff_t>(figures.size()));
  }

  /// Puts an outcome into the batch, and the batch on its way when it is full.
  void place(Waiting&& ended) {
    const Run& run = ended.occupant.run;
    std::string trouble = trouble_of(ended.outcome);
    if (work_.sweep.types() == 1 && !work_.sweep.agents && trouble.empty() &&
        batch_.messages.empty()) {  // the usual case, without a batch of one
      batch_.points.push_back(run.point);
      batch_.outcomes.push_back(ended.outcome);
      batch_.seconds.push_back(ended.occupant.seconds);
    } else {
      OutcomeBatch part;
      part.points = {run.point};
      part.outcomes = {ended.outcome};
      part.seconds = {ended.occupant.seconds};
      if (work_.sweep.agents) part.agents.push_back(std::move(ended.agents));
      if (!trouble.empty()) part.messages = {std::move(trouble)};
      work_.parts.add(work_.sweep, work_.recognition, run, std::move(part), batch_);
    }
    if (batch_.points.size() >= kFullBatch) hand_over();
  }

  void hand_over() {
    if (batch_.points.empty()) return;
    OutcomeBatch full;
    std::swap(full, batch_);
    work_.deliver(std::move(full));
    batch_.points.reserve(kFullBatch);
    batch_.outcomes.reserve(kFullBatch);
    batch_.seconds.reserve(kFullBatch);
  }

  const LaneWork& work_;
  PointReader reader_;
  DrawCache draws_;
  std::array<std::shared_ptr<const Draw>, L> draw_in_use_;  ///< rounds_ reads it in place
  LaneRounds<L> rounds_;
  FinishedStates<L> finished_;
  Flight flight_;
  bool short_rounds_;
  Clock::time_point handed_over_;  ///< the batch, or looked whether there is one
  std::array<bool, L> running_{};
  std::array<Occupant, L> occupants_{};
  std::array<double, L> tolerance_{};
  std::vector<std::size_t> ended_;  ///< lanes that ended in this round
  std::vector<Waiting> waiting_;
  OutcomeBatch batch_;
  int waited_ = 0;  ///< rounds that free lanes have been left to wait for others
  bool queue_empty_ = false;
};

}  // namespace

namespace {

/// Sorted by keys below `most`. Counted, not compared: points come in the order of their indices
/// and keep it within a key.
std::vector<std::size_t> ordered(const std::vector<std::size_t>& points,
                                 const std::vector<std::size_t>& keys, std::size_t most) {
  std::vector<std::size_t> places(most + 1);  // where the points of a key begin
  for (const std::size_t key : keys) ++places[key + 1];
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::vector<std::size_t> result(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) result[places[keys[i]]++] = points[i];
  return result;
}

/// From 0, without what first_replicate and an axis of replicates add.
std::size_t replicate_of(const Sweep& sweep, const Point& point) {
  return point.replicate - point.settings.first.replicate - sweep.first_replicate;
}

/// How many replicates are run at once so that a settlement has many batches of lanes among them:
/// runs of different settlements differ in length by tens, and lanes that end together are filled
/// together. Of three settlements and N = 100, 128 runs of each at once take 6 % longer than all
/// replicates at once, 512 about 1 %.
std::size_t replicates_at_once(std::size_t points, std::size_t replicates,
                               std::size_t settlements) {
  constexpr std::size_t kRunsOfASettlement = 512;
  const std::size_t wanted = kRunsOfASettlement * settlements * replicates;
  return std::clamp<std::size_t>((wanted + points - 1) / points, 1, replicates);
}

}  // namespace

RunQueue::RunQueue(const Sweep& sweep, const std::vector<std::size_t>& points)
    : points_(in_lane_order(sweep, points)), types_(sweep.types()) {
  PointReader reader(sweep);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const RoundSettings& settings = reader.at(points[i]).settings.round;
    if (i == 0) traits_ = BatchTraits::of(settings);
    traits_.include(settings);
  }
}

std::vector<std::size_t> in_lane_order(const Sweep& sweep, const std::vector<std::size_t>& points) {
  constexpr std::size_t kSettlements = 3;
  if (points.empty()) return {};
  const auto replicates = static_cast<std::size_t>(sweep.replicates);
  std::vector<std::pair<std::size_t, std::size_t>> sorts;  // settlement, replicate
  sorts.reserve(points.size());
  std::array<bool, kSettlements> seen{};
  PointReader reader(sweep);
  for (const std::size_t index : points) {
    const Point& point = reader.at(index);
    const auto settlement = static_cast<std::size_t>(point.settings.round.settlement);
    seen[settlement] = true;
    sorts.emplace_back(settlement, replicate_of(sweep, point));
  }
  const auto settlements = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), true));
  const std::size_t some = replicates_at_once(points.size(), replicates, settlements);
  std::vector<std::size_t> keys;
  keys.reserve(sorts.size());
  for (const auto& [settlement, replicate] : sorts) {
    keys.push_back((replicate / some * kSettlements + settlement) * some + replicate % some);
  }
  return ordered(points, keys, (replicates / some + 1) * kSettlements * some);
}

std::vector<std::size_t> by_replicate(const Sweep& sweep, const std::vector<std::size_t>& points) {
  std::vector<std::size_t> keys;
  PointReader reader(sweep);
  for (const std::size_t point : points) keys.push_back(replicate_of(sweep, reader.at(point)));
  return ordered(points, keys, static_cast<std::size_t>(sweep.replicates));
}

std::optional<Run> RunQueue::next() {
  const std::size_t run = taken_.fetch_add(1, std::memory_order_relaxed);
  if (run >= runs()) return {};
  return Run{points_[run / types_], run % types_};
}

std::vector<std::vector<std::size_t>> points_by_cap(const Sweep& sweep,
                                                    const std::vector<std::size_t>& points) {
  std::vector<std::size_t> uncapped;
  std::vector<std::size_t> capped;
  PointReader reader(sweep);
  for (const std::size_t index : points) {
    const bool none = reader.at(index).settings.round.cap == Cap::none;
    (none ? uncapped : capped).push_back(index);
  }
  std::vector<std::vector<std::size_t>> queues;
  for (auto* queue : {&uncapped, &capped}) {
    if (!queue->empty()) queues.push_back(std::move(*queue));
  }
  return queues;
}

void PointParts::add(const Sweep& sweep, const Recognition& recognition, const Run& run,
                     OutcomeBatch&& part, OutcomeBatch& batch) {
  const std::size_t types = sweep.types();
  if (types == 1) {
    append(batch, std::move(part));
    return;
  }
  const std::scoped_lock lock(mutex_);
  const auto [entry, is_new] = open_.try_emplace(run.point, Parts{{}, types});
  OutcomeBatch& whole = entry->second.whole;
  if (is_new) {
    whole.points = {run.point};
    whole.outcomes.resize(types);
    whole.seconds = {0.0};
  }
  whole.outcomes[run.type] = part.outcomes[0];
  whole.seconds[0] += part.seconds[0];
  if (!part.messages.empty()) whole.messages = std::move(part.messages);
  if (!part.agents.empty()) {
    if (whole.agents.empty()) size_agent_rows(whole.agents.emplace_back(), recognition, types);
    interleave(part.agents[0], run.type, types, whole.agents[0]);
  }
  if (--entry->second.left > 0) return;
  append(batch, std::move(whole));
  open_.erase(entry);
}

namespace {

/// Rows for all runs that are still in the queue.
void fail_queue(const LaneWork& work, const std::exception_ptr& problem) {
  OutcomeBatch batch;
  while (const std::optional<Run> run = work.deliver.stopped() ? std::nullopt : work.queue.next()) {
    OutcomeBatch trouble = outcome_of(work.sweep, run->point,
                                      [&]() -> OutcomeBatch { std::rethrow_exception(problem); });
    trouble.outcomes.resize(1);
    work.parts.add(work.sweep, work.recognition, *run, std::move(trouble), batch);
  }
  if (!batch.points.empty()) work.deliver(std::move(batch));
}

}  // namespace

void run_lanes(const LaneWork& work, int lanes) {
  with_lane_width(lanes, [&]<int L>() {
    std::unique_ptr<LaneCrew<L>> crew;
    try {
      crew = std::make_unique<LaneCrew<L>>(work);
      crew->work();
    } catch (const std::bad_alloc&) {
      if (crew != nullptr) crew->give_up(std::current_exception());
      crew.reset();
      // One lane needs the least; if there is no room for that either, its runs have no result.
      if (L > 1) return run_lanes(work, 1);
      fail_queue(work, std::current_exception());
    }
  });
}

}  // namespace needflow
