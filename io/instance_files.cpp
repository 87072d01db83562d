#include "io/instance_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "io/csv.hpp"
#include "io/listed_links.hpp"
#include "io/text_file.hpp"
#include "solver/error.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

namespace {

// Sums of a million such amounts, and products of two, stay finite.
constexpr double kLargestAmount = 1e100;

Range amount_range(const char* rule) {
  Range range;
  range.low = 0.0;
  range.high = kLargestAmount;
  range.rule = rule;
  return range;
}

Range recognition_range() {
  Range range;
  range.low = 0.0;
  range.high = 1.0;
  range.rule = "mutual recognition is 0 to 1";
  return range;
}

Range desire_range() {
  Range range;
  range.low = 0.0;
  range.infinite = true;
  range.if_empty = std::numeric_limits<double>::infinity();
  range.rule = "desire is 0 or more, empty for no bound";
  return range;
}

Range rating_range() {
  Range range;
  range.low = -kLargestAmount;
  range.high = kLargestAmount;
  return range;
}

CsvTable read_table(const std::filesystem::path& path, const CsvColumns& columns, Instance& into) {
  std::string text = read_text_file(path);
  into.content_hash = fingerprint(text, into.content_hash);
  return CsvTable(path.string(), std::move(text), columns);
}

/// The numbers of a file's ids.
class Ids {
 public:
  Ids(const CsvTable& table, ErrorList& errors) {
    const std::size_t column = table.column("id");
    std::string scratch;
    for (std::size_t row = 0; row < table.rows(); ++row) {
      const std::string id(table.id(row, column, scratch, errors));
      const auto [entry, is_new] = number_.try_emplace(id, static_cast<Index>(row));
      if (!is_new && !id.empty()) {
        errors.add(fmt::format("{}: id {} was already given in line {}", table.where(row),
                               shown(id), table.line(static_cast<std::size_t>(entry->second))));
      }
      names_.push_back(id);
    }
  }

  /// The agent that a field names; an unknown one is a mistake, and −1.
  [[nodiscard]] Index find(const CsvTable& table, std::size_t row, std::size_t column,
                           const std::string& known_in, ErrorList& errors) const {
    std::string scratch;
    const std::string id(table.id(row, column, scratch, errors));
    const auto entry = number_.find(id);
    if (entry != number_.end()) return entry->second;
    if (!id.empty()) {
      errors.add(fmt::format("{}: {} is not among the {} ids of {}", table.where(row, column),
                             shown(id), names_.size(), known_in));
    }
    return -1;
  }

  [[nodiscard]] std::vector<std::string> take_names() { return std::move(names_); }

 private:
  std::unordered_map<std::string, Index> number_;
  std::vector<std::string> names_;
};

/// Amounts by type: the column `name`, or name_1, name_2 … without a gap.
std::vector<std::vector<double>> amounts_by_type(const CsvTable& table, const std::string& name,
                                                 const char* rule, ErrorList& errors) {
  std::vector<std::size_t> columns;
  if (const auto single = table.find_column(name)) columns.push_back(*single);
  while (const auto next = table.find_column(fmt::format("{}_{}", name, columns.size() + 1))) {
    columns.push_back(*next);
  }
  const auto of_this_name = std::count_if(table.columns().begin(), table.columns().end(),
                                          [&name](const std::string& column) {
                                            return column == name || column.starts_with(name + "_");
                                          });
  if (columns.empty() || static_cast<std::size_t>(of_this_name) != columns.size() ||
      (columns.size() > 1 && table.find_column(name))) {
    errors.add(fmt::format("{}: expected a column {} or columns {}_1, {}_2, … without a gap",
                           table.file(), name, name, name));
    return {};
  }
  const Range range = amount_range(rule);
  std::vector<std::vector<double>> amounts;
  for (const std::size_t column : columns) {
    std::vector<double>& values = amounts.emplace_back(table.rows());
    for (std::size_t row = 0; row < table.rows(); ++row) {
      values[row] = table.number(row, column, range, errors);
    }
  }
  return amounts;
}

void require_same_types(const Amounts& amounts, const std::string& needs_in,
                        const std::string& capacities_in, ErrorList& errors) {
  const bool one_is_wrong_itself = amounts.need.empty() || amounts.capacity.empty();
  if (one_is_wrong_itself || amounts.need.size() == amounts.capacity.size()) return;
  errors.add(fmt::format("{} has {} need types and {} has {}; expected as many in both", needs_in,
                         amounts.need.size(), capacities_in, amounts.capacity.size()));
}

struct Edge {
  Index from;
  Index to;
  double mr;
  double desire;
  std::size_t row;  ///< in the table, for messages
};

CsvColumns edge_columns(const char* from, const char* to) { return {{from, to, "mr"}, {"desire"}}; }

std::vector<Edge> read_edges(const CsvTable& table, const Ids& from_ids,
                             const std::string& from_file, const Ids& to_ids,
                             const std::string& to_file, const char* from, const char* to,
                             ErrorList& errors) {
  const std::size_t from_column = table.column(from);
  const std::size_t to_column = table.column(to);
  const std::size_t mr_column = table.column("mr");
  const auto desire_column = table.find_column("desire");
  const Range mr_range = recognition_range();
  const Range d_range = desire_range();
  std::vector<Edge> edges(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Edge& edge = edges[row];
    edge.from = from_ids.find(table, row, from_column, from_file, errors);
    edge.to = to_ids.find(table, row, to_column, to_file, errors);
    edge.mr = table.number(row, mr_column, mr_range, errors);
    edge.desire = desire_column ? table.number(row, *desire_column, d_range, errors)
                                : std::numeric_limits<double>::infinity();
    edge.row = row;
  }
  return edges;
}

std::pair<Index, Index> ends(const Edge& edge) { return {edge.from, edge.to}; }

/// Sorted rows of P × R; the same edge twice is a mistake.
CsrMatrix matrix_of(std::vector<Edge>& edges, std::size_t rows, std::size_t columns,
                    const CsvTable& table, ErrorList& errors) {
  std::stable_sort(edges.begin(), edges.end(),
                   [](const Edge& a, const Edge& b) { return ends(a) < ends(b); });
  CsrMatrix matrix;
  matrix.column_count = columns;
  matrix.offsets.assign(rows + 1, 0);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const Edge& edge = edges[e];
    if (e > 0 && ends(edges[e - 1]) == ends(edge)) {
      errors.add(fmt::format("{}: this edge was already given in line {}", table.where(edge.row),
                             table.line(edges[e - 1].row)));
      continue;
    }
    ++matrix.offsets[static_cast<std::size_t>(edge.from) + 1];
    matrix.columns.push_back(edge.to);
    matrix.weights.push_back(edge.mr);
    matrix.desire.push_back(edge.desire);
  }
  for (std::size_t row = 0; row < rows; ++row) matrix.offsets[row + 1] += matrix.offsets[row];
  return matrix;
}

/// Both directions of undirected edges. An edge given from both ends must agree with itself.
std::vector<Edge> both_directions(const std::vector<Edge>& edges, const CsvTable& table,
                                  ErrorList& errors) {
  std::unordered_map<std::uint64_t, const Edge*> given;
  const auto pair_key = [](Index a, Index b) {
    return static_cast<std::uint64_t>(a) << 32U | static_cast<std::uint64_t>(b);
  };
  std::vector<Edge> result;
  for (const Edge& edge : edges) {
    if (edge.from == edge.to) {
      errors.add(fmt::format("{}: an agent has no edge to itself", table.where(edge.row)));
      continue;
    }
    const auto back = given.find(pair_key(edge.to, edge.from));
    if (back != given.end()) {
      const Edge& other = *back->second;
      if (other.mr == edge.mr && other.desire == edge.desire) continue;
      errors.add(fmt::format(
          "{}: mr {} and desire {} differ from {} and {} of the other direction in line {}; edges "
          "between agents are symmetric",
          table.where(edge.row), edge.mr, edge.desire, other.mr, other.desire,
          table.line(other.row)));
      continue;
    }
    if (!given.emplace(pair_key(edge.from, edge.to), &edge).second) {
      errors.add(fmt::format("{}: this edge was already given in line {}", table.where(edge.row),
                             table.line(given.at(pair_key(edge.from, edge.to))->row)));
      continue;
    }
    result.push_back(edge);
    result.push_back({edge.to, edge.from, edge.mr, edge.desire, edge.row});
  }
  return result;
}

}  // namespace

Instance load_bipartite(const std::filesystem::path& providers,
                        const std::filesystem::path& recipients,
                        const std::filesystem::path& edges) {
  Instance instance;
  instance.source = Source::bipartite;
  ErrorList errors;
  const CsvTable provider_table =
      read_table(providers, {{"id"}, {"capacity", "capacity_#"}}, instance);
  const CsvTable recipient_table = read_table(recipients, {{"id"}, {"need", "need_#"}}, instance);
  const CsvTable edge_table = read_table(edges, edge_columns("provider", "recipient"), instance);

  Ids provider_ids(provider_table, errors);
  Ids recipient_ids(recipient_table, errors);
  instance.amounts.capacity = amounts_by_type(provider_table, "capacity",
                                              "capacities are 0 or more, at most 1e+100", errors);
  instance.amounts.need =
      amounts_by_type(recipient_table, "need", "needs are 0 or more, at most 1e+100", errors);
  require_same_types(instance.amounts, recipients.string(), providers.string(), errors);
  std::vector<Edge> list = read_edges(edge_table, provider_ids, providers.string(), recipient_ids,
                                      recipients.string(), "provider", "recipient", errors);
  errors.throw_if_any();
  CsrMatrix rows =
      matrix_of(list, provider_table.rows(), recipient_table.rows(), edge_table, errors);
  errors.throw_if_any();

  instance.provider_ids = provider_ids.take_names();
  instance.recipient_ids = recipient_ids.take_names();
  instance.recognition = bipartite_recognition(std::move(rows));
  return instance;
}

Instance load_agents(const std::filesystem::path& agents, const std::filesystem::path& edges) {
  Instance instance;
  instance.source = Source::agents;
  ErrorList errors;
  const CsvTable agent_table =
      read_table(agents, {{"id"}, {"need", "need_#", "capacity", "capacity_#"}}, instance);
  const CsvTable edge_table = read_table(edges, edge_columns("a", "b"), instance);

  Ids ids(agent_table, errors);
  instance.amounts.need =
      amounts_by_type(agent_table, "need", "needs are 0 or more, at most 1e+100", errors);
  instance.amounts.capacity =
      amounts_by_type(agent_table, "capacity", "capacities are 0 or more, at most 1e+100", errors);
  require_same_types(instance.amounts, agents.string(), agents.string(), errors);
  const std::vector<Edge> once =
      read_edges(edge_table, ids, agents.string(), ids, agents.string(), "a", "b", errors);
  errors.throw_if_any();
  std::vector<Edge> list = both_directions(once, edge_table, errors);
  errors.throw_if_any();
  CsrMatrix rows = matrix_of(list, agent_table.rows(), agent_table.rows(), edge_table, errors);
  errors.throw_if_any();

  instance.provider_ids = ids.take_names();
  instance.recognition = symmetric_recognition(std::move(rows));
  return instance;
}

Instance load_ratings(const std::filesystem::path& ratings) {
  Instance instance;
  instance.source = Source::ratings;
  ErrorList errors;
  CsvColumns columns{{"source", "target", "rating"}};
  columns.allow_others = true;
  const CsvTable table = read_table(ratings, columns, instance);
  if (table.rows() == 0) {
    throw ScenarioError(fmt::format("{}: no ratings, so no agents", table.file()));
  }

  std::vector<std::string> names;
  std::string scratch;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    names.emplace_back(table.id(row, table.column("source"), scratch, errors));
    names.emplace_back(table.id(row, table.column("target"), scratch, errors));
  }
  instance.provider_ids = ascending_ids(names);
  std::unordered_map<std::string, Index> number;
  for (std::size_t i = 0; i < instance.provider_ids.size(); ++i) {
    number.emplace(instance.provider_ids[i], static_cast<Index>(i));
  }

  std::vector<Rating> list(table.rows());
  std::unordered_map<std::uint64_t, std::size_t> seen;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Rating& rating = list[row];
    rating.source = number.at(names[2 * row]);
    rating.target = number.at(names[2 * row + 1]);
    rating.value = table.number(row, table.column("rating"), rating_range(), errors);
    const auto key = static_cast<std::uint64_t>(rating.source) << 32U |
                     static_cast<std::uint64_t>(rating.target);
    const auto [earlier, is_new] = seen.emplace(key, row);
    if (!is_new) {
      errors.add(fmt::format("{}: {} rated {} already in line {}", table.where(row),
                             shown(names[2 * row]), shown(names[2 * row + 1]),
                             table.line(earlier->second)));
    }
  }
  errors.throw_if_any();
  instance.recognition = recognise_ratings(instance.provider_ids.size(), list);
  std::erase_if(list, [](const Rating& rating) { return rating.source == rating.target; });
  instance.ratings = std::move(list);
  return instance;
}

}  // namespace needflow
