// How long a sweep may take, as people and Slurm write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace needflow {

/// Seconds of "90", "90s", "30m", "2h", "1d", "5:30" (minutes), "02:30:00" and "1-02:03:04", all as
/// Slurm reads them but for the plain number, which is seconds. Nothing for anything else.
[[nodiscard]] std::optional<double> parse_walltime(std::string_view text);

/// Seconds until the sweep should stop for Slurm's sake: the job's end (SLURM_JOB_END_TIME, seconds
/// since 1970) less a margin for the last rounds and the sync, a minute or a tenth of what is left.
/// Nothing outside of Slurm.
[[nodiscard]] std::optional<double> slurm_walltime(const char* end_time, std::int64_t now);

}  // namespace needflow
