// Scalar code: storage types, integers of either sign, parentheses, selections, carried values. The same text serves every
// target; compile.test runs it.
// RUN: ingot-translate --target=aarch64 %s | FileCheck %s

module { plan.model @scalars {

// Every storage type goes through its helper.
// CHECK-LABEL: extern "C" void scalars_aarch64_casts(const uint16_t *h, const uint8_t *q, const uint8_t *nibbles,
// CHECK:         const float product = f16_to_f32(h[tile]) * f8e4m3fn_to_f32(q[tile]);
// CHECK:         out[tile] = f32_to_f8e5m2(product + float(int32_t(load_s4(nibbles, tile))), false);
// CHECK:         b[tile] = f32_to_bf16(product);
// CHECK:         store_u4(packed, tile, f32_to_f4e2m1fn(product));
plan.kernel @casts(%h: memref<?xf16> {plan.name = "h"}, %q: memref<?xf8E4M3FN> {plan.name = "q"}, %n: memref<?xi4> {plan.name = "nibbles"},
                   %o: memref<?xf8E5M2> {plan.name = "out"}, %b: memref<?xbf16> {plan.name = "b"}, %p: memref<?xf4E2M1FN> {plan.name = "packed"})
    attributes {target = "scalar", writes = [3, 4, 5], doc = "cast: f16, fp8 and int4 in, fp8, bf16 and fp4 out"} {
  %c8 = arith.constant 8 : index
  scf.forall (%tile) in (%c8) {
    %0 = memref.load %h[%tile] : memref<?xf16>
    %1 = arith.extf %0 : f16 to f32
    %2 = memref.load %q[%tile] : memref<?xf8E4M3FN>
    %3 = arith.extf %2 : f8E4M3FN to f32
    %4 = arith.mulf %1, %3 : f32
    %5 = memref.load %n[%tile] : memref<?xi4>
    %6 = arith.extsi %5 : i4 to i32
    %7 = arith.sitofp %6 : i32 to f32
    %8 = arith.addf %4, %7 : f32
    %9 = arith.truncf %8 {saturate = false} : f32 to f8E5M2
    memref.store %9, %o[%tile] : memref<?xf8E5M2>
    %10 = arith.truncf %4 : f32 to bf16
    memref.store %10, %b[%tile] : memref<?xbf16>
    %11 = arith.truncf %4 : f32 to f4E2M1FN
    memref.store %11, %p[%tile] : memref<?xf4E2M1FN>
  }
  plan.return
}

// Bytes that are only ever zero-extended are uint8_t; data wraps, indices do not.
// CHECK-LABEL: extern "C" void scalars_aarch64_quantise(const uint8_t *x, const int8_t *w, uint8_t *y, uint8_t *big
plan.kernel @quantise(%x: memref<?xi8> {plan.name = "x"}, %w: memref<?xi8> {plan.name = "w"}, %y: memref<?xi8> {plan.name = "y", plan.unsigned},
                      %big: memref<?xi1> {plan.name = "big"}, %z: memref<?xi32> {plan.name = "z"})
    attributes {target = "scalar", writes = [2, 3, 4]} {
  %c8 = arith.constant 8 : index
  %c3 = arith.constant 3 : i32
  %c100 = arith.constant 100 : i32
  %c-1 = arith.constant -1 : i8
  %c200 = arith.constant 200 : i32
  %c2 = arith.constant 2 : i32
  scf.forall (%tile) in (%c8) {
    %0 = memref.load %x[%tile] : memref<?xi8>
    %1 = arith.extui %0 : i8 to i32
    %2 = memref.load %w[%tile] : memref<?xi8>
    %3 = arith.extsi %2 : i8 to i32
    %4 = arith.muli %1, %3 : i32
    %5 = arith.addi %4, %c3 : i32
    %6 = arith.cmpi ugt, %5, %c100 : i32
    memref.store %6, %big[%tile] : memref<?xi1>
    %7 = arith.trunci %5 : i32 to i8
    %8 = arith.xori %7, %c-1 : i8
    memref.store %8, %y[%tile] : memref<?xi8>
    %9 = arith.divsi %5, %c3 : i32
    %10 = arith.shrui %5, %c2 : i32
    %11 = arith.addi %9, %10 overflow<nsw> : i32
    %12 = arith.maxui %11, %c200 : i32
    memref.store %12, %z[%tile] : memref<?xi32>
  }
  plan.return
}

// Parentheses where C needs them and nowhere else.
// CHECK-LABEL: extern "C" void scalars_aarch64_parentheses(
// CHECK:         y[tile] = (a - (b - c)) / (a + b * c) - -a;
// CHECK-NEXT:    if ((a < b && b < c) || a > c) {
// CHECK-NEXT:      y[tile] *= 0.1f;
// CHECK-NEXT:    } else if (is_nan(a)) {
// CHECK-NEXT:      y[tile] = INGOT_NAN;
plan.kernel @parentheses(%x: memref<?xf32> {plan.name = "x"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "scalar", writes = [1]} {
  %c4 = arith.constant 4 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %nan = arith.constant 0x7FC00000 : f32
  %tenth = arith.constant 0.1 : f32
  scf.forall (%tile) in (%c4) {
    %base = arith.muli %tile, %c3 : index
    %p1 = arith.addi %base, %c1 : index
    %p2 = arith.addi %base, %c2 : index
    %a = memref.load %x[%base] {plan.name = "a"} : memref<?xf32>
    %b = memref.load %x[%p1] {plan.name = "b"} : memref<?xf32>
    %c = memref.load %x[%p2] {plan.name = "c"} : memref<?xf32>
    %0 = arith.subf %b, %c : f32
    %1 = arith.subf %a, %0 : f32
    %2 = arith.mulf %b, %c : f32
    %3 = arith.addf %a, %2 : f32
    %4 = arith.divf %1, %3 : f32
    %5 = arith.negf %a : f32
    %6 = arith.subf %4, %5 : f32
    memref.store %6, %y[%tile] : memref<?xf32>
    %7 = arith.cmpf olt, %a, %b : f32
    %8 = arith.cmpf olt, %b, %c : f32
    %9 = arith.andi %7, %8 : i1
    %10 = arith.cmpf ogt, %a, %c : f32
    %11 = arith.ori %9, %10 : i1
    scf.if %11 {
      %old = memref.load %y[%tile] : memref<?xf32>
      %12 = arith.mulf %old, %tenth : f32
      memref.store %12, %y[%tile] : memref<?xf32>
    } else {
      %13 = arith.cmpf uno, %a, %a : f32
      scf.if %13 {
        memref.store %nan, %y[%tile] : memref<?xf32>
      }
    }
  }
  plan.return
}

// Carried values swap without losing one; a while loop with its condition in the header; reads stay in front of writes.
// CHECK-LABEL: extern "C" void scalars_aarch64_fibonacci(int64_t *y, int64_t begin, int64_t end) {
// CHECK:           const int64_t next_value = sum;
// CHECK-NEXT:      sum = add(value, sum);
// CHECK-NEXT:      value = next_value;
// CHECK:         while (value2 > 5) {
// CHECK-NEXT:      value2 /= 2;
// CHECK:         const int64_t y_value = y[tile];
// CHECK-NEXT:    y[tile] = value;
// CHECK-NEXT:    y[tile] = add(y[tile], mul(value2, y_value));
plan.kernel @fibonacci(%n: index {plan.name = "n"}, %y: memref<?xi64> {plan.name = "y"})
    attributes {target = "scalar", writes = [1]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  scf.forall (%tile) in (%n) {
    %f:2 = scf.for %i = %c0 to %tile step %c1 iter_args(%a = %zero, %b = %one) -> (i64, i64) {
      %s = arith.addi %a, %b : i64
      scf.yield %b, %s : i64, i64
    }
    %steps = scf.while (%v = %tile) : (index) -> index {
      %go = arith.cmpi sgt, %v, %c5 : index
      scf.condition(%go) %v : index
    } do {
    ^bb0(%v: index):
      %h = arith.divsi %v, %c2 : index
      scf.yield %h : index
    }
    %s64 = arith.index_cast %steps : index to i64
    %old = memref.load %y[%tile] : memref<?xi64>
    memref.store %f#0, %y[%tile] : memref<?xi64>
    %new = memref.load %y[%tile] : memref<?xi64>
    %t = arith.muli %s64, %old : i64
    %r = arith.addi %new, %t : i64
    memref.store %r, %y[%tile] : memref<?xi64>
  }
  plan.return
}

// A conditional value is an expression, a guarded load among them.
// CHECK-LABEL: extern "C" void scalars_aarch64_pad(
// CHECK:         y[tile] = index >= 0 && index < n ? x[index] : 1.5f;
plan.kernel @pad(%n: index {plan.name = "n"}, %x: memref<?xf32> {plan.name = "x"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "scalar", writes = [2]} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %fill = arith.constant 1.5 : f32
  %tiles = arith.addi %n, %c4 : index
  scf.forall (%tile) in (%tiles) {
    %at = arith.subi %tile, %c2 : index
    %low = arith.cmpi sge, %at, %c0 : index
    %high = arith.cmpi slt, %at, %n : index
    %inside = arith.andi %low, %high : i1
    %v = scf.if %inside -> f32 {
      %0 = memref.load %x[%at] : memref<?xf32>
      scf.yield %0 : f32
    } else {
      scf.yield %fill : f32
    }
    memref.store %v, %y[%tile] : memref<?xf32>
  }
  plan.return
}

// Functions by the header's names.
// CHECK-LABEL: extern "C" void scalars_aarch64_functions(
// CHECK:         y[tile] = maximum(sigmoid(x[tile]), exp(-x_value));
plan.kernel @functions(%x: memref<?xf32> {plan.name = "x"}, %y: memref<?xf32> {plan.name = "y"})
    attributes {target = "scalar", writes = [1]} {
  %c4 = arith.constant 4 : index
  %one = arith.constant 1.0 : f32
  %big = arith.constant 1.0e30 : f32
  scf.forall (%tile) in (%c4) {
    %v = memref.load %x[%tile] : memref<?xf32>
    %s = isa.sigmoid %v : f32
    %w = memref.load %x[%tile] : memref<?xf32>
    %n = arith.negf %w : f32
    %e = math.exp %n : f32
    %m = arith.maximumf %s, %e : f32
    memref.store %m, %y[%tile] : memref<?xf32>
    %t = math.tanh %w : f32
    %q = math.erf %t : f32
    %r = math.fma %q, %one, %big : f32
    %u = math.powf %t, %one : f32
    %k = math.roundeven %u : f32
    %l = math.absf %k : f32
    %o = memref.load %y[%tile] : memref<?xf32>
    %g = arith.cmpf ogt, %r, %big : f32
    %z = arith.select %g, %l, %o : f32
    memref.store %z, %y[%tile] : memref<?xf32>
  }
  plan.return
}
}}
