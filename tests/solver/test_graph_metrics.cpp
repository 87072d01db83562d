#include <doctest/doctest.h>
int placeholder_metrics = 0;
