#include "solver/sweep/episode_lanes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <new>
#include <tuple>
#include <utility>

#include "solver/sweep/draws.hpp"
#include "solver/sweep/finished_states.hpp"
#include "solver/sweep/lane_runs.hpp"
#include "solver/sweep/point_rows.hpp"

namespace needflow {

namespace {

using Clock = std::chrono::steady_clock;

/// Points of a batch, from their first episode to their last.
template <int L>
class EpisodeBatch {
 public:
  EpisodeBatch(const EpisodeWork& work, std::span<const std::size_t> points)
      : work_(work),
        points_(points),
        draws_(work.sweep, work.recognition.recipients()),
        finished_(work.recognition.recipients(), work.inside),
        flight_(work.deliver.flights()) {
    for (std::size_t lane = 0; lane < points_.size(); ++lane) {
      flight_.begin(lane, points_[lane]);
      attempt(lane, [&] { enter(lane); });
    }
    start_rounds();
    start_trust();
  }

  void run() {
    for (std::size_t episode = 0; any_alive(); ++episode) {
      for_alive(
          [&](std::size_t lane) { lanes_[lane]->begin(episode, draws_, trust_.get(), lane); });
      for (std::size_t type = 0; type < work_.sweep.types(); ++type) {
        if (!run_type(type)) return;
      }
      end_episode(episode);
    }
    deliver();
  }

 private:
  [[nodiscard]] bool any_alive() const {
    return std::any_of(alive_.begin(), alive_.end(), [](bool alive) { return alive; });
  }

  /// Whatever goes wrong with one lane is its own trouble, but for memory, of which a point alone
  /// needs less.
  template <class Work>
  void attempt(std::size_t lane, const Work& work) {
    try {
      work();
    } catch (const std::bad_alloc&) {
      throw;
    } catch (...) {
      leave(lane);
      troubles_[lane] = outcome_of(work_.sweep, points_[lane], [&]() -> OutcomeBatch { throw; });
    }
  }
  template <class Work>
  void for_alive(const Work& work) {
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (alive_[lane]) attempt(lane, [&] { work(lane); });
    }
  }

  void enter(std::size_t lane) {
    const Point point = work_.sweep.point(points_[lane]);
    lanes_[lane] = std::make_unique<EpisodePoint>(work_.sweep, point, points_[lane],
                                                  work_.recognition, work_.ground);
    tolerance_[lane] = point.settings.round.tolerance;
    alive_[lane] = true;
  }

  void leave(std::size_t lane) {
    alive_[lane] = false;
    if (trust_) trust_->leave(lane);
  }

  void start_rounds() {
    BatchTraits traits;
    bool first = true;
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (!alive_[lane]) continue;
      const RoundSettings& settings = lanes_[lane]->point().settings.round;
      if (first) traits = BatchTraits::of(settings);
      traits.include(settings);
      first = false;
    }
    rounds_ = std::make_unique<LaneRounds<L>>(work_.recognition, traits, work_.inside);
  }

  /// A lane without a point, in the midst of others, has the trust of the first and does nothing.
  void start_trust() {
    const auto first = std::find(alive_.begin(), alive_.end(), true);
    if (first == alive_.end()) return;
    const auto example = static_cast<std::size_t>(first - alive_.begin());
    if (!lanes_[example]->point().settings.trusts()) return;
    std::vector<TrustRun> runs;
    for (std::size_t lane = 0; lane < points_.size(); ++lane) {
      runs.push_back(lanes_[alive_[lane] ? lane : example]->trust_run());
    }
    const std::optional<LinkRatings>& ratings = work_.ground->ratings;
    trust_ = std::make_unique<Trust<L>>(work_.ground->network, work_.recognition, runs,
                                        ratings ? &*ratings : nullptr, work_.inside);
    for (std::size_t lane = 0; lane < points_.size(); ++lane) {
      if (alive_[lane]) {
        lanes_[lane]->keep_pretrusted(trust_->pretrusted(lane));
      } else {
        trust_->leave(lane);
      }
    }
    rounds_->set_weights(trust_->lane_weights());
  }

  /// One run of every lane; false where it was given up.
  [[nodiscard]] bool run_type(std::size_t type) {
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (!alive_[lane]) continue;
      EpisodePoint& point = *lanes_[lane];
      rounds_->start(lane, point.point().settings.round, point.need(type), point.capacity(type),
                     point.factor(type), point.claims(type));
      running_[lane] = true;
    }
    while (rounds_->any_busy()) {
      if (work_.deliver.stopped()) return false;
      rounds_->round();
      take_in_ended(type);
    }
    measure(type);
    return true;
  }

  void take_in_ended(std::size_t type) {
    ended_.clear();
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (!running_[lane] || rounds_->busy(lane)) continue;
      running_[lane] = false;
      attempt(lane, [&] { lanes_[lane]->take_in(type, *rounds_, lane); });
      if (rounds_->report(lane).status == Status::failed) continue;
      ended_.push_back(lane);
      waiting_.push_back(lane);
    }
    for (std::size_t first = 0; first < ended_.size();) {
      const std::size_t some = std::min(ended_.size() - first, finished_.free_places());
      finished_.add(*rounds_, std::span(ended_).subspan(first, some), tolerance_);
      first += some;
      if (finished_.free_places() == 0) measure(type);
    }
  }

  void measure(std::size_t type) {
    if (finished_.empty()) return;
    const std::span<const Satisfaction> figures = finished_.measure();
    for (std::size_t i = 0; i < figures.size(); ++i) {
      const std::size_t lane = waiting_[i];
      if (!alive_[lane]) continue;
      attempt(lane, [&] { lanes_[lane]->measured(type, figures[i], work_.optima); });
    }
    waiting_.erase(waiting_.begin(),
                   waiting_.begin() + static_cast<std::ptrdiff_t>(figures.size()));
  }

  void end_episode(std::size_t episode) {
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (!alive_[lane] || !lanes_[lane]->failed()) continue;
      lanes_[lane]->fail_rest();
      leave(lane);
    }
    if (!any_alive()) return;
    if (trust_) {
      for_alive([&](std::size_t lane) { lanes_[lane]->put_evidence(evidence_, lane); });
      trust_->update(episode, evidence_);
      for_alive([&](std::size_t lane) { lanes_[lane]->end_episode(*trust_, lane); });
    }
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (alive_[lane] && episode + 1 == lanes_[lane]->episodes()) leave(lane);
    }
  }

  void deliver() {
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    OutcomeBatch all;
    for (std::size_t lane = 0; lane < points_.size(); ++lane) {
      flight_.end(lane);
      OutcomeBatch& own = troubles_[lane].points.empty() ? lanes_[lane]->batch() : troubles_[lane];
      own.seconds = {seconds / static_cast<double>(points_.size())};
      append(all, std::move(own));
    }
    work_.deliver(std::move(all));
  }

  Clock::time_point began_ = Clock::now();
  const EpisodeWork& work_;
  std::span<const std::size_t> points_;
  DrawCache draws_;
  FinishedStates<L> finished_;
  Flight flight_;
  std::array<std::unique_ptr<EpisodePoint>, L> lanes_;
  std::array<bool, L> alive_{};    ///< has a point that goes on
  std::array<bool, L> running_{};  ///< has a run of this type that has not been taken in
  std::array<double, L> tolerance_{};
  std::array<OutcomeBatch, L> troubles_;
  std::unique_ptr<LaneRounds<L>> rounds_;
  std::unique_ptr<Trust<L>> trust_;
  EpisodeEvidence<L> evidence_;
  std::vector<std::size_t> ended_;    ///< lanes that ended in this round
  std::vector<std::size_t> waiting_;  ///< lanes whose figures are still to come
};

/// What decides which points may be in one batch.
using Kind = std::tuple<std::uint32_t, Cap, std::int64_t, bool, bool>;

Kind kind_of(const Point& point) {
  const Settings& settings = point.settings;
  const TrustSettings& trust = settings.trust;
  const bool draws = settings.trusts() && (trust.audit_noise > 0.0 || trust.audit < 1.0);
  return {point.network, settings.round.cap, settings.population.episodes, settings.trusts(),
          draws};
}

}  // namespace

std::vector<std::vector<std::size_t>> episode_batches(const Sweep& sweep,
                                                      const std::vector<std::size_t>& points,
                                                      int lanes) {
  std::map<Kind, std::vector<std::size_t>> kinds;
  PointReader reader(sweep);
  for (const std::size_t index : points) kinds[kind_of(reader.at(index))].push_back(index);
  const auto most = static_cast<std::size_t>(lanes);
  std::vector<std::vector<std::size_t>> batches;
  for (const auto& [kind, alike] : kinds) {
    const std::vector<std::size_t> order = in_lane_order(sweep, alike);
    for (std::size_t first = 0; first < order.size(); first += most) {
      const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first);
      const std::size_t count = std::min(most, order.size() - first);
      batches.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(count));
    }
  }
  return batches;
}

void run_episode_batch(const EpisodeWork& work, std::span<const std::size_t> points, int lanes) {
  with_lane_width(lanes, [&]<int L>() {
    if constexpr (L > 1) std::make_unique<EpisodeBatch<L>>(work, points)->run();
  });
}

}  // namespace needflow
