// io.h - numbers of a test program: read from standard input, written to standard output, as they lie in memory.
#ifndef END_TO_END_IO_H
#define END_TO_END_IO_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

template <class T> std::vector<T> read(int64_t count) {
  std::vector<T> values(count);
  if (fread(values.data(), sizeof(T), count, stdin) != size_t(count)) {
    fputs("the input ends too early\n", stderr);
    exit(1);
  }
  return values;
}

template <class Span> void write(const Span &values) { fwrite(values.data, sizeof *values.data, values.count, stdout); }
inline void write(const std::vector<float> &values) { fwrite(values.data(), sizeof(float), values.size(), stdout); }

// Ends the program with what went wrong, if something did.
template <class Status> void require(const Status &status) {
  if (status.ok())
    return;
  fprintf(stderr, "%s\n", status.text());
  exit(1);
}

#endif
