#include "io/scenario.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <map>
#include <set>

#include "io/design.hpp"
#include "io/error_list.hpp"
#include "io/given_options.hpp"
#include "io/instance_files.hpp"
#include "io/network_files.hpp"
#include "io/option_setters.hpp"
#include "io/suggest.hpp"
#include "io/text_file.hpp"
#include "solver/error.hpp"
#include "solver/sweep/optima.hpp"

namespace needflow {

namespace {

/// What a scenario and the command line say.
struct Wishes {
  GivenOptions given;
  DesignWishes design;
};

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const Option& option : options()) {
    if (!option.section.empty() && (names.empty() || names.back() != option.section)) {
      names.push_back(option.section);
    }
  }
  return names;
}

/// Reads an option's node; mistakes of type and range go to `errors`.
void take_option(const Option& option, const toml::node& node, const Place& place, Wishes& wishes,
                 ErrorList& errors) {
  const std::string where = place.of(node);
  if (option.type == OptionType::structure) {
    take_design(option, node, place, wishes.design, wishes.given, errors);
    return;
  }
  Given entry;
  entry.where = where;
  entry.command_line = place.command_line;
  const toml::array* array = node.as_array();
  entry.is_array = array != nullptr;
  const auto take = [&](const toml::node& element) {
    const std::string problem = take_value(option, element, entry.values);
    if (!problem.empty()) errors.add(fmt::format("{}: {}", where, problem));
  };
  if (array == nullptr) {
    take(node);
  } else {
    if (!option.apply) {
      errors.add(fmt::format("{}: {} cannot be an axis; expected a single value, {}", where,
                             option.key(), expectation(option)));
      return;
    }
    if (array->empty()) {
      errors.add(fmt::format("{}: {} = [] has no values; an axis needs at least one", where,
                             option.key()));
    }
    for (const toml::node& element : *array) take(element);
  }
  wishes.given[&option] = std::move(entry);
}

/// An axis's own values differ; those of axes that advance together may repeat.
void refuse_repeated_values(const Wishes& wishes, ErrorList& errors) {
  std::set<const Option*> together;
  for (const ZipWish& zip : wishes.design.zips) {
    together.insert(zip.options.begin(), zip.options.end());
  }
  for (const auto& [option, entry] : wishes.given) {
    if (entry.designed || together.contains(option)) continue;
    for (std::size_t i = 0; i < entry.values.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (entry.values[i] == entry.values[j]) {
          errors.add(fmt::format("{}: {} lists {} twice; the values of an axis differ", entry.where,
                                 option->key(), plain_text(entry.values[i])));
        }
      }
    }
  }
}

void take_section(const std::string& section, const toml::table& table, const Place& place,
                  Wishes& wishes, ErrorList& errors) {
  for (const auto& [key, node] : table) {
    const std::string full = section + "." + std::string(key.str());
    const Option* option = find_option(full);
    if (option == nullptr) {
      errors.add(fmt::format("{}: {}", place.of(node), unknown_key(full, section)));
      continue;
    }
    take_option(*option, node, place, wishes, errors);
  }
}

void take_file(const toml::table& root, const std::string& name, Wishes& wishes,
               ErrorList& errors) {
  const Place place{name};
  const std::vector<std::string> sections = section_names();
  for (const auto& [key, node] : root) {
    const std::string word(key.str());
    const bool is_section = std::find(sections.begin(), sections.end(), word) != sections.end();
    const Option* option = find_option(word);
    if (option != nullptr && option->section.empty()) {
      take_option(*option, node, place, wishes, errors);
    } else if (word == "instance" && node.is_table() && node.as_table()->empty()) {
      errors.add(
          fmt::format("{}: [instance] names no file; give providers, recipients and edges, "
                      "or agents and edges, or ratings",
                      place.of(node)));
    } else if (is_section && node.is_table()) {
      take_section(word, *node.as_table(), place, wishes, errors);
    } else if (is_section) {
      errors.add(fmt::format("{}: {} is a section; write [{}]", place.of(node), word, word));
    } else if (node.is_table()) {
      const std::string nearest = nearest_word(word, sections);
      errors.add(fmt::format("{}: unknown section [{}]; {}", place.of(node), word,
                             nearest.empty()
                                 ? fmt::format("known are {}", fmt::join(sections, ", "))
                                 : fmt::format("did you mean [{}]?", nearest)));
    } else {
      errors.add(fmt::format("{}: {}", place.of(node), unknown_key(word, "")));
    }
  }
}

/// A value of --set: TOML where it is TOML, else a bare word.
toml::table command_line_value(const std::string& text) {
  try {
    toml::table parsed = toml::parse("value = " + text);
    if (parsed.size() == 1) return parsed;
  } catch (const toml::parse_error&) {
    // a bare word such as stock or 2lnN
  }
  return toml::table{{"value", text}};
}

void take_command_line(const Overrides& overrides, Wishes& wishes, ErrorList& errors) {
  std::vector<std::string> settings = overrides.settings;
  if (overrides.seed) settings.push_back(fmt::format("seed={}", *overrides.seed));
  if (overrides.traces) settings.emplace_back("output.traces=true");
  if (overrides.agents) settings.emplace_back("output.agents=true");
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos) {
      errors.add(fmt::format("--set {}: expected section.key=value", shown(setting)));
      continue;
    }
    const std::string key = setting.substr(0, equals);
    const Option* option = find_option(key);
    const std::string where = "--set " + shown(setting);
    if (option == nullptr) {
      errors.add(fmt::format("{}: {}", where, unknown_key(key, key.substr(0, key.find('.')))));
      continue;
    }
    const toml::table value = command_line_value(setting.substr(equals + 1));
    take_option(*option, *value.get("value"), {where, true}, wishes, errors);
  }
}

bool has(const GivenOptions& given, const char* key) { return given.contains(find_option(key)); }

/// Which of the forms of M1 the given keys make; mixtures and gaps are mistakes.
Source source_of(const GivenOptions& given, const std::string& name, ErrorList& errors) {
  const bool bipartite = has(given, "instance.providers") || has(given, "instance.recipients");
  const bool agents = has(given, "instance.agents");
  const bool ratings = has(given, "instance.ratings");
  const bool edges = has(given, "instance.edges");
  if (bipartite + agents + ratings > 1 || (ratings && edges)) {
    errors.add(
        fmt::format("{}: [instance] mixes its forms; give providers, recipients and edges, or "
                    "agents and edges, "
                    "or ratings",
                    name));
  }
  const auto require = [&](const char* key) {
    if (!has(given, key)) errors.add(fmt::format("{}: {} is missing", name, key));
  };
  if (ratings) return Source::ratings;
  if (agents) {
    require("instance.edges");
    return Source::agents;
  }
  if (bipartite || edges) {
    require("instance.providers");
    require("instance.recipients");
    require("instance.edges");
    return Source::bipartite;
  }
  return Source::generated;
}

const char* source_words(Source source) {
  if (source == Source::generated) return "a generated network";
  return source == Source::ratings ? "[instance] ratings" : "an [instance] with its own amounts";
}

void refuse_idle_options(const GivenOptions& given, Source source, ErrorList& errors) {
  for (const auto& [option, entry] : given) {
    if ((option->applies & (1U << static_cast<unsigned>(source))) != 0) continue;
    errors.add(fmt::format("{}: {} means nothing with {}; leave it out", entry.where, option->key(),
                           source_words(source)));
  }
}

/// Kinds of network that the scenario asks for.
struct Kinds {
  bool file = false;   ///< one of them
  bool others = true;  ///< one of them is generated
};

Kinds kinds_of(const GivenOptions& given, Source source) {
  const auto entry = given.find(find_option("network.kind"));
  if (source != Source::generated || entry == given.end()) return {};
  const std::vector<Value>& values = entry->second.values;
  const auto files = std::count(values.begin(), values.end(), Value{std::string("file")});
  return {files > 0, files == 0 || static_cast<std::size_t>(files) < values.size()};
}

/// Options of generated networks that a network from a file leaves nothing to say.
bool says_how_to_generate(const Option& option) {
  return option.section == "network" && option.name != "kind" && option.name != "file" &&
         option.name != "count";
}

void refuse_idle_network_options(const GivenOptions& given, const Kinds& kinds,
                                 const std::string& name, ErrorList& errors) {
  if (kinds.file && !has(given, "network.file")) {
    errors.add(fmt::format("{}: network.kind = \"file\" names no file; give network.file", name));
  }
  for (const auto& [option, entry] : given) {
    if (option->key() == "network.file" && !kinds.file) {
      errors.add(fmt::format("{}: network.file means nothing without network.kind = \"file\"",
                             entry.where));
    }
    if (!kinds.others && says_how_to_generate(*option)) {
      errors.add(
          fmt::format("{}: {} means nothing with network.kind = \"file\", which brings its "
                      "own agents and links; leave it out",
                      entry.where, option->key()));
    }
  }
}

/// Every option that has a meaning with this source, with its value or default.
std::vector<ResolvedOption> resolve(const GivenOptions& given, Source source, const Kinds& kinds) {
  std::vector<ResolvedOption> resolved;
  const bool own_amounts = source == Source::bipartite || source == Source::agents;
  for (const Option& option : options()) {
    if ((option.applies & (1U << static_cast<unsigned>(source))) == 0) continue;
    if (!kinds.others && says_how_to_generate(option)) continue;
    const auto entry = given.find(&option);
    if (entry != given.end()) {
      resolved.push_back(
          {&option, entry->second.values, entry->second.is_array, entry->second.designed});
    } else if (option.fallback && !(own_amounts && option.name == "supply_ratio")) {
      resolved.push_back({&option, {*option.fallback}, false, false});
    }
  }
  return resolved;
}

std::string resolved_text(const std::vector<ResolvedOption>& resolved) {
  std::string text;
  std::string section;
  for (const ResolvedOption& entry : resolved) {
    if (entry.is_designed) continue;
    if (entry.option->section != section) {
      section = entry.option->section;
      text += fmt::format("\n[{}]\n", section);
    }
    const bool is_toml = entry.option->type == OptionType::structure;
    std::vector<std::string> values;
    for (const Value& value : entry.values) {
      values.push_back(is_toml ? plain_text(value) : toml_text(value));
    }
    const std::string joined = fmt::format("{}", fmt::join(values, ", "));
    text += fmt::format(fmt::runtime(entry.is_axis ? "{} = [{}]\n" : "{} = {}\n"),
                        entry.option->name, joined);
  }
  return text;
}

Axis axis_of(const ResolvedOption& entry) {
  return {axis_name(*entry.option), entry.option->key(), entry.option->unit,
          entry.option->help,       entry.values,        has_words(entry.values),
          entry.option->apply};
}

/// Puts the options that steer the sweep itself where they belong.
void apply_sweep_option(const ResolvedOption& entry, Sweep& sweep) {
  const std::string key = entry.option->key();
  const Value& value = entry.values.front();
  if (key == "title") sweep.title = std::get<std::string>(value);
  if (key == "network.count") sweep.networks = std::get<std::int64_t>(value);
  if (key == "population.replicates") sweep.replicates = std::get<std::int64_t>(value);
  if (key == "population.types") sweep.base.population.types = std::get<std::int64_t>(value);
  if (key == "output.traces") sweep.traces = std::get<bool>(value);
  if (key == "output.agents") sweep.agents = std::get<bool>(value);
  if (key == "output.network_metrics") {
    const auto& wish = std::get<std::string>(value);
    sweep.network_metrics = wish == "none"    ? NetworkMetrics::none
                            : wish == "exact" ? NetworkMetrics::exact
                                              : NetworkMetrics::automatic;
  }
  const auto optimum_wish = [&value] { return enum_of<OptimumWish>({"auto", "on", "off"}, value); };
  if (key == "output.optimum") sweep.optimum_wish = optimum_wish();
  if (key == "output.fairest") sweep.fairest_wish = optimum_wish();
}

/// The instance's files, in the option table's order.
std::vector<std::filesystem::path> instance_paths(const GivenOptions& given,
                                                  const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const Option& option : options()) {
    const auto entry = given.find(&option);
    if (option.section != "instance" || entry == given.end()) continue;
    paths.push_back(folder / std::get<std::string>(entry->second.values.front()));
  }
  return paths;
}

Instance load_instance(Source source, const std::vector<std::filesystem::path>& paths) {
  switch (source) {
    case Source::bipartite:
      return load_bipartite(paths.at(0), paths.at(1), paths.at(2));
    case Source::agents:
      return load_agents(paths.at(0), paths.at(1));
    case Source::ratings:
      return load_ratings(paths.at(0));
    case Source::generated:
      break;
  }
  return {};
}

/// Loads the networks that network.file names and tells the option what it puts into settings.
void load_networks(const GivenOptions& given, const std::filesystem::path& folder,
                   Scenario& scenario) {
  const auto entry = given.find(find_option("network.file"));
  if (entry == given.end()) return;
  std::map<std::string, NetworkFileFacts> facts;
  Sweep& sweep = scenario.sweep;
  for (const Value& value : entry->second.values) {
    const auto& name = std::get<std::string>(value);
    if (facts.contains(name)) continue;  // a column names it more than once
    scenario.files.push_back(folder / name);
    auto file = std::make_shared<NetworkFile>(read_network(scenario.files.back()));
    file->name = name;
    facts[name] = {sweep.network_files.size(), static_cast<std::int64_t>(file->network.agents()),
                   file->network.offsets.back(), file->content_hash};
    scenario.plan_hash = fingerprint(fmt::format("{}", file->content_hash), scenario.plan_hash);
    sweep.network_files.push_back(std::move(file));
  }
  const auto put = [facts](Settings& settings, const Value& value) {
    settings.network.file = facts.at(std::get<std::string>(value));
  };
  for_each_option(sweep.axes, [&put](Axis& axis) {
    if (axis.key == "network.file") axis.apply = put;
  });
  if (!entry->second.is_array) put(sweep.base, entry->second.values.front());
}

toml::table parse_toml(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw ScenarioError(fmt::format("{} line {}: {}", name, error.source().begin.line,
                                    escaped(error.description(), 300)));
  }
}

}  // namespace

Scenario parse_scenario(std::string_view text, const std::string& name,
                        const std::filesystem::path& folder, const Overrides& overrides) {
  ErrorList errors;
  Wishes wishes;
  GivenOptions& given = wishes.given;
  take_file(parse_toml(text, name), name, wishes, errors);
  take_command_line(overrides, wishes, errors);
  const Design design = make_design(wishes.design, name, folder, given, errors);
  refuse_repeated_values(wishes, errors);
  const Source source = source_of(given, name, errors);
  refuse_idle_options(given, source, errors);
  const Kinds kinds = kinds_of(given, source);
  refuse_idle_network_options(given, kinds, name, errors);
  errors.throw_if_any();

  Scenario scenario;
  scenario.resolved = resolve(given, source, kinds);
  scenario.text = resolved_text(scenario.resolved);
  Sweep& sweep = scenario.sweep;
  for (const ResolvedOption& entry : scenario.resolved) {
    if (!entry.option->apply) {
      apply_sweep_option(entry, sweep);
    } else if (entry.is_axis) {
      sweep.axes.push_back(axis_of(entry));
    } else {
      entry.option->apply(sweep.base, entry.values.front());
    }
  }
  apply_design(design, given, sweep);
  const std::vector<std::filesystem::path> inputs = instance_paths(given, folder);
  auto instance = std::make_shared<Instance>(load_instance(source, inputs));
  scenario.files = inputs;
  scenario.files.insert(scenario.files.end(), design.files.begin(), design.files.end());
  instance->source = source;
  sweep.instance = instance;
  try {
    if (sweep.points() == sweep.excluded_points()) {
      throw ScenarioError("design.exclude leaves out every point; expected one that is left");
    }
  } catch (const ScenarioError& wrong) {
    throw ScenarioError(fmt::format("{}: {}", name, wrong.what()));
  }
  scenario.plan_hash = fingerprint(fmt::format("schema {}\n{}", kSchemaVersion, scenario.text),
                                   instance->content_hash);
  scenario.plan_hash = design_fingerprint(design, given, scenario.plan_hash);
  load_networks(given, folder, scenario);
  decide_optima(sweep);
  return scenario;
}

Scenario load_scenario(const std::filesystem::path& file, const Overrides& overrides) {
  const std::string text = read_text_file(file);
  Scenario scenario = parse_scenario(text, file.string(), file.parent_path(), overrides);
  scenario.files.push_back(file);
  return scenario;
}

std::string Scenario::hash_text() const { return fmt::format("{:016x}", plan_hash); }

}  // namespace needflow
