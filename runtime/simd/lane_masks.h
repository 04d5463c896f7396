// Masks that are vectors of 0 and -1, for instruction sets without mask registers; comparisons give them for
// nothing. The header that includes it defines struct vmask32 { vi32 bits; } and vmask64 { vi64 bits; }.
#pragma once

namespace INGOT_NS {

#define INGOT_COMPARE(V)                                                                                     \
  INGOT_SIMD mask_of<V> lt(V a, V b) { return {bitcast<ivec_of<V>>(a < b)}; }                                \
  INGOT_SIMD mask_of<V> le(V a, V b) { return {bitcast<ivec_of<V>>(a <= b)}; }                               \
  INGOT_SIMD mask_of<V> gt(V a, V b) { return {bitcast<ivec_of<V>>(a > b)}; }                                \
  INGOT_SIMD mask_of<V> ge(V a, V b) { return {bitcast<ivec_of<V>>(a >= b)}; }                               \
  INGOT_SIMD mask_of<V> eq(V a, V b) { return {bitcast<ivec_of<V>>(a == b)}; }                               \
  INGOT_SIMD mask_of<V> ne(V a, V b) { return {bitcast<ivec_of<V>>(a != b)}; }
INGOT_COMPARE(vf32)
INGOT_COMPARE(vi32)
INGOT_COMPARE(vu32)
INGOT_COMPARE(vf64)
INGOT_COMPARE(vi64)
INGOT_COMPARE(vu64)
#undef INGOT_COMPARE

#define INGOT_MASK(M, I)                                                                                     \
  INGOT_SIMD M mask_and(M a, M b) { return {a.bits & b.bits}; }                                              \
  INGOT_SIMD M mask_or(M a, M b) { return {a.bits | b.bits}; }                                               \
  INGOT_SIMD M mask_xor(M a, M b) { return {a.bits ^ b.bits}; }                                              \
  INGOT_SIMD M mask_not(M a) { return {~a.bits}; }                                                           \
  INGOT_SIMD bool lane(M m, int i) { return m.bits[i] != 0; }                                                \
  INGOT_SIMD M broadcast_as(as<M>, bool x) { return {broadcast_as(as<I>(), elem_of<I>(x ? -1 : 0))}; }
INGOT_MASK(vmask32, vi32)
INGOT_MASK(vmask64, vi64)
#undef INGOT_MASK

template <class V> INGOT_SIMD V select_as(mask_of<V> m, V a, V b) { return m.bits ? a : b; }

} // namespace INGOT_NS
