// needflow merge: parts of a sweep, from shards or from journals, into the file that one process
// would have written. Numbers come from the parts' journals as they were computed; everything else
// is written by the same code from the same scenario, so the bytes are the same by construction.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <set>

#include "io/journal.hpp"
#include "io/processors.hpp"
#include "io/results.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/sweep_summary.hpp"
#include "solver/error.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  std::string out;
  std::vector<std::string> parts;
  std::optional<std::string> folder;
  bool allow_missing = false;
  bool overwrite = false;
  bool quiet = false;
};

/// What a part brings, however it was kept.
struct Part {
  std::string name;
  JournalContents contents;
  std::string folder = {};  ///< where its scenario lay; "": unknown
};

bool begins_like_a_journal(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::string begin(64, '\0');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin.find("needflow journal") != std::string::npos;
}

Part read_part(const std::string& name, std::ostream& err) {
  if (is_hdf5(name)) {
    const ShardRecord shard = read_shard(name);
    Part part{name, {}, shard.folder};
    try {
      part.contents = read_journal(shard.journal);
    } catch (const MalformedRecord& problem) {
      throw IoError(fmt::format("{}: its journal is damaged: {}", name, problem.what()));
    }
    // The file was published whole: what is wrong in it now has happened to it since.
    if (!part.contents.damage.empty()) {
      throw IoError(fmt::format("{}: its journal is damaged: {}", name, part.contents.damage));
    }
    return part;
  }
  if (!begins_like_a_journal(name)) {
    throw IoError(fmt::format(
        "{} is neither a result file nor a journal, or is damaged; expected files of needflow "
        "sweep --shard i/n, or journals",
        name));
  }
  Part part{name, read_journal(fs::path(name))};
  if (!part.contents.damage.empty()) {
    err << fmt::format("needflow: {}: {}; the points in it are left out\n", name,
                       part.contents.damage);
  }
  return part;
}

/// The scenario that the parts were computed from, read again with its data files.
Scenario scenario_of(const Part& part, const std::optional<std::string>& wish) {
  const JournalHeader& header = part.contents.header;
  const BuildInfo build = build_info();
  if (header.needflow_version != build.version) {
    throw ScenarioError(
        fmt::format("{} was computed by needflow {}, and this is {}; merge it with that version",
                    part.name, header.needflow_version, build.version));
  }
  const fs::path folder = wish ? *wish : part.folder;
  const std::string shown = folder.empty() ? "the current folder" : folder.string();
  try {
    Scenario scenario = parse_scenario(header.scenario, "the scenario of " + part.name, folder, {});
    if (scenario.plan_hash == header.plan_hash) return scenario;
  } catch (const IoError& problem) {
    throw IoError(fmt::format("{}\n(data files of {} are looked for in {}; --folder says where)",
                              problem.what(), part.name, shown));
  } catch (const ScenarioError& problem) {
    throw ScenarioError(
        fmt::format("{}\n(data files of {} were read from {})", problem.what(), part.name, shown));
  }
  throw ScenarioError(
      fmt::format("the data files in {} are not those that {} was computed from; --folder says "
                  "where those are",
                  shown, part.name));
}

/// The parts' points in one place.
class Whole {
 public:
  explicit Whole(const Scenario& scenario)
      : outcomes_(scenario.sweep.points(), scenario.sweep.runs_per_point()),
        networks_(scenario.sweep.points()),
        done_(scenario.sweep.points(), false),
        excluded_(scenario.sweep.excluded_points()) {}

  void take(Part&& part) {
    const JournalHeader& header = part.contents.header;
    shards_ = std::max(shards_, header.shards);
    seen_.insert(header.shard);
    for (OutcomeBatch& batch : part.contents.batches) {
      for (const std::size_t point : batch.points) done_[point] = true;
      outcomes_.add_unless_worse(std::move(batch));
    }
    for (MeasuredNetwork& network : part.contents.networks) {
      networks_.add(network.points, std::move(network.metrics));
    }
  }

  [[nodiscard]] std::size_t pending() const {
    return static_cast<std::size_t>(std::count(done_.begin(), done_.end(), false)) - excluded_;
  }

  /// "shards 3/7, 5/7"; "" where none is missing as a whole.
  [[nodiscard]] std::string missing_shards() const {
    constexpr std::size_t kShown = 20;
    std::vector<std::string> missing;
    std::size_t count = 0;
    for (std::uint32_t i = 1; i <= shards_; ++i) {
      if (seen_.contains(i)) continue;
      if (++count <= kShown) missing.push_back(fmt::format("{}/{}", i, shards_));
    }
    if (count == 0) return {};
    return fmt::format("shard{} {}{}", count == 1 ? "" : "s", fmt::join(missing, ", "),
                       count > kShown ? fmt::format(" and {} more", count - kShown) : "");
  }

  [[nodiscard]] const Outcomes& outcomes() const { return outcomes_; }
  [[nodiscard]] const NetworkTable& networks() const { return networks_; }

 private:
  Outcomes outcomes_;
  NetworkTable networks_;
  std::vector<bool> done_;
  std::size_t excluded_;  ///< points that the design leaves out
  std::uint32_t shards_ = 1;
  std::set<std::uint32_t> seen_;
};

void require_same_plan(const Part& part, const std::string& first, const JournalHeader& plan) {
  const std::string difference = journal_difference(part.contents.header, plan);
  if (difference.empty()) return;
  throw ScenarioError(fmt::format("{} is of another sweep than {} (\"then\": {}, \"now\": {}):\n{}",
                                  part.name, first, part.name, first, difference));
}

void refuse_parts_as_output(const MergeOptions& options) {
  for (const std::string& part : options.parts) {
    std::error_code ignored;
    if (fs::equivalent(part, options.out, ignored)) {
      throw ScenarioError(
          fmt::format("{} is a part and cannot be the output; expected another file", part));
    }
  }
}

/// Refuses, or says, that some points are missing.
void judge_missing(const MergeOptions& options, const Whole& whole, std::ostream& err) {
  const std::size_t pending = whole.pending();
  if (pending == 0) return;
  const std::string shards = whole.missing_shards();
  const std::string missing =
      fmt::format("{} points are in none of the parts{}", pending,
                  shards.empty() ? " (" + fmt::format("{}", fmt::join(options.parts, ", ")) +
                                       "): what computed them was cut short"
                                 : "; " + shards + " missing");
  if (!options.allow_missing) {
    throw ScenarioError(missing + "; --allow-missing writes the file with these points pending");
  }
  err << fmt::format("needflow: {}\n", missing);
}

int run_merge(const Context& context, const MergeOptions& options) {
  refuse_parts_as_output(options);
  const int threads = usable_processors().count;
  Provenance provenance = begin_provenance(context.command, threads);
  std::optional<Scenario> scenario;
  std::optional<Whole> whole;
  JournalHeader plan;
  for (const std::string& name : options.parts) {
    Part part = read_part(name, context.err);
    if (!scenario) {
      plan = part.contents.header;
      scenario = scenario_of(part, options.folder);
      whole.emplace(*scenario);
    }
    require_same_plan(part, options.parts.front(), plan);
    whole->take(std::move(part));
  }
  judge_missing(options, *whole, context.err);
  AtomicFile file(options.out, options.overwrite ? IfExists::kReplace : IfExists::kRefuse);
  provenance.end = utc_now();
  run_in_arena(threads, [&] {
    publish_results(file, *scenario, whole->outcomes(), whole->networks(), provenance);
  });
  if (!options.quiet) {
    print_sweep_summary(scenario->sweep, whole->outcomes(), context.out);
    context.out << fmt::format("results in {}\n", options.out);
  }
  return whole->outcomes().messages().empty() ? kDone : kSomePointsFailed;
}

}  // namespace

Command add_merge(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "merge", "Parts of a sweep (shards, or journals of what was cut short) into one file");
  command->footer(
      "Examples:\n"
      "  needflow sweep data/mesh.toml -o part1.h5 --shard 1/2   (anywhere, in any order)\n"
      "  needflow sweep data/mesh.toml -o part2.h5 --shard 2/2\n"
      "  needflow merge mesh.h5 part1.h5 part2.h5\n"
      "  needflow merge mesh.h5 mesh.h5.journal.* --allow-missing   (of ranks that were killed)\n\n"
      "All numbers are those of one process, bit for bit. A scenario's data files are read again\n"
      "and have to be what they were.");
  const auto options = std::make_shared<MergeOptions>();
  command->add_option("OUT", options->out, "Result file to write (HDF5)")->required();
  command->add_option("PART", options->parts, "Files of sweep --shard i/n, or journals")
      ->required()
      ->expected(1, -1);
  command->add_flag("--allow-missing", options->allow_missing,
                    "Leave points pending that no part has");
  command->add_option("--folder", options->folder,
                      "Where the scenario's data files are (default: as when the parts were made)");
  command->add_flag("--overwrite", options->overwrite, "Replace the result file if it exists");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  return [options](const Context& context) { return run_merge(context, *options); };
}

}  // namespace needflow::app
