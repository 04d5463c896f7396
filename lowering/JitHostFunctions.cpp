//===- JitHostFunctions.cpp - what JIT code calls ----------------------------------===//
#include "lowering/JitNarrowTypes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace llvm;
namespace ingot {
namespace {

float widen(const fltSemantics &semantics, unsigned bits, uint32_t v) {
  APFloat f(semantics, APInt(bits, v));
  bool lost;
  f.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &lost);
  return f.convertToFloat();
}

template <const fltSemantics &(*semantics)(), unsigned bits> float widenByTable(uint32_t v) {
  static const std::vector<float> table = [] {
    std::vector<float> t(1u << bits);
    for (uint32_t i = 0; i < t.size(); ++i)
      t[i] = widen(semantics(), bits, i);
    return t;
  }();
  return table[v];
}

template <const fltSemantics &(*semantics)(), unsigned bits> uint32_t narrow(double v) {
  APFloat f(v);
  bool lost;
  f.convert(semantics(), APFloat::rmNearestTiesToEven, &lost);
  return f.bitcastToAPInt().getZExtValue();
}

float widenBf16(uint32_t v) { return bit_cast<float>(v << 16); }

/// f32 functions by way of double, whose error vanishes in the rounding: the bits are the same with every libm.
template <double (*f)(double)> float rounded(float x) { return float(f(double(x))); }
template <double (*f)(double, double)> float rounded2(float x, float y) { return float(f(double(x), double(y))); }

} // namespace

void jitHostFunctions(function_ref<void(StringRef, void *)> add) {
  auto address = [](auto *f) { return reinterpret_cast<void *>(f); };
#define NARROW(name, semantics, bits)                                                                        \
  add("ingot_widen_" #name, address(&widenByTable<APFloat::semantics, bits>));                               \
  add("ingot_narrow_" #name, address(&narrow<APFloat::semantics, bits>));
  NARROW(f16, IEEEhalf, 16)
  NARROW(f8e4m3fn, Float8E4M3FN, 8)
  NARROW(f8e4m3fnuz, Float8E4M3FNUZ, 8)
  NARROW(f8e5m2, Float8E5M2, 8)
  NARROW(f8e5m2fnuz, Float8E5M2FNUZ, 8)
  NARROW(f4e2m1, Float4E2M1FN, 4)
  NARROW(f8e8m0, Float8E8M0FNU, 8)
#undef NARROW
  add("ingot_widen_bf16", address(&widenBf16));
  add("ingot_narrow_bf16", address(&narrow<APFloat::BFloat, 16>));
#define ROUNDED(name) add(#name "f", address(&rounded<static_cast<double (*)(double)>(std::name)>));
  ROUNDED(exp) ROUNDED(exp2) ROUNDED(expm1) ROUNDED(log) ROUNDED(log2) ROUNDED(log10) ROUNDED(log1p)
  ROUNDED(sin) ROUNDED(cos) ROUNDED(tan) ROUNDED(asin) ROUNDED(acos) ROUNDED(atan)
  ROUNDED(sinh) ROUNDED(cosh) ROUNDED(tanh) ROUNDED(asinh) ROUNDED(acosh) ROUNDED(atanh)
  ROUNDED(erf) ROUNDED(erfc) ROUNDED(cbrt)
#undef ROUNDED
  add("powf", address(&rounded2<static_cast<double (*)(double, double)>(std::pow)>));
  add("atan2f", address(&rounded2<static_cast<double (*)(double, double)>(std::atan2)>));
  // Exact in every libm.
  add("fmodf", address(static_cast<float (*)(float, float)>(std::fmod)));
  add("fmod", address(static_cast<double (*)(double, double)>(std::fmod)));
  add("fmaf", address(static_cast<float (*)(float, float, float)>(std::fma)));
  add("fma", address(static_cast<double (*)(double, double, double)>(std::fma)));
}

} // namespace ingot
