#include "solver/sweep/episode_runs.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "solver/error.hpp"
#include "solver/statistics.hpp"

namespace needflow {

namespace {

/// One point, from its first episode to its last.
class EpisodeRuns {
 public:
  EpisodeRuns(const Sweep& sweep, std::size_t index, const Recognition& recognition,
              const TrustGround* ground, OptimumTable& optima, Threads threads,
              const PointObserver& observer)
      : traces_(sweep.traces),
        point_(sweep, sweep.point(index), index, recognition, ground),
        recognition_(recognition),
        optima_(optima),
        threads_(threads),
        observer_(observer),
        draws_(sweep, recognition.recipients()) {
    if (!point_.point().settings.trusts()) return;
    const TrustRun run = point_.trust_run();
    trust_ = std::make_unique<Trust<1>>(ground->network, recognition, std::span(&run, 1),
                                        ground->ratings ? &*ground->ratings : nullptr, threads);
    point_.keep_pretrusted(trust_->pretrusted());
  }

  OutcomeBatch run(const GiveUp& give_up) {
    for (std::size_t episode = 0; episode < point_.episodes(); ++episode) {
      if (episode > 0 && give_up && give_up()) throw Interrupted{};
      point_.begin(episode, draws_, trust_.get(), 0);
      RoundSolver solver(trust_ ? trust_->weights() : recognition_, point_.point().settings.round,
                         threads_);
      for (std::size_t type = 0; type < point_.types(); ++type) {
        run_type({type, episode, point_.need(type)}, solver);
      }
      if (point_.failed()) {
        point_.fail_rest();
        break;
      }
      if (!trust_) continue;
      point_.put_evidence(evidence_, 0);
      trust_->update(episode, evidence_);
      point_.end_episode(*trust_, 0);
    }
    return std::move(point_.batch());
  }

 private:
  void run_type(const WatchedRun& watched, RoundSolver& solver) {
    const std::size_t type = watched.type;
    capacity_.assign(point_.capacity(type).begin(), point_.capacity(type).end());
    for (double& amount : capacity_) amount *= point_.factor(type);
    RoundObserver each_round;
    if (traces_ || observer_) {
      each_round = [&](const RoundSolver& now) {
        if (traces_) point_.batch().traces[point_.place(type)].push_back(now.trace_row());
        if (observer_) observer_(watched, now);
      };
    }
    const RunReport report = solver.run(watched.need, capacity_, each_round, point_.claims(type));
    point_.take_in(type, solver.lane(), 0);
    if (report.status == Status::failed) return;
    const double tolerance = point_.point().settings.round.tolerance;
    point_.measured(type,
                    measure_satisfaction(watched.need, solver.satisfied(), solver.over(),
                                         report.wasted, tolerance, threads_),
                    optima_);
  }

  bool traces_;
  EpisodePoint point_;
  const Recognition& recognition_;
  OptimumTable& optima_;
  Threads threads_;
  const PointObserver& observer_;
  DrawCache draws_;
  std::unique_ptr<Trust<1>> trust_;
  EpisodeEvidence<1> evidence_;
  std::vector<double> capacity_;
};

}  // namespace

OutcomeBatch run_episodes(const Sweep& sweep, std::size_t index, const Recognition& recognition,
                          const TrustGround* ground, OptimumTable& optima, Threads threads,
                          const PointObserver& observer, const GiveUp& give_up) {
  return EpisodeRuns(sweep, index, recognition, ground, optima, threads, observer).run(give_up);
}

}  // namespace needflow
