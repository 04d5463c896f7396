// Operations that are the same on every instruction set, over its primitives; on vectors and on one lane.
// Included by each instruction set's header after its primitives.
#pragma once

namespace INGOT_NS {

/// Types with overloads of their own (floats and integers) keep them; this admits vectors only.
template <class V> using if_vector = decltype(sizeof(char[traits<V>::lanes > 1 ? 1 : -1]));
template <class V> static constexpr bool is_float = elem_of<V>(0.5f) != elem_of<V>(0);

// ---- memory -----------------------------------------------------------------------------------------------

template <class V> INGOT_SIMD V broadcast(elem_of<V> x) { return broadcast_as(as<V>(), x); }
/// All lanes of a vector, at any address that suits an element.
template <class V> INGOT_SIMD V load(const elem_of<V> *p) { return load_as(as<V>(), p); }
template <class V> INGOT_SIMD void store(elem_of<V> *p, V v) { store_as(p, v); }

template <class M> INGOT_SIMD M mask_first(int64_t n) {
  return first_as(as<M>(), n < 0 ? 0u : n > 64 ? 64u : uint32_t(n));
}

/// The first n lanes; the rest are `fill`. Touches no memory beyond them.
template <class V> INGOT_SIMD V load_n(const elem_of<V> *p, int64_t n, elem_of<V> fill = elem_of<V>(0)) {
  if constexpr (traits<V>::lanes == 1)
    return n > 0 ? *p : fill;
  else {
    elem_of<V> t[traits<V>::lanes];
    for (int i = 0; i < traits<V>::lanes; ++i)
      t[i] = fill;
    if constexpr (masked_memory<V>)
      return load_masked_as(p, mask_first<mask_of<V>>(n), load<V>(t));
    for (int i = 0; i < traits<V>::lanes && i < n; ++i)
      t[i] = p[i];
    return load<V>(t);
  }
}
template <class V> INGOT_SIMD void store_n(elem_of<V> *p, V v, int64_t n) {
  if constexpr (traits<V>::lanes > 1 && masked_memory<V>)
    store_masked_as(p, mask_first<mask_of<V>>(n), v);
  else {
    elem_of<V> t[traits<V>::lanes];
    store<V>(t, v);
    for (int i = 0; i < traits<V>::lanes && i < n; ++i)
      p[i] = t[i];
  }
}

/// The lanes of a mask; the others are `other` and touch no memory.
template <class V> INGOT_SIMD V load_masked(const elem_of<V> *p, mask_of<V> m, V other) {
  if constexpr (traits<V>::lanes == 1)
    return m ? *p : other;
  else if constexpr (masked_memory<V>)
    return load_masked_as(p, m, other);
  else {
    elem_of<V> t[traits<V>::lanes];
    store<V>(t, other);
    for (int i = 0; i < traits<V>::lanes; ++i)
      if (lane(m, i))
        t[i] = p[i];
    return load<V>(t);
  }
}
template <class V> INGOT_SIMD V load_masked(const elem_of<V> *p, mask_of<V> m) {
  return load_masked<V>(p, m, V{});
}
template <class V> INGOT_SIMD void store_masked(elem_of<V> *p, mask_of<V> m, V v) {
  if constexpr (traits<V>::lanes == 1) {
    if (m)
      *p = v;
  } else if constexpr (masked_memory<V>)
    store_masked_as(p, m, v);
  else {
    elem_of<V> t[traits<V>::lanes];
    store<V>(t, v);
    for (int i = 0; i < traits<V>::lanes; ++i)
      if (lane(m, i))
        p[i] = t[i];
  }
}

/// 0, 1, 2, …
template <class V> INGOT_SIMD V iota() {
  static constexpr elem_of<V> t[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load<V>(t);
}

/// v with lane i replaced.
template <class V> INGOT_SIMD V with_lane(V v, int i, elem_of<V> x) {
  elem_of<V> t[traits<V>::lanes];
  store<V>(t, v);
  t[i] = x;
  return load<V>(t);
}

template <class V, if_vector<V> = 0> INGOT_SIMD V select(mask_of<V> m, V a, V b) {
  return select_as<V>(m, a, b);
}

// ---- integers ---------------------------------------------------------------------------------------------

// Wrapping, as unsigned.
template <class V, if_vector<V> = 0> INGOT_SIMD V add(V a, V b) {
  return bitcast<V>(bitcast<uvec_of<V>>(a) + bitcast<uvec_of<V>>(b));
}
template <class V, if_vector<V> = 0> INGOT_SIMD V sub(V a, V b) {
  return bitcast<V>(bitcast<uvec_of<V>>(a) - bitcast<uvec_of<V>>(b));
}
template <class V, if_vector<V> = 0> INGOT_SIMD V mul(V a, V b) {
  return bitcast<V>(bitcast<uvec_of<V>>(a) * bitcast<uvec_of<V>>(b));
}
template <class V, if_vector<V> = 0> INGOT_SIMD V neg(V a) { return sub(V{}, a); }

/// One count for all lanes.
template <class V, if_vector<V> = 0> INGOT_SIMD V shl(V a, int64_t n) {
  return shl(a, broadcast<V>(elem_of<V>(uint64_t(n) < 64 ? n : 64)));
}
template <class V, if_vector<V> = 0> INGOT_SIMD V shr(V a, int64_t n) {
  return shr(a, broadcast<V>(elem_of<V>(uint64_t(n) < 64 ? n : 64)));
}

/// |x|; the least integer stays.
template <class V> INGOT_SIMD V abs(V x) {
  if constexpr (is_float<V>) {
    using U = uvec_of<V>;
    return bitcast<V>(bitcast<U>(x) & broadcast<U>(elem_of<U>(~elem_of<U>(0)) >> 1));
  } else
    return max(x, neg(x));
}

// ---- floats -----------------------------------------------------------------------------------------------

/// Only the sign bit.
template <class V> INGOT_SIMD V sign_of(V x) {
  using U = uvec_of<V>;
  return bitcast<V>(bitcast<U>(x) & broadcast<U>(elem_of<U>(1) << (8 * sizeof(elem_of<U>) - 1)));
}
template <class V> INGOT_SIMD V copysign(V magnitude, V sign) {
  using U = uvec_of<V>;
  return bitcast<V>(bitcast<U>(abs(magnitude)) | bitcast<U>(sign_of(sign)));
}

template <class V> INGOT_SIMD mask_of<V> is_nan(V x) { return ne(x, x); }
template <class V> INGOT_SIMD mask_of<V> is_inf(V x) {
  return eq(abs(x), broadcast<V>(elem_of<V>(__builtin_inff())));
}
/// Either is NaN.
template <class V> INGOT_SIMD mask_of<V> unordered(V a, V b) { return mask_or(is_nan(a), is_nan(b)); }

// min and max above are one instruction on x86: a < b ? a : b. So max(c, x) with a constant c keeps x's NaN.
// The following order zeros by sign (both orders of the operands agree but for zeros, where and/or decide);
// maximum and minimum give NaN if either operand is, maxnum and minnum the other operand.
template <class V> INGOT_SIMD V larger(V a, V b) {
  using U = uvec_of<V>;
  return bitcast<V>(bitcast<U>(max(a, b)) & bitcast<U>(max(b, a)));
}
template <class V> INGOT_SIMD V smaller(V a, V b) {
  using U = uvec_of<V>;
  return bitcast<V>(bitcast<U>(min(a, b)) | bitcast<U>(min(b, a)));
}
template <class V> INGOT_SIMD V maximum(V a, V b) { return select(unordered(a, b), a + b, larger(a, b)); }
template <class V> INGOT_SIMD V minimum(V a, V b) { return select(unordered(a, b), a + b, smaller(a, b)); }
template <class V> INGOT_SIMD V maxnum(V a, V b) {
  return select(is_nan(a), b, select(is_nan(b), a, larger(a, b)));
}
template <class V> INGOT_SIMD V minnum(V a, V b) {
  return select(is_nan(a), b, select(is_nan(b), a, smaller(a, b)));
}

/// Two roundings, the same on all instruction sets: never the estimate instruction.
template <class V> INGOT_SIMD V rsqrt(V x) { return broadcast<V>(1) / sqrt(x); }

/// Halves away from zero.
template <class V> INGOT_SIMD V round(V x) {
  V t = trunc(x), one = broadcast<V>(1), half = broadcast<V>(elem_of<V>(0.5));
  return copysign(t + select(ge(abs(x - t), half), copysign(one, x), V{}), x);
}

// ---- conversions ------------------------------------------------------------------------------------------

// Signed and unsigned integers of one width have one set of bits.
INGOT_SIMD vu32 to_u32(vi32 x) { return bitcast<vu32>(x); }
INGOT_SIMD vi32 to_i32(vu32 x) { return bitcast<vi32>(x); }
INGOT_SIMD vu64 to_u64(vi64 x) { return bitcast<vu64>(x); }
INGOT_SIMD vi64 to_i64(vu64 x) { return bitcast<vi64>(x); }
INGOT_SIMD vu8 to_u8(vi32 x) { return bitcast<vu8>(to_i8(x)); }
INGOT_SIMD vu16 to_u16(vi32 x) { return bitcast<vu16>(to_i16(x)); }
INGOT_SIMD vf32 to_f32(vi8 x) { return to_f32(to_i32(x)); }
INGOT_SIMD vf32 to_f32(vu8 x) { return to_f32(to_i32(x)); }
INGOT_SIMD vf32 to_f32(vi16 x) { return to_f32(to_i32(x)); }
INGOT_SIMD vf32 to_f32(vu16 x) { return to_f32(to_i32(x)); }

// Truncation of floats with saturation; NaN gives 0. The clamp comes first: a conversion out of range is
// undefined.
INGOT_SIMD vi32 clamp_i32(vi32 x, int32_t lo, int32_t hi) {
  return min(max(x, broadcast<vi32>(lo)), broadcast<vi32>(hi));
}
INGOT_SIMD vi8 sat_i8(vi32 x) { return to_i8(clamp_i32(x, INT8_MIN, INT8_MAX)); }
INGOT_SIMD vu8 sat_u8(vi32 x) { return to_u8(clamp_i32(x, 0, UINT8_MAX)); }
INGOT_SIMD vi16 sat_i16(vi32 x) { return to_i16(clamp_i32(x, INT16_MIN, INT16_MAX)); }
INGOT_SIMD vu16 sat_u16(vi32 x) { return to_u16(clamp_i32(x, 0, UINT16_MAX)); }
INGOT_SIMD vi32 sat_i32(vf32 x) {
  vf32 top = broadcast<vf32>(2147483648.0f);
  vi32 i = to_i32(select(lt(abs(x), top), x, vf32{}));
  i = select(ge(x, top), broadcast<vi32>(INT32_MAX), i);
  return select(le(x, broadcast<vf32>(-2147483648.0f)), broadcast<vi32>(INT32_MIN), i);
}
INGOT_SIMD vi8 sat_i8(vf32 x) { return sat_i8(sat_i32(x)); }
INGOT_SIMD vu8 sat_u8(vf32 x) { return sat_u8(sat_i32(x)); }
INGOT_SIMD vi16 sat_i16(vf32 x) { return sat_i16(sat_i32(x)); }
INGOT_SIMD vu16 sat_u16(vf32 x) { return sat_u16(sat_i32(x)); }

INGOT_SIMD vf32 bf16_to_f32(vu16 x) { return bitcast<vf32>(shl(bitcast<vu32>(to_i32(x)), 16)); }
INGOT_SIMD vu16 f32_to_bf16(vf32 x) {
  vu32 u = bitcast<vu32>(x), one = broadcast<vu32>(1);
  vu32 rounded = u + broadcast<vu32>(0x7fff) + (shr(u, 16) & one);
  rounded =
      bitcast<vu32>(select(is_nan(x), bitcast<vf32>(u | broadcast<vu32>(0x400000)), bitcast<vf32>(rounded)));
  return to_u16(bitcast<vi32>(shr(rounded, 16)));
}

// ---- reductions -------------------------------------------------------------------------------------------

struct op_add {
  template <class V> INGOT_SIMD V of(V a, V b) {
    if constexpr (is_float<V>)
      return a + b;
    else
      return add(a, b);
  }
};
struct op_mul {
  template <class V> INGOT_SIMD V of(V a, V b) {
    if constexpr (is_float<V>)
      return a * b;
    else
      return mul(a, b);
  }
};
#define INGOT_OP(name, expression)                                                                           \
  struct op_##name {                                                                                         \
    template <class V> INGOT_SIMD V of(V a, V b) { return expression; }                                      \
  };
INGOT_OP(min, min(a, b))
INGOT_OP(max, max(a, b))
INGOT_OP(minimum, minimum(a, b))
INGOT_OP(maximum, maximum(a, b))
INGOT_OP(minnum, minnum(a, b))
INGOT_OP(maxnum, maxnum(a, b))
INGOT_OP(and, a &b)
INGOT_OP(or, a | b)
INGOT_OP(xor, a ^ b)
#undef INGOT_OP

/// A fixed tree: lane i meets lane i + n/2, then n/4, …: the same order on every instruction set of n lanes.
template <class Op, class V> INGOT_SIMD elem_of<V> reduce(V v) {
  constexpr int n = traits<V>::lanes;
  if constexpr (n >= 16)
    v = Op::of(v, swap_blocks<8>(v));
  if constexpr (n >= 8)
    v = Op::of(v, swap_blocks<4>(v));
  if constexpr (n >= 4)
    v = Op::of(v, swap_blocks<2>(v));
  if constexpr (n >= 2)
    v = Op::of(v, swap_blocks<1>(v));
  return lane(v, 0);
}
template <class V> INGOT_SIMD elem_of<V> reduce_add(V v) { return reduce<op_add>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_mul(V v) { return reduce<op_mul>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_min(V v) { return reduce<op_min>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_max(V v) { return reduce<op_max>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_minimum(V v) { return reduce<op_minimum>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_maximum(V v) { return reduce<op_maximum>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_minnum(V v) { return reduce<op_minnum>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_maxnum(V v) { return reduce<op_maxnum>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_and(V v) { return reduce<op_and>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_or(V v) { return reduce<op_or>(v); }
template <class V> INGOT_SIMD elem_of<V> reduce_xor(V v) { return reduce<op_xor>(v); }

} // namespace INGOT_NS
