// How a sweep begins where files of an earlier one may lie, and what is left to do then.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/inflight.hpp"
#include "io/journal.hpp"
#include "solver/app/collector.hpp"
#include "solver/sweep/plan.hpp"
#include "solver/sweep/shards.hpp"

namespace needflow::app {

/// What the command line says of earlier files.
struct ResumeOptions {
  bool resume = false;
  bool retry_failed = false;  ///< implies resume
  [[nodiscard]] bool goes_on() const { return resume || retry_failed; }
};

enum class Begin { afresh, goes_on, finished };

/// Looks at the output and its journals. Throws ScenarioError where the wish cannot be met or would
/// destroy what nobody asked to destroy: the text says what to do.
[[nodiscard]] Begin how_to_begin(const Scenario& scenario, const OutputOptions& output,
                                 const ResumeOptions& resume, const Shard& shard);

/// What a journal of this scenario begins with, but for whose it is.
[[nodiscard]] JournalHeader journal_header(const Scenario& scenario);

/// What is left to do, in order: points that an earlier process died of run last.
struct RemainingWork {
  Plan plan;
  std::vector<Plan> careful;           ///< run one after the other, one task or point at a time
  std::vector<OutcomeBatch> given_up;  ///< points that are not tried again
};

/// How often in a row a process may die of a point before the point is given up.
inline constexpr std::uint32_t kMostCrashes = 3;

/// Sorts what is wanted by how it is to be run.
[[nodiscard]] RemainingWork remaining_work(const Sweep& sweep, const Plan& plan,
                                           std::vector<std::uint8_t> wanted,
                                           const CrashMarks& crashes);

/// Which of several processes this is.
struct SweepPlace {
  Shard shard = {};
  int rank = 0;
  int ranks = 1;

  /// What the names of its journal and in-flight table end in.
  [[nodiscard]] std::optional<int> suffix() const {
    return ranks > 1 ? std::optional<int>(rank) : std::nullopt;
  }
};

/// The journals of an output: those that are found, and the one that is written. Of several ranks
/// the first reads them all before the others make, or go on with, their own.
class SweepJournal {
 public:
  /// Makes the journal, or opens it again and reads what is there (Begin::goes_on); `plan`: what is
  /// to be done in all by this shard, or by all ranks. Throws ScenarioError with a line a
  /// difference where it is of another sweep, IoError.
  SweepJournal(const Scenario& scenario, const Plan& plan, const std::string& output, Begin begin,
               const SweepPlace& place = {});

  SweepJournal(const SweepJournal&) = delete;
  SweepJournal& operator=(const SweepJournal&) = delete;
  ~SweepJournal();

  /// What was found; call once.
  [[nodiscard]] JournalContents take_contents() { return std::move(contents_); }
  /// Deaths by point after adding what the last processes left in flight, which is written down and
  /// cleared away: of several ranks the first calls it before any of them begins. `forgive`:
  /// earlier deaths count no more.
  [[nodiscard]] CrashMarks count_crashes(const std::vector<std::uint8_t>& wanted, bool forgive);
  /// Begins a session: `done` points are there. Where to mark points in flight.
  FlightTable* begin(std::size_t done, int threads);

  [[nodiscard]] JournalWriter& writer() { return *writer_; }
  /// What was wrong with journals that were found; empty: nothing.
  [[nodiscard]] const std::string& damage() const { return damage_; }
  [[nodiscard]] const std::string& begun_by() const { return begun_by_; }
  /// What the other ranks have written since; nothing may be wrong with it.
  [[nodiscard]] JournalContents read_others() const;
  /// All bytes of this one, for a part that is to be merged.
  [[nodiscard]] std::vector<std::byte> bytes();
  /// Removes all of them.
  void remove();

 private:
  void read(const JournalHeader& header);
  void read_one(const std::filesystem::path& path, const JournalHeader& header);
  void forget_others();
  void tell_unbegun();

  std::filesystem::path output_;
  std::filesystem::path own_;
  SweepPlace place_;
  std::uint64_t plan_hash_;
  std::vector<std::filesystem::path> found_;
  std::unique_ptr<JournalWriter> writer_;
  JournalContents contents_;
  CrashMarks crashes_;
  std::string damage_;
  std::string begun_by_;  ///< the commit
  std::unique_ptr<InFlightFile> in_flight_;
  std::unique_ptr<FlightTable> flights_;
};

}  // namespace needflow::app
