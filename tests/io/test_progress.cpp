#include <doctest/doctest.h>

#include <sstream>

#include "io/progress.hpp"

using namespace needflow;
using namespace std::chrono_literals;

TEST_CASE("lines come one an interval, with rate and time left") {
  std::ostringstream out;
  Progress progress(out, ProgressStyle::lines, 100);
  const auto start = Progress::Clock::now();
  progress.update(10, 0, start + 5s);
  CHECK(out.str().empty());
  progress.update(20, 1, start + 11s);
  CHECK(out.str().find("20 of 100 points, 1.8") == 0);
  CHECK(out.str().find("s left, 1 failed or invalid\n") != std::string::npos);
}

TEST_CASE("a bar fills up and a message stands on a line of its own") {
  std::ostringstream out;
  Progress progress(out, ProgressStyle::bar, 4);
  const auto start = Progress::Clock::now();
  progress.update(2, 0, start + 1s);
  CHECK(out.str().find("[############............] 2 of 4 points") != std::string::npos);
  progress.say("point 3 is invalid");
  CHECK(out.str().ends_with("\r\033[Kpoint 3 is invalid\n"));
}

TEST_CASE("points of an earlier process count as done and not for the rate") {
  std::ostringstream out;
  Progress progress(out, ProgressStyle::lines, 100, 50);
  progress.update(60, 0, Progress::Clock::now() + 20s);
  CHECK(out.str().find("60 of 100 points, 0.50/s, 1 min 20 s left") == 0);
}

TEST_CASE("quiet progress prints nothing") {
  std::ostringstream out;
  Progress progress(out, ProgressStyle::none, 1);
  progress.update(1, 0, Progress::Clock::now() + 60s);
  progress.finish();
  CHECK(out.str().empty());
}

TEST_CASE("durations read as people say them") {
  CHECK(readable_duration(0.44) == "0.4 s");
  CHECK(readable_duration(12.3) == "12 s");
  CHECK(readable_duration(200) == "3 min 20 s");
  CHECK(readable_duration(7500) == "2 h 05 min");
  CHECK(readable_duration(273600) == "3 d 4 h");
}
