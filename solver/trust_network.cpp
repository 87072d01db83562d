#include "solver/trust_network.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace needflow {

namespace {

using Links = std::vector<std::pair<Index, Index>>;

/// Adds rows of the trust network: the rows of a matrix, its columns moved by `shift`, and the
/// unrecognised links among them.
class RowMerger {
 public:
  explicit RowMerger(CsrMatrix& links) : links_(links) {}

  /// Says where the matrix's entries went.
  std::vector<Offset> add(const CsrView& rows, const Links& unrecognised, std::size_t shift) {
    std::vector<Offset> places;
    if (!unrecognised.empty()) places.reserve(static_cast<std::size_t>(rows.entries()));
    auto missing = unrecognised.begin();
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const auto add_missing = [&](Index before) {
        while (missing != unrecognised.end() && static_cast<std::size_t>(missing->first) == i &&
               missing->second < before) {
          push(missing->second, shift, 0.0);
          ++missing;
        }
      };
      const auto end = static_cast<std::size_t>(rows.offsets[i + 1]);
      for (auto e = static_cast<std::size_t>(rows.offsets[i]); e < end; ++e) {
        add_missing(rows.columns[e]);
        if (!unrecognised.empty()) places.push_back(static_cast<Offset>(links_.columns.size()));
        push(rows.columns[e], shift, rows.weight(e));
      }
      add_missing(std::numeric_limits<Index>::max());
      links_.offsets.push_back(static_cast<Offset>(links_.columns.size()));
    }
    return places;
  }

 private:
  void push(Index column, std::size_t shift, double weight) {
    links_.columns.push_back(column + static_cast<Index>(shift));
    links_.weights.push_back(weight);
  }

  CsrMatrix& links_;
};

Links turned(const Links& links) {
  Links result;
  result.reserve(links.size());
  for (const auto& [a, b] : links) result.emplace_back(b, a);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

TrustNetwork trust_network(const Recognition& recognition) {
  TrustNetwork network;
  network.agent_network = recognition.agent_network;
  network.providers = recognition.providers();
  network.recipients = recognition.recipients();
  const Links& unrecognised = recognition.unrecognised;
  const auto entries = static_cast<std::size_t>(recognition.provider_rows.entries());
  const std::size_t sides = recognition.agent_network ? 1 : 2;
  network.links.columns.reserve(sides * entries + unrecognised.size());
  network.links.weights.reserve(sides * entries + unrecognised.size());
  RowMerger merger(network.links);
  if (recognition.agent_network) {
    network.provider_links = merger.add(recognition.by_provider(), unrecognised, 0);
    network.recipient_links = network.provider_links;
  } else {
    network.provider_links = merger.add(recognition.by_provider(), unrecognised, network.providers);
    network.first_of_recipients = network.links.columns.size();
    network.recipient_links = merger.add(recognition.by_recipient(), turned(unrecognised), 0);
  }
  network.links.column_count = network.nodes();
  return network;
}

LinkRatings ratings_on(const TrustNetwork& network, const std::vector<Rating>& ratings) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const CsrMatrix& links = network.links;
  LinkRatings result{std::vector<double>(links.columns.size(), kNone),
                     std::vector<double>(links.columns.size(), kNone), 0.0, 1.0};
  const auto link = [&links](Index row, Index column) {
    const auto i = static_cast<std::size_t>(row);
    const auto begin = links.columns.begin() + links.offsets[i];
    const auto end = links.columns.begin() + links.offsets[i + 1];
    return static_cast<std::size_t>(std::lower_bound(begin, end, column) - links.columns.begin());
  };
  const auto by_value = [](const Rating& a, const Rating& b) { return a.value < b.value; };
  for (const Rating& rating : ratings) {
    result.by_source[link(rating.source, rating.target)] = rating.value;
    result.by_target[link(rating.target, rating.source)] = rating.value;
  }
  if (ratings.empty()) return result;
  const auto [lowest, highest] = std::minmax_element(ratings.begin(), ratings.end(), by_value);
  result.lowest = lowest->value;
  result.highest = highest->value;
  if (result.highest > result.lowest) return result;
  result.lowest -= 1.0;  // ratings that do not differ say neither good nor bad: α = β = s/2
  result.highest += 1.0;
  return result;
}

}  // namespace needflow
