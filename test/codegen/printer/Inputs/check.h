// Comparison of printed kernels with loops written by hand.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

static inline void expect(const char *what, int64_t at, double actual, double expected, double tolerance) {
  if (actual == expected || (actual != actual && expected != expected) || fabs(actual - expected) <= tolerance)
    return;
  ++failures;
  printf("%s[%lld]: %.9g, expected %.9g\n", what, (long long)at, actual, expected);
}

static inline int report() {
  if (!failures)
    printf("all as expected\n");
  return failures != 0;
}
