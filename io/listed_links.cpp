#include "io/listed_links.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <tuple>
#include <utility>

#include "solver/sweep/sweep.hpp"

namespace needflow {

namespace {

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::pair<Index, Index> ends(const ListedLink& link) { return std::minmax(link.from, link.to); }

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// How a run of links between the same two agents was listed.
struct Listing {
  std::size_t up = 0;    ///< from the smaller agent to the larger
  std::size_t down = 0;  ///< the other way
};

/// The links once each, ascending, counted as they were listed.
std::vector<ListedLink> each_once(std::vector<ListedLink>& links,
                                  const std::function<std::string(std::size_t)>& where,
                                  NetworkRepairs& repairs, ErrorList& errors) {
  std::sort(links.begin(), links.end(), [](const ListedLink& a, const ListedLink& b) {
    return std::tuple(ends(a), a.line) < std::tuple(ends(b), b.line);
  });
  std::vector<ListedLink> once;
  std::int64_t both = 0;
  std::int64_t single = 0;
  for (std::size_t first = 0; first < links.size();) {
    Listing listing;
    std::size_t end = first;
    for (; end < links.size() && ends(links[end]) == ends(links[first]); ++end) {
      ++(links[end].from < links[end].to ? listing.up : listing.down);
      if (links[end].latency == links[first].latency) continue;
      errors.add(fmt::format("{}: latency {} differs from {} in {}; a link has one latency",
                             where(links[end].line), links[end].latency, links[first].latency,
                             where(links[first].line)));
    }
    const bool in_both = listing.up > 0 && listing.down > 0;
    repairs.duplicates += static_cast<std::int64_t>(end - first) - (in_both ? 2 : 1);
    ++(in_both ? both : single);
    once.push_back(links[first]);
    first = end;
  }
  if (both > single) {
    repairs.one_way += single;
  } else {
    repairs.duplicates += both;
  }
  return once;
}

}  // namespace

NetworkFile network_from_list(std::size_t agents, std::vector<ListedLink> links, bool has_latency,
                              const std::function<std::string(std::size_t)>& where,
                              ErrorList& errors) {
  NetworkFile file;
  const auto looped = std::remove_if(links.begin(), links.end(),
                                     [](const ListedLink& link) { return link.from == link.to; });
  file.repairs.self_loops = links.end() - looped;
  links.erase(looped, links.end());
  const std::vector<ListedLink> once = each_once(links, where, file.repairs, errors);
  errors.throw_if_any();

  Network& network = file.network;
  network.offsets.assign(agents + 1, 0);
  for (const ListedLink& link : once) {
    ++network.offsets[static_cast<std::size_t>(link.from) + 1];
    ++network.offsets[static_cast<std::size_t>(link.to) + 1];
  }
  for (std::size_t i = 0; i < agents; ++i) network.offsets[i + 1] += network.offsets[i];
  network.columns.resize(2 * once.size());
  network.latency.resize(has_latency ? 2 * once.size() : 0);
  std::vector<Offset> next(network.offsets.begin(), network.offsets.end() - 1);
  const auto place = [&](Index row, Index column, float latency) {
    const auto entry = static_cast<std::size_t>(next[static_cast<std::size_t>(row)]++);
    network.columns[entry] = column;
    if (has_latency) network.latency[entry] = latency;
  };
  // A row's smaller neighbours ascend as links come by their smaller end, and come before its
  // larger ones, which ascend as well: rows need no sort.
  for (const ListedLink& link : once) place(ends(link).second, ends(link).first, link.latency);
  for (const ListedLink& link : once) place(ends(link).first, ends(link).second, link.latency);
  file.content_hash = content_hash(network);
  return file;
}

std::uint64_t content_hash(const Network& network) {
  return fingerprint(
      bytes_of(network.latency),
      fingerprint(bytes_of(network.columns), fingerprint(bytes_of(network.offsets))));
}

std::vector<std::string> ascending_ids(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<std::pair<std::int64_t, std::string>> numbered;
  for (const std::string& id : ids) {
    const auto number = whole_number(id);
    if (!number) return ids;
    numbered.emplace_back(*number, id);
  }
  std::sort(numbered.begin(), numbered.end());
  std::transform(numbered.begin(), numbered.end(), ids.begin(),
                 [](const auto& entry) { return entry.second; });
  return ids;
}

}  // namespace needflow
