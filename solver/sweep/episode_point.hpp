// M6: one point of a sweep from its first episode to its last – what its recipients publish, what
// its audits can see, who is flagged, and the rows that it leaves behind.
//
// It knows nothing of how its rounds are run: alone (solver/sweep/episode_runs.hpp) or as a lane
// among others (solver/sweep/episode_lanes.hpp). Either way an episode is begin(), for each need
// type a run of those claims and take_in() and measured(), and then, unless a run failed, the trust
// round between put_evidence() and end_episode().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "solver/detection.hpp"
#include "solver/lane_rounds.hpp"
#include "solver/strategies.hpp"
#include "solver/sweep/draws.hpp"
#include "solver/sweep/optima.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"
#include "solver/trust.hpp"
#include "solver/trust_network.hpp"

namespace needflow {

/// What the trust of all points on a network shares.
struct TrustGround {
  TrustNetwork network;
  std::optional<LinkRatings> ratings;  ///< of a ratings file
};

/// Nothing for a sweep without trust.
[[nodiscard]] std::optional<TrustGround> trust_ground(const Sweep& sweep,
                                                      const Recognition& recognition);

/// Why a point of these strategies and this trust has no solution, or an empty text.
[[nodiscard]] std::string trust_problem(const Settings& settings);

class EpisodePoint {
 public:
  /// Keeps references to all but the point. `ground` may be null where the point has no trust.
  /// Throws InvalidPoint.
  EpisodePoint(const Sweep& sweep, const Point& point, std::size_t index,
               const Recognition& recognition, const TrustGround* ground);

  [[nodiscard]] const Point& point() const { return point_; }
  [[nodiscard]] std::size_t types() const { return types_; }
  [[nodiscard]] std::size_t episodes() const {
    return static_cast<std::size_t>(point_.settings.population.episodes);
  }
  /// How its trust begins; reads the strategies in place.
  [[nodiscard]] TrustRun trust_run() const;
  /// Writes what the rows of agents say of them. Before the first episode; not needed without
  /// trust.
  void keep_pretrusted(std::span<const std::uint8_t> pretrusted);

  /// The next episode begins: its amounts, and what recipients claim. `trust` is null without any.
  /// Throws InvalidPoint where there are no such amounts.
  template <int L>
  void begin(std::size_t episode, DrawCache& draws, const Trust<L>* trust, std::size_t lane);

  // A run of this episode, a need type each.
  [[nodiscard]] std::span<const double> need(std::size_t type) const {
    return draw_->amounts.need[type];
  }
  /// Each times factor(type).
  [[nodiscard]] std::span<const double> capacity(std::size_t type) const {
    return draw_->amounts.capacity[type];
  }
  [[nodiscard]] double factor(std::size_t type) const { return factors_[type]; }
  /// What recipients multiply their residuals by; empty where all publish the truth and everybody
  /// is heard.
  [[nodiscard]] std::span<const double> claims(std::size_t type) const;
  /// The run of that type has ended; its lane still holds it.
  template <int L>
  void take_in(std::size_t type, const LaneRounds<L>& rounds, std::size_t lane);
  /// The figures of a run that did not fail. Throws std::runtime_error for an optimum that is not
  /// proven.
  void measured(std::size_t type, const Satisfaction& figures, OptimumTable& optima);
  /// Whether a run of the episode failed. Then the episodes after it are not run.
  [[nodiscard]] bool failed() const { return !batch_.messages.empty(); }
  void fail_rest();

  /// What this episode's audits could see, into the lane's place.
  template <int L>
  void put_evidence(EpisodeEvidence<L>& evidence, std::size_t lane) const;
  /// What the trust round after it came to.
  template <int L>
  void end_episode(const Trust<L>& trust, std::size_t lane);

  /// The rows of the point; its traces are the caller's to fill, place by place.
  [[nodiscard]] OutcomeBatch& batch() { return batch_; }
  /// Where the run of a type in this episode stands among those of the point.
  [[nodiscard]] std::size_t place(std::size_t type) const { return type * places_ + episode_; }

 private:
  [[nodiscard]] bool lies() const { return !point_.settings.strategies.all_cooperate(); }
  [[nodiscard]] bool redraws() const;
  [[nodiscard]] bool quarantined(std::size_t r) const {
    return detection_ && detection_->shut_out(r);
  }
  void draw_amounts(DrawCache& draws);
  template <int L>
  void make_claims(const Trust<L>* trust, std::size_t lane);
  void size_agents();
  void keep_exaggeration(std::size_t type);
  template <int L>
  void keep_trust(const Trust<L>& trust, std::size_t lane);

  const Sweep& sweep_;
  Point point_;
  const Recognition& recognition_;
  const TrustNetwork* network_;  ///< null without trust in the sweep
  std::size_t types_;
  std::size_t places_;  ///< for episodes, of which the point may have fewer
  std::size_t recipients_;
  std::size_t episode_ = 0;
  std::vector<Strategy> strategies_;
  std::vector<std::vector<std::uint8_t>> was_short_;  ///< [type]: in the episode before
  std::vector<std::vector<double>> claims_;           ///< [type]
  std::vector<std::vector<std::uint8_t>> received_;   ///< [type]: anything in this episode
  std::shared_ptr<const Draw> draw_;
  std::vector<double> factors_;  ///< [type]: of capacities
  std::optional<Detection> detection_;
  std::int64_t first_flag_ = -1;
  std::vector<double> column_;  ///< one lane's part of something
  OutcomeBatch batch_;
};

}  // namespace needflow
