#include <doctest/doctest.h>

#include "io/walltime.hpp"

using namespace needflow;

TEST_CASE("A wall time is seconds, a number with a unit, or what Slurm writes") {
  CHECK(parse_walltime("90") == 90.0);
  CHECK(parse_walltime("0.5") == 0.5);
  CHECK(parse_walltime("90s") == 90.0);
  CHECK(parse_walltime("30m") == 1800.0);
  CHECK(parse_walltime("1.5h") == 5400.0);
  CHECK(parse_walltime("2d") == 172800.0);
  CHECK(parse_walltime("5:30") == 330.0);
  CHECK(parse_walltime("02:30:00") == 9000.0);
  CHECK(parse_walltime("1-02") == 93600.0);
  CHECK(parse_walltime("1-02:03") == 93780.0);
  CHECK(parse_walltime("1-02:03:04") == 93784.0);
}

TEST_CASE("What is no wall time is refused") {
  for (const char* text : {"", "0", "-5", "h", "1x", "1e3", "nan", "inf", "1:2:3:4", "1-", "-1:00",
                           "1:", ":1", "1-2-3", "1..2", "9999999999d", " 5"}) {
    CAPTURE(text);
    CHECK(!parse_walltime(text).has_value());
  }
}

TEST_CASE("Slurm's end time leaves a margin, and counts only where it lies ahead") {
  CHECK(slurm_walltime("4600", 1000) == 3540.0);
  CHECK(slurm_walltime("1100", 1000) == 90.0);
  CHECK(!slurm_walltime(nullptr, 1000).has_value());
  CHECK(!slurm_walltime("", 1000).has_value());
  CHECK(!slurm_walltime("soon", 1000).has_value());
  CHECK(!slurm_walltime("900", 1000).has_value());
}
