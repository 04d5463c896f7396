// cpu.h - what the processor and the operating system offer, for N_open.
//
// Compiled for the baseline only, with internal linkage (see arena.h), and without libgcc's cpu model, which
// would be an undefined symbol that is neither libc nor libm.
#ifndef INGOT_CPU_H
#define INGOT_CPU_H

#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// One bit per feature that a target may require.
enum : uint64_t {
  INGOT_CPU_X86_64_V2 = 1ull << 0,
  INGOT_CPU_X86_64_V3 = 1ull << 1, // AVX2, FMA, F16C, BMI, and saved by the system
  INGOT_CPU_X86_64_V4 = 1ull << 2, // AVX-512 F BW CD DQ VL, and saved by the system
  INGOT_CPU_AVXVNNI = 1ull << 3,
  INGOT_CPU_AVX512VNNI = 1ull << 4,
  INGOT_CPU_AVX512BF16 = 1ull << 5,
  INGOT_CPU_AVX512FP16 = 1ull << 6,
  INGOT_CPU_AVX512VBMI = 1ull << 7,
  INGOT_CPU_AMX = 1ull << 8, // tile, int8 and bf16; the program must have asked the system for tile state

  INGOT_CPU_AARCH64 = 1ull << 32,
  INGOT_CPU_DOTPROD = 1ull << 33,
  INGOT_CPU_I8MM = 1ull << 34,
  INGOT_CPU_BF16 = 1ull << 35,
  INGOT_CPU_FP16 = 1ull << 36,
  INGOT_CPU_SVE = 1ull << 37,
  INGOT_CPU_SVE2 = 1ull << 38
};

namespace ingot {
namespace {

#if defined(__x86_64__)
inline uint64_t cpu_features() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d))
    return 0;
  const auto bit = [](unsigned word, int index) { return (word >> index & 1) != 0; };
  const unsigned c1 = c;
  // SSE3, SSSE3, CX16, SSE4.1, SSE4.2, POPCNT
  if (!(bit(c1, 0) && bit(c1, 9) && bit(c1, 13) && bit(c1, 19) && bit(c1, 20) && bit(c1, 23)))
    return 0;
  uint64_t features = INGOT_CPU_X86_64_V2;
  // FMA, MOVBE, OSXSAVE, AVX, F16C
  if (!(bit(c1, 12) && bit(c1, 22) && bit(c1, 27) && bit(c1, 28) && bit(c1, 29)))
    return features;
  unsigned xcr0, xcr0_high;
  __asm__ __volatile__("xgetbv" : "=a"(xcr0), "=d"(xcr0_high) : "c"(0));
  if ((xcr0 & 0x6) != 0x6) // XMM and YMM state
    return features;
  if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !bit(c, 5)) // LZCNT
    return features;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
    return features;
  const unsigned b7 = b, c7 = c, d7 = d;
  if (!(bit(b7, 3) && bit(b7, 5) && bit(b7, 8))) // BMI1, AVX2, BMI2
    return features;
  features |= INGOT_CPU_X86_64_V3;
  unsigned a71 = 0;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d))
    a71 = a;
  if (bit(a71, 4))
    features |= INGOT_CPU_AVXVNNI;
  if ((xcr0 & 0xe0) != 0xe0) // opmask and ZMM state
    return features;
  if (!(bit(b7, 16) && bit(b7, 17) && bit(b7, 28) && bit(b7, 30) && bit(b7, 31))) // F, DQ, CD, BW, VL
    return features;
  features |= INGOT_CPU_X86_64_V4;
  if (bit(c7, 1))
    features |= INGOT_CPU_AVX512VBMI;
  if (bit(c7, 11))
    features |= INGOT_CPU_AVX512VNNI;
  if (bit(a71, 5))
    features |= INGOT_CPU_AVX512BF16;
  if (bit(d7, 23))
    features |= INGOT_CPU_AVX512FP16;
  if (bit(d7, 22) && bit(d7, 24) && bit(d7, 25) && (xcr0 & 0x60000) == 0x60000)
    features |= INGOT_CPU_AMX;
  return features;
}
#elif defined(__aarch64__) && defined(__linux__)
inline uint64_t cpu_features() {
  const unsigned long low = getauxval(AT_HWCAP), high = getauxval(AT_HWCAP2);
  uint64_t features = INGOT_CPU_AARCH64;
  if (low >> 20 & 1)
    features |= INGOT_CPU_DOTPROD;
  if (low >> 10 & 1)
    features |= INGOT_CPU_FP16;
  if (low >> 22 & 1)
    features |= INGOT_CPU_SVE;
  if (high >> 1 & 1)
    features |= INGOT_CPU_SVE2;
  if (high >> 13 & 1)
    features |= INGOT_CPU_I8MM;
  if (high >> 14 & 1)
    features |= INGOT_CPU_BF16;
  return features;
}
#elif defined(__aarch64__)
inline uint64_t cpu_features() { return INGOT_CPU_AARCH64; }
#else
inline uint64_t cpu_features() { return 0; }
#endif

} // namespace
} // namespace ingot

#endif
