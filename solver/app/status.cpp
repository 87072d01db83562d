// needflow status: how a sweep stands, live, dead or finished. Reads the journals of one that is
// not finished and never opens the result file of a live one.
#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <ostream>

#include "io/journal.hpp"
#include "io/result_facts.hpp"
#include "io/result_shard.hpp"
#include "io/status_file.hpp"
#include "solver/app/commands.hpp"
#include "solver/error.hpp"

namespace needflow::app {

namespace {

namespace fs = std::filesystem;

/// The share of an axis value's points that are done.
struct Coverage {
  std::string axis;
  std::vector<std::string> values;
  std::vector<std::size_t> done;
  std::vector<std::size_t> points;  ///< that each value has
};

struct Standing {
  std::string output;
  std::string state;       ///< running, stopped or finished
  std::size_t points = 0;  ///< that are to be run, of this shard alone
  std::size_t shard = 1;   ///< 1 … shards
  std::size_t shards = 1;
  std::size_t grid = 0;  ///< points of all shards, and those that the design leaves out
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t invalid = 0;
  double rate = 0.0;           ///< points a second, of the last process; 0: unknown
  double seconds_left = -1.0;  ///< −1: unknown
  double last_write = 0.0;     ///< seconds ago
  std::uint64_t journal_bytes = 0;
  std::string damage;
  std::vector<Coverage> coverage;
  std::string next;  ///< what to do
};

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double modified(const fs::path& path) {
  struct stat facts = {};
  if (::stat(path.c_str(), &facts) != 0) return 0.0;
  return static_cast<double>(facts.st_mtim.tv_sec) +
         static_cast<double>(facts.st_mtim.tv_nsec) * 1e-9;
}

/// How each point ended: the last word counts.
std::vector<Status> statuses_of(const JournalContents& contents) {
  std::vector<Status> statuses(static_cast<std::size_t>(contents.header.points), Status::pending);
  for (const OutcomeBatch& batch : contents.batches) {
    for (std::size_t i = 0; i < batch.points.size(); ++i) {
      Status& status = statuses[batch.points[i]];
      status = batch.outcomes[i * contents.header.types].status;
      for (std::size_t type = 1; type < contents.header.types; ++type) {
        const Status other = batch.outcomes[i * contents.header.types + type].status;
        if (other == Status::failed) status = other;
      }
    }
  }
  return statuses;
}

std::vector<Coverage> coverage_of(const JournalHeader& header,
                                  const std::vector<Status>& statuses) {
  std::vector<Coverage> all;
  std::size_t stride = statuses.size();
  for (const JournalAxis& axis : header.axes) {
    const auto length = static_cast<std::size_t>(axis.length);
    if (length == 0 || stride % length != 0) return {};  // not the axes of this grid
    stride /= length;
    Coverage coverage{axis.name, axis.values, std::vector<std::size_t>(length, 0),
                      std::vector<std::size_t>(length, statuses.size() / length)};
    if (!axis.share.empty()) coverage.points.assign(axis.share.begin(), axis.share.end());
    for (std::size_t i = axis.values.size(); i < length; ++i) {
      coverage.values.push_back(fmt::format("{}", i));
    }
    for (std::size_t point = 0; point < statuses.size(); ++point) {
      if (statuses[point] != Status::pending) ++coverage.done[point / stride % length];
    }
    all.push_back(std::move(coverage));
  }
  return all;
}

/// What does not depend on whether somebody still writes.
void count_points(const JournalContents& contents, Standing& standing) {
  const JournalHeader& header = contents.header;
  const std::vector<Status> statuses = statuses_of(contents);
  const auto count = [&](Status status) {
    return static_cast<std::size_t>(std::count(statuses.begin(), statuses.end(), status));
  };
  standing.shard = header.shard;
  standing.shards = header.shards;
  standing.grid = statuses.size();
  standing.points = static_cast<std::size_t>(header.share);
  standing.done = statuses.size() - count(Status::pending);
  standing.failed = count(Status::failed);
  standing.invalid = count(Status::invalid);
  standing.coverage = coverage_of(header, statuses);
}

Standing standing_of_journals(const std::string& output, const std::vector<fs::path>& journals) {
  Standing standing;
  standing.output = output;
  bool live = false;
  double last = 0.0;
  for (const fs::path& journal : journals) {
    live = live || journal_is_live(journal);
    last = std::max(last, modified(journal));
  }
  const JournalContents contents = read_journals(journals);
  count_points(contents, standing);
  standing.journal_bytes = contents.good_bytes;
  standing.last_write = std::max(0.0, now_seconds() - last);
  if (!live) standing.damage = contents.damage;  // a live one may end in half a record
  if (!contents.sessions.empty()) {
    const JournalSession& session = contents.sessions.back();
    const double seconds = (live ? now_seconds() : last) - session.started;
    const auto points = static_cast<double>(standing.done) - static_cast<double>(session.done);
    if (seconds > 0.0 && points > 0.0) {
      standing.rate = points / seconds;
      standing.seconds_left = static_cast<double>(standing.points - standing.done) / standing.rate;
    }
  }
  standing.state = live ? "running" : "stopped";
  standing.next = live ? "nothing: it runs"
                       : fmt::format("needflow sweep SCENARIO -o {} --resume goes on", output);
  if (!live && standing.done == standing.points && fs::exists(output)) {
    standing.state = "finished";
    standing.next = fmt::format(
        "needflow sweep SCENARIO -o {} --retry-failed runs the failed points again", output);
  }
  return standing;
}

Standing standing_of_result(const std::string& output) {
  const ResultFacts facts = read_result_facts(output);
  Standing standing;
  standing.output = output;
  standing.state = "finished";
  standing.points = standing.grid = facts.runs;
  standing.done = facts.runs - facts.count(Status::pending);
  standing.failed = facts.count(Status::failed);
  standing.invalid = facts.count(Status::invalid);
  try {
    count_points(read_journal(read_shard(output).journal), standing);
  } catch (const ScenarioError&) {
    // No shard: the file speaks for the whole grid.
  } catch (const MalformedRecord& problem) {
    standing.damage = problem.what();
  }
  standing.seconds_left = 0.0;
  standing.last_write = std::max(0.0, now_seconds() - modified(output));
  standing.next = standing.done == standing.points
                      ? "nothing: all is done"
                      : "its journal is gone: --overwrite computes all again";
  return standing;
}

Standing standing_of(std::string name) {
  constexpr std::string_view kEnding = ".journal";
  if (const std::size_t at = name.rfind(kEnding); at != std::string::npos && at > 0) {
    const std::string rank = name.substr(at + kEnding.size());
    if (rank.find_first_not_of(".0123456789") == std::string::npos) name.resize(at);
  }
  const std::vector<fs::path> journals = journals_of(name);
  if (!journals.empty()) return standing_of_journals(name, journals);
  std::error_code ignored;
  if (!fs::exists(name, ignored)) {
    throw IoError(fmt::format(
        "there is neither a result file {0} nor a journal {0}.journal; expected the name that was "
        "given to sweep -o",
        name));
  }
  return standing_of_result(name);
}

/// Of a value that a shard or a design does without, all is done.
double percent(std::size_t done, std::size_t points) {
  return points == 0 ? 100.0 : 100.0 * static_cast<double>(done) / static_cast<double>(points);
}

void print_coverage(const Standing& standing, std::ostream& out) {
  constexpr std::size_t kLongestAxis = 16;
  for (const Coverage& axis : standing.coverage) {
    std::vector<double> shares;
    for (std::size_t i = 0; i < axis.values.size(); ++i) {
      shares.push_back(percent(axis.done[i], axis.points[i]));
    }
    if (shares.size() > kLongestAxis) {
      const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
      out << fmt::format("  {:<18} {} values, {:.1f} % to {:.1f} % of each\n", axis.axis,
                         shares.size(), *least, *most);
      continue;
    }
    for (std::size_t i = 0; i < shares.size(); ++i) {
      out << fmt::format("  {:<18} {:<12} {:5.1f} %\n", i == 0 ? axis.axis : "", axis.values[i],
                         shares[i]);
    }
  }
}

void print_for_people(const Standing& standing, std::ostream& out) {
  out << fmt::format("{}: {}\n", standing.output, standing.state);
  if (standing.shards > 1) {
    out << fmt::format("shard        {}/{} of a grid of {} points; what follows is of this part\n",
                       standing.shard, standing.shards, standing.grid);
  }
  out << fmt::format("done         {} of {} ({:.1f} %)\n", standing.done, standing.points,
                     percent(standing.done, standing.points));
  out << fmt::format("failed       {}, invalid {}\n", standing.failed, standing.invalid);
  if (standing.rate > 0.0) out << fmt::format("rate         {:.4g} points/s\n", standing.rate);
  if (standing.state == "running" && standing.seconds_left >= 0.0) {
    out << fmt::format("time left    {}\n", readable_duration(standing.seconds_left));
  }
  out << fmt::format("last write   {} ago\n", readable_duration(standing.last_write));
  if (!standing.damage.empty()) {
    out << fmt::format("damage       {}; points beyond will be computed again\n", standing.damage);
  }
  if (standing.done < standing.points && !standing.coverage.empty()) {
    out << "done of each value\n";
    print_coverage(standing, out);
  }
  out << fmt::format("next         {}\n", standing.next);
}

void print_for_machines(const Standing& standing, std::ostream& out) {
  constexpr std::size_t kMostValues = 100;  // the first ones of a longer axis
  std::string axes;
  for (const Coverage& axis : standing.coverage) {
    std::string values;
    for (std::size_t i = 0; i < std::min(axis.values.size(), kMostValues); ++i) {
      values += fmt::format("{}{{\"value\": {}, \"done\": {}, \"points\": {}}}", i == 0 ? "" : ", ",
                            json_text(axis.values[i]), axis.done[i], axis.points[i]);
    }
    axes += fmt::format("{}{}: [{}]", axes.empty() ? "" : ", ", json_text(axis.axis), values);
  }
  const auto number = [](double value) {
    return value < 0.0 ? std::string("null") : fmt::format("{:.6g}", value);
  };
  out << fmt::format(
      "{{\"output\": {}, \"state\": {}, \"shard\": {}, \"shards\": {}, \"grid_points\": {}, "
      "\"points\": {}, \"done\": {}, \"failed\": {}, \"invalid\": "
      "{}, \"points_per_second\": {}, \"seconds_left\": {}, \"seconds_since_write\": {}, "
      "\"journal_bytes\": {}, \"damage\": {}, \"coverage\": {{{}}}, \"next\": {}}}\n",
      json_text(standing.output), json_text(standing.state), standing.shard, standing.shards,
      standing.grid, standing.points, standing.done, standing.failed, standing.invalid,
      number(standing.rate), number(standing.seconds_left), number(standing.last_write),
      standing.journal_bytes, json_text(standing.damage), axes, json_text(standing.next));
}

}  // namespace

Command add_status(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "status", "How a sweep stands: live, dead or finished, from its journal");
  command->footer(
      "Examples:\n"
      "  needflow status mesh.h5\n"
      "  needflow status mesh.h5 --json\n\n"
      "A running sweep is not disturbed, and its result file is not opened. Machines that look "
      "often read\nmesh.h5.status.json, which a running sweep replaces every five seconds.");
  const auto file = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  command->add_option("FILE", *file, "Result file, as given to sweep -o, or its journal")
      ->required();
  command->add_flag("--json", *json, "One JSON object instead of text");
  return [file, json](const Context& context) {
    const Standing standing = standing_of(*file);
    if (*json) {
      print_for_machines(standing, context.out);
    } else {
      print_for_people(standing, context.out);
    }
    return int{kDone};
  };
}

}  // namespace needflow::app
