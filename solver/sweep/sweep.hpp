// A sweep as one value: base settings, axes, draws. It can be counted, indexed and checked before
// the first round.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "solver/instance.hpp"
#include "solver/network.hpp"
#include "solver/settings.hpp"
#include "solver/sweep/network_table.hpp"

namespace needflow {

/// A value as a scenario writes it.
using Value = std::variant<bool, std::int64_t, double, std::string>;

/// One dimension of the grid: an option that was given an array, or several that advance together.
struct Axis {
  std::string name;  ///< the dimension's name in result files, e.g. "agents"
  std::string key;   ///< the option, e.g. "network.agents"; "" for the numbers of samples
  std::string unit;
  std::string long_name;
  std::vector<Value> values;
  bool words = false;  ///< one of them is a word: files then hold them all as words
  std::function<void(Settings&, const Value&)> apply;  ///< empty: it changes nothing by itself
  /// What advances with it: as many values each, no `along` of their own. Coordinates over this
  /// dimension, not dimensions.
  std::vector<Axis> along = {};

  /// Puts the values at a position into the settings, its own first.
  void set(Settings& settings, std::size_t position) const;
};

/// Whether optima are computed (`[output] optimum`, `fairest`).
enum class OptimumWish { automatic, on, off };

/// Cells of the grid that the design leaves out: those whose position is marked on every axis
/// listed.
struct Exclusion {
  struct Marked {
    std::size_t axis;
    std::vector<bool> positions;  ///< as many as the axis has values
  };
  std::vector<Marked> where;
};

/// One point of the grid, all axes resolved.
struct Point {
  Settings settings;
  std::uint32_t network = 0;    ///< which of the independent networks
  std::uint32_t replicate = 0;  ///< which draw of the population
};

/// A dimension of every metric: its name and length.
struct Dimension {
  std::string name;
  std::size_t length;
};

struct Sweep {
  std::string title;
  Settings base;
  std::vector<Axis> axes;  ///< samples first, then in the option table's order
  std::vector<Exclusion> exclusions = {};
  std::int64_t networks = 1;    ///< [network] count
  std::int64_t replicates = 1;  ///< [population] replicates
  // In the one-point sweep that only_point() makes: which point of the whole it is.
  std::optional<std::size_t> point_of_whole = {};
  std::uint32_t first_network = 0;
  std::uint32_t first_replicate = 0;
  bool traces = false;
  bool agents = false;
  NetworkMetrics network_metrics = NetworkMetrics::automatic;
  OptimumWish optimum_wish = OptimumWish::automatic;
  OptimumWish fairest_wish = OptimumWish::automatic;
  // What decide_optima() (solver/sweep/optima.hpp) makes of them.
  bool optimum = false;
  bool fairest = false;
  std::shared_ptr<const Instance> instance;  ///< never null; source says what it holds
  std::vector<std::shared_ptr<const NetworkFile>> network_files = {};  ///< of kind `file`

  /// Product of all axes, network and replicate among them. Throws ScenarioError above 2^25 points.
  [[nodiscard]] std::size_t points() const;
  /// Need types a point has: a run each.
  [[nodiscard]] std::size_t types() const;
  /// Episodes of the point with the most; the others have fewer runs than places for them.
  [[nodiscard]] std::size_t episodes() const;
  /// Places for runs that a point has: types × episodes, an episode after the other of each type.
  [[nodiscard]] std::size_t runs_per_point() const { return types() * episodes(); }
  /// Whether some point has strategies or trust: then all have the figures of both.
  [[nodiscard]] bool has_trust() const;
  /// Whether points go episode by episode (solver/sweep/episode_point.hpp).
  [[nodiscard]] bool is_episodic() const { return episodes() > 1 || has_trust(); }
  /// The axes, then `network` and `replicate` where longer than 1; `type` is not among them.
  [[nodiscard]] std::vector<Dimension> dimensions() const;
  /// Point i in C order: the last dimension runs fastest.
  [[nodiscard]] Point point(std::size_t i) const;
  /// Whether the design leaves point i out. It stays a cell of the grid, without a run.
  [[nodiscard]] bool excludes(std::size_t i) const;
  /// How many it leaves out.
  [[nodiscard]] std::size_t excluded_points() const;
  /// Whether some axis gives the option more than one value.
  [[nodiscard]] bool varies(std::string_view key) const;
};

/// Calls use(option) for every axis and for what advances with it.
template <class Axes, class Use>
void for_each_option(Axes& axes, const Use& use) {
  for (auto& axis : axes) {
    use(axis);
    for (auto& other : axis.along) use(other);
  }
}

/// The sweep without the axes of which no option is wanted, and without the exclusions that speak
/// of them.
[[nodiscard]] Sweep keep_axes(Sweep sweep, const std::function<bool(const Axis&)>& wanted);

/// The sweep of point i alone: axes of length one, its network and replicate first, nothing
/// excluded.
[[nodiscard]] Sweep only_point(Sweep sweep, std::size_t i);

/// Points one after another: only the axes that moved since the last call are applied again, and
/// for another network or replicate of the same settings none. About 5 ns then, not 50 and more.
class PointReader {
 public:
  /// Keeps a reference to `sweep`.
  explicit PointReader(const Sweep& sweep);
  /// Point i, as sweep.point(i) gives it; valid until the next call.
  [[nodiscard]] const Point& at(std::size_t i);

 private:
  void move_to(std::size_t combination);

  const Sweep& sweep_;
  std::size_t replicates_;
  std::size_t networks_;
  std::size_t combination_ = 0;         ///< of the axes, C order
  std::vector<std::size_t> positions_;  ///< an axis
  std::vector<Settings> settings_;      ///< [d]: the first d axes applied
  Point point_;
};

// What decides the numbers of a point, as words, in two parts. What cannot matter (k on a ring, ω
// outside `reallocate`) is 0, so two points whose words, network and replicate are equal have equal
// results. Words and not text: a grid has millions of them, and a text takes a microsecond.
using Identity = std::array<std::uint64_t, 24>;

/// The part that decides the recognition matrix, but for which of the independent networks it is:
/// points that share both share the matrix.
[[nodiscard]] Identity network_identity(const Sweep& sweep, const Settings& settings);

/// The rest, but for network and replicate: amounts, draws and rounds.
[[nodiscard]] Identity run_identity(const Sweep& sweep, const Settings& settings);

/// The network of a point, built, or copied where it came from a file. Throws InvalidPoint.
[[nodiscard]] Network network_of(const Sweep& sweep, const Point& point, Threads threads);

/// 64-bit FNV-1a; names contents, defends against nobody.
[[nodiscard]] std::uint64_t fingerprint(std::string_view text,
                                        std::uint64_t start = 0xcbf29ce484222325ULL);

}  // namespace needflow
