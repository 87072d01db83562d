// The records of [network] (M4).
#include "io/option_setters.hpp"

namespace needflow {

namespace {

using N = NetworkSettings;
constexpr auto kPart = &Settings::network;
constexpr double kMostAgents = kMaxAgents;

void put_neighbors(Settings& settings, const Value& value) {
  NetworkSettings& network = settings.network;
  if (const auto* k = std::get_if<std::int64_t>(&value)) {
    network.neighbor_rule = NeighborRule::count;
    network.neighbors = *k;
    return;
  }
  const bool table = std::get<std::string>(value) == "table";
  network.neighbor_rule = table ? NeighborRule::table : NeighborRule::two_log;
}

Option option(const char* name, OptionType type, const char* unit, OptionRange range,
              std::optional<Value> fallback, const char* help) {
  return {"network", name, type, unit, range, {}, std::move(fallback), kGenerated, help, {}};
}

void add_kind(std::vector<Option>& table) {
  const Words kinds = {"partial_mesh", "full_mesh",    "ring",      "hub_spoke", "small_world",
                       "sharded",      "preferential", "geometric", "file"};
  Option kind = option("kind", OptionType::word, "", {}, Value{std::string("partial_mesh")},
                       "Who is connected to whom.");
  kind.words = kinds;
  kind.apply = put_word(kinds, kPart, &N::kind);
  table.push_back(std::move(kind));

  Option agents = option("agents", OptionType::integer, "agents", {1, kMostAgents},
                         Value{std::int64_t{100}}, "Number of agents N.");
  agents.apply = put_integer(kPart, &N::agents);
  table.push_back(std::move(agents));

  Option neighbors = option(
      "neighbors", OptionType::integer_or_word, "agents", {1, kMostAgents}, Value{std::int64_t{20}},
      "Neighbours k an agent in a partial mesh, also in a shard's (N - 1 or more: the full mesh); "
      "even, the mean in small_world and preferential; the mean in geometric. \"table\" is the "
      "seed's table by N, \"2lnN\" is round(2 ln N), both rounded down where k is even.");
  neighbors.words = {"table", "2lnN"};
  neighbors.apply = put_neighbors;
  table.push_back(std::move(neighbors));
}

void add_shape(std::vector<Option>& table) {
  Option hub = option("hub", OptionType::integer, "1", {0, kMostAgents}, Value{std::int64_t{0}},
                      "The agent in the centre of hub_spoke.");
  hub.apply = put_integer(kPart, &N::hub);
  table.push_back(std::move(hub));

  Option beta = option("beta", OptionType::real, "1", {0, 1}, Value{0.1},
                       "Probability that a link of small_world is rewired.");
  beta.apply = put_real(kPart, &N::beta);
  table.push_back(std::move(beta));

  Option shard_size = option("shard_size", OptionType::integer, "agents", {2, kMostAgents},
                             Value{std::int64_t{250}},
                             "Most agents in a shard of sharded; shards differ by at most one.");
  shard_size.apply = put_integer(kPart, &N::shard_size);
  table.push_back(std::move(shard_size));

  Option file = option("file", OptionType::file, "", {}, {},
                       "The network of kind \"file\": links in a .csv or .csv.gz (columns a,b or "
                       "source,target, and latency), Matrix Market .mtx, or our own .h5.");
  file.apply = [](Settings&, const Value&) {};  // io/scenario.cpp knows what the file holds
  table.push_back(std::move(file));
}

}  // namespace

void add_network_options(std::vector<Option>& table) {
  add_kind(table);
  add_shape(table);
  table.push_back(option("count", OptionType::integer, "1", {1, 1e6}, Value{std::int64_t{1}},
                         "Independent networks; above 1 an axis \"network\"."));
}

}  // namespace needflow
