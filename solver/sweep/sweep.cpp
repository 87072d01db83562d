#include "solver/sweep/sweep.hpp"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "solver/error.hpp"

namespace needflow {

namespace {

// Outcomes stay in memory until the file is written, about 170 B a point.
constexpr std::size_t kMaxPoints = std::size_t{1} << 25;

/// Writes an identity word by word; what is not written is 0.
class Words {
 public:
  template <class T>
  Words& operator<<(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      words_.at(used_++) = std::bit_cast<std::uint64_t>(value);
    } else {
      words_.at(used_++) = static_cast<std::uint64_t>(value);
    }
    return *this;
  }
  [[nodiscard]] const Identity& identity() const { return words_; }

 private:
  Identity words_{};
  std::size_t used_ = 0;
};

/// Constant amounts have no cv.
double used_cv(AmountKind kind, double cv) { return kind == AmountKind::constant ? 0.0 : cv; }

void add_population(Words& words, const PopulationSettings& p) {
  words << p.need << p.need_mean << used_cv(p.need, p.need_cv) << p.capacity
        << used_cv(p.capacity, p.capacity_cv) << p.provider_fraction << p.recipient_fraction
        << p.types;
}

void add_round(Words& words, const RoundSettings& r) {
  words << r.settlement << r.damping << r.cap << r.tolerance << r.stop << r.max_rounds;
  words << (r.damping == DampingKind::constant ? r.damping_factor : 0.0);
  words << (r.settlement == SettlementKind::stock && r.return_surplus);
  words << (r.settlement == SettlementKind::reallocate ? r.relaxation : 0.0);
  words << (r.accelerates() ? r.acceleration_depth : 0);
}

/// Episodes, strategies and trust in one word, 0 without any: a sweep of millions of points that
/// has none of them should not carry a word for each.
std::uint64_t trust_word(const Sweep& sweep, const Settings& settings) {
  const StrategySettings& s = settings.strategies;
  const TrustSettings& t = settings.trust;
  const PopulationSettings& p = settings.population;
  const bool lies = !s.all_cooperate();
  if (p.episodes == 1 && !lies && !settings.trusts()) return 0;
  Words words;
  words << settings.seed << settings.first.network << settings.first.replicate;  // who lies
  words << p.episodes << (p.episodes > 1 && p.redraw && !sweep.instance->has_amounts());
  words << s.aggressive_fraction << s.strategic_fraction << (lies ? s.bias : 0.0);
  if (settings.trusts()) {
    words << true << t.decay << t.gamma << t.global_share << t.tiers << t.restart << t.pretrusted;
    words << t.initial << (t.initial == InitialTrust::ratings ? t.prior_strength : 0.0);
    words << t.audit << t.audit_noise << t.detection;
    if (t.detection) words << t.hits << t.quarantine;
  }
  std::string bytes;
  for (const std::uint64_t word : words.identity()) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      bytes += static_cast<char>(static_cast<unsigned char>(word >> shift));
    }
  }
  return fingerprint(bytes) | 1U;
}

bool has_neighbors(NetworkKind kind) {
  return kind == NetworkKind::partial_mesh || kind == NetworkKind::small_world ||
         kind == NetworkKind::sharded || kind == NetworkKind::preferential ||
         kind == NetworkKind::geometric;
}

void add_network(Words& words, const NetworkSettings& n) {
  NetworkKind kind = n.kind;
  const std::int64_t k = resolved_neighbors(n);
  if (kind == NetworkKind::partial_mesh && k >= n.agents - 1) kind = NetworkKind::full_mesh;
  words << kind << network_agents(n);
  words << (has_neighbors(kind) ? k : 0);
  words << (kind == NetworkKind::hub_spoke ? n.hub : 0);
  words << (kind == NetworkKind::small_world ? n.beta : 0.0);
  words << (kind == NetworkKind::sharded ? shard_count(n) : 0);
  words << (kind == NetworkKind::file ? n.file.content_hash : 0);
}

}  // namespace

void Axis::set(Settings& settings, std::size_t position) const {
  if (apply) apply(settings, values[position]);
  for (const Axis& other : along) other.apply(settings, other.values[position]);
}

std::size_t Sweep::points() const {
  std::size_t count = 1;
  for (const Dimension& dimension : dimensions()) {
    if (dimension.length > kMaxPoints / count) {
      throw ScenarioError(
          "the grid has more than 2^25 = 33554432 points; shorten an axis or split the scenario");
    }
    count *= dimension.length;
  }
  return count;
}

std::size_t Sweep::types() const {
  return instance->has_amounts() ? instance->amounts.types()
                                 : static_cast<std::size_t>(base.population.types);
}

namespace {

/// Calls use(settings) for the base, and with every value of an axis in place that is wanted.
template <class Wanted, class Use>
void for_settings(const Sweep& sweep, const Wanted& wanted, const Use& use) {
  use(sweep.base);
  for_each_option(sweep.axes, [&](const Axis& axis) {
    if (!axis.apply || !wanted(axis.key)) return;
    Settings settings = sweep.base;
    for (const Value& value : axis.values) {
      axis.apply(settings, value);
      use(settings);
    }
  });
}

}  // namespace

std::size_t Sweep::episodes() const {
  std::int64_t most = 1;
  for_settings(
      *this, [](const std::string& key) { return key == "population.episodes"; },
      [&most](const Settings& s) { most = std::max(most, s.population.episodes); });
  return static_cast<std::size_t>(most);
}

bool Sweep::has_trust() const {
  bool some = false;
  for_settings(
      *this,
      [](const std::string& key) { return key == "trust.mode" || key.starts_with("strategies."); },
      [&some](const Settings& s) { some = some || s.trusts() || !s.strategies.all_cooperate(); });
  return some;
}

std::vector<Dimension> Sweep::dimensions() const {
  std::vector<Dimension> result;
  for (const Axis& axis : axes) result.push_back({axis.name, axis.values.size()});
  if (networks > 1) result.push_back({"network", static_cast<std::size_t>(networks)});
  if (replicates > 1) result.push_back({"replicate", static_cast<std::size_t>(replicates)});
  return result;
}

namespace {

/// Splits a point's number into the position along each dimension, last dimension first.
class Position {
 public:
  explicit Position(std::size_t point) : rest_(point) {}
  [[nodiscard]] std::size_t take(std::size_t length) {
    const std::size_t index = rest_ % length;
    rest_ /= length;
    return index;
  }
  /// What the dimensions not taken yet make.
  [[nodiscard]] std::size_t rest() const { return rest_; }

 private:
  std::size_t rest_;
};

}  // namespace

Point Sweep::point(std::size_t i) const {
  Point point{base, 0, 0};
  Position position(i);
  const auto index_of = [&position](std::int64_t length) {
    return static_cast<std::uint32_t>(position.take(static_cast<std::size_t>(length)));
  };
  point.replicate = first_replicate + index_of(replicates);
  point.network = first_network + index_of(networks);
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    axis->set(point.settings, position.take(axis->values.size()));
  }
  point.replicate += point.settings.first.replicate;
  point.network += point.settings.first.network;
  return point;
}

bool Sweep::excludes(std::size_t i) const {
  if (exclusions.empty()) return false;
  Position position(i);
  (void)position.take(static_cast<std::size_t>(replicates));
  (void)position.take(static_cast<std::size_t>(networks));
  std::vector<std::size_t> at(axes.size());
  for (std::size_t d = axes.size(); d-- > 0;) at[d] = position.take(axes[d].values.size());
  return std::any_of(exclusions.begin(), exclusions.end(), [&at](const Exclusion& exclusion) {
    return std::all_of(
        exclusion.where.begin(), exclusion.where.end(),
        [&at](const Exclusion::Marked& marked) { return marked.positions[at[marked.axis]]; });
  });
}

std::size_t Sweep::excluded_points() const {
  if (exclusions.empty()) return 0;
  const auto draws = static_cast<std::size_t>(networks) * static_cast<std::size_t>(replicates);
  std::size_t count = 0;
  const std::size_t all = points();
  for (std::size_t i = 0; i < all; i += draws) count += excludes(i) ? draws : 0;
  return count;
}

bool Sweep::varies(std::string_view key) const {
  bool varied = false;
  for_each_option(axes, [&](const Axis& axis) {
    if (axis.key != key) return;
    varied = varied || std::any_of(axis.values.begin(), axis.values.end(),
                                   [&](const Value& value) { return value != axis.values[0]; });
  });
  return varied;
}

Sweep keep_axes(Sweep sweep, const std::function<bool(const Axis&)>& wanted) {
  std::vector<std::optional<std::size_t>> places;
  std::vector<Axis> kept;
  for (Axis& axis : sweep.axes) {
    const bool keep = wanted(axis) || std::any_of(axis.along.begin(), axis.along.end(), wanted);
    places.push_back(keep ? std::optional(kept.size()) : std::nullopt);
    if (keep) kept.push_back(std::move(axis));
  }
  sweep.axes = std::move(kept);
  std::erase_if(sweep.exclusions, [&places](const Exclusion& exclusion) {
    return std::any_of(exclusion.where.begin(), exclusion.where.end(),
                       [&places](const auto& marked) { return !places[marked.axis]; });
  });
  for (Exclusion& exclusion : sweep.exclusions) {
    for (Exclusion::Marked& marked : exclusion.where) marked.axis = *places[marked.axis];
  }
  return sweep;
}

Sweep only_point(Sweep sweep, std::size_t i) {
  const Point point = sweep.point(i);
  if (sweep.points() > 1) sweep.point_of_whole = i;
  sweep.first_network = point.network - point.settings.first.network;  // an axis adds that again
  sweep.first_replicate = point.replicate - point.settings.first.replicate;
  Position position(i);
  (void)position.take(static_cast<std::size_t>(sweep.replicates));
  (void)position.take(static_cast<std::size_t>(sweep.networks));
  sweep.networks = 1;
  sweep.replicates = 1;
  for (auto axis = sweep.axes.rbegin(); axis != sweep.axes.rend(); ++axis) {
    const std::size_t at = position.take(axis->values.size());
    axis->values = {axis->values[at]};
    for (Axis& other : axis->along) other.values = {other.values[at]};
  }
  sweep.exclusions.clear();
  return sweep;
}

PointReader::PointReader(const Sweep& sweep)
    : sweep_(sweep),
      replicates_(static_cast<std::size_t>(sweep.replicates)),
      networks_(static_cast<std::size_t>(sweep.networks)),
      positions_(sweep.axes.size(), 0),
      settings_(sweep.axes.size() + 1, sweep.base) {
  for (std::size_t d = 0; d < positions_.size(); ++d) {
    settings_[d + 1] = settings_[d];
    sweep_.axes[d].set(settings_[d + 1], 0);
  }
  point_.settings = settings_.back();
}

void PointReader::move_to(std::size_t combination) {
  combination_ = combination;
  Position position(combination);
  std::size_t moved = positions_.size();  // the outermost axis that did
  for (std::size_t d = positions_.size(); d-- > 0;) {
    const std::size_t now = position.take(sweep_.axes[d].values.size());
    if (now != positions_[d]) moved = d;
    positions_[d] = now;
  }
  for (std::size_t d = moved; d < positions_.size(); ++d) {
    settings_[d + 1] = settings_[d];
    sweep_.axes[d].set(settings_[d + 1], positions_[d]);
  }
  point_.settings = settings_.back();
}

const Point& PointReader::at(std::size_t i) {
  Position position(i);
  point_.replicate =
      sweep_.first_replicate + static_cast<std::uint32_t>(position.take(replicates_));
  point_.network = sweep_.first_network + static_cast<std::uint32_t>(position.take(networks_));
  if (position.rest() != combination_) move_to(position.rest());
  point_.replicate += point_.settings.first.replicate;
  point_.network += point_.settings.first.network;
  return point_;
}

Identity network_identity(const Sweep& sweep, const Settings& settings) {
  Words words;
  words << settings.solver.weights << settings.round.state;
  if (sweep.instance->source != Source::generated) return words.identity();  // the files' own
  const RecognitionSettings& r = settings.recognition;
  words << settings.seed << r.weights << (r.weights == WeightKind::gamma ? r.shape : 0.0);
  words << settings.first.network;
  add_network(words, settings.network);
  return words.identity();
}

Identity run_identity(const Sweep& sweep, const Settings& settings) {
  const PopulationSettings& population = settings.population;
  Words words;
  words << trust_word(sweep, settings);
  add_round(words, settings.round);
  words << population.supply_ratio.has_value() << population.supply_ratio.value_or(0.0);
  if (!sweep.instance->has_amounts()) {
    words << settings.seed << settings.first.network << settings.first.replicate;
    add_population(words, population);
  }
  return words.identity();
}

Network network_of(const Sweep& sweep, const Point& point, Threads threads) {
  const NetworkSettings& settings = point.settings.network;
  if (settings.kind != NetworkKind::file) {
    return build_network(settings, point.settings.seed, point.network, threads);
  }
  if (const std::string problem = network_problem(settings); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  return sweep.network_files.at(settings.file.number)->network;
}

std::uint64_t fingerprint(std::string_view text, std::uint64_t start) {
  std::uint64_t hash = start;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace needflow
