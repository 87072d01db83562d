#include "io/network_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "io/csv.hpp"
#include "io/listed_links.hpp"
#include "io/text_file.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

Range latency_range() {
  Range range;
  range.low = 0.0;
  range.high = 1e30;
  range.rule = "latencies are 0 or more";
  return range;
}

/// Numbers the ids of a list of links, in the order they come.
class IdNumbers {
 public:
  Index number(std::string_view id) {
    const auto [entry, is_new] =
        numbers_.try_emplace(std::string(id), static_cast<Index>(names_.size()));
    if (is_new) names_.push_back(entry->first);
    return entry->second;
  }

  /// Renumbers the links by ascending id and returns the ids in that order.
  std::vector<std::string> sort(std::vector<ListedLink>& links) {
    std::vector<std::string> ids = ascending_ids(names_);
    std::vector<Index> place(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      place[static_cast<std::size_t>(numbers_.at(ids[i]))] = static_cast<Index>(i);
    }
    for (ListedLink& link : links) {
      link.from = place[static_cast<std::size_t>(link.from)];
      link.to = place[static_cast<std::size_t>(link.to)];
    }
    return ids;
  }

 private:
  std::unordered_map<std::string, Index> numbers_;
  std::vector<std::string> names_;
};

/// Which names of its columns a list of links uses, by its header line.
std::pair<const char*, const char*> end_names(const std::string& text) {
  const std::string header = text.substr(0, text.find('\n'));
  const bool directed =
      header.find("source") != std::string::npos && header.find("target") != std::string::npos;
  return directed ? std::pair("source", "target") : std::pair("a", "b");
}

NetworkFile read_links(const std::string& name, std::string text) {
  const auto [from, to] = end_names(text);
  CsvColumns columns{{from, to}, {"latency"}};
  columns.allow_others = true;
  const CsvTable table(name, std::move(text), columns);
  if (table.rows() == 0) throw ScenarioError(fmt::format("{}: no links, so no network", name));
  ErrorList errors;
  const std::size_t from_column = table.column(from);
  const std::size_t to_column = table.column(to);
  const auto latency_column = table.find_column("latency");
  const Range range = latency_range();
  IdNumbers ids;
  std::vector<ListedLink> links(table.rows());
  std::string scratch;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    links[row].from = ids.number(table.id(row, from_column, scratch, errors));
    links[row].to = ids.number(table.id(row, to_column, scratch, errors));
    links[row].latency = latency_column
                             ? static_cast<float>(table.number(row, *latency_column, range, errors))
                             : 0.0F;
    links[row].line = row;
  }
  errors.throw_if_any();
  std::vector<std::string> names = ids.sort(links);
  NetworkFile file = network_from_list(
      names.size(), std::move(links), latency_column.has_value(),
      [&table](std::size_t row) { return table.where(row); }, errors);
  file.ids = std::move(names);
  return file;
}

bool has_link(hid_t where, const char* name) { return H5Lexists(where, name, H5P_DEFAULT) > 0; }

H5Handle open_dataset(hid_t where, const char* name, const std::string& file) {
  const hid_t id = H5Dopen2(where, name, H5P_DEFAULT);
  if (id < 0) throw ScenarioError(fmt::format("{}: {} is no dataset", file, name));
  return {id, H5Dclose, "open a dataset"};
}

/// A one-dimensional dataset of numbers.
template <class T>
std::vector<T> read_numbers(hid_t where, const char* name, hid_t type, const std::string& file) {
  const H5Handle dataset = open_dataset(where, name, file);
  const H5Handle stored(H5Dget_type(dataset.get()), H5Tclose, "read a type");
  const H5T_class_t kind = H5Tget_class(stored.get());
  const H5Handle space(H5Dget_space(dataset.get()), H5Sclose, "read a data space");
  const bool whole = kind == H5T_INTEGER;
  if (H5Sget_simple_extent_ndims(space.get()) != 1 ||
      !(whole || (kind == H5T_FLOAT && std::is_floating_point_v<T>))) {
    throw ScenarioError(fmt::format("{}: dataset {} is no list of {}", file, name,
                                    std::is_floating_point_v<T> ? "numbers" : "whole numbers"));
  }
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get())));
  if (!values.empty() &&
      H5Dread(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    throw IoError(fmt::format("{}: cannot read dataset {}", file, name));
  }
  return values;
}

std::vector<std::string> read_ids(hid_t where, std::size_t agents, const std::string& file) {
  const H5Handle dataset = open_dataset(where, "id", file);
  const H5Handle stored(H5Dget_type(dataset.get()), H5Tclose, "read a type");
  const H5Handle space(H5Dget_space(dataset.get()), H5Sclose, "read a data space");
  if (H5Tis_variable_str(stored.get()) <= 0 ||
      H5Sget_simple_extent_npoints(space.get()) != static_cast<hssize_t>(agents)) {
    throw ScenarioError(fmt::format("{}: dataset id is no list of {} strings", file, agents));
  }
  std::vector<char*> texts(agents, nullptr);
  if (H5Dread(dataset.get(), stored.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()) < 0) {
    throw IoError(fmt::format("{}: cannot read dataset id", file));
  }
  std::vector<std::string> ids;
  for (const char* text : texts) ids.emplace_back(text == nullptr ? "" : text);
  H5Dvlen_reclaim(stored.get(), space.get(), H5P_DEFAULT, texts.data());
  return ids;
}

void check_offsets(const Network& network, std::size_t entries, const std::string& file) {
  const std::vector<Offset>& offsets = network.offsets;
  if (offsets.size() < 2 || static_cast<std::int64_t>(offsets.size()) - 1 > kMaxAgents) {
    throw ScenarioError(
        fmt::format("{}: {} offsets make no network; expected agents + 1", file, offsets.size()));
  }
  if (offsets.front() != 0 || !std::is_sorted(offsets.begin(), offsets.end()) ||
      offsets.back() != static_cast<Offset>(entries)) {
    throw ScenarioError(
        fmt::format("{}: offsets must ascend from 0 to the {} entries of columns", file, entries));
  }
}

/// Our own files are written whole and right: what is wrong in them is not mended.
void check_rows(const Network& network, const std::string& file, ErrorList& errors) {
  const bool has_latency = !network.latency.empty();
  const auto agents = static_cast<Index>(network.agents());
  for (Index i = 0; i < agents; ++i) {
    const auto row = static_cast<std::size_t>(i);
    for (Offset e = network.offsets[row]; e < network.offsets[row + 1]; ++e) {
      const auto entry = static_cast<std::size_t>(e);
      const Index j = network.columns[entry];
      if (j == i || (e > network.offsets[row] && network.columns[entry - 1] >= j)) {
        errors.add(fmt::format("{}: columns of agent {} must ascend without itself, found {}", file,
                               i, j));
        return;
      }
      const auto begin = network.columns.begin() + network.offsets[static_cast<std::size_t>(j)];
      const auto end = network.columns.begin() + network.offsets[static_cast<std::size_t>(j) + 1];
      const auto back = std::lower_bound(begin, end, i);
      const bool found = back != end && *back == i;
      if (!found) {
        errors.add(fmt::format("{}: the link from agent {} to {} lacks its way back", file, i, j));
      } else if (has_latency &&
                 !(network.latency[entry] >= 0.0F &&
                   network.latency[entry] ==
                       network.latency[static_cast<std::size_t>(back - network.columns.begin())])) {
        errors.add(fmt::format(
            "{}: latency {} from agent {} to {}; expected 0 or more and the same both ways", file,
            network.latency[entry], i, j));
      }
    }
  }
}

H5Handle network_group(const H5Handle& file, const std::string& name) {
  const bool inside = !has_link(file.get(), "offsets") && has_link(file.get(), "network");
  H5Handle group(H5Gopen2(file.get(), inside ? "network" : "/", H5P_DEFAULT), H5Gclose,
                 "open a group");
  for (const char* dataset : {"offsets", "columns"}) {
    if (has_link(group.get(), dataset)) continue;
    throw ScenarioError(
        fmt::format("{}: no dataset {}; expected offsets and columns, as needflow "
                    "network -o writes them",
                    name, dataset));
  }
  return group;
}

std::vector<Index> checked_columns(const std::vector<std::int64_t>& columns, std::size_t agents,
                                   const std::string& file) {
  std::vector<Index> result(columns.size());
  for (std::size_t e = 0; e < columns.size(); ++e) {
    if (columns[e] < 0 || columns[e] >= static_cast<std::int64_t>(agents)) {
      throw ScenarioError(
          fmt::format("{}: column {} is none of the {} agents from 0", file, columns[e], agents));
    }
    result[e] = static_cast<Index>(columns[e]);
  }
  return result;
}

NetworkFile read_h5(const std::filesystem::path& path) {
  const std::string file = path.string();
  if (!std::filesystem::exists(path)) throw IoError(fmt::format("{}: no such file", file));
  if (H5Fis_hdf5(file.c_str()) <= 0) throw ScenarioError(fmt::format("{}: no HDF5 file", file));
  const H5Handle opened(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose,
                        "open a network file");
  const H5Handle where = network_group(opened, file);
  NetworkFile result;
  Network& network = result.network;
  network.offsets = read_numbers<Offset>(where.get(), "offsets", H5T_NATIVE_INT64, file);
  const auto columns = read_numbers<std::int64_t>(where.get(), "columns", H5T_NATIVE_INT64, file);
  check_offsets(network, columns.size(), file);
  network.columns = checked_columns(columns, network.agents(), file);
  if (has_link(where.get(), "latency")) {
    network.latency = read_numbers<float>(where.get(), "latency", H5T_NATIVE_FLOAT, file);
    if (network.latency.size() != columns.size()) {
      throw ScenarioError(fmt::format("{}: {} latencies of {} columns", file,
                                      network.latency.size(), columns.size()));
    }
  }
  ErrorList errors;
  check_rows(network, file, errors);
  errors.throw_if_any();
  if (has_link(where.get(), "id")) result.ids = read_ids(where.get(), network.agents(), file);
  result.content_hash = content_hash(network);
  return result;
}

}  // namespace

NetworkFile read_network(const std::filesystem::path& path) {
  const std::string name = path.string();
  const auto ends_in = [&name](std::initializer_list<const char*> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&name](const char* ending) { return name.ends_with(ending); });
  };
  if (ends_in({".h5"})) return read_h5(path);
  if (ends_in({".mtx", ".mtx.gz"})) return read_matrix_market(read_text_file(path), name);
  if (ends_in({".csv", ".csv.gz"})) return read_links(name, read_text_file(path));
  throw ScenarioError(
      fmt::format("{}: the name does not say what a network file holds; expected it "
                  "to end in .csv, .csv.gz, .mtx, .mtx.gz or .h5",
                  name));
}

void write_network(hid_t where, const Network& network, std::span<const std::string> ids) {
  const auto put = [where](const Described& what, const auto& values) {
    using T = typename std::decay_t<decltype(values)>::value_type;
    (void)write_dataset(where, what, {values.size()}, std::span<const T>(values));
  };
  put({"offsets", "1", "first entry of each agent in columns", false}, network.offsets);
  put({"columns", "1", "neighbours, agent by agent", false},
      std::vector<std::int64_t>(network.columns.begin(), network.columns.end()));
  if (!network.latency.empty()) {
    put({"latency", "", "latency of each entry of columns", false},
        std::vector<double>(network.latency.begin(), network.latency.end()));
  }
  if (!ids.empty()) {
    put({"id", "", "names of the agents"}, std::vector<std::string>(ids.begin(), ids.end()));
  }
  write_attribute(where, "bridges", network.bridges);
}

}  // namespace needflow
