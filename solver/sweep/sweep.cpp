#include "solver/sweep/sweep.hpp"

#include <fmt/format.h>

#include "solver/error.hpp"

namespace needflow {

namespace {

// Outcomes stay in memory until the file is written, about 600 B a point.
constexpr std::size_t kMaxPoints = std::size_t{1} << 25;

/// Identity of a generated amount: constant amounts have no cv.
std::string amount_identity(AmountKind kind, double mean, double cv) {
  const double used_cv = kind == AmountKind::constant ? 0.0 : cv;
  return fmt::format("{} {} {}", static_cast<int>(kind), mean, used_cv);
}

std::string population_identity(const PopulationSettings& p) {
  return fmt::format("need {} capacity {} fractions {} {} types {}",
                     amount_identity(p.need, p.need_mean, p.need_cv),
                     amount_identity(p.capacity, 1.0, p.capacity_cv), p.provider_fraction,
                     p.recipient_fraction, p.types);
}

std::string round_identity(const RoundSettings& r) {
  std::string text =
      fmt::format("settlement {} damping {} cap {} tolerance {} stop {} rounds {}",
                  static_cast<int>(r.settlement), static_cast<int>(r.damping),
                  static_cast<int>(r.cap), r.tolerance, static_cast<int>(r.stop), r.max_rounds);
  if (r.damping == DampingKind::constant) text += fmt::format(" factor {}", r.damping_factor);
  if (r.settlement == SettlementKind::stock) text += fmt::format(" returns {}", r.return_surplus);
  if (r.settlement == SettlementKind::reallocate) text += fmt::format(" omega {}", r.relaxation);
  return text;
}

}  // namespace

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
    axis->apply(point.settings, axis->values[position.take(axis->values.size())]);
  }
  return point;
}

Sweep only_point(Sweep sweep, std::size_t i) {
  const Point point = sweep.point(i);
  if (sweep.points() > 1) sweep.point_of_whole = i;
  sweep.first_network = point.network;
  sweep.first_replicate = point.replicate;
  Position position(i);
  (void)position.take(static_cast<std::size_t>(sweep.replicates));
  (void)position.take(static_cast<std::size_t>(sweep.networks));
  sweep.networks = 1;
  sweep.replicates = 1;
  for (auto axis = sweep.axes.rbegin(); axis != sweep.axes.rend(); ++axis) {
    axis->values = {axis->values[position.take(axis->values.size())]};
  }
  return sweep;
}

std::string network_identity(const Sweep& sweep, const Point& point) {
  if (sweep.instance->source != Source::generated) return "files";
  const NetworkSettings& n = point.settings.network;
  const RecognitionSettings& r = point.settings.recognition;
  NetworkKind kind = n.kind;
  const std::int64_t k = resolved_neighbors(n);
  if (kind == NetworkKind::partial_mesh && k >= n.agents - 1) kind = NetworkKind::full_mesh;
  std::string text =
      fmt::format("seed {} network {} kind {} agents {} weights {}", point.settings.seed,
                  point.network, static_cast<int>(kind), n.agents, static_cast<int>(r.weights));
  if (kind == NetworkKind::partial_mesh) text += fmt::format(" k {}", k);
  if (kind == NetworkKind::hub_spoke) text += fmt::format(" hub {}", n.hub);
  if (r.weights == WeightKind::gamma) text += fmt::format(" shape {}", r.shape);
  return text;
}

std::string run_identity(const Sweep& sweep, const Point& point) {
  const PopulationSettings& population = point.settings.population;
  std::string text = round_identity(point.settings.round);
  if (population.supply_ratio) text += fmt::format(" ratio {}", *population.supply_ratio);
  if (!sweep.instance->has_amounts()) {
    text += fmt::format(" {} seed {} network {} replicate {}", population_identity(population),
                        point.settings.seed, point.network, point.replicate);
  }
  return text;
}

std::uint64_t fingerprint(std::string_view text, std::uint64_t start) {
  std::uint64_t hash = start;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace needflow
