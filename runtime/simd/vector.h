// What follows from an instruction set's type names alone; included by its header right after them.
#pragma once

namespace INGOT_NS {

template <class E, class I, class U, class M, int n> struct vector_traits {
  using elem = E;
  using ivec = I;
  using uvec = U;
  using mask = M;
  using wide = vf64;
  static constexpr int lanes = n;
};
template <> struct traits<vf32> : vector_traits<float, vi32, vu32, vmask32, sizeof(vf32) / 4> {};
template <> struct traits<vi32> : vector_traits<int32_t, vi32, vu32, vmask32, sizeof(vf32) / 4> {};
template <> struct traits<vu32> : vector_traits<uint32_t, vi32, vu32, vmask32, sizeof(vf32) / 4> {};
template <> struct traits<vf64> : vector_traits<double, vi64, vu64, vmask64, sizeof(vf64) / 8> {};
template <> struct traits<vi64> : vector_traits<int64_t, vi64, vu64, vmask64, sizeof(vf64) / 8> {};
template <> struct traits<vu64> : vector_traits<uint64_t, vi64, vu64, vmask64, sizeof(vf64) / 8> {};
template <> struct traits<vmask32> : vector_traits<bool, vi32, vu32, vmask32, sizeof(vf32) / 4> {};
template <> struct traits<vmask64> : vector_traits<bool, vi64, vu64, vmask64, sizeof(vf64) / 8> {};
// The storage types.
template <> struct traits<vi8> : vector_traits<int8_t, vi8, vu8, vmask32, sizeof(vf32) / 4> {};
template <> struct traits<vu8> : vector_traits<uint8_t, vi8, vu8, vmask32, sizeof(vf32) / 4> {};
template <> struct traits<vi16> : vector_traits<int16_t, vi16, vu16, vmask32, sizeof(vf32) / 4> {};
template <> struct traits<vu16> : vector_traits<uint16_t, vi16, vu16, vmask32, sizeof(vf32) / 4> {};

#ifndef INGOT_SIMD_PORTABLE

/// Lane i gets lane i^w.
template <int w, class V> INGOT_SIMD V swap_blocks(V v) {
  if constexpr (traits<V>::lanes == 2)
    return __builtin_shufflevector(v, v, 1, 0);
  else if constexpr (traits<V>::lanes == 4)
    return __builtin_shufflevector(v, v, 0 ^ w, 1 ^ w, 2 ^ w, 3 ^ w);
  else if constexpr (traits<V>::lanes == 8)
    return __builtin_shufflevector(v, v, 0 ^ w, 1 ^ w, 2 ^ w, 3 ^ w, 4 ^ w, 5 ^ w, 6 ^ w, 7 ^ w);
  else
    return __builtin_shufflevector(v, v, 0 ^ w, 1 ^ w, 2 ^ w, 3 ^ w, 4 ^ w, 5 ^ w, 6 ^ w, 7 ^ w, 8 ^ w, 9 ^ w,
                                   10 ^ w, 11 ^ w, 12 ^ w, 13 ^ w, 14 ^ w, 15 ^ w);
}

#define INGOT_LANE(V)                                                                                        \
  INGOT_SIMD elem_of<V> lane(V v, int i) { return v[i]; }
INGOT_LANE(vf32)
INGOT_LANE(vi32)
INGOT_LANE(vu32)
INGOT_LANE(vf64)
INGOT_LANE(vi64)
INGOT_LANE(vu64)
#undef INGOT_LANE

#endif

} // namespace INGOT_NS
